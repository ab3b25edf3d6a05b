//! The proof of a calibration: its errors on rows that it was not fitted to.

mod folds;
mod found;
mod group_fit;
mod newest;
mod prove;
#[cfg(test)]
mod tests;

pub use found::{FoundParameters, ModelJudgement, ModelProof, Proof};
pub use prove::prove;

use super::Observation;

/// Groups with fewer rows are not calibrated.
const LEAST_ROWS: usize = 12;
/// Groups with fewer workloads are not calibrated, because each workload is held out in turn.
const LEAST_WORKLOADS: usize = 3;

/// The number of distinct workloads.
fn workloads(rows: &[&Observation]) -> usize {
    rows.iter().map(|row| row.workload()).collect::<std::collections::BTreeSet<_>>().len()
}

/// The day on which a row was measured, where the source says.
fn day(row: &Observation) -> Option<String> {
    row.row
        .provenance
        .benchmark_date
        .as_deref()
        .map(|date| crate::base::day::day_of(date).unwrap_or(date).to_owned())
}
