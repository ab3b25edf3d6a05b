//! The verdict on a model, in one word and with its reasons.

use std::fmt::Write as _;

use crate::base::error::Exit;
use crate::base::text::plural;
use crate::judge::evaluation::Evaluation;
use crate::judge::verdict::Status;
use crate::report::style::{Style, Tone};

/// More failed checks than this are not listed: the file of failures has them all.
const CHECKS_SHOWN: usize = 3;

/// The number of rows with each verdict, the failed checks with all that they say, and the verdict on the model.
pub(super) fn verdict_text(evaluation: &Evaluation, style: Style) -> String {
    let mut text = counts(evaluation);
    text.push_str(&failed_checks(evaluation, |message| message.replace('\n', "\n  ")));
    text + &verdict(evaluation, style)
}

/// The number of rows with each verdict, and of checks that passed.
pub(super) fn counts(evaluation: &Evaluation) -> String {
    let rows: Vec<String> = Status::ALL
        .into_iter()
        .map(|status| (status, evaluation.count(status)))
        .filter(|(status, rows)| *rows > 0 || *status == Status::Outside)
        .map(|(status, rows)| match status {
            Status::KnownDeviation => format!("{rows} known deviation{}", plural(rows)),
            _ => format!("{rows} {}", status.words()),
        })
        .collect();
    let mut text = format!("rows: {}\n", rows.join(", "));
    if !evaluation.checks.is_empty() {
        let failed = evaluation.failed_checks().count();
        let passed = evaluation.checks.len() - failed;
        let _ = writeln!(text, "checks: {passed} passed, {failed} failed");
    }
    text
}

/// The first failed checks, each with its message as `shown`.
pub(super) fn failed_checks(evaluation: &Evaluation, shown: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for (name, message) in evaluation.failed_checks().take(CHECKS_SHOWN) {
        let _ = writeln!(text, "  {name}: {}", shown(message));
    }
    if let Some(more @ 1..) = evaluation.failed_checks().count().checked_sub(CHECKS_SHOWN) {
        let _ = writeln!(text, "  and {more} more");
    }
    text
}

/// The verdict on a model as it is written in a style.
pub(super) fn verdict(evaluation: &Evaluation, style: Style) -> String {
    let tone = match evaluation.exit() {
        Exit::Inside => Tone::Good,
        Exit::Unavailable => Tone::Caution,
        Exit::GateFailed | Exit::BadInput => Tone::Bad,
    };
    style.mark(tone, verdict_word(evaluation))
}

/// The verdict on a model in one word.
#[must_use]
pub fn verdict_word(evaluation: &Evaluation) -> &'static str {
    match evaluation.exit() {
        Exit::Inside => "PASS",
        Exit::Unavailable => "INCOMPLETE",
        Exit::GateFailed | Exit::BadInput => "FAIL",
    }
}
