//! The check that enough rows have a prediction.

use crate::base::text::plural;
use crate::judge::check::CheckSubject;
use crate::judge::compare::{Coverage, reasons};

/// How many of the reasons for missing predictions a failure lists.
const REASONS_SHOWN: usize = 10;

/// Checks the coverage against `min_coverage_percent`.
pub(super) fn check(subject: CheckSubject<'_>) -> Result<(), String> {
    let coverage = Coverage::of(subject.comparisons);
    let least = subject.model.config.min_coverage_percent;
    if coverage.percent() >= least {
        return Ok(());
    }
    let mut lines = vec![format!(
        "{} of {} rows have a prediction, {:.1}%; {} asks for at least {least}%",
        coverage.predicted,
        coverage.rows,
        coverage.percent(),
        subject.model.config.path.display(),
    )];
    for (reason, rows) in reasons(subject.comparisons).iter().take(REASONS_SHOWN) {
        lines.push(format!("    {rows} row{} {reason}", plural(*rows)));
    }
    Err(lines.join("\n"))
}
