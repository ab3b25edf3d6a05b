//! The tables of the gate: rows by accuracy, and the errors of groups before and after.

use crate::judge::drift::Drift;
use crate::judge::gate::{Accuracy, GroupChange, MetricChange, ReleaseGate};
use crate::report::summary::SHORT_TITLES;
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;

/// The number of rows whose predictions came nearer to their measurements or went farther; `None` if no prediction
/// changed.
pub(super) fn accuracy_table(gate: &ReleaseGate) -> Option<TextTable> {
    let mut table = TextTable::new(&[
        ("metric", Align::Left),
        ("same", Align::Right),
        ("within noise", Align::Right),
        ("nearer", Align::Right),
        ("farther", Align::Right),
        ("largest change", Align::Right),
    ]);
    let mut has_changed = false;
    for metric in Metric::ALL {
        let count =
            |effect| gate.rows.iter().filter(|row| row.accuracy[metric] == Some(effect)).count();
        let counts = Accuracy::ALL.map(count);
        has_changed |= counts[1..].iter().any(|&rows| rows > 0);
        let largest = gate
            .rows
            .iter()
            .filter_map(|row| match &row.drift {
                Drift::Changed { metrics, .. } => Some(metrics[metric]),
                _ => None,
            })
            .max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut line = vec![metric.title().to_owned()];
        line.extend(counts.iter().map(ToString::to_string));
        line.push(
            largest.map_or_else(|| "-".to_owned(), |change| format!("{:+.2}%", 100.0 * change)),
        );
        table.line(line);
    }
    has_changed.then_some(table)
}

/// The groups and metrics whose errors changed, with both values; `None` if none did.
pub(super) fn groups_table(groups: &[GroupChange]) -> Option<TextTable> {
    let mut table = TextTable::new(&[
        ("group", Align::Left),
        ("metric", Align::Left),
        ("n", Align::Right),
        ("MAPE", Align::Right),
        ("change, 95%", Align::Left),
        ("bias", Align::Right),
        ("rho", Align::Right),
    ])
    .dense();
    let mut has_changed = false;
    for group in groups {
        for ((_, change), title) in group.metrics.iter().zip(SHORT_TITLES) {
            let Some(change) = change else { continue };
            let MetricChange { n, mape_percent, bias, spearman, mape_change, .. } = change;
            if mape_percent[0].to_bits() == mape_percent[1].to_bits() {
                continue;
            }
            has_changed = true;
            let rho =
                |rho: Option<f64>| rho.map_or_else(|| "-".to_owned(), |rho| format!("{rho:.2}"));
            table.line(vec![
                group.label.clone(),
                title.to_owned(),
                n.to_string(),
                format!("{:.1}>{:.1}", mape_percent[0], mape_percent[1]),
                format!(
                    "{:+.2} [{:+.2}, {:+.2}]",
                    mape_change.estimate, mape_change.low, mape_change.high
                ),
                format!("{:.2}>{:.2}", bias[0], bias[1]),
                format!("{}>{}", rho(spearman[0]), rho(spearman[1])),
            ]);
        }
    }
    has_changed.then_some(table)
}
