//! What a calibration found and how it holds; and where the error came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Align, TextTable};
use crate::calibrate::{
    Diagnosis, Errors, Found, Group, HeldOut, MetricDiagnosis, ParameterFound, Proof, Reach,
};
use crate::metric::Metric;
use crate::statistics::Interval95;

/// A group with what came of calibrating it.
pub type Calibrated = (Group, Result<Proof, String>);

/// Metrics in the order that they are read in here; of output throughput the error is that of the total.
const METRICS: [Metric; 4] = [Metric::Tpot, Metric::Ttft, Metric::E2eLatency, Metric::Throughput];

/// The tables of a calibration.
#[must_use]
pub fn calibration_text(groups: &[Calibrated], left_out: &BTreeMap<String, usize>) -> String {
    let mut text = String::from(
        "MAPE in %. before: Mantile as it is recorded; fitted: of the rows that the fit\n\
         saw. Held out: each workload (model, ISL, OSL, TP) in turn, with the 95%\n\
         interval of the change from before; each model; this GPU, from the others'\n\
         shares of their datasheets; the newest fifth of the rows.\n",
    );
    for (group, found) in groups {
        match found {
            Ok(proof) => text.push_str(&proof_text(proof)),
            Err(reason) => {
                let _ = write!(text, "\n{group}: not calibrated: {reason}\n");
            }
        }
    }
    if !left_out.is_empty() {
        text.push_str("\nrows left out of the fits:\n");
        for (reason, rows) in left_out {
            let _ = writeln!(text, "  {rows:>4}  {reason}");
        }
    }
    text.trim_end().to_owned()
}

fn proof_text(proof: &Proof) -> String {
    let Proof { group, rows, workloads, models, days, alone, corrected } = proof;
    let days = days.as_ref().map_or(String::new(), |(first, last)| format!(", {first} to {last}"));
    let mut text = format!(
        "\n{group}: {rows} rows of {workloads} workloads{days}\n  {}\n\n",
        models.join(", ")
    );
    let columns = [
        ("", Align::Left),
        ("n", Align::Right),
        ("before", Align::Right),
        ("fitted", Align::Right),
        ("workload", Align::Right),
        ("change", Align::Right),
        ("model", Align::Right),
        ("GPU", Align::Right),
        ("newest", Align::Right),
    ];
    let mut table = TextTable::new(&columns).dense();
    error_lines(&mut table, alone, "alone");
    if let Some(corrected) = corrected {
        error_lines(&mut table, corrected, "corrected");
    }
    let _ = writeln!(text, "{}\n", table.to_text());
    let _ = writeln!(text, "{}", parameters(alone, corrected.as_ref()));
    for (found, which) in [(Some(alone), "alone"), (corrected.as_ref(), "corrected")] {
        let Some(found) = found else { continue };
        let overlap = found.setting.hardware.overlap;
        let hides = |hides: bool| if hides { "hides" } else { "adds up" };
        let _ = write!(
            text,
            "{which}: load {}, communication {}",
            hides(overlap.load),
            hides(overlap.communication)
        );
        if let Some(number) = found.condition_number {
            let _ = write!(text, "; condition number {number:.1e}");
        }
        let (title, worst) = (proof.main_metric().title(), found.worst_without_a_tenth);
        let _ = writeln!(
            text,
            ";\n  {title} at worst {worst:.1}% by a fit without a tenth of the rows"
        );
        for (one, other, correlation) in &found.correlated {
            let _ = writeln!(text, "  hardly told apart: {one} and {other} ({correlation:+.2})");
        }
    }
    let ttft = alone.errors(HeldOut::Workload, Metric::Ttft);
    if ttft.is_some_and(|errors| errors.change.low > 0.0) {
        text.push_str(
            "Alone, TTFT gets worse: Mantile's is one prefill of all requests together. It is\n\
             fitted to what prefills take from decoding; the correction has a request's own.\n",
        );
    }
    if !proof.improves() {
        text.push_str("Held-out error does not improve for certain: nothing is written of it.\n");
    }
    text
}

fn error_lines(table: &mut TextTable, found: &Found, which: &str) {
    let mape = |held_out: HeldOut, metric: Metric| {
        found
            .errors(held_out, metric)
            .map_or_else(|| "-".to_owned(), |errors| format!("{:.1}", errors.after.estimate))
    };
    for metric in METRICS {
        let Some(errors) = found.errors(HeldOut::Workload, metric) else { continue };
        let Errors { n, before, after, change, .. } = errors;
        table.line(vec![
            format!("{which}: {}", metric.title()),
            n.to_string(),
            format!("{:.1}", before.estimate),
            mape(HeldOut::Nothing, metric),
            format!("{:.1}", after.estimate),
            format!("{} to {}", signed(change.low), signed(change.high)),
            mape(HeldOut::Model, metric),
            mape(HeldOut::Gpu, metric),
            mape(HeldOut::Newest, metric),
        ]);
    }
}

/// A change in percentage points, short.
fn signed(change: f64) -> String {
    if change.abs() < 99.95 { format!("{change:+.1}") } else { format!("{change:+.0}") }
}

fn parameters(alone: &Found, corrected: Option<&Found>) -> String {
    let columns = [
        ("parameter", Align::Left),
        ("Mantile", Align::Right),
        ("alone", Align::Right),
        ("without a tenth", Align::Right),
        ("corrected", Align::Right),
        ("at most", Align::Right),
    ];
    let mut table = TextTable::new(&columns).dense();
    let of = |found: Option<&Found>, name: &str| -> Option<ParameterFound> {
        found?.parameters.iter().find(|parameter| parameter.name == name).cloned()
    };
    let mut names: Vec<&String> = alone.parameters.iter().map(|found| &found.name).collect();
    for found in corrected.iter().flat_map(|found| &found.parameters) {
        if !names.contains(&&found.name) {
            names.push(&found.name);
        }
    }
    let dash = || "-".to_owned();
    for name in names {
        let (own, with) = (of(Some(alone), name), of(corrected, name));
        let Some(any) = own.as_ref().or(with.as_ref()) else { continue };
        table.line(vec![
            name.clone(),
            any.before.map_or_else(dash, figure),
            own.as_ref().map_or_else(dash, marked),
            own.as_ref().or(with.as_ref()).map_or_else(dash, |found| {
                format!(
                    "{} to {}",
                    figure(found.without_a_tenth.0),
                    figure(found.without_a_tenth.1)
                )
            }),
            with.as_ref().map_or_else(dash, marked),
            figure(any.upper),
        ]);
    }
    format!("{}\n* at a bound   ? the rows say nothing of it", table.to_text())
}

/// A fitted value, marked where it is none of the rows'.
fn marked(found: &ParameterFound) -> String {
    let mark = if !found.told {
        "?"
    } else if found.at_bound {
        "*"
    } else {
        ""
    };
    format!("{}{mark}", figure(found.value))
}

/// Three significant digits.
pub(super) fn figure(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else if value >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
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
            "models": proof.models,
            "days": proof.days,
            "improves": proof.improves(),
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
        "groups": groups.iter().map(group_json).collect::<Vec<_>>(),
        "left_out": left_out,
    })
}

fn found_json(found: &Found) -> Value {
    let errors: serde_json::Map<String, Value> = found
        .errors
        .iter()
        .map(|(held_out, errors)| {
            let value = match errors {
                Ok(errors) => json!(errors),
                Err(reason) => json!({ "not_had": reason }),
            };
            (held_out.title().to_owned(), value)
        })
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
        "worst_mape_percent_without_a_tenth": found.worst_without_a_tenth,
    })
}

/// The tables of a diagnosis.
#[must_use]
pub fn diagnosis_text(groups: &[Diagnosis]) -> String {
    let mut text = String::new();
    for diagnosis in groups {
        let Diagnosis { group, rows, metrics, reach } = diagnosis;
        let _ = writeln!(text, "{group}: {rows} rows\n");
        for metric in METRICS {
            let found = metrics.iter().find(|found| found.metric == metric.name());
            text.push_str(&found.map_or_else(String::new, metric_text));
        }
        if !reach.is_empty() {
            let _ = writeln!(text, "{}\n", reach_text(reach));
        }
    }
    text.trim_end().to_owned()
}

fn metric_text(metric: &MetricDiagnosis) -> String {
    let MetricDiagnosis { n, mape_percent, bias, scale, scaled_mape_percent, .. } = metric;
    let Interval95 { estimate, low, high } = bias;
    let title = Metric::from_name(metric.metric).map_or(metric.metric, Metric::title);
    let kind = if metric.is_scale_error { "a scale error" } else { "structural" };
    let mut text = format!(
        "{title}: MAPE {mape_percent:.1}% of {n}, bias {estimate:.2} ({low:.2} to {high:.2}). \
         It is {kind}:\n  a factor of {scale:.2} leaves {scaled_mape_percent:.1}%. "
    );
    match metric.noise_percent {
        Some(noise) => {
            let repeated = metric.repeated_rows;
            let _ = writeln!(text, "Noise alone makes {noise:.1}% ({repeated} rows repeated).");
        }
        None => text.push_str("Of noise nothing is known.\n"),
    }
    if let Some((constant, left)) = metric.constant {
        let _ = writeln!(text, "  a constant of {:+.3} ms leaves {left:.1}%", constant * 1e3);
    }
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

/// So many patterns are shown …
const STRONGEST: usize = 3;
/// … of those that are stronger than this.
const WEAK: f64 = 0.3;

fn reach_text(reach: &[Reach]) -> String {
    let columns = [
        ("the best that this could do, MAPE in %", Align::Left),
        ("from", Align::Right),
        ("to", Align::Right),
        ("TTFT", Align::Right),
        ("TPOT", Align::Right),
        ("E2E", Align::Right),
    ];
    let mut table = TextTable::new(&columns);
    let dash = || "-".to_owned();
    let percent = |value: Option<f64>| value.map_or_else(dash, |value| format!("{value:.1}"));
    for line in reach {
        table.line(vec![
            line.parameter.clone(),
            line.from.map_or_else(dash, figure),
            line.to.map_or_else(dash, figure),
            percent(line.ttft_mape_percent),
            percent(line.tpot_mape_percent),
            percent(line.e2e_mape_percent),
        ]);
    }
    table.to_text()
}
