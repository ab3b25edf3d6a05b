//! How many rows have a prediction, and why the others have none.

use super::Comparison;
use crate::base::tally::Tally;
use crate::predict::prediction::Outcome;

/// The number of rows with a prediction, out of all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// Rows with a prediction that passed every check.
    pub predicted: usize,
    /// All rows.
    pub rows: usize,
}

impl Coverage {
    /// The coverage of these comparisons.
    pub fn of<'a>(comparisons: impl IntoIterator<Item = &'a Comparison>) -> Self {
        let mut coverage = Self { predicted: 0, rows: 0 };
        for comparison in comparisons {
            coverage.rows += 1;
            coverage.predicted += usize::from(matches!(comparison.outcome, Outcome::Predicted(_)));
        }
        coverage
    }

    /// The coverage in percent; 0 if there are no rows.
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.rows == 0 { 0.0 } else { 100.0 * self.predicted as f64 / self.rows as f64 }
    }
}

/// The reasons why rows have no prediction, each with its number of rows, the most frequent first.
#[must_use]
pub fn reasons<'a>(comparisons: impl IntoIterator<Item = &'a Comparison>) -> Vec<(String, usize)> {
    let reason = |comparison: &Comparison| {
        let first_line = comparison.outcome.problem()?.lines().next().unwrap_or_default();
        Some(format!("{}: {first_line}", comparison.outcome.status()))
    };
    let tally: Tally<String> = comparisons.into_iter().filter_map(reason).collect();
    let by_count = tally.most_frequent_first();
    by_count.into_iter().map(|(reason, rows)| (reason.clone(), rows)).collect()
}
