//! The gate for people: the decision with its reasons, and the details.

use std::fmt::Write as _;

use super::reason;
use super::tables::{accuracy_table, groups_table};
use crate::base::text::plural;
use crate::judge::gate::{Decision, ReleaseGate, RowChange};
use crate::judge::model::Model;
use crate::report::style::{Style, Tone, heading, render};
use crate::report::text_table::fitted;

/// How many blocking rows and failed gates people are shown. The other formats list all of them.
const FAILURES_SHOWN: usize = 10;

/// How many lines of reasons a conclusion has, over all models.
const REASON_LINES: usize = 12;

/// The page of a model's gate: the decision with its reasons, then the details.
#[must_use]
pub fn gate_page(model: &Model, gate: &ReleaseGate, candidate: &str) -> String {
    let mut text = String::new();
    heading(&mut text, Style::Markdown, 1, &title(model, candidate));
    let _ = writeln!(text, "{}\n", decision(gate.decision, Style::Markdown));
    for reason in &gate.reasons {
        let _ = writeln!(text, "- {reason}");
    }
    text.push('\n');
    text.push_str(&details(gate, Style::Markdown));
    text.trim_end().to_owned()
}

/// The details of a model's gate for a terminal: drift, accuracy, groups, and what blocks.
#[must_use]
pub fn gate_details(model: &Model, gate: &ReleaseGate, candidate: &str) -> String {
    let mut text = String::new();
    heading(&mut text, Style::Text, 1, &title(model, candidate));
    text.push_str(&details(gate, Style::Text));
    fitted(text.trim_end())
}

/// The decisions on all models for a terminal, each with its main reasons, and the decision on the release.
#[must_use]
pub fn gate_conclusion(gates: &[(Model, ReleaseGate)], candidate: &str) -> String {
    let mut text = String::new();
    let most = (REASON_LINES / gates.len().max(1)).max(2);
    for (model, gate) in gates {
        let _ = writeln!(
            text,
            "{}\n{}",
            title(model, candidate),
            decision(gate.decision, Style::Terminal)
        );
        // A line for the number of the others costs no more than a reason itself.
        let shown = if gate.reasons.len() > most { most - 1 } else { gate.reasons.len() };
        for reason in &gate.reasons[..shown] {
            let _ = writeln!(text, "- {reason}");
        }
        if shown < gate.reasons.len() {
            let _ = writeln!(text, "- and {} more reasons", gate.reasons.len() - shown);
        }
    }
    if gates.len() > 1 {
        let worst = gates.iter().map(|(_, gate)| gate.decision).max().unwrap_or(Decision::Broken);
        let blocking = gates.iter().filter(|(_, gate)| gate.decision.blocks()).count();
        let effect = match blocking {
            0 => format!("none of the {} models blocks {candidate}", gates.len()),
            _ => format!("{blocking} of {} models block {candidate}", gates.len()),
        };
        let _ = writeln!(text, "\n{}: {effect}", word(worst, Style::Terminal));
    }
    fitted(text.trim_end())
}

fn title(model: &Model, candidate: &str) -> String {
    format!("{}: {candidate} compared with {}", model.name, model.release)
}

/// The line with the decision.
fn decision(decision: Decision, style: Style) -> String {
    let effect = if decision.blocks() { "blocks the release" } else { "does not block" };
    format!("{}: {effect}", word(decision, style))
}

/// The decision in capitals, in colour on a terminal.
fn word(decision: Decision, style: Style) -> String {
    let tone = match decision {
        Decision::Ok | Decision::Improved => Tone::Good,
        Decision::Changed => Tone::Caution,
        Decision::Regressed | Decision::Broken => Tone::Bad,
    };
    style.mark(tone, &decision.name().to_uppercase())
}

fn details(gate: &ReleaseGate, style: Style) -> String {
    let mut text = String::new();
    heading(&mut text, style, 2, "Rows");
    let _ = writeln!(text, "{}\n", drift_text(gate));
    if let Some(table) = accuracy_table(gate) {
        heading(&mut text, style, 2, "Rows by the effect on their accuracy");
        let _ = writeln!(text, "{}\n", render(&table, style));
    }
    if let Some(table) = groups_table(&gate.groups) {
        heading(&mut text, style, 2, "Errors of the groups, before and after");
        // Without the blank line, Markdown would take the sentence for a row of the table.
        let _ = writeln!(text, "{}\n", render(&table, style));
        let _ = writeln!(text, "Groups and metrics that are not listed did not change.\n");
    }
    let blocking: Vec<&RowChange> = gate.regressed_rows().collect();
    let row = |row: &&RowChange| format!("{}: {}", row.candidate.row.name(), reason(row));
    list(&mut text, style, "Rows that block", &blocking, row);
    list(&mut text, style, "Gates that failed", &gate.crossed, |check| {
        format!("{}: {}", check.name, check.headline())
    });
    text
}

/// A heading with the number of items, and the first items.
fn list<T>(text: &mut String, style: Style, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    heading(text, style, 2, &format!("{title} ({})", items.len()));
    for item in items.iter().take(FAILURES_SHOWN) {
        let _ = writeln!(text, "- {}", line(item));
    }
    if items.len() > FAILURES_SHOWN {
        let _ = writeln!(text, "- and {} more", items.len() - FAILURES_SHOWN);
    }
    text.push('\n');
}

fn drift_text(gate: &ReleaseGate) -> String {
    let counts = |(name, rows): (&str, usize)| format!("{rows} {}", name.replace('_', " "));
    let drifts: Vec<String> = gate.drifts().into_iter().map(counts).collect();
    let [before, after] = gate.coverage;
    let mut text = format!(
        "drift: {}\ncoverage: {} of {} rows before, {} of {} after",
        drifts.join(", "),
        before.predicted,
        before.rows,
        after.predicted,
        after.rows
    );
    let requests = gate.rows.iter().filter(|row| row.request_changed).count();
    if requests > 0 {
        let _ = write!(
            text,
            "\nrequests: {requests} row{} sent a different one, as when layers were renamed",
            plural(requests)
        );
    }
    let recovered =
        gate.rows.iter().filter(|row| row.before.fails() && !row.verdict.status.fails()).count();
    let failed = gate.regressed_rows().count();
    let _ = write!(text, "\nverdicts: {failed} newly failed, {recovered} recovered");
    text
}
