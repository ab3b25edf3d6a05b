//! Tables of a calibration's errors.

use super::METRICS;
use super::figures::{WORSE_LEGEND, dash, signed, wrapped};
use crate::base::statistics::Interval95;
use crate::calibrate::{FoundParameters, MetricErrorChange, MetricErrors, Proof};
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;
use crate::rules::calibration::HeldOut;

/// The errors before and after, in-sample and with each workload held out, one metric per line.
pub(super) fn errors_table(found: &FoundParameters) -> String {
    let figures = ["n", "before", "dtypes", "fitted", "held out", "change"];
    let mut table = TextTable::of(&[""], &figures).dense();
    for metric in METRICS {
        let errors = |held_out: HeldOut| {
            found.errors(held_out).and_then(|errors| errors.get(metric.name()).copied())
        };
        let Some(MetricErrorChange { n, before, own_dtypes, after, change, .. }) =
            errors(HeldOut::Workload)
        else {
            continue;
        };
        table.line(vec![
            metric.title().to_owned(),
            n.to_string(),
            format!("{:.1}", before.estimate),
            own_dtypes.map_or_else(dash, |own| format!("{:.1}", own.estimate)),
            errors(HeldOut::Nothing)
                .map_or_else(dash, |errors| format!("{:.1}", errors.after.estimate)),
            format!("{:.1}", after.estimate),
            format!("{} to {}", signed(change.low), signed(change.high)),
        ]);
    }
    table.to_text()
}

/// The errors with other rows held out than each workload. Errors that are worse than before are marked.
pub(super) fn otherwise_held_out(proof: &Proof, found: &FoundParameters) -> String {
    let mut columns = vec![("otherwise held out", Align::Left), ("n", Align::Right)];
    columns.extend(METRICS.map(|metric| (metric.title(), Align::Right)));
    let mut table = TextTable::new(&columns).dense();
    let mut reasons = Vec::new();
    let mut is_any_worse = false;
    for (held_out, errors) in &found.errors {
        let Some(name) = held_out_name(*held_out, proof) else { continue };
        match errors {
            Ok(errors) => {
                let rows = errors.values().map(|errors| errors.n).max().unwrap_or(0);
                let mut line = vec![name, rows.to_string()];
                line.extend(METRICS.map(|metric| after_cell(errors.get(metric.name()))));
                is_any_worse |= METRICS.iter().any(|metric| {
                    errors.get(metric.name()).is_some_and(|errors| errors.change.estimate > 0.0)
                });
                table.line(line);
            }
            Err(reason) => reasons.push(format!("{name}: not available: {reason}")),
        }
    }
    let mut text = table.to_text();
    if is_any_worse {
        text.push('\n');
        text.push_str(WORSE_LEGEND);
    }
    for reason in reasons {
        text.push('\n');
        text.push_str(&wrapped(&reason, "  "));
    }
    text
}

/// The rows that were held out, in the words of the table; `None` if the table does not show them.
fn held_out_name(held_out: HeldOut, proof: &Proof) -> Option<String> {
    match held_out {
        HeldOut::Nothing | HeldOut::Workload => None,
        HeldOut::Context => Some("each context".to_owned()),
        HeldOut::Model => (proof.models.len() > 1).then(|| "each model".to_owned()),
        HeldOut::Gpu => Some("this GPU".to_owned()),
        HeldOut::Newest => Some(match &proof.newest_since {
            Ok(since) => format!("newest, since {since}"),
            Err(_) => "newest".to_owned(),
        }),
    }
}

/// The MAPE after, with a mark if it is worse than before.
fn after_cell(errors: Option<&MetricErrorChange>) -> String {
    errors.map_or_else(dash, |errors| {
        let mark = if errors.change.estimate > 0.0 { "!" } else { " " };
        format!("{:.1}{mark}", errors.after.estimate)
    })
}

/// The MAPE of each metric before and after, on one line.
pub(super) fn before_and_after(errors: &MetricErrors) -> String {
    let cell = |metric: Metric| {
        let errors = errors.get(metric.name())?;
        let (before, after) = (errors.before.estimate, errors.after.estimate);
        let mark = if after > before { "!" } else { "" };
        Some(format!("{} {before:.1} -> {after:.1}{mark}", metric.title()))
    };
    METRICS.into_iter().filter_map(cell).collect::<Vec<_>>().join(", ")
}

/// The 95% intervals of the changes from the layers' own dtypes, on one line; empty where Mantile's
/// configuration is unknown.
pub(super) fn changes_from_own_dtypes(errors: &MetricErrors) -> String {
    let cell = |metric: Metric| {
        let Interval95 { low, high, .. } = errors.get(metric.name())?.change_from_own_dtypes?;
        Some(format!("{} {} to {}", metric.title(), signed(low), signed(high)))
    };
    METRICS.into_iter().filter_map(cell).collect::<Vec<_>>().join(", ")
}
