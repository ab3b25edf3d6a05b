//! The findings of an audit, for people and for programs.

mod json;
mod text;

pub use json::audit_json;
pub use text::{audit_counts, audit_text};

use crate::audit::{Finding, Severity};

/// The severities, the most severe first.
const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}
