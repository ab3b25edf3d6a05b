//! Physical and statistical checks of measured rows: is a row, or a whole file, what it says?
//!
//! Pure: rows and Mantile's recorded figures in, findings out. A module a kind of check.

mod accepted;
mod curve;
mod figures;
mod hardware;
mod peers;
mod repeats;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::mantile::recording::Recording;
use crate::row::Row;
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::Config;

pub use accepted::{AuditJudgement, judge};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Unusual: look before you trust the row.
    Warning,
    /// Impossible, or so far off that the row is not what it says.
    Error,
}

impl Severity {
    /// The word for one finding of this severity.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "remark",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something about a row or a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The row's name within its model, or the source's.
    pub subject: String,
    /// How much it matters.
    pub severity: Severity,
    /// Which check found it.
    pub check: AuditCheck,
    /// By what factor it is off, at least 1, to put the worst first; 1 where there is no such figure.
    pub factor: f64,
    /// What was found, in words with figures.
    pub message: String,
}

/// What is audited, and what it is held against.
#[derive(Debug, Clone, Copy)]
pub struct AuditSubject<'a> {
    /// The rows to audit.
    pub rows: &'a [Row],
    /// Further rows of the model to hold them against.
    pub peers: &'a [Row],
    /// The model's configuration; rows whose provider is none of its sources are not audited.
    pub config: &'a Config,
    /// Mantile's answers, for the figures of the hardware; without, nothing is held against those.
    pub recording: Option<&'a Recording>,
}

impl<'a> AuditSubject<'a> {
    /// The audited rows and those they are held against.
    fn all(self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().chain(self.peers)
    }
}

/// Everything that the checks find, the worst first.
#[must_use]
pub fn audit(subject: AuditSubject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &subject.config.sources {
        let rows: Vec<&Row> =
            subject.rows.iter().filter(|row| row.provider == source.name).collect();
        if rows.is_empty() {
            continue;
        }
        figures::check(&rows, source, &mut findings);
        repeats::check_spread(&rows, &mut findings);
    }
    let audited: BTreeSet<String> = subject.rows.iter().map(Row::name).collect();
    let all: Vec<&Row> = subject.all().collect();
    let mut of_all = curve::check(&all);
    repeats::check_duplicates(
        subject.rows,
        subject.peers,
        &subject.config.noise_floor,
        &mut findings,
    );
    of_all.extend(repeats::copied(&all));
    findings.extend(of_all.into_iter().filter(|finding| audited.contains(&finding.subject)));
    let answers = hardware::Answers::of(subject);
    hardware::check(subject, &answers, &mut findings);
    peers::check(subject, &answers, &mut findings);
    findings.sort_by(|a, b| {
        let worst = b.severity.cmp(&a.severity).then(a.check.cmp(&b.check));
        worst.then(b.factor.total_cmp(&a.factor)).then_with(|| a.subject.cmp(&b.subject))
    });
    findings
}

/// `factor` or its inverse, whichever is at least 1.
fn off_by(factor: f64) -> f64 {
    factor.max(1.0 / factor)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::row::Concurrency;
    use crate::row::metric::Metric;
    use crate::testing::{comparison, model};

    /// The configuration of the audited rows: provider `p` with a mean length ratio of 0.9.
    pub(crate) fn config() -> Config {
        model("", "").config
    }

    /// A consistent row: 8 requests in flight over 4 GPUs, lengths 900 and 900.
    pub(crate) fn row(concurrency: u32) -> Row {
        timed(concurrency, 0.5, 0.01)
    }

    /// A consistent row with this TTFT and TPOT.
    pub(crate) fn timed(concurrency: u32, ttft: f64, tpot: f64) -> Row {
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

    /// What is found in rows alone.
    pub(crate) fn found_in(rows: &[Row]) -> Vec<Finding> {
        audit(AuditSubject { rows, peers: &[], config: &config(), recording: None })
    }

    /// Severity and check of what is found in a consistent row that is changed.
    pub(crate) fn found(change: impl Fn(&mut Row)) -> Vec<(Severity, AuditCheck)> {
        let mut row = row(8);
        change(&mut row);
        found_in(&[row]).into_iter().map(|finding| (finding.severity, finding.check)).collect()
    }

    #[test]
    fn a_consistent_row_gives_no_finding() {
        assert_eq!(found(|_| {}), []);
    }

    #[test]
    fn each_check_has_a_name_that_reads_back_and_an_explanation() {
        for check in AuditCheck::ALL {
            assert_eq!(AuditCheck::from_name(check.name()), Some(check));
            assert_eq!(serde_json::json!(check), check.name());
            assert!(check.explanation().len() > 20);
        }
    }

    #[test]
    fn a_peer_is_held_against_and_not_audited() {
        let mut broken = row(16);
        broken.measured.p99_ttft = Some(0.1);
        let config = config();
        let audit_of = |rows: &[Row], peers: &[Row]| {
            audit(AuditSubject { rows, peers, config: &config, recording: None }).len()
        };
        assert_eq!(audit_of(&[row(8)], std::slice::from_ref(&broken)), 0);
        assert_eq!(audit_of(&[broken], &[row(8)]), 1);
    }
}
