//! `audit`: physical and statistical checks of measured rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::args::{AuditArgs, Format};
use super::estimate::of_args;
use super::filter::pick;
use super::output::print;
use crate::audit::{Finding, Severity, audit_sources};
use crate::error::{Exit, Result};
use crate::folder;

pub(super) fn run(root: &Path, args: &AuditArgs) -> Result<Exit> {
    let config = folder::load_config(root, &args.rows.model)?;
    let rows = of_args(root, &args.rows, &config)?;
    let rows = pick(rows, args.filter.as_ref())?;
    let findings = audit_sources(&rows, &config.sources);
    match args.format {
        Format::Text => print(&text(&findings, rows.len()))?,
        Format::Json => print(&serde_json::json!(findings).to_string())?,
    }
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if errors { Exit::GateFailed } else { Exit::Inside })
}

/// The findings by severity and check, the worst first.
fn text(findings: &[Finding], rows: usize) -> String {
    let mut groups: BTreeMap<(std::cmp::Reverse<Severity>, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let key = (std::cmp::Reverse(finding.severity), finding.check);
        groups.entry(key).or_default().push(finding);
    }
    let mut text = String::new();
    for ((std::cmp::Reverse(severity), check), found) in &groups {
        let word = format!("{severity:?}").to_lowercase();
        let _ = writeln!(text, "{word}: {check}, {} findings", found.len());
        for finding in found {
            let _ = writeln!(text, "  {}\n    {}", finding.row, finding.message);
        }
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let _ = write!(
        text,
        "{rows} rows: {} errors, {} warnings, {} remarks",
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Info)
    );
    text
}
