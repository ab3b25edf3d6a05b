//! How many rows have a prediction, and why the others have none.

use std::collections::BTreeMap;

use super::Comparison;
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
pub fn reasons(comparisons: &[Comparison]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for comparison in comparisons {
        if let Some(problem) = comparison.outcome.problem() {
            let reason = problem.lines().next().unwrap_or_default();
            *counts.entry(format!("{}: {reason}", comparison.outcome.status())).or_default() += 1;
        }
    }
    let mut reasons: Vec<(String, usize)> = counts.into_iter().collect();
    reasons.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    reasons
}
