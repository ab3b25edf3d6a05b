//! The section on the approximations that rows are predicted under.

use super::PAGE_WIDTH;
use crate::base::text::plural;
use crate::judge::compare::{Comparison, distinct, statistics};
use crate::judge::model::Model;
use crate::report::numbers::percent;
use crate::report::text_table::wrapped;
use crate::row::metric::Metric;

/// Each approximation with the errors of the rows under it and of the others; `None` where none is in force.
pub(super) fn approximations(model: &Model, comparisons: &[Comparison]) -> Option<String> {
    let lines: Vec<String> = model
        .config
        .approximations
        .iter()
        .filter_map(|(name, reason)| line(name, reason, comparisons))
        .collect();
    let introduction = wrapped(
        "MAPE of the rows that are predicted under each approximation, and of the rows without it. The two sets of rows \
         differ in other ways, too, so the difference is not the cost of the approximation.",
        "",
        "",
        PAGE_WIDTH,
    );
    (!lines.is_empty()).then(|| format!("{introduction}\n\n{}", lines.join("\n")))
}

/// One approximation; `None` where no row is under it.
fn line(name: &str, reason: &str, comparisons: &[Comparison]) -> Option<String> {
    let (under, without): (Vec<&Comparison>, Vec<&Comparison>) = comparisons
        .iter()
        .partition(|comparison| comparison.approximations.iter().any(|other| other == name));
    if under.is_empty() {
        return None;
    }
    let errors: Vec<String> = distinct(comparisons)
        .into_iter()
        .filter_map(|metric| {
            let errors = mape(&under, metric)?;
            let others = mape(&without, metric)
                .map_or_else(String::new, |others| format!(", without {others}"));
            Some(format!("{} {errors}{others}", metric.title()))
        })
        .collect();
    let errors =
        if errors.is_empty() { String::new() } else { format!(" MAPE: {}.", errors.join("; ")) };
    let rows = under.len();
    Some(format!("- `{name}`, {rows} row{}: {reason}.{errors}", plural(rows)))
}

/// The MAPE of a metric with the number of its rows.
fn mape(rows: &[&Comparison], metric: Metric) -> Option<String> {
    let errors = statistics(rows.iter().copied(), metric)?;
    let (mape, n) = (percent(errors.mape_percent), errors.n);
    Some(format!("{mape}% ({n} row{})", plural(n)))
}
