//! The findings of an audit, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::text_table::{WIDTH, wrapped};
use crate::audit::{Finding, Severity};
use crate::rules::audit_check::{AcceptedFinding, AuditCheck};

/// The version of the document.
const SCHEMA_VERSION: u32 = 1;
/// Findings of a kind that are shown unless all are asked for.
const MOST_SHOWN: usize = 5;
/// The most severe first.
const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

/// `0 errors, 1 warning, 2 remarks`, and how many of the errors are accepted.
#[must_use]
pub fn audit_counts(findings: &[Finding], accepted: &[AcceptedFinding]) -> String {
    let counts = SEVERITIES.map(|severity| {
        let n = count(findings, severity);
        let plural = if n == 1 { "" } else { "s" };
        let mut text = format!("{n} {}{plural}", severity.word());
        let known = findings.iter().filter(|finding| finding.accepted(accepted).is_some()).count();
        if severity == Severity::Error && known > 0 {
            let _ = write!(text, " ({known} accepted)");
        }
        text
    });
    counts.join(", ")
}

/// The findings by severity and check, the worst first, each check with its explanation once. Of more
/// than a few of a kind the rest is counted, unless `all` are wanted.
///
/// Lines fit 80 columns, but for rows whose names do not.
#[must_use]
pub fn audit_text(
    findings: &[Finding],
    accepted: &[AcceptedFinding],
    rows: usize,
    all: bool,
) -> String {
    let mut text = String::new();
    let mut explained: Vec<AuditCheck> = Vec::new();
    for severity in SEVERITIES {
        for check in AuditCheck::ALL {
            let found: Vec<&Finding> = findings
                .iter()
                .filter(|finding| finding.severity == severity && finding.check == check)
                .collect();
            if found.is_empty() {
                continue;
            }
            let plural = if found.len() == 1 { "" } else { "s" };
            let _ = writeln!(text, "{}: {} {}{plural}", check.name(), found.len(), severity.word());
            if !explained.contains(&check) {
                explained.push(check);
                text.push_str(&indented(check.explanation(), 2));
            }
            let shown = if all { found.len() } else { MOST_SHOWN };
            for finding in found.iter().take(shown) {
                let _ = writeln!(text, "    {}", finding.subject);
                text.push_str(&indented(&finding.message, 6));
                if let Some(entry) = finding.accepted(accepted) {
                    text.push_str(&indented(&format!("accepted: {}", entry.reason), 6));
                }
            }
            if found.len() > shown {
                let _ = writeln!(text, "    and {} more: --all shows them", found.len() - shown);
            }
            text.push('\n');
        }
    }
    let _ = write!(text, "{rows} rows: {}", audit_counts(findings, accepted));
    text
}

/// Words in lines that fit the width, each indented.
fn indented(words: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    wrapped(words, &indent, &indent, WIDTH) + "\n"
}

/// The counts, and each finding with whether it is accepted and why.
#[must_use]
pub fn audit_json(findings: &[Finding], accepted: &[AcceptedFinding]) -> Value {
    let counts: serde_json::Map<String, Value> = SEVERITIES
        .into_iter()
        .map(|severity| (format!("{}s", severity.word()), count(findings, severity).into()))
        .collect();
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let mut value = json!(finding);
            value["accepted"] = json!(finding.accepted(accepted).map(|entry| &entry.reason));
            value
        })
        .collect();
    json!({ "schema_version": SCHEMA_VERSION, "counts": counts, "findings": findings })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(n: usize) -> Vec<Finding> {
        let finding = |i| Finding {
            subject: format!("p::row{i}"),
            severity: if i == 0 { Severity::Error } else { Severity::Warning },
            check: AuditCheck::LittlesLaw,
            factor: 2.0,
            message:
                "requests in flight by Little's law over concurrency is 0.500, usually 0.94 to 1.02"
                    .to_owned(),
        };
        (0..n).map(finding).collect()
    }

    #[test]
    fn a_long_list_is_cut_and_said_so_and_a_check_is_explained_once() {
        let accepted = [AcceptedFinding {
            row: "p::row0".to_owned(),
            check: AuditCheck::LittlesLaw,
            reason: "the provider says so".to_owned(),
            line: 1,
        }];
        let text = audit_text(&findings(10), &accepted, 12, false);
        assert_eq!(text.matches("Requests in flight are their rate").count(), 1);
        assert!(text.contains("littles_law: 1 error\n"), "{text}");
        assert!(text.contains("accepted: the provider says so"), "{text}");
        assert!(text.contains("and 4 more: --all shows them"), "{text}");
        assert!(text.ends_with("12 rows: 1 error (1 accepted), 9 warnings, 0 remarks"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let all = audit_text(&findings(10), &accepted, 12, true);
        assert_eq!(all.matches("p::row").count(), 10);
        assert!(!all.contains("more: --all"), "{all}");
    }

    #[test]
    fn the_document_counts_and_names_what_is_accepted() {
        let document = audit_json(&findings(3), &[]);
        assert_eq!(document["counts"], json!({ "errors": 1, "warnings": 2, "remarks": 0 }));
        assert_eq!(document["findings"][0]["check"], "littles_law");
        assert_eq!(document["findings"][0]["accepted"], Value::Null);
    }
}
