//! The rows to audit, and the audit of them by all checks.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::hardware::RecordedAnswers;
use super::{curve, figures, hardware, peers, repeats};
use crate::mantile::recording::Recording;
use crate::row::Row;
use crate::rules::config::Config;

/// The rows to audit with everything that they are compared with.
#[derive(Debug, Clone, Copy)]
pub struct AuditSubject<'a> {
    /// The rows to audit.
    pub rows: &'a [Row],
    /// Further rows of the model, to compare with. They get no findings.
    pub peers: &'a [Row],
    /// The model's configuration. Rows of a provider that is not among its sources are not audited.
    pub config: &'a Config,
    /// Mantile's recorded answers. Without them rows are not compared with the limits of the hardware.
    pub recording: Option<&'a Recording>,
}

impl<'a> AuditSubject<'a> {
    /// The audited rows, then their peers.
    pub(super) fn all(self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().chain(self.peers)
    }
}

/// Runs all checks and returns their findings, the worst first.
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
    repeats::check_duplicates(
        subject.rows,
        subject.peers,
        &subject.config.noise_floor,
        &mut findings,
    );
    let audited: BTreeSet<String> = subject.rows.iter().map(Row::name).collect();
    let all: Vec<&Row> = subject.all().collect();
    let mut among_all = curve::check(&all);
    among_all.extend(repeats::copied(&all));
    findings.extend(among_all.into_iter().filter(|finding| audited.contains(&finding.subject)));
    let answers = RecordedAnswers::new(subject);
    hardware::check(subject, &answers, &mut findings);
    peers::check(subject, &answers, &mut findings);
    findings.sort_by(|a, b| {
        let worst = b.severity.cmp(&a.severity).then(a.check.cmp(&b.check));
        worst.then(b.factor.total_cmp(&a.factor)).then_with(|| a.subject.cmp(&b.subject))
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{config, finding_kinds, row};

    #[test]
    fn a_consistent_row_gives_no_finding() {
        assert_eq!(finding_kinds(|_| {}), []);
    }

    #[test]
    fn a_peer_is_compared_with_and_not_audited() {
        let mut broken = row(16);
        broken.measured.p99_ttft = Some(0.1);
        let config = config();
        let findings = |rows: &[Row], peers: &[Row]| {
            audit(AuditSubject { rows, peers, config: &config, recording: None }).len()
        };
        assert_eq!(findings(&[row(8)], std::slice::from_ref(&broken)), 0);
        assert_eq!(findings(&[broken], &[row(8)]), 1);
    }
}
