//! Checks of the figures of each row, and of those of one source together.

mod identities;
mod lengths;
mod limits;
mod missing;

use super::finding::Finding;
use crate::row::Row;
use crate::rules::config::SourceConfig;

/// Checks the rows of one source.
pub(super) fn check(rows: &[&Row], source: &SourceConfig, findings: &mut Vec<Finding>) {
    identities::check(rows, source.mean_length_ratio, findings);
    lengths::check(rows, source, findings);
    missing::check(rows, source, findings);
}
