//! The rows of a comparison: who measured them, and which have no prediction and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::text::plural;
use crate::judge::compare::{Comparison, Coverage, reasons};

/// The number of rows by provider, and the days of measurement.
pub(crate) fn dataset(comparisons: &[Comparison]) -> String {
    let mut providers: BTreeMap<&str, usize> = BTreeMap::new();
    for comparison in comparisons {
        *providers.entry(&comparison.row.provider).or_default() += 1;
    }
    let mut dates: Vec<&str> =
        comparisons.iter().filter_map(|c| c.row.provenance.benchmark_date.as_deref()).collect();
    dates.sort_unstable();
    let providers: Vec<String> = providers
        .into_iter()
        .map(|(name, rows)| format!("{rows} row{} of {name}", plural(rows)))
        .collect();
    let providers = providers.join(", ");
    let day = |date: &&str| date.get(..10).unwrap_or(date).to_owned();
    match (dates.first().map(day), dates.last().map(day)) {
        (Some(first), Some(last)) if first == last => format!("{providers}, measured {first}"),
        (Some(first), Some(last)) => format!("{providers}, measured {first} to {last}"),
        _ => format!("{providers}, undated"),
    }
}

/// Coverage, and the number of rows without a prediction by reason.
#[must_use]
pub fn coverage_text(comparisons: &[Comparison]) -> String {
    let mut text = coverage_line(comparisons);
    for (reason, rows) in reasons(comparisons) {
        let _ = write!(text, "\n  {rows} {reason}");
    }
    text
}

/// `590 of 616 rows predicted (95.8%)`.
pub(super) fn coverage_line(comparisons: &[Comparison]) -> String {
    let coverage = Coverage::of(comparisons);
    let Coverage { predicted, rows } = coverage;
    format!("{predicted} of {rows} row{} predicted ({:.1}%)", plural(rows), coverage.percent())
}
