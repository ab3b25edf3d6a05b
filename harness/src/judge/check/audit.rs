//! The check that no measured row is impossible.

use crate::audit::{AuditJudgement, judge};
use crate::base::text::plural;
use crate::judge::check::CheckSubject;
use crate::judge::check::listing::none_of;

/// Checks that the audit finds no error that is not accepted, and that every accepted finding still exists.
pub(super) fn check(subject: CheckSubject<'_>) -> Result<(), String> {
    let config = &subject.model.config;
    let AuditJudgement { open, dead } = judge(subject.findings(), &config.audit_accepted);
    none_of(
        &open,
        |finding| format!("{}: {}: {}", finding.check.name(), finding.subject, finding.message),
        || {
            format!(
                "{} unaccepted audit error{}; list them with `mantile-reconcile audit --model {}`, then \
                 correct or remove the rows, or accept the findings with a reason under \
                 [[audit_accepted]] in {}",
                open.len(),
                plural(open.len()),
                subject.model.name,
                config.path.display()
            )
        },
    )?;
    none_of(
        &dead,
        |entry| {
            let place = format!("{}:{}", config.path.display(), entry.line);
            format!("{place}: {} of {} is no longer an error", entry.check.name(), entry.row)
        },
        || match dead.len() {
            1 => "1 accepted finding no longer exists; remove its entry".to_owned(),
            entries => format!("{entries} accepted findings no longer exist; remove their entries"),
        },
    )
}
