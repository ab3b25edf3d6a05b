//! Summaries of a comparison: the full one of `compare`, and the compact table of `run`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text_table::{WIDTH, wrapped};
use super::{Align, TextTable, estimators};
use crate::base::statistics::Statistics;
use crate::judge::compare::{Comparison, Coverage, GroupBreakdown, Slice, ranked, statistics};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::Status;
use crate::row::metric::{Metric, PerMetric};

/// What the summary is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A terminal.
    Text,
    /// A page.
    Markdown,
}

/// How many of the best and of the worst rows a summary lists, a metric.
const EXTREMES: usize = 5;
/// A longer label gets a line of its own in a terminal.
const LABEL_WIDTH: usize = 18;

/// The full summary: coverage with reasons, errors overall and by every breakdown, other estimators
/// beside, best and worst rows by absolute error, verdicts and failed checks.
#[must_use]
pub fn comparison_summary(model: &Model, evaluation: &Evaluation, style: Style) -> String {
    let comparisons = &evaluation.comparisons;
    let mut text = String::new();
    heading(&mut text, style, 1, &format!("{}: Mantile against measurement", model.name));
    let _ = writeln!(text, "{}\n", dataset(comparisons));
    let _ = writeln!(text, "{}\n", coverage_text(comparisons));

    heading(&mut text, style, 2, "Errors");
    let _ = writeln!(text, "{ERRORS_LEGEND}\n");
    let overall = PerMetric::from_fn(|metric| statistics(comparisons, metric));
    let _ = writeln!(text, "{}\n", render(&overall_table(&overall), style));

    for breakdown in GroupBreakdown::ALL {
        heading(&mut text, style, 2, &format!("By {}", breakdown.title()));
        let _ = writeln!(text, "{}\n", slices_table(&breakdown.slices(comparisons), style));
    }

    text.push_str(&estimators::section(&evaluation.side_by_side, style));

    heading(&mut text, style, 2, "Best and worst rows by absolute error");
    for metric in Metric::ALL {
        let ranked = ranked(comparisons, metric);
        if ranked.is_empty() {
            continue;
        }
        let mut table = TextTable::new(&[
            ("", Align::Left),
            ("abs error", Align::Right),
            ("error%", Align::Right),
            ("row", Align::Left),
        ]);
        let mut line =
            |rank: &str, (comparison, pair): &(&Comparison, crate::base::statistics::Pair)| {
                table.line(vec![
                    rank.to_owned(),
                    format!("{:+.4e}", pair.abs_error()),
                    format!("{:+.1}", pair.pct_error()),
                    comparison.row.identity.to_string(),
                ]);
            };
        let worst = ranked.len().saturating_sub(EXTREMES).max(EXTREMES.min(ranked.len()));
        ranked.iter().take(EXTREMES).for_each(|row| line("best", row));
        ranked[worst..].iter().rev().for_each(|row| line("worst", row));
        heading(&mut text, style, 3, &format!("{} ({})", metric.title(), metric.unit()));
        let _ = writeln!(text, "{}\n", render(&table, style));
    }

    if !model.config.approximations.is_empty() {
        heading(&mut text, style, 2, "Approximations");
        for (name, why) in &model.config.approximations {
            let rows = comparisons.iter().filter(|c| c.approximations.contains(name)).count();
            let _ = writeln!(text, "- {name} ({rows} rows): {why}");
        }
        text.push('\n');
    }

    heading(&mut text, style, 2, "Verdict");
    let _ = writeln!(text, "{}", verdict_text(evaluation));
    if style == Style::Text { fitted(&text) } else { text }
}

/// The compact report of one model for a terminal; `origin` says which Mantile predicted.
#[must_use]
pub fn run_table(model: &Model, evaluation: &Evaluation, origin: &str) -> String {
    let comparisons = &evaluation.comparisons;
    let mut text = fitted(&format!("{} by {origin}\n", model.name));
    let _ = writeln!(text, "{}\n", coverage_text(comparisons));
    let mut slices = GroupBreakdown::GPU_FRAMEWORK.predicted_slices(comparisons);
    slices.push(Slice::all(comparisons));
    let _ = writeln!(text, "MAPE in % and bias (predicted / measured) a metric");
    let _ = writeln!(text, "{}\n", slices_table(&slices, Style::Text));
    let distributions: Vec<String> = Metric::ALL
        .into_iter()
        .zip(SHORT_TITLES)
        .filter_map(|(metric, title)| {
            let pairs = comparisons.iter().filter_map(|comparison| comparison.pair(metric));
            let ratios: Vec<f64> = pairs.map(crate::base::statistics::Pair::ratio).collect();
            (!ratios.is_empty()).then(|| format!("{title} {}", sparkline(&ratios)))
        })
        .collect();
    if !distributions.is_empty() {
        let _ =
            writeln!(text, "rows by predicted / measured, from 1/4 at the left to 4 at the right");
        let _ = writeln!(text, "{}\n", distributions.join(" ").trim_end());
    }
    if !evaluation.side_by_side.is_empty() {
        let table = estimators::skill_table(&evaluation.side_by_side);
        let _ = writeln!(text, "MAPE in % of others, and Mantile's skill against them a metric");
        let _ = writeln!(text, "{}\n", table.to_text());
    }
    if let Some(audit) = &evaluation.audit {
        let counts = super::audit_counts(audit, &model.config.audit_accepted);
        let _ = writeln!(text, "audit: {counts}");
    }
    let _ = write!(text, "{}", verdict_text(evaluation));
    text
}

/// The metrics' titles where there is little room, in their order.
pub(super) const SHORT_TITLES: [&str; 5] = ["tput", "out", "TTFT", "TPOT", "E2E"];

/// How many ratios there are in each step from 1/4 to 4, all as wide on a logarithmic scale: the middle one
/// is around 1, the outer ones hold what is beyond.
fn sparkline(ratios: &[f64]) -> String {
    const STEPS: usize = 9;
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut counts = [0usize; STEPS];
    for ratio in ratios {
        let share = 0.5 + 0.5 * ratio.ln() / 4f64.ln();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to the number of steps"
        )]
        let step = (share * STEPS as f64).floor().clamp(0.0, STEPS as f64 - 1.0) as usize;
        counts[step] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let height = |count: usize| match count {
        0 => ' ',
        _ => HEIGHTS[((HEIGHTS.len() - 1) * count).div_ceil(most)],
    };
    counts.into_iter().map(height).collect()
}

/// The last table of a run over several models: a line each.
#[must_use]
pub fn models_table(models: &[(String, Evaluation)]) -> String {
    let mut columns = vec![("model", Align::Left), ("predicted", Align::Right)];
    columns.extend(SHORT_TITLES.map(|title| (title, Align::Right)));
    columns.push(("", Align::Left));
    let mut table = TextTable::new(&columns).dense();
    for (name, evaluation) in models {
        let Coverage { predicted, rows } = evaluation.coverage();
        let mut line = vec![name.clone(), format!("{predicted}/{rows}")];
        for metric in Metric::ALL {
            let statistics = statistics(&evaluation.comparisons, metric);
            line.push(statistics.map_or_else(|| "-".to_owned(), |s| percent(s.mape_percent)));
        }
        line.push(verdict_word(evaluation).to_owned());
        table.line(line);
    }
    format!("MAPE in % of each model\n{}", table.to_text())
}

const ERRORS_LEGEND: &str = "\
MAPE and median APE are in % of the measured value, RMSE in the metric's unit.
bias is exp(mean ln(p/m)): above 1 is predicted too high. sym is exp(median
|ln(p/m)|) - 1: half of the rows are at most this far off. p90 is the 90th
percentile of |ln(p/m)|, rho is Spearman's rank correlation. In the groups, each
metric has its MAPE in % and its bias.";

/// A text whose lines fit a terminal: of a table's line the last cell goes to a line of its own, of another
/// the words that are too many. A word that is too long stays whole.
pub(super) fn fitted(text: &str) -> String {
    let fit = |line: &str| {
        if line.chars().count() <= WIDTH {
            return line.to_owned();
        }
        if let Some((head, last)) = line.rsplit_once("  ") {
            return format!("{}\n        {last}", head.trim_end());
        }
        wrapped(line, "", "  ", WIDTH)
    };
    text.split('\n').map(fit).collect::<Vec<_>>().join("\n")
}

pub(super) fn heading(text: &mut String, style: Style, level: usize, title: &str) {
    let _ = match style {
        Style::Markdown => writeln!(text, "{} {title}\n", "#".repeat(level)),
        Style::Text if level == 1 => {
            writeln!(text, "{title}\n{}", "=".repeat(title.chars().count()))
        }
        Style::Text => writeln!(text, "{title}"),
    };
}

pub(super) fn render(table: &TextTable, style: Style) -> String {
    match style {
        Style::Text => table.to_text(),
        Style::Markdown => table.to_markdown(),
    }
}

/// How many rows of which providers, measured when.
pub(crate) fn dataset(comparisons: &[Comparison]) -> String {
    let mut providers: BTreeMap<&str, usize> = BTreeMap::new();
    for comparison in comparisons {
        *providers.entry(&comparison.row.provider).or_default() += 1;
    }
    let mut dates: Vec<&str> =
        comparisons.iter().filter_map(|c| c.row.provenance.benchmark_date.as_deref()).collect();
    dates.sort_unstable();
    let providers: Vec<String> =
        providers.into_iter().map(|(name, rows)| format!("{rows} rows of {name}")).collect();
    let day = |date: &&str| crate::base::day::day_of(date).unwrap_or(date).to_owned();
    let providers = providers.join(", ");
    match (dates.first().map(day), dates.last().map(day)) {
        (Some(first), Some(last)) if first == last => format!("{providers}, measured {first}"),
        (Some(first), Some(last)) => format!("{providers}, measured {first} to {last}"),
        _ => format!("{providers}, undated"),
    }
}

/// Coverage, and each reason for a row without a prediction.
#[must_use]
pub fn coverage_text(comparisons: &[Comparison]) -> String {
    let coverage = Coverage::of(comparisons);
    let mut text = format!(
        "{} of {} rows predicted ({:.1}%)",
        coverage.predicted,
        coverage.rows,
        coverage.percent()
    );
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for comparison in comparisons {
        if let Some(problem) = comparison.outcome.problem() {
            let reason = problem.lines().next().unwrap_or_default();
            *reasons.entry(format!("{}: {reason}", comparison.outcome.status())).or_default() += 1;
        }
    }
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (reason, rows) in &reasons {
        let _ = write!(text, "\n  {rows} {reason}");
    }
    text
}

fn overall_table(overall: &PerMetric<Option<Statistics>>) -> TextTable {
    let mut table = TextTable::new(&[
        ("metric", Align::Left),
        ("n", Align::Right),
        ("MAPE", Align::Right),
        ("median", Align::Right),
        ("RMSE", Align::Right),
        ("bias", Align::Right),
        ("sym", Align::Right),
        ("p90", Align::Right),
        ("rho", Align::Right),
    ]);
    for (metric, statistics) in overall.iter() {
        let Some(s) = statistics else { continue };
        table.line(vec![
            metric.title().to_owned(),
            s.n.to_string(),
            format!("{:.2}", s.mape_percent),
            format!("{:.2}", s.median_ape_percent),
            format!("{:.3e}", s.rmse),
            format!("{:.3}", s.bias),
            format!("{:.3}", s.symmetric_accuracy),
            format!("{:.3}", s.p90_abs_log_ratio),
            s.spearman.map_or_else(|| "-".to_owned(), |rho| format!("{rho:.3}")),
        ]);
    }
    table
}

/// A line a group: rows, then MAPE and bias of each metric.
fn slices_table(slices: &[Slice], style: Style) -> String {
    let mut columns = vec![("group", Align::Left), ("n", Align::Right)];
    for title in SHORT_TITLES {
        columns.push((title, Align::Right));
        columns.push(("bias", Align::Right));
    }
    let mut table = TextTable::new(&columns).dense();
    for slice in slices {
        let label =
            if style == Style::Markdown { slice.label.clone() } else { short(&slice.label) };
        let mut line = vec![label, format!("{}/{}", slice.coverage.predicted, slice.coverage.rows)];
        for (_, statistics) in slice.statistics.iter() {
            line.push(statistics.map_or_else(|| "-".to_owned(), |s| percent(s.mape_percent)));
            line.push(statistics.map_or_else(|| "-".to_owned(), |s| format!("{:.2}", s.bias)));
        }
        table.line(line);
    }
    let mut text = render(&table, style);
    if let Some(counts) = slices.last().and_then(counts_of_metrics) {
        let _ = write!(text, "\n{}{counts}", if style == Style::Text { "  " } else { "\n" });
    }
    if style == Style::Text {
        let long = slices.iter().filter(|slice| slice.label.chars().count() > LABEL_WIDTH);
        for slice in long {
            let _ = write!(text, "\n  {} = {}", short(&slice.label), slice.label);
        }
    }
    text
}

/// How many rows of a slice have each metric, where that is not all that are predicted.
fn counts_of_metrics(slice: &Slice) -> Option<String> {
    let measured: Vec<(&str, usize)> = slice
        .statistics
        .iter()
        .zip(SHORT_TITLES)
        .filter_map(|((_, found), title)| Some((title, found.as_ref()?.n)))
        .collect();
    let differs = measured.iter().any(|(_, n)| *n != slice.coverage.predicted);
    let counts: Vec<String> = measured.iter().map(|(title, n)| format!("{title} {n}")).collect();
    differs.then(|| format!("{} rows by metric: {}", slice.label, counts.join(", ")))
}

/// A percentage in four characters, as long as it is below 10,000.
pub(super) fn percent(x: f64) -> String {
    if x < 99.95 { format!("{x:.1}") } else { format!("{x:.0}") }
}

/// A label that fits its column: of a long one, the initials of its parts.
fn short(label: &str) -> String {
    if label.chars().count() <= LABEL_WIDTH {
        return label.to_owned();
    }
    let initials =
        |part: &str| -> String { part.split('_').filter_map(|word| word.chars().next()).collect() };
    label.split('+').map(initials).collect::<Vec<_>>().join("+")
}

/// More failed checks than this are read in the file of failures.
const CHECKS_SHOWN: usize = 3;

/// How many rows have each verdict, what failed, and the last word.
fn verdict_text(evaluation: &Evaluation) -> String {
    let counts: Vec<String> = Status::ALL
        .into_iter()
        .map(|status| (status, evaluation.count(status)))
        .filter(|(status, rows)| *rows > 0 || *status == Status::Outside)
        .map(|(status, rows)| format!("{rows} {}", status.words()))
        .collect();
    let failed: Vec<(&str, &str)> = evaluation.failed_checks().collect();
    let mut text = format!("rows: {}\n", counts.join(", "));
    if !evaluation.checks.is_empty() {
        let passed = evaluation.checks.len() - failed.len();
        let _ = writeln!(text, "checks: {passed} passed, {} failed", failed.len());
    }
    for (name, found) in failed.iter().take(CHECKS_SHOWN) {
        let _ = writeln!(text, "  {name}: {}", found.replace('\n', "\n  "));
    }
    if failed.len() > CHECKS_SHOWN {
        let _ = writeln!(text, "  and {} more checks", failed.len() - CHECKS_SHOWN);
    }
    text + verdict_word(evaluation)
}

/// The last word on a model.
#[must_use]
pub fn verdict_word(evaluation: &Evaluation) -> &'static str {
    match evaluation.exit() {
        crate::base::error::Exit::Inside => "PASS",
        crate::base::error::Exit::Unavailable => "INCOMPLETE",
        _ => "FAIL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_has_its_middle_at_one_and_its_ends_beyond_four() {
        assert_eq!(sparkline(&[1.0, 1.1, 0.9, 0.01, 99.0]), "▃   █   ▃".replace('▃', "▄"));
        assert_eq!(sparkline(&[2.0]), "      █  ");
    }

    #[test]
    fn lines_that_are_too_long_are_broken_and_lose_nothing() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let name = "x".repeat(70);
        let prose = "a reason that is told in words ".repeat(4);
        let text = format!("short\nworst   1.0  {name}\n- {prose}");
        let broken = fitted(&text);
        assert_eq!(words(&broken), words(&text));
        assert!(broken.lines().all(|line| line.chars().count() <= 80), "{broken}");
        assert!(broken.starts_with("short\nworst   1.0\n        xx"), "{broken}");
    }
}
