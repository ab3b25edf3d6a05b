//! The concurrency curve that a row is a point of.

use super::Explanation;
use crate::judge::compare::Comparison;
use crate::report::{Align, TextTable, figure};
use crate::row::Identity;
use crate::row::metric::Metric;
use crate::row::property::Field;

/// The rows that differ from the explained one in nothing but concurrency, ordered by that.
pub(super) fn curve<'a>(explanation: &Explanation<'a>) -> Vec<&'a Comparison> {
    let row = &explanation.comparison.row;
    let at_its_concurrency =
        |other: &Identity| Identity { concurrency: row.identity.concurrency, ..other.clone() };
    let mut curve: Vec<&Comparison> = explanation
        .comparisons
        .iter()
        .filter(|other| {
            other.row.provider == row.provider
                && at_its_concurrency(&other.row.identity) == row.identity
        })
        .collect();
    curve.sort_by_key(|other| other.row.identity.concurrency);
    curve
}

/// A line per row of the curve: each measured metric with predicted / measured. The explained row has a `>`.
pub(super) fn curve_table(explanation: &Explanation<'_>) -> String {
    let mut columns = vec![("requests", Align::Right)];
    for metric in Metric::ALL {
        columns.push((metric.title(), Align::Right));
        columns.push(("p/m", Align::Right));
    }
    let mut table = TextTable::new(&columns).dense();
    let missing = || "-".to_owned();
    for other in curve(explanation) {
        let is_explained = other.row.identity == explanation.comparison.row.identity;
        let mark = if is_explained { ">" } else { "" };
        let mut line = vec![format!("{mark}{}", Field::Concurrency.of(&other.row))];
        for metric in Metric::ALL {
            line.push(other.row.measured.means[metric].map_or_else(missing, figure));
            let pair = other.pair(metric);
            line.push(pair.map_or_else(missing, |pair| format!("{:.2}", pair.ratio())));
        }
        table.line(line);
    }
    table.to_text()
}
