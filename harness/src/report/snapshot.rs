//! The table of predictions that people review when Mantile changes.

use std::fmt::Write as _;

use super::{Align, TextTable};
use crate::judge::compare::Comparison;
use crate::row::metric::Metric;

/// A reviewed text as the file that insta reads and writes.
#[must_use]
pub fn snapshot_file(text: &str) -> String {
    format!("---\nsource: harness/tests/regression/main.rs\n---\n{}\n", text.trim_end())
}

/// A line per row with its predicted metrics to six significant digits, then the rows without a believed
/// prediction with their reasons. The same release gives the same text.
#[must_use]
pub fn predictions_table(comparisons: &[Comparison]) -> String {
    let mut columns = vec![("row", Align::Left)];
    columns.extend(Metric::ALL.iter().map(|metric| (metric.name(), Align::Right)));
    let mut table = TextTable::new(&columns);
    for comparison in comparisons {
        let Some(estimate) = comparison.outcome.estimate() else { continue };
        let mut line = vec![comparison.row.name()];
        line.extend(Metric::ALL.iter().map(|&metric| format!("{:.5e}", estimate.metrics[metric])));
        table.line(line);
    }
    let mut text = table.to_text();
    for comparison in comparisons {
        if let Some(problem) = comparison.outcome.problem() {
            let reason = problem.lines().next().unwrap_or_default();
            let _ = write!(
                text,
                "\n{}  {}: {reason}",
                comparison.row.name(),
                comparison.outcome.status()
            );
        }
    }
    text
}
