//! `RECONCILIATION_SUMMARY.md`: what was found of a model, in sentences that follow from the figures.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::numbers::{percent, ratio_text, short_figure as figure};
use super::summary::{coverage_text, dataset};
use super::text_table::wrapped;
use super::{Align, TextTable};
use crate::base::statistics::{self, Interval95, Pair, clustered_mean};
use crate::base::text::plural;
use crate::calibrate::{Best, Diagnosis, Moved, Reach};
use crate::judge::compare::{
    self, Comparison, GroupBreakdown, Slice, distinct, ranked, step_metric,
};
use crate::judge::evaluation::Evaluation;
use crate::judge::frontier::{
    FrontierAgreement, FrontierChoice, FrontierChoices, FrontierTotal, TOLERANCE, choices, total,
};
use crate::judge::model::Model;
use crate::predict::rivals::Estimator;
use crate::row::metric::Metric;
use crate::row::property::Field;
use crate::rules::calibration::{CalibrationFile, FitMode};

/// The file's name in a model's folder.
pub const RECONCILIATION_SUMMARY: &str = "RECONCILIATION_SUMMARY.md";

/// Between these stands what a person wrote; it stays.
const NOTES: [&str; 2] = ["<!-- notes: kept as they are -->", "<!-- end of notes -->"];

/// A group of fewer rows has no sentence of its own.
const LEAST_ROWS: usize = 5;
/// A bias of less than this is not worth a sentence, however certain.
const LEAST_BIAS: f64 = 1.05;
/// So many worst groups and rows are named.
const WORST: usize = 5;

/// The text of the file. `diagnoses` say where the error of each GPU and framework comes from, `calibration`
/// is what was fitted, `old` is what the file holds now, of which the notes stay.
#[must_use]
pub fn reconciliation_summary(
    model: &Model,
    evaluation: &Evaluation,
    diagnoses: &[Diagnosis],
    calibration: Option<&CalibrationFile>,
    old: Option<&str>,
) -> String {
    let comparisons = &evaluation.comparisons;
    let mut text = format!(
        "# {}: what was found\n\n\
         Mantile {} against measurement. Made by `mantile-reconcile report`, but for the notes; a test\n\
         fails when it is out of date. MAPE is in % of the measured value, bias is exp(mean ln(predicted /\n\
         measured)). Intervals are 95%: of biases and calibrations over workloads, of skill over rows.\n\n\
         {}\n{}\n{}\n\n",
        model.name,
        model.release,
        NOTES[0],
        notes(old),
        NOTES[1],
    );
    let _ = writeln!(
        text,
        "## Rows\n\n{}\n\n{}\n",
        dataset(comparisons),
        list(&(coverage_text(comparisons) + &peaks(comparisons)))
    );
    let _ = writeln!(text, "## Errors\n\n{}\n", errors(comparisons));
    let _ = writeln!(text, "## Systematic biases\n\n{}\n", biases(comparisons));
    let _ = writeln!(text, "## Worst groups and rows\n\n{}\n", worst(comparisons));
    if let Some(costs) = approximations(model, comparisons) {
        let _ = writeln!(text, "## Approximations\n\n{costs}\n");
    }
    let next = next(diagnoses);
    let next = next.as_deref().unwrap_or(
        "Nothing is told: no GPU and framework has enough rows that a fit can be made to; `mantile-reconcile calibrate\n\
         --explain` says why each is left out.",
    );
    let _ = writeln!(text, "## What to calibrate next\n\n{next}\n");
    if let Some(calibrated) = calibration.and_then(calibrated) {
        let _ = writeln!(text, "## What calibration comes to\n\n{calibrated}\n");
    }
    let frontiers = frontiers(model, evaluation);
    let frontiers = frontiers.as_deref().unwrap_or(
        "There is no choice to judge: it takes several configurations with TPOT and throughput, measured or derived,\n\
         at a fixed number of requests.",
    );
    let _ = writeln!(text, "## Would Mantile have picked the best configuration?\n\n{frontiers}\n");
    if let Some(others) = others(evaluation) {
        let _ = writeln!(text, "## Beside other estimators\n\n{others}\n");
    }
    text.trim_end().to_owned() + "\n"
}

/// Whether the marks for notes are both there: else what a person wrote would be lost.
#[must_use]
pub fn notes_are_whole(text: &str) -> bool {
    let [start, end] = NOTES.map(|mark| text.find(mark));
    start.zip(end).is_some_and(|(start, end)| start < end)
}

/// What a person wrote.
fn notes(old: Option<&str>) -> String {
    let kept = old.and_then(|old| {
        let start = old.find(NOTES[0])? + NOTES[0].len();
        let end = start + old[start..].find(NOTES[1])?;
        Some(old[start..end].trim_matches('\n').to_owned())
    });
    kept.unwrap_or_default()
}

/// Lines that follow a first one as a list.
fn list(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let rest: Vec<String> = lines.map(|line| format!("- {}", line.trim())).collect();
    if rest.is_empty() { first } else { format!("{first}\n\n{}", rest.join("\n")) }
}

/// What rows are that are measured at whichever number of requests was best.
fn peaks(comparisons: &[Comparison]) -> String {
    let peaks = comparisons.iter().filter(|one| one.row.identity.concurrency.fixed().is_none());
    match peaks.count() {
        0 => String::new(),
        rows => format!(
            "\n{rows} are peaks, the best over unpublished numbers of requests: an upper bound to what is predicted, \
             which may be far below it"
        ),
    }
}

fn errors(comparisons: &[Comparison]) -> String {
    let metrics: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(|&metric| compare::statistics(comparisons, metric).is_some())
        .collect();
    let mut columns = vec![("group", Align::Left), ("rows", Align::Right)];
    for metric in &metrics {
        columns.push((metric.title(), Align::Right));
        columns.push(("bias", Align::Right));
    }
    let mut table = TextTable::new(&columns);
    let mut slices = GroupBreakdown::GPU_FRAMEWORK.predicted_slices(comparisons);
    slices.push(Slice::all(comparisons));
    for Slice { label, coverage, statistics } in slices {
        let mut cells = vec![label, coverage.predicted.to_string()];
        for &metric in &metrics {
            let found = statistics[metric];
            let of = |n: usize| {
                if n == coverage.predicted { String::new() } else { format!(" of {n}") }
            };
            cells.push(found.map_or_else(
                || "-".to_owned(),
                |found| format!("{}{}", percent(found.mape_percent), of(found.n)),
            ));
            cells.push(found.map_or_else(|| "-".to_owned(), |found| format!("{:.2}", found.bias)));
        }
        table.line(cells);
    }
    table.to_markdown()
}

/// The rows of a group that have a metric: ln(p / m) of each, and the number of its workload.
#[derive(Default)]
struct Logs {
    logs: Vec<f64>,
    clusters: Vec<usize>,
}

/// By GPU and framework. Rows that share lengths and width are one workload, at whatever concurrency and of
/// whichever source: they err alike.
fn grouped(comparisons: &[Comparison], metric: Metric) -> BTreeMap<String, Logs> {
    let workload = GroupBreakdown::Fields(&[Field::Context, Field::TensorParallel]);
    let mut workloads: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: BTreeMap<String, Logs> = BTreeMap::new();
    for comparison in comparisons {
        if let Some(pair) = comparison.pair(metric) {
            let next = workloads.len();
            let cluster = *workloads.entry(workload.label(comparison)).or_insert(next);
            let group = groups.entry(GroupBreakdown::GPU_FRAMEWORK.label(comparison)).or_default();
            group.logs.push(pair.log_ratio());
            group.clusters.push(cluster);
        }
    }
    groups
}

/// Those biases whose interval excludes none, the largest first.
fn biases(comparisons: &[Comparison]) -> String {
    let mut found: Vec<(f64, String)> = Vec::new();
    let metrics = distinct(comparisons);
    let again = metrics.contains(&Metric::Throughput);
    for metric in metrics {
        for (group, Logs { logs, clusters }) in grouped(comparisons, metric) {
            if logs.len() < LEAST_ROWS {
                continue;
            }
            let Interval95 { estimate, low, high } = clustered_mean(&logs, &clusters);
            let [estimate, low, high] = [estimate, low, high].map(f64::exp);
            let size = estimate.max(1.0 / estimate);
            if size < LEAST_BIAS || (low <= 1.0 && high >= 1.0) {
                continue;
            }
            let way = if estimate > 1.0 { "high" } else { "low" };
            let far = if size < 2.0 {
                format!("{:.0}% too {way}", 100.0 * (estimate - 1.0).abs())
            } else {
                format!("{size:.1} times too {way}")
            };
            found.push((
                size,
                format!(
                    "- {} on {group} is predicted {far}: bias {estimate:.2} ({low:.2} to {high:.2}) over {} rows.",
                    metric.title(),
                    logs.len()
                ),
            ));
        }
    }
    let is_peak = |one: &Comparison| one.row.identity.concurrency.fixed().is_none();
    let rule = format!(
        "Of GPUs and frameworks with {LEAST_ROWS} rows or more, biases of {:.0}% or more whose interval over workloads\n\
         (lengths and width) excludes none{}.{}",
        100.0 * (LEAST_BIAS - 1.0),
        if again { "; output throughput errs as the total does" } else { "" },
        if comparisons.iter().any(is_peak) {
            " Against peaks too low is no error in itself: they bound\nfrom above what is predicted."
        } else {
            ""
        }
    );
    if found.is_empty() {
        return format!("{rule}\n\nThere is none.");
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let lines: Vec<String> = found.into_iter().map(|(_, line)| line).collect();
    format!("{rule}\n\n{}", lines.join("\n"))
}

fn worst(comparisons: &[Comparison]) -> String {
    let by = GroupBreakdown::Fields(&[Field::GpuModel, Field::Framework, Field::Context]);
    let mut lines = Vec::new();
    let slices = by.slices(comparisons);
    for metric in Metric::ALL {
        let worst = slices
            .iter()
            .filter_map(|slice| Some((slice.statistics[metric]?, &slice.label)))
            .filter(|(found, _)| found.n >= LEAST_ROWS)
            .max_by(|a, b| a.0.mape_percent.total_cmp(&b.0.mape_percent));
        if let Some((found, label)) = worst {
            lines.push(format!(
                "- {}: {label}, MAPE {}, bias {:.2} over {} rows.",
                metric.title(),
                percent(found.mape_percent),
                found.bias,
                found.n
            ));
        }
    }
    let mut text = if lines.is_empty() {
        format!("No GPU, framework and context has {LEAST_ROWS} rows or more.\n")
    } else {
        format!("By GPU, framework and context:\n\n{}\n", lines.join("\n"))
    };
    if let Some(metric) = step_metric(comparisons) {
        let ranked = ranked(comparisons, metric);
        let mut rows: Vec<_> = ranked.iter().collect();
        rows.sort_by(|a, b| b.1.log_ratio().abs().total_cmp(&a.1.log_ratio().abs()));
        let _ = write!(text, "\nThe rows whose {} is farthest off:\n\n", metric.title());
        for (comparison, pair) in rows.iter().take(WORST) {
            let _ = writeln!(
                text,
                "- `{}`: predicted / measured {}",
                comparison.row.name(),
                ratio_text(pair.ratio())
            );
        }
    }
    text.trim_end().to_owned()
}

/// Each approximation with the errors of the rows under it and of the others.
fn approximations(model: &Model, comparisons: &[Comparison]) -> Option<String> {
    let mut lines = Vec::new();
    for (name, why) in &model.config.approximations {
        let (under, without): (Vec<&Comparison>, Vec<&Comparison>) =
            comparisons.iter().partition(|one| one.approximations.contains(name));
        if under.is_empty() {
            continue;
        }
        let mape = |rows: &[&Comparison], metric: Metric| {
            compare::statistics(rows.iter().copied(), metric)
                .map(|found| format!("{} of {}", percent(found.mape_percent), found.n))
        };
        let mut costs = Vec::new();
        for metric in distinct(comparisons) {
            if let Some(with) = mape(&under, metric) {
                let without = mape(&without, metric)
                    .map_or(String::new(), |mape| format!(", without {mape}"));
                costs.push(format!("{} {with}{without}", metric.title()));
            }
        }
        let costs =
            if costs.is_empty() { String::new() } else { format!(" MAPE: {}.", costs.join("; ")) };
        lines.push(format!(
            "- `{name}`, {} row{}: {why}.{costs}",
            under.len(),
            plural(under.len())
        ));
    }
    (!lines.is_empty()).then(|| {
        format!(
            "MAPE of so many rows that are predicted under each, and of those without. These differ in more than that,\n\
             so that it is no measure of what an approximation costs.\n\n{}",
            lines.join("\n")
        )
    })
}

/// For each group the one parameter that could do most, and what all could do.
fn next(diagnoses: &[Diagnosis]) -> Option<String> {
    let mut lines = Vec::new();
    for Diagnosis { group, reach, .. } in diagnoses {
        let metrics = [Metric::Tpot, Metric::E2eLatency];
        let measured =
            |metric: &Metric| reach.iter().any(|one| one.best.contains_key(metric.name()));
        let Some(metric) = metrics.into_iter().find(measured) else { continue };
        let error = |reach: &Reach| reach.best.get(metric.name()).copied();
        let of = |moved: &Moved| reach.iter().find(|one| one.moved == *moved).and_then(error);
        let Some(now) = of(&Moved::Nothing) else { continue };
        let mut line =
            format!("- {group}: {} is off by {}% now", metric.title(), percent(now.mape_percent));
        let own = of(&Moved::OwnDtypes).map_or(now.mape_percent, |own| own.mape_percent);
        if percent(own) == percent(now.mape_percent) {
            line.push(';');
        } else {
            let _ = write!(line, ", by {}% with the layers' own dtypes; from there", percent(own));
        }
        let parameters = reach.iter().filter_map(|one| match &one.moved {
            Moved::Parameter { parameter, from } => Some((parameter, *from, error(one)?)),
            _ => None,
        });
        let best = parameters.min_by(|a, b| a.2.mape_percent.total_cmp(&b.2.mape_percent));
        if let Some((parameter, from, Best { to: Some(to), mape_percent, at_bound })) =
            best.filter(|(.., best)| best.mape_percent < own)
        {
            let from = from.map_or(String::new(), |from| format!(" from {}", figure(from)));
            let _ = write!(
                line,
                " `{parameter}`{from} to {}{} alone could make that {}%,",
                figure(to),
                if at_bound { " (the end of its range)" } else { "" },
                percent(mape_percent)
            );
        }
        let together = [
            (Moved::AllParameters, "all of Mantile's parameters"),
            (Moved::AllAndDivided, "those and weights divided that it counts whole"),
            (Moved::AllAndServing, "with serving terms besides"),
        ];
        let together: Vec<String> = together
            .into_iter()
            .filter_map(|(moved, words)| {
                Some(format!("{words} {}%", percent(of(&moved)?.mape_percent)))
            })
            .collect();
        lines.push(format!("{line} {}.", together.join(", ")));
    }
    (!lines.is_empty()).then(|| {
        format!(
            "The best found on the very rows that `mantile-reconcile calibrate` fits to, as MAPE: not all that are\n\
             measured, and not what holds on others, which it proves. A value at the end of its range is no advice\n\
             but says that something else is amiss.\n\n{}",
            lines.join("\n")
        )
    })
}

/// In-sample and held-out errors of the fits.
fn calibrated(written: &CalibrationFile) -> Option<String> {
    let mut table = TextTable::new(&[
        ("group", Align::Left),
        ("fit", Align::Left),
        ("metric", Align::Left),
        ("rows", Align::Right),
        ("before", Align::Right),
        ("own dtypes", Align::Right),
        ("in sample", Align::Right),
        ("held out", Align::Right),
        ("change", Align::Right),
        ("context out", Align::Right),
    ]);
    let mut any = false;
    let dash = || "-".to_owned();
    let tenth = |value: f64| format!("{value:.1}");
    // Of output throughput the error is that of the total.
    let errors = written.errors();
    for errors in errors.iter().filter(|errors| errors.metric != Metric::OutputThroughput) {
        any = true;
        let [low, high] = errors.change;
        let fit = match errors.mode {
            FitMode::Alone => "alone",
            FitMode::WithCorrection => "corrected",
        };
        table.line(vec![
            errors.group.to_string(),
            fit.to_owned(),
            errors.metric.title().to_owned(),
            errors.rows.to_string(),
            tenth(errors.before),
            errors.own_dtypes.map_or_else(dash, tenth),
            tenth(errors.in_sample),
            tenth(errors.held_out),
            format!("{low:+.1} to {high:+.1}"),
            errors.context_out.map_or_else(dash, tenth),
        ]);
    }
    any.then(|| {
        format!(
            "MAPE of `calibration.toml`: *alone* is Mantile with fitted parameters, *corrected* with serving terms\n\
             besides. *own dtypes* is Mantile today with the dtypes that its layers really have. Held out is each\n\
             workload (ISL, OSL, TP) in turn, with the interval of the change from before; then each context.\n\n{}",
            table.to_markdown()
        )
    })
}

fn frontiers(model: &Model, evaluation: &Evaluation) -> Option<String> {
    let impossible = evaluation.impossible();
    let choices = choices(&evaluation.comparisons, &model.config.sources, &impossible);
    choices.within.first()?;
    let mut table = TextTable::new(&[
        ("choice", Align::Left),
        ("configurations", Align::Right),
        ("frontier", Align::Right),
        ("predicted", Align::Right),
        ("on both", Align::Right),
        ("rank", Align::Right),
        ("missed", Align::Right),
        ("regret", Align::Right),
    ]);
    for (choice, scope) in choices
        .across
        .iter()
        .map(|choice| (choice, "all / "))
        .chain(choices.within.iter().map(|choice| (choice, "")))
    {
        let FrontierAgreement {
            candidates,
            on_measured_frontier,
            on_predicted_frontier,
            on_both,
            throughput_rank_correlation,
            interactivity_rank_correlation,
            missed_demands,
            mean_regret,
            mean_regret_percent,
        } = choice.agreement;
        let dash = || "-".to_owned();
        let regret = mean_regret.zip(mean_regret_percent);
        let rank = throughput_rank_correlation.zip(interactivity_rank_correlation);
        let derived = if choice.is_derived() { " *" } else { "" };
        table.line(vec![
            format!("{scope}{}{derived}", choice.label),
            candidates.to_string(),
            on_measured_frontier.to_string(),
            on_predicted_frontier.to_string(),
            on_both.to_string(),
            rank.map_or_else(dash, |(of, other)| format!("{of:.2}, {other:.2}")),
            missed_demands.to_string(),
            regret.map_or_else(dash, |(lost, share)| format!("{lost:.0} ({share:.1}%)")),
        ]);
    }
    let sentences: Vec<String> = frontier_sentences(&choices)
        .iter()
        .map(|sentence| wrapped(sentence, "", "", PAGE_WIDTH))
        .collect();
    Some(format!(
        "The frontier is of throughput per GPU and interactivity (1 / TPOT). Each configuration on the measured\n\
         one is a demand for its interactivity; *missed* are those for which the configuration that Mantile says\n\
         to take is slower than demanded, *regret* is the measured throughput that its choice gives up for the\n\
         others, tokens/s/GPU on the mean. *rank* is Spearman's correlation of throughput, and of interactivity.\n\n\
         {}\n\n{}",
        sentences.join("\n\n"),
        table.to_markdown()
    ))
}

/// Columns of prose in a file.
const PAGE_WIDTH: usize = 105;

/// How Mantile's choice does over all charts, how it is made, and what the figures are of.
pub(crate) fn frontier_sentences(choices: &FrontierChoices<'_>) -> Vec<String> {
    let FrontierChoices { within, across, left_out } = choices;
    let found = |of: FrontierTotal| {
        let regret = of.regret_percent.map_or_else(String::new, |regret| {
            format!(
                ", and gives up {regret:.0}% of the throughput of the other {} on the mean",
                of.demands - of.missed
            )
        });
        format!(
            "Of {} demands {} are on the predicted frontier, too; Mantile's choice misses {}{regret}.",
            of.demands, of.on_both, of.missed
        )
    };
    let mut sentences = vec![format!("Within a GPU and framework: {}", found(total(within)))];
    if !across.is_empty() {
        sentences.push(format!("Over all GPUs and frameworks: {}", found(total(across))));
    }
    let (derived, published): (Vec<&FrontierChoice<'_>>, Vec<&FrontierChoice<'_>>) =
        within.iter().partition(|choice| choice.is_derived());
    let regret = |of: FrontierTotal| of.regret_percent.map(|regret| format!("{regret:.0}%"));
    if !derived.is_empty() {
        let of_both = regret(total(published)).zip(regret(total(derived.iter().copied())));
        let of_both = of_both.map_or_else(String::new, |(published, derived)| {
            format!(
                "; of the throughput as published {published} is given up, as derived {derived}"
            )
        });
        sentences.push(format!(
            "No throughput is published for {} of the {} charts within one, those with a *: what is called measured \
             there is derived from the measured TTFT and TPOT by Little's law{of_both}.",
            derived.len(),
            within.len()
        ));
    }
    let left_out = match left_out {
        0 => String::new(),
        1 => " One configuration is left out".to_owned(),
        rows => format!(" {rows} configurations are left out"),
    };
    let why = if left_out.is_empty() {
        ""
    } else {
        ", as the audit finds them impossible or their throughput would be derived from requests that mostly wait \
         outside the engine."
    };
    sentences.push(format!(
        "Mantile's choice is the configuration of most predicted throughput among those predicted to meet the \
         demand, and where none is, the one predicted to come nearest; slower by less than {:.0}% is no miss, and more throughput than the demand's own no gain.\
         {left_out}{why}",
        100.0 * TOLERANCE
    ));
    sentences
}

fn others(evaluation: &Evaluation) -> Option<String> {
    let mut table = TextTable::new(&[
        ("estimator", Align::Left),
        ("metric", Align::Left),
        ("rows", Align::Right),
        ("its MAPE", Align::Right),
        ("Mantile's", Align::Right),
        ("Mantile's skill", Align::Right),
    ]);
    let mut any = false;
    for side in &evaluation.side_by_side {
        for (metric, errors) in side.overall.iter() {
            let Some(errors) = errors else { continue };
            any = true;
            table.line(vec![
                side.estimator.entry.name.clone(),
                metric.title().to_owned(),
                errors.other.n.to_string(),
                percent(errors.other.mape_percent),
                percent(errors.mantile.mape_percent),
                errors.skill.map_or_else(
                    || "-".to_owned(),
                    |Interval95 { estimate, low, high }| {
                        format!("{estimate:+.2} ({low:+.2} to {high:+.2})")
                    },
                ),
            ]);
        }
    }
    any.then(|| {
        let same = same_rows(evaluation).map_or_else(String::new, |same| format!("\n\n{same}"));
        format!(
            "On the rows that both predict. Skill is 1 - mean |ln(p/m)| of Mantile over that of the other: above 0 Mantile\n\
             is nearer.\n\n{}{same}",
            table.to_markdown()
        )
    })
}

/// The errors of all estimators that have a file, on the rows that each of them predicts.
fn same_rows(evaluation: &Evaluation) -> Option<String> {
    let estimators: Vec<&Estimator> = evaluation
        .side_by_side
        .iter()
        .map(|side| &side.estimator)
        .filter(|estimator| estimator.path.is_some())
        .collect();
    if estimators.len() < 2 {
        return None;
    }
    let names = estimators.iter().map(|estimator| estimator.entry.name.as_str());
    let mut columns = vec![("metric", Align::Left), ("rows", Align::Right)];
    columns.extend(std::iter::once("Mantile").chain(names).map(|name| (name, Align::Right)));
    let mut table = TextTable::new(&columns);
    let mut any = false;
    for metric in Metric::ALL {
        let mut pairs: Vec<Vec<Pair>> = vec![Vec::new(); estimators.len() + 1];
        for comparison in &evaluation.comparisons {
            let of_others = estimators.iter().map(|other| other.pair(&comparison.row, metric));
            let all: Option<Vec<Pair>> =
                std::iter::once(comparison.pair(metric)).chain(of_others).collect();
            for (pairs, pair) in pairs.iter_mut().zip(all.into_iter().flatten()) {
                pairs.push(pair);
            }
        }
        let rows = pairs[0].len();
        if rows < LEAST_ROWS {
            continue;
        }
        any = true;
        let mapes = pairs.iter().filter_map(|pairs| statistics::of(pairs));
        let mut line = vec![metric.title().to_owned(), rows.to_string()];
        line.extend(mapes.map(|found| percent(found.mape_percent)));
        table.line(line);
    }
    any.then(|| format!("MAPE on the rows that all of them predict:\n\n{}", table.to_markdown()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::testing::comparison;

    fn off_by(ratio: f64, rows: usize) -> Vec<Comparison> {
        // Each of its own workload.
        let one = |index: usize| {
            let mut one = comparison(ratio * (1.0 + 0.01 * (index % 3) as f64));
            one.row.identity.input_seq_len = 1000 + u32::try_from(index).unwrap();
            one
        };
        (0..rows).map(one).collect()
    }

    #[test]
    fn a_bias_is_told_in_its_direction_and_only_where_it_is_certain() {
        let low = biases(&off_by(0.52, 9));
        assert!(low.contains("TPOT on") && low.contains("47% too low: bias 0.53"), "{low}");
        assert!(biases(&off_by(3.0, 9)).contains("3.0 times too high"));
        let none = |found: &[Comparison]| biases(found).ends_with("There is none.");
        assert!(none(&off_by(1.0, 9)));
        assert!(none(&off_by(3.0, LEAST_ROWS - 1)), "too few rows");
        let mut both = off_by(1.5, 6);
        both.extend(off_by(0.66, 6));
        assert!(none(&both), "the interval holds 1");
        let mut alike = off_by(3.0, 9);
        for one in &mut alike {
            one.row.identity.input_seq_len = 1000;
        }
        assert!(none(&alike), "nine rows of one workload are one piece of evidence");
    }

    #[test]
    fn what_a_person_wrote_stays() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let model = crate::judge::model::load(root, "openai_GPT-OSS-120B").unwrap();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let evaluation = Evaluation::of_rows(&model, off_by(0.5, 9), now);
        let write = |old: Option<&str>| reconciliation_summary(&model, &evaluation, &[], None, old);
        let first = write(None);
        let mine = "Looked at.\n\n## Mine";
        let noted = first.replace(&format!("\n\n{}", NOTES[1]), &format!("\n{mine}\n{}", NOTES[1]));
        assert!(noted.contains(mine));
        let stale = noted.replace("of which", "of what").replace("47%", "99%");
        assert_eq!(write(Some(&stale)), noted);
        assert_eq!(write(Some("something else")), first);
    }
}
