//! The checks of the whole model.

use maud::{Markup, html};

use crate::judge::evaluation::Evaluation;

/// The failed checks with their findings, and the passed ones folded up; `None` where only a part of the rows
/// is judged.
pub(crate) fn checks(evaluation: &Evaluation) -> Option<Markup> {
    let failed: Vec<(&str, &str)> = evaluation.failed_checks().collect();
    let passed = evaluation.checks.len() - failed.len();
    (!evaluation.checks.is_empty()).then(|| {
        html! {
            p { (passed) " passed, " (failed.len()) " failed." }
            @if !failed.is_empty() { ul { @for (name, finding) in &failed {
                li { code { (name) } ": " (finding) }
            } } }
            details { summary { "passed checks" } ul {
                @for (name, result) in &evaluation.checks { @if result.is_ok() { li { code { (name) } } } }
            } }
        }
    })
}
