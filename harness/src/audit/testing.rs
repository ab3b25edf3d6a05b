//! Rows that the unit tests of the checks start from.

use super::finding::{Finding, Severity};
use super::subject::{AuditSubject, audit};
use crate::row::metric::Metric;
use crate::row::{Concurrency, Row};
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::Config;
use crate::testing::{comparison, model};

/// The configuration of the audited rows: provider `p` with a mean length ratio of 0.9.
pub(super) fn config() -> Config {
    model("", "").config
}

/// A consistent row with so many requests in flight on 4 GPUs, mean lengths 900 and 900.
pub(super) fn row(concurrency: u32) -> Row {
    timed(concurrency, 0.5, 0.01)
}

/// A consistent row with this TTFT and TPOT, s.
pub(super) fn timed(concurrency: u32, ttft: f64, tpot: f64) -> Row {
    let mut row = comparison(1.0).row;
    row.identity.concurrency = Concurrency::Fixed(concurrency);
    let e2e = ttft + tpot * 899.0;
    let rate = f64::from(concurrency) * 900.0 / e2e / 4.0;
    let means = &mut row.measured.means;
    means[Metric::Ttft] = Some(ttft);
    means[Metric::Tpot] = Some(tpot);
    means[Metric::E2eLatency] = Some(e2e);
    means[Metric::OutputThroughput] = Some(rate);
    means[Metric::Throughput] = Some(2.0 * rate);
    row.measured.p99_ttft = Some(ttft * 1.8);
    row
}

/// The findings in rows without peers and recording.
pub(super) fn findings_in(rows: &[Row]) -> Vec<Finding> {
    audit(AuditSubject { rows, peers: &[], config: &config(), recording: None })
}

/// Severity and check of each finding in a consistent row that is changed.
pub(super) fn finding_kinds(change: impl Fn(&mut Row)) -> Vec<(Severity, AuditCheck)> {
    let mut row = row(8);
    change(&mut row);
    findings_in(&[row]).into_iter().map(|finding| (finding.severity, finding.check)).collect()
}
