//! The tables of errors: over all rows, and by group.

use std::fmt::Write as _;

use crate::base::statistics::Statistics;
use crate::judge::compare::Slice;
use crate::report::numbers::{figure, percent};
use crate::report::style::render;
use crate::report::{Align, Style, TextTable};
use crate::row::metric::PerMetric;

/// The titles of the metrics where there is little room, in the order of [`crate::row::metric::Metric::ALL`].
pub(in crate::report) const SHORT_TITLES: [&str; 5] = ["tput", "out", "TTFT", "TPOT", "E2E"];

/// A longer label is shortened in a terminal, and written out below the table.
const LABEL_WIDTH: usize = 18;

/// How to read the tables.
pub(super) const LEGEND: &str = "\
MAPE and median APE are in % of the measured value, RMSE in the metric's unit.
bias is exp(mean ln(p/m)): above 1, predictions are too high. sym is exp(median
|ln(p/m)|) - 1: half of the rows are at most this far off. p90 is the 90th
percentile of |ln(p/m)|, rho is Spearman's rank correlation. In the groups, each
metric has its MAPE in % and its bias.";

/// A line per metric with its statistics.
pub(super) fn overall_table(overall: &PerMetric<Option<Statistics>>) -> TextTable {
    let columns = ["n", "MAPE", "median", "RMSE", "bias", "sym", "p90", "rho"];
    let mut table = TextTable::of(&["metric"], &columns);
    for (metric, statistics) in overall.iter() {
        let Some(s) = statistics else { continue };
        table.line(vec![
            metric.title().to_owned(),
            s.n.to_string(),
            format!("{:.2}", s.mape_percent),
            format!("{:.2}", s.median_ape_percent),
            figure(s.rmse),
            format!("{:.3}", s.bias),
            format!("{:.3}", s.symmetric_accuracy),
            format!("{:.3}", s.p90_abs_log_ratio),
            s.spearman.map_or_else(|| "-".to_owned(), |rho| format!("{rho:.3}")),
        ]);
    }
    table
}

/// A line per group: its number of rows, then the MAPE and bias of each metric.
pub(super) fn slices_table(slices: &[Slice], style: Style) -> String {
    let mut columns = vec![("group", Align::Left), ("n", Align::Right)];
    for title in SHORT_TITLES {
        columns.push((title, Align::Right));
        columns.push(("bias", Align::Right));
    }
    let mut table = TextTable::new(&columns).dense();
    for slice in slices {
        let label = if style.is_plain() { short(&slice.label) } else { slice.label.clone() };
        let mut line = vec![label, format!("{}/{}", slice.coverage.predicted, slice.coverage.rows)];
        for (_, statistics) in slice.statistics.iter() {
            line.push(statistics.map_or_else(|| "-".to_owned(), |s| percent(s.mape_percent)));
            line.push(statistics.map_or_else(|| "-".to_owned(), |s| format!("{:.2}", s.bias)));
        }
        table.line(line);
    }
    let mut text = render(&table, style);
    if let Some(counts) = slices.last().and_then(counts_of_metrics) {
        let _ = write!(text, "\n{}{counts}", if style.is_plain() { "  " } else { "\n" });
    }
    if style.is_plain() {
        let long = slices.iter().filter(|slice| slice.label.chars().count() > LABEL_WIDTH);
        for slice in long {
            let _ = write!(text, "\n  {} = {}", short(&slice.label), slice.label);
        }
    }
    text
}

/// The number of rows of a slice that have each metric; `None` if every predicted row has them all.
fn counts_of_metrics(slice: &Slice) -> Option<String> {
    let measured: Vec<(&str, usize)> = slice
        .statistics
        .iter()
        .zip(SHORT_TITLES)
        .filter_map(|((_, statistics), title)| Some((title, statistics.as_ref()?.n)))
        .collect();
    let differs = measured.iter().any(|(_, n)| *n != slice.coverage.predicted);
    let counts: Vec<String> = measured.iter().map(|(title, n)| format!("{title} {n}")).collect();
    differs.then(|| format!("{} rows by metric: {}", slice.label, counts.join(", ")))
}

/// A label that fits its column; a long one is reduced to the initials of its parts.
fn short(label: &str) -> String {
    if label.chars().count() <= LABEL_WIDTH {
        return label.to_owned();
    }
    let initials =
        |part: &str| -> String { part.split('_').filter_map(|word| word.chars().next()).collect() };
    label.split('+').map(initials).collect::<Vec<_>>().join("+")
}
