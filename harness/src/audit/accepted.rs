//! Errors that are known and accepted.

use super::finding::{Finding, Severity};
use crate::rules::audit_check::AcceptedFinding;

/// The errors that are not accepted, and the acceptances that are out of date.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditJudgement<'a> {
    /// Errors without an acceptance.
    pub open: Vec<&'a Finding>,
    /// Acceptances without an error.
    pub dead: Vec<&'a AcceptedFinding>,
}

impl Finding {
    /// The entry that accepts the finding, if it is an accepted error.
    #[must_use]
    pub fn accepted<'a>(&self, accepted: &'a [AcceptedFinding]) -> Option<&'a AcceptedFinding> {
        accepted.iter().find(|entry| {
            self.severity == Severity::Error
                && entry.row == self.subject
                && entry.check == self.check
        })
    }
}

/// Compares findings with the accepted ones.
#[must_use]
pub fn judge<'a>(findings: &'a [Finding], accepted: &'a [AcceptedFinding]) -> AuditJudgement<'a> {
    let errors = || findings.iter().filter(|finding| finding.severity == Severity::Error);
    let open = errors().filter(|finding| finding.accepted(accepted).is_none()).collect();
    let alive = |entry: &&AcceptedFinding| {
        let entry = std::slice::from_ref(*entry);
        errors().any(|finding| finding.accepted(entry).is_some())
    };
    AuditJudgement { open, dead: accepted.iter().filter(|entry| !alive(entry)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::audit_check::AuditCheck;

    #[test]
    fn an_error_is_accepted_by_row_and_check_and_an_acceptance_without_an_error_is_dead() {
        let finding = |severity, check| Finding {
            subject: "p::r".to_owned(),
            severity,
            check,
            factor: 1.0,
            message: String::new(),
        };
        let accepted = |row: &str, check| AcceptedFinding {
            row: row.to_owned(),
            check,
            reason: "known".to_owned(),
            line: 1,
        };
        let findings = [
            finding(Severity::Error, AuditCheck::LittlesLaw),
            finding(Severity::Warning, AuditCheck::Spread),
        ];
        let right = [accepted("p::r", AuditCheck::LittlesLaw)];
        assert_eq!(judge(&findings, &right), AuditJudgement { open: vec![], dead: vec![] });
        for wrong in [
            accepted("p::other", AuditCheck::LittlesLaw),
            accepted("p::r", AuditCheck::TokenRatio),
            accepted("p::r", AuditCheck::Spread),
        ] {
            let wrong = [wrong];
            let judged = judge(&findings, &wrong);
            assert_eq!((judged.open.len(), judged.dead.len()), (1, 1), "{wrong:?}");
        }
    }
}
