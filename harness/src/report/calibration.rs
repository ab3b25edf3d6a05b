//! What a calibration found and how it holds; and where the error came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::numbers::short_figure as figure;
use super::{Align, Style, TextTable, Tone, text_table};
use crate::base::statistics::Interval95;
use crate::base::text::plural;
use crate::calibrate::{
    Diagnosis, ErrorKind, FoundParameters, MeanLogs, MetricDiagnosis, MetricErrorChange,
    MetricErrors, ModelJudgement, Moved, Noise, ParameterFound, Proof, Reach,
};
use crate::row::metric::Metric;
use crate::rules::calibration::{FitGroup, FitMode, HeldOut};

/// A group with what came of calibrating it.
pub type Calibrated = (FitGroup, Result<Proof, String>);

/// Metrics in the order that they are read in here; of output throughput the error is that of the total.
const METRICS: [Metric; 4] = [Metric::Tpot, Metric::Ttft, Metric::E2eLatency, Metric::Throughput];

/// The tables of a calibration.
#[must_use]
pub fn calibration_text(
    groups: &[Calibrated],
    left_out: &BTreeMap<String, usize>,
    style: Style,
) -> String {
    let mut text = String::from(
        "MAPE in %. before: Mantile as it is recorded; dtypes: the same with the dtypes\n\
         that the layers really have; fitted: of the rows that the fit saw; held out:\n\
         each workload (model, ISL, OSL, TP) in turn, with the change from before and\n\
         its 95% interval over workloads. Otherwise held out: each context (ISL, OSL);\n\
         each model; this GPU, from the others' shares of their datasheets; the newest\n\
         rows, from older ones of other configurations. The last word is on E2E from\n\
         TTFT and TPOT also where it is not published.\n",
    );
    for (group, found) in groups {
        match found {
            Ok(proof) => text.push_str(&proof_text(proof, style)),
            Err(reason) => {
                let _ = write!(text, "\n{group}: not calibrated: {reason}\n");
            }
        }
    }
    if !left_out.is_empty() {
        text.push_str("\nrows left out of the fits:\n");
        text.push_str(&reasons(left_out));
    }
    text.trim_end().to_owned()
}

fn reasons(left_out: &BTreeMap<String, usize>) -> String {
    left_out.iter().fold(String::new(), |mut text, (reason, rows)| {
        let _ = writeln!(text, "  {rows:>4}  {reason}");
        text
    })
}

fn proof_text(proof: &Proof, style: Style) -> String {
    let Proof { group, rows, workloads, models, days, .. } = proof;
    let days = days.as_ref().map_or(String::new(), |(first, last)| format!(", {first} to {last}"));
    let mut text = format!("\n{group}: {rows} rows of {workloads} workloads{days}\n");
    for model in models {
        let _ = writeln!(text, "  {}, {} rows", model.model, model.rows);
    }
    for mode in FitMode::ALL {
        if let Some(found) = proof.found(mode) {
            text.push_str(&found_text(proof, found, mode, style));
        }
    }
    text
}

fn found_text(proof: &Proof, found: &FoundParameters, mode: FitMode, style: Style) -> String {
    let name = match mode {
        FitMode::Alone => "alone",
        FitMode::WithCorrection => "corrected",
    };
    let overlap = found.setting.hardware.overlap;
    let hides = |hides: bool| if hides { "hides" } else { "adds up" };
    let mut text = format!(
        "\n{name}: load {}, communication {}\n{}\n",
        hides(overlap.load),
        hides(overlap.communication),
        errors_table(found)
    );
    let mut add = |line: &str| {
        let _ = writeln!(text, "{}", wrapped(line, "  "));
    };
    if let Some(errors) = found.errors(HeldOut::Workload) {
        let from = changes(errors, |errors| errors.change_from_own_dtypes);
        if !from.is_empty() {
            add(&format!("change from dtypes: {from}"));
        }
    }
    let _ = write!(text, "\n{}\n", otherwise(proof, found, style));
    let mut add = |line: &str| {
        let _ = writeln!(text, "{}", wrapped(line, "  "));
    };
    if let Some(errors) = &found.if_divided {
        add(&format!(
            "if Mantile divided the weights that it counts whole, workloads held out: {}",
            mapes(errors)
        ));
    }
    if !found.left_out.is_empty() {
        let (rows, errors) = (proof.left_out, mapes(&found.left_out));
        add(&format!(
            "left out of the fit, but asked all the same, {rows} row{}: {errors}",
            plural(rows)
        ));
    }
    let _ = write!(text, "\n{}\n* at a bound   ? the rows do not tell it", parameters(found));
    if let Some(number) = found.condition_number {
        let told = found.parameters.iter().filter(|found| found.told && !found.at_bound).count();
        let _ = write!(text, "   condition number {number:.1e} of {told}");
    }
    text.push('\n');
    for (one, other, correlation) in &found.correlated {
        let _ = writeln!(text, "  hardly told apart: {one} and {other} ({correlation:+.2})");
    }
    let _ = writeln!(
        text,
        "  without one of ten random tenths, or one workload, TPOTs move by up to {:.1}%",
        found.moved_percent
    );
    for model in &proof.models {
        let Some(ModelJudgement { verdict, errors }) = model.judged(mode) else { continue };
        let whose =
            if proof.models.len() > 1 { format!("{}: ", model.model) } else { String::new() };
        let what = match verdict {
            Ok(better) => {
                let word = style.mark(Tone::Good, "better for certain over workloads");
                format!("{word}: {better}")
            }
            Err(reason) => format!("{}: {reason}", style.mark(Tone::Caution, "not written")),
        };
        let _ = writeln!(text, "{}", wrapped(&format!("=> {whose}{what}"), "   "));
        if proof.models.len() > 1 {
            let _ = writeln!(text, "   {}", wrapped(&mapes(errors), "   "));
        }
    }
    let ttft = found.errors(HeldOut::Workload).and_then(|errors| errors.get(Metric::Ttft.name()));
    if ttft.is_some_and(|errors| errors.change.low > 0.0) && mode == FitMode::Alone {
        text.push_str(
            "   TTFT gets worse: Mantile's is one prefill of all requests together. It is\n   \
             fitted to what prefills take from decoding; a request's own is in the\n   \
             correction.\n",
        );
    }
    text
}

/// The errors by what else was held out; what is worse than before is marked.
fn otherwise(proof: &Proof, found: &FoundParameters, style: Style) -> String {
    let mut columns = vec![("otherwise held out", Align::Left), ("n", Align::Right)];
    columns.extend(METRICS.map(|metric| (metric.title(), Align::Right)));
    let mut table = TextTable::new(&columns).dense();
    let mut reasons = Vec::new();
    let mut is_worse = false;
    for (held_out, errors) in &found.errors {
        let name = match held_out {
            HeldOut::Nothing | HeldOut::Workload => continue,
            HeldOut::Context => "each context".to_owned(),
            HeldOut::Model if proof.models.len() < 2 => continue,
            HeldOut::Model => "each model".to_owned(),
            HeldOut::Gpu => "this GPU".to_owned(),
            HeldOut::Newest => match &proof.newest_since {
                Ok(since) => format!("newest, since {since}"),
                Err(_) => "newest".to_owned(),
            },
        };
        match errors {
            Ok(errors) => {
                let rows = errors.values().map(|errors| errors.n).max().unwrap_or(0);
                let mut line = vec![name, rows.to_string()];
                for metric in METRICS {
                    line.push(errors.get(metric.name()).map_or_else(
                        || "-".to_owned(),
                        |errors| {
                            let worse = errors.change.estimate > 0.0;
                            is_worse |= worse;
                            format!("{:.1}{}", errors.after.estimate, if worse { "!" } else { " " })
                        },
                    ));
                }
                table.line(line);
            }
            Err(reason) => reasons.push(format!("{name}: none, {reason}")),
        }
    }
    let mut text = table.to_text();
    if is_worse {
        let _ = write!(text, "\n{}", style.mark(Tone::Caution, "! worse than before"));
    }
    for reason in reasons {
        text.push('\n');
        text.push_str(&wrapped(&reason, "  "));
    }
    text
}

fn errors_table(found: &FoundParameters) -> String {
    let columns = [
        ("", Align::Left),
        ("n", Align::Right),
        ("before", Align::Right),
        ("dtypes", Align::Right),
        ("fitted", Align::Right),
        ("held out", Align::Right),
        ("change", Align::Right),
    ];
    let mut table = TextTable::new(&columns).dense();
    let dash = || "-".to_owned();
    for metric in METRICS {
        let of = |held_out: HeldOut| {
            found.errors(held_out).and_then(|errors| errors.get(metric.name()).copied())
        };
        let Some(MetricErrorChange { n, before, own_dtypes, after, change, .. }) =
            of(HeldOut::Workload)
        else {
            continue;
        };
        table.line(vec![
            metric.title().to_owned(),
            n.to_string(),
            format!("{:.1}", before.estimate),
            own_dtypes.map_or_else(dash, |own| format!("{:.1}", own.estimate)),
            of(HeldOut::Nothing)
                .map_or_else(dash, |errors| format!("{:.1}", errors.after.estimate)),
            format!("{:.1}", after.estimate),
            format!("{} to {}", signed(change.low), signed(change.high)),
        ]);
    }
    table.to_text()
}

/// Each metric's MAPE before and after.
fn mapes(errors: &MetricErrors) -> String {
    let of = |metric: Metric| {
        let errors = errors.get(metric.name())?;
        let (before, after) = (errors.before.estimate, errors.after.estimate);
        let worse = if after > before { "!" } else { "" };
        Some(format!("{} {before:.1} -> {after:.1}{worse}", metric.title()))
    };
    METRICS.into_iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

fn changes(errors: &MetricErrors, change: fn(&MetricErrorChange) -> Option<Interval95>) -> String {
    let of = |metric: Metric| {
        let change = change(errors.get(metric.name())?)?;
        Some(format!("{} {} to {}", metric.title(), signed(change.low), signed(change.high)))
    };
    METRICS.into_iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

/// Words in lines that fit a terminal, also where they are indented; all but the first begun as given.
fn wrapped(words: &str, others: &str) -> String {
    const WIDTH: usize = 78;
    text_table::wrapped(words, "", others, WIDTH)
}

/// A change in percentage points, short.
fn signed(change: f64) -> String {
    if change.abs() < 99.95 { format!("{change:+.1}") } else { format!("{change:+.0}") }
}

fn parameters(found: &FoundParameters) -> String {
    let columns = [
        ("parameter", Align::Left),
        ("Mantile", Align::Right),
        ("fitted", Align::Right),
        ("without rows", Align::Right),
        ("at most", Align::Right),
    ];
    let mut table = TextTable::new(&columns).dense();
    for parameter in &found.parameters {
        let (low, high) = parameter.without_rows;
        table.line(vec![
            parameter.name.clone(),
            parameter.before.map_or_else(|| "-".to_owned(), figure),
            marked(parameter),
            format!("{} to {}", figure(low), figure(high)),
            figure(parameter.upper),
        ]);
    }
    table.to_text()
}

/// A fitted value, marked where it is none of the rows'.
fn marked(found: &ParameterFound) -> String {
    let mark = if found.at_bound {
        "*"
    } else if !found.told {
        "?"
    } else {
        ""
    };
    format!("{}{mark}", figure(found.value))
}

/// The same for programs.
#[must_use]
pub fn calibration_json(groups: &[Calibrated], left_out: &BTreeMap<String, usize>) -> Value {
    let group_json = |(group, found): &Calibrated| match found {
        Ok(proof) => json!({
            "gpu_model": group.gpu_model,
            "framework": group.framework,
            "hardware_id": proof.hardware_id(),
            "rows": proof.rows,
            "workloads": proof.workloads,
            "days": proof.days,
            "newest_since": proof.newest_since.as_ref().ok(),
            "improves": proof.improves(FitMode::Alone),
            "models": proof.models.iter().map(|model| json!({
                "model": model.model,
                "rows": model.rows,
                "alone": judged_json(&model.alone),
                "with_correction": model.corrected.as_ref().map(judged_json),
            })).collect::<Vec<_>>(),
            "alone": found_json(&proof.alone),
            "with_correction": proof.corrected.as_ref().map(found_json),
        }),
        Err(reason) => json!({
            "gpu_model": group.gpu_model,
            "framework": group.framework,
            "not_calibrated": reason,
        }),
    };
    json!({
        "schema_version": 1,
        "groups": groups.iter().map(group_json).collect::<Vec<_>>(),
        "left_out": left_out,
    })
}

fn judged_json(judged: &ModelJudgement) -> Value {
    json!({
        "is_better": judged.verdict.is_ok(),
        "better": judged.verdict.as_ref().ok(),
        "not_written": judged.verdict.as_ref().err(),
        "mape_percent": judged.errors,
    })
}

fn found_json(found: &FoundParameters) -> Value {
    let errors: serde_json::Map<String, Value> = found
        .errors
        .iter()
        .map(|(held_out, errors)| {
            let value = match errors {
                Ok(errors) => json!(errors),
                Err(reason) => json!({ "not_had": reason }),
            };
            (held_out.name().to_owned(), value)
        })
        .chain([
            ("workload_out_if_divided".to_owned(), json!(found.if_divided)),
            ("left_out".to_owned(), json!(found.left_out)),
        ])
        .collect();
    let correlated: Vec<Value> = found
        .correlated
        .iter()
        .map(|(one, other, r)| json!({ "parameters": [one, other], "correlation": r }))
        .collect();
    json!({
        "parameters": found.parameters,
        "overlap": found.setting.hardware.overlap,
        "condition_number": found.condition_number,
        "correlated": correlated,
        "mape_percent": errors,
        "tpot_moved_percent": found.moved_percent,
    })
}

/// The tables of a diagnosis.
#[must_use]
pub fn diagnosis_text(groups: &[Diagnosis]) -> String {
    let mut text = String::from(
        "An error is of scale, or a missing constant, where one factor or one constant\n\
         takes away more than two thirds of what noise does not make of it; else it is\n\
         structural. E2E follows from TTFT and TPOT where it is not published.\n\n",
    );
    for diagnosis in groups {
        let Diagnosis { group, rows, left_out, metrics, reach } = diagnosis;
        let _ = writeln!(text, "{group}: {rows} rows\n");
        for metric in METRICS {
            let found = metrics.iter().find(|found| found.metric == metric.name());
            text.push_str(&found.map_or_else(String::new, metric_text));
        }
        if !reach.is_empty() {
            let _ = writeln!(text, "{}\n", reach_text(reach));
        }
        if !left_out.is_empty() {
            let _ = writeln!(text, "rows left out:\n{}", reasons(left_out));
        }
    }
    text.trim_end().to_owned()
}

fn metric_text(metric: &MetricDiagnosis) -> String {
    let MetricDiagnosis { n, mape_percent, bias, scale, scaled_mape_percent, .. } = metric;
    let Interval95 { estimate, low, high } = bias;
    let title = Metric::from_name(metric.metric).map_or(metric.metric, Metric::title);
    let kind = match metric.kind {
        ErrorKind::Noise => "no more than noise",
        ErrorKind::Scale => "a scale error",
        ErrorKind::Constant => "a missing constant",
        ErrorKind::Structural => "structural",
    };
    let MeanLogs { now, scaled, moved } = metric.mean_abs_log_ratio;
    let mut text = format!(
        "{title}: MAPE {mape_percent:.1}% of {n}, bias {estimate:.2} ({low:.2} to {high:.2}). \
         It is {kind}:\n  mean |ln(p/m)| is {now:.2}; a factor of {scale:.2} leaves {scaled:.2} \
         (MAPE {scaled_mape_percent:.1}%)"
    );
    if let Some(((constant, mape), moved)) = metric.constant.zip(moved) {
        let constant = if constant.abs() < 0.1 {
            format!("{:+.1} ms", 1e3 * constant)
        } else {
            format!("{constant:+.2} s")
        };
        let _ = write!(text, ",\n  a constant of {constant} {moved:.2} (MAPE {mape:.1}%)");
    }
    text.push('\n');
    let _ = writeln!(text, "  {}", wrapped(&noise_text(metric.noise), "    "));
    let strong = metric.patterns.iter().take(STRONGEST);
    for pattern in strong.filter(|pattern| pattern.spearman.abs() > WEAK) {
        let _ = writeln!(
            text,
            "  with {}: rank {:+.2}; p/m {:.2} where least, {:.2} where most",
            pattern.term,
            pattern.spearman,
            pattern.ratio_in_lowest_third,
            pattern.ratio_in_highest_third
        );
    }
    text.push('\n');
    text
}

fn noise_text(noise: Noise) -> String {
    let Noise { within_percent, repeated_rows, between_percent, shared_configurations } = noise;
    let within =
        within_percent.map(|percent| format!("{percent:.1}% ({repeated_rows} rows repeated)"));
    let between = between_percent.map(|percent| {
        format!("{percent:.1}% between sources ({shared_configurations} configurations)")
    });
    let known: Vec<String> = within.into_iter().chain(between).collect();
    if known.is_empty() {
        "nothing was measured twice: of noise nothing is known".to_owned()
    } else {
        format!("noise alone makes {}", known.join(", "))
    }
}

/// So many patterns are shown …
const STRONGEST: usize = 3;
/// … of those that are stronger than this.
const WEAK: f64 = 0.3;

/// The columns of what moving parameters could do.
const REACHED: [Metric; 3] = [Metric::Ttft, Metric::Tpot, Metric::E2eLatency];

fn reach_text(reach: &[Reach]) -> String {
    let mut columns = vec![("the best for each metric", Align::Left), ("now", Align::Right)];
    for metric in REACHED {
        columns.extend([(metric.title(), Align::Right), ("at", Align::Right)]);
    }
    let mut table = TextTable::new(&columns).dense();
    let dash = || "-".to_owned();
    for line in reach {
        let from = match &line.moved {
            Moved::Parameter { from, .. } => from.map_or_else(dash, figure),
            _ => String::new(),
        };
        let mut cells = vec![moved(&line.moved), from];
        for metric in REACHED {
            let best = line.best.get(metric.name());
            cells.push(best.map_or_else(dash, |best| format!("{:.1}", best.mape_percent)));
            let to = best.and_then(|best| Some((best.to?, best.at_bound)));
            cells.push(to.map_or_else(String::new, |(to, at_bound)| {
                format!("{}{}", figure(to), if at_bound { "*" } else { "" })
            }));
        }
        table.line(cells);
    }
    format!("{}\n* at a bound; blank where no value is better", table.to_text())
}

/// What is moved, in words.
fn moved(moved: &Moved) -> String {
    match moved {
        Moved::Nothing => "as Mantile answers",
        Moved::OwnDtypes => "the layers' own dtypes",
        Moved::Parameter { parameter, .. } => parameter,
        Moved::AllParameters => "all parameters",
        Moved::AllAndDivided => "all, weights divided",
        Moved::AllAndServing => "all, and serving terms",
    }
    .to_owned()
}
