//! The section on errors: MAPE and bias of each metric by GPU and framework.

use crate::base::statistics::Statistics;
use crate::judge::compare::{self, Comparison, GroupBreakdown, Slice};
use crate::report::numbers::percent;
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;

/// The table of errors, with all rows last.
pub(super) fn errors(comparisons: &[Comparison]) -> String {
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
            cells.extend(mape_and_bias(statistics[metric].as_ref(), coverage.predicted));
        }
        table.line(cells);
    }
    table.to_markdown()
}

/// The MAPE, with the number of rows where not all predicted rows have the metric, and the bias.
fn mape_and_bias(statistics: Option<&Statistics>, predicted: usize) -> [String; 2] {
    let Some(Statistics { n, mape_percent, bias, .. }) = statistics else {
        return ["-", "-"].map(str::to_owned);
    };
    let rows = if *n == predicted { String::new() } else { format!(" of {n}") };
    [format!("{}{rows}", percent(*mape_percent)), format!("{bias:.2}")]
}
