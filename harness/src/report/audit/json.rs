//! The findings of an audit as a JSON document.

use serde::Serialize;
use serde_json::Value;

use super::count;
use crate::audit::{Finding, Severity};
use crate::rules::audit_check::{AcceptedFinding, AuditCheck};

/// The version of the document.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct AuditDocument<'a> {
    counts: Counts,
    findings: Vec<FindingEntry<'a>>,
    schema_version: u32,
}

#[derive(Serialize)]
struct Counts {
    errors: usize,
    remarks: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    /// The reason of the acceptance.
    accepted: Option<&'a str>,
    check: AuditCheck,
    factor: f64,
    message: &'a str,
    severity: Severity,
    subject: &'a str,
}

/// The counts by severity, and each finding with the reason why it is accepted, if it is.
#[must_use]
pub fn audit_json(findings: &[Finding], accepted: &[AcceptedFinding]) -> Value {
    let document = AuditDocument {
        counts: Counts {
            errors: count(findings, Severity::Error),
            remarks: count(findings, Severity::Info),
            warnings: count(findings, Severity::Warning),
        },
        findings: findings.iter().map(|finding| entry(finding, accepted)).collect(),
        schema_version: SCHEMA_VERSION,
    };
    serde_json::to_value(document).expect("every key of the document is a text")
}

fn entry<'a>(finding: &'a Finding, accepted: &'a [AcceptedFinding]) -> FindingEntry<'a> {
    FindingEntry {
        accepted: finding.accepted(accepted).map(|entry| entry.reason.as_str()),
        check: finding.check,
        factor: finding.factor,
        message: &finding.message,
        severity: finding.severity,
        subject: &finding.subject,
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::findings;
    use super::*;

    #[test]
    fn the_document_counts_and_names_what_is_accepted() {
        let document = audit_json(&findings(3), &[]);
        let counts = serde_json::json!({ "errors": 1, "warnings": 2, "remarks": 0 });
        assert_eq!(document["counts"], counts);
        assert_eq!(document["findings"][0]["check"], "littles_law");
        assert_eq!(document["findings"][0]["accepted"], Value::Null);
        assert_eq!(document["findings"][0]["factor"], 2.0);
    }
}
