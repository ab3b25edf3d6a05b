//! The findings of an audit as text for a terminal.

use std::fmt::Write as _;

use super::super::text_table::{TextTable, WIDTH, wrapped};
use super::{SEVERITIES, count};
use crate::audit::{Finding, Severity, judge};
use crate::base::text::plural;
use crate::rules::audit_check::{AcceptedFinding, AuditCheck};

/// The number of findings that the summary shows with their messages.
const FINDINGS_SHOWN: usize = 3;

/// The counts by severity: `1 error (1 accepted), 9 warnings, 0 remarks`.
#[must_use]
pub fn audit_counts(findings: &[Finding], accepted: &[AcceptedFinding]) -> String {
    let counts = SEVERITIES.map(|severity| {
        let mut text = counted(findings, severity);
        let known = accepted_errors(findings, accepted);
        if severity == Severity::Error && known > 0 {
            let _ = write!(text, " ({known} accepted)");
        }
        text
    });
    counts.join(", ")
}

fn accepted_errors(findings: &[Finding], accepted: &[AcceptedFinding]) -> usize {
    findings.iter().filter(|finding| finding.accepted(accepted).is_some()).count()
}

fn counted(findings: &[Finding], severity: Severity) -> String {
    let n = count(findings, severity);
    format!("{n} {}{}", severity.word(), plural(n))
}

/// The findings of an audit of so many rows, with the conclusion at the end: a table of counts by check and the
/// worst unaccepted findings, or `all` findings.
///
/// The lines fit 80 columns, except for names of rows that are longer.
#[must_use]
pub fn audit_text(
    findings: &[Finding],
    accepted: &[AcceptedFinding],
    rows: usize,
    all: bool,
) -> String {
    let mut text = if all {
        listing(findings, accepted)
    } else {
        summary_table(findings) + &worst_findings(findings, accepted)
    };
    text.push_str(&conclusion(findings, accepted, rows, all));
    text
}

/// All findings by severity and check, the worst first, with an explanation of each check.
fn listing(findings: &[Finding], accepted: &[AcceptedFinding]) -> String {
    let mut text = String::new();
    let mut explained: Vec<AuditCheck> = Vec::new();
    for severity in SEVERITIES {
        for check in AuditCheck::ALL {
            let group: Vec<&Finding> = findings
                .iter()
                .filter(|finding| finding.severity == severity && finding.check == check)
                .collect();
            if group.is_empty() {
                continue;
            }
            let n = group.len();
            let _ = writeln!(text, "{}: {n} {}{}", check.name(), severity.word(), plural(n));
            if !explained.contains(&check) {
                explained.push(check);
                text.push_str(&indented(check.explanation(), 2));
            }
            for finding in group {
                let _ = writeln!(text, "    {}", finding.subject);
                text.push_str(&indented(&finding.message, 6));
                if let Some(entry) = finding.accepted(accepted) {
                    text.push_str(&indented(&format!("accepted: {}", entry.reason), 6));
                }
            }
            text.push('\n');
        }
    }
    text
}

/// A line per check with findings: how many of each severity.
fn summary_table(findings: &[Finding]) -> String {
    let mut table = TextTable::of(&["check", "finding"], &["errors", "warnings", "remarks"]);
    for check in AuditCheck::ALL {
        let counts = SEVERITIES.map(|severity| {
            findings
                .iter()
                .filter(|finding| finding.check == check && finding.severity == severity)
                .count()
        });
        if counts.iter().sum::<usize>() > 0 {
            let words = [check.name(), check.title()].map(str::to_owned);
            table.line(words.into_iter().chain(counts.map(|n| n.to_string())).collect());
        }
    }
    if findings.is_empty() { String::new() } else { table.to_text() + "\n\n" }
}

/// The first of the unaccepted errors and the warnings, which are sorted by severity.
fn worst_findings(findings: &[Finding], accepted: &[AcceptedFinding]) -> String {
    let worst = findings.iter().filter(|finding| {
        finding.severity > Severity::Info && finding.accepted(accepted).is_none()
    });
    let mut text = String::new();
    for Finding { severity, check, subject, message, .. } in worst.take(FINDINGS_SHOWN) {
        let _ = writeln!(text, "{} ({}): {subject}", severity.word(), check.name());
        text.push_str(&indented(message, 2));
    }
    let unaccepted_errors = judge(findings, accepted).open.len();
    if unaccepted_errors > FINDINGS_SHOWN {
        let more = unaccepted_errors - FINDINGS_SHOWN;
        let _ = writeln!(text, "and {more} more unaccepted error{}", plural(more));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The counts by severity, and what to do next.
fn conclusion(
    findings: &[Finding],
    accepted: &[AcceptedFinding],
    rows: usize,
    all: bool,
) -> String {
    let errors = count(findings, Severity::Error);
    let open = errors - accepted_errors(findings, accepted);
    let errors = match (errors, open) {
        (0, _) => "no errors".to_owned(),
        (1, 0) => "1 error, accepted".to_owned(),
        (_, 0) => format!("{errors} errors, all accepted"),
        (1, _) => "1 error, not accepted".to_owned(),
        (_, open) if open == errors => format!("{errors} errors, none accepted"),
        (_, open) => format!("{errors} errors, {open} of them not accepted"),
    };
    let mut text = format!(
        "{rows} row{}: {errors}; {}; {}",
        plural(rows),
        counted(findings, Severity::Warning),
        counted(findings, Severity::Info)
    );
    let mut next = Vec::new();
    if open > 0 {
        next.push(
            "Correct or remove the rows with unaccepted errors, or accept each of these errors with a \
             reason under [[audit_accepted]] in reconcile.toml.",
        );
    }
    if !all && !findings.is_empty() {
        next.push("Add --all to see every finding with an explanation.");
    }
    if !next.is_empty() {
        text.push('\n');
        text.push_str(&wrapped(&next.join(" "), "", "", WIDTH));
    }
    text
}

/// Words in lines that fit the terminal, each indented.
fn indented(words: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    wrapped(words, &indent, &indent, WIDTH) + "\n"
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An error and then warnings, of one check.
    pub(in crate::report::audit) fn findings(n: usize) -> Vec<Finding> {
        let finding = |i| Finding {
            subject: format!("p::row{i}"),
            severity: if i == 0 { Severity::Error } else { Severity::Warning },
            check: AuditCheck::LittlesLaw,
            factor: 2.0,
            message:
                "the number of requests in flight by Little's law / the concurrency is 0.500; it \
                      is usually between 0.94 and 1.02"
                    .to_owned(),
        };
        (0..n).map(finding).collect()
    }

    fn accepted() -> [AcceptedFinding; 1] {
        [AcceptedFinding {
            row: "p::row0".to_owned(),
            check: AuditCheck::LittlesLaw,
            reason: "the provider says so".to_owned(),
            line: 1,
        }]
    }

    #[test]
    fn the_summary_counts_by_check_and_ends_with_the_conclusion() {
        let text = audit_text(&findings(2), &accepted(), 12, false);
        let expected = "\
check        finding                   errors  warnings  remarks
littles_law  Little's law is violated       1         1        0

warning (littles_law): p::row1
  the number of requests in flight by Little's law / the concurrency is 0.500;
  it is usually between 0.94 and 1.02

12 rows: 1 error, accepted; 1 warning; 0 remarks
Add --all to see every finding with an explanation.";
        assert_eq!(text, expected);
        assert_eq!(audit_text(&[], &[], 1, false), "1 row: no errors; 0 warnings; 0 remarks");
    }

    #[test]
    fn unaccepted_errors_are_shown_with_what_to_do() {
        let mut errors = findings(5);
        for finding in &mut errors {
            finding.severity = Severity::Error;
        }
        let text = audit_text(&errors, &accepted(), 12, false);
        assert_eq!(text.matches("\nerror (littles_law): p::row").count(), 3, "{text}");
        assert!(!text.contains("p::row0"), "{text}");
        assert!(text.contains("\nand 1 more unaccepted error\n"), "{text}");
        assert!(text.contains("12 rows: 5 errors, 4 of them not accepted; 0 warnings"), "{text}");
        assert!(text.contains("\nCorrect or remove the rows with unaccepted errors"), "{text}");
        assert!(text.lines().count() <= 25, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn the_listing_has_every_finding_and_explains_a_check_once() {
        let text = audit_text(&findings(10), &accepted(), 12, true);
        assert_eq!(text.matches("p::row").count(), 10);
        assert_eq!(text.matches("The number of requests in flight is their rate").count(), 1);
        assert!(text.contains("littles_law: 1 error\n"), "{text}");
        assert!(text.contains("accepted: the provider says so"), "{text}");
        assert!(!text.contains("--all"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn counts_say_how_many_errors_are_accepted() {
        let counts = audit_counts(&findings(10), &accepted());
        assert_eq!(counts, "1 error (1 accepted), 9 warnings, 0 remarks");
    }
}
