//! The gate on a release, for a terminal, a page, a program and a CI service.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::style::{heading, render};
use super::summary::SHORT_TITLES;
use super::text_table::fitted;
use super::{Align, Style, TextTable, Tone, failure_text};
use crate::judge::drift::Drift;
use crate::judge::gate::{Accuracy, Decision, GroupChange, MetricChange, ReleaseGate, RowChange};
use crate::judge::model::Model;
use crate::judge::verdict::Standing;
use crate::row::metric::{Metric, Quantity};

/// More rows than this are read in the machine-readable forms.
const ROWS_SHOWN: usize = 10;

/// The gate's whole report: decision with reasons, drift, accuracy, groups, and the rows that block.
#[must_use]
pub fn gate_summary(model: &Model, gate: &ReleaseGate, candidate: &str, style: Style) -> String {
    let mut text = String::new();
    let title = format!("{}: {candidate} against {}", model.name, model.release);
    heading(&mut text, style, 1, &title);
    let tone = match gate.decision {
        Decision::Ok | Decision::Improved => Tone::Good,
        Decision::Changed => Tone::Caution,
        Decision::Regressed | Decision::Broken => Tone::Bad,
    };
    let word = style.mark(tone, &gate.decision.name().to_uppercase());
    let blocks = if gate.decision.blocks() { "blocks the release" } else { "does not block" };
    let _ = writeln!(text, "{word}: {blocks}\n");
    for reason in &gate.reasons {
        let _ = writeln!(text, "- {reason}");
    }
    text.push('\n');
    heading(&mut text, style, 2, "Rows");
    let _ = writeln!(text, "{}\n", drift_text(gate));
    let accuracy = accuracy_table(gate);
    if let Some(table) = accuracy {
        let _ = writeln!(text, "{}\n", render(&table, style));
    }
    if let Some(table) = groups_table(&gate.groups) {
        heading(&mut text, style, 2, "Errors of the groups, before and after");
        let _ = writeln!(text, "{}", render(&table, style));
        let _ = writeln!(text, "What is not listed has not changed.\n");
    }
    let blocking: Vec<&RowChange> = gate.regressed_rows().collect();
    if !blocking.is_empty() {
        heading(&mut text, style, 2, &format!("The {} rows that block", blocking.len()));
        for row in blocking.iter().take(ROWS_SHOWN) {
            let _ = writeln!(text, "- {}: {}", row.candidate.row.name(), why(row));
        }
        if blocking.len() > ROWS_SHOWN {
            let _ = writeln!(text, "- and {} more", blocking.len() - ROWS_SHOWN);
        }
        text.push('\n');
    }
    for (name, found) in gate.crossed.iter().take(ROWS_SHOWN) {
        let first = found.lines().next().unwrap_or_default();
        let _ = writeln!(text, "- {name}: {first}");
    }
    let text = text.trim_end();
    if style.is_plain() { fitted(text) } else { text.to_owned() }
}

/// What blocks a row, in a few words.
fn why(row: &RowChange) -> String {
    if let Some(problem) = &row.verdict.problem {
        return problem.clone();
    }
    let outside = row.verdict.outside().filter(|judged| judged.standing != Standing::Known);
    let parts: Vec<String> = outside
        .map(|judged| {
            let band =
                judged.band.map_or_else(|| "no band".to_owned(), |band| band.value.to_string());
            format!("{} {:.3} outside {band}", judged.quantity.name(), judged.pair.ratio())
        })
        .collect();
    parts.join(", ")
}

fn drift_text(gate: &ReleaseGate) -> String {
    let counts = |(name, rows): (&str, usize)| format!("{rows} {}", name.replace('_', " "));
    let drifts: Vec<String> = gate.drifts().into_iter().map(counts).collect();
    let requests = gate.rows.iter().filter(|row| row.request_changed).count();
    let [before, after] = gate.coverage;
    let mut text = format!(
        "drift: {}\ncoverage: {} of {} rows before, {} of {} after",
        drifts.join(", "),
        before.predicted,
        before.rows,
        after.predicted,
        after.rows
    );
    if requests > 0 {
        let _ = write!(text, "\n{requests} rows ask another request, as when layers were renamed");
    }
    let entered =
        gate.rows.iter().filter(|row| row.before.fails() && !row.verdict.status.fails()).count();
    let left = gate.regressed_rows().count();
    let _ = write!(text, "\nverdicts: {left} rows went outside or were lost, {entered} came back");
    text
}

/// How many rows came nearer to their measurement and how many went farther; `None` if none moved.
fn accuracy_table(gate: &ReleaseGate) -> Option<TextTable> {
    let kinds = [Accuracy::Same, Accuracy::WithinNoise, Accuracy::Nearer, Accuracy::Farther];
    let mut table = TextTable::new(&[
        ("metric", Align::Left),
        ("same", Align::Right),
        ("within noise", Align::Right),
        ("nearer", Align::Right),
        ("farther", Align::Right),
        ("largest change", Align::Right),
    ]);
    let mut moved = false;
    for metric in Metric::ALL {
        let count =
            |kind| gate.rows.iter().filter(|row| row.accuracy[metric] == Some(kind)).count();
        let counts = kinds.map(count);
        moved |= counts[1..].iter().any(|&rows| rows > 0);
        let largest = gate
            .rows
            .iter()
            .filter_map(|row| match &row.drift {
                Drift::Changed { metrics, .. } => Some(metrics[metric]),
                _ => None,
            })
            .max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut line = vec![metric.title().to_owned()];
        line.extend(counts.iter().map(ToString::to_string));
        line.push(largest.map_or_else(|| "-".to_owned(), |by| format!("{:+.2}%", 100.0 * by)));
        table.line(line);
    }
    moved.then_some(table)
}

/// The groups whose errors moved; `None` if none did.
fn groups_table(groups: &[GroupChange]) -> Option<TextTable> {
    let mut table = TextTable::new(&[
        ("group", Align::Left),
        ("metric", Align::Left),
        ("n", Align::Right),
        ("MAPE", Align::Right),
        ("change, 95%", Align::Left),
        ("bias", Align::Right),
        ("rho", Align::Right),
    ])
    .dense();
    let mut moved = false;
    for group in groups {
        for ((_, change), title) in group.metrics.iter().zip(SHORT_TITLES) {
            let Some(change) = change else { continue };
            let MetricChange { n, mape_percent, bias, spearman, mape_change, .. } = change;
            if mape_percent[0].to_bits() == mape_percent[1].to_bits() {
                continue;
            }
            moved = true;
            let rho =
                |rho: Option<f64>| rho.map_or_else(|| "-".to_owned(), |rho| format!("{rho:.2}"));
            table.line(vec![
                group.label.clone(),
                title.to_owned(),
                n.to_string(),
                format!("{:.1}>{:.1}", mape_percent[0], mape_percent[1]),
                format!(
                    "{:+.2} [{:+.2}, {:+.2}]",
                    mape_change.estimate, mape_change.low, mape_change.high
                ),
                format!("{:.2}>{:.2}", bias[0], bias[1]),
                format!("{}>{}", rho(spearman[0]), rho(spearman[1])),
            ]);
        }
    }
    moved.then_some(table)
}

/// The gate for programs.
#[must_use]
pub fn gate_json(model: &Model, gate: &ReleaseGate, candidate: &str) -> Value {
    let rows: Vec<Value> = gate
        .rows
        .iter()
        .map(|row| {
            let per_metric = |value: &dyn Fn(Metric) -> Value| -> Value {
                let entries =
                    Metric::ALL.into_iter().map(|metric| (metric.name().to_owned(), value(metric)));
                Value::Object(entries.collect())
            };
            let change = match &row.drift {
                Drift::Changed { metrics, .. } => per_metric(&|metric| metrics[metric].into()),
                _ => Value::Null,
            };
            let memory = match &row.drift {
                Drift::Changed { memory, .. } => Some(*memory),
                _ => None,
            };
            json!({
                "row": row.candidate.row.name(),
                "drift": row.drift.name(),
                "relative_change": change,
                "relative_change_of_memory": memory,
                "request_changed": row.request_changed,
                "verdict_before": row.before.name(),
                "verdict": row.verdict.status.name(),
                "accuracy": per_metric(&|metric| row.accuracy[metric].map(Accuracy::name).into()),
                "problem": row.verdict.problem,
            })
        })
        .collect();
    let groups: Vec<Value> = gate
        .groups
        .iter()
        .map(|group| {
            let entries = group.metrics.iter().map(|(metric, change)| {
                let value = change.map(|c| {
                    json!({
                        "n": c.n, "mape_percent": c.mape_percent, "bias": c.bias,
                        "spearman": c.spearman, "mape_change": c.mape_change,
                        "bias_factor": c.bias_change, "spearman_change": c.rank_change,
                    })
                });
                (metric.name().to_owned(), json!(value))
            });
            json!({ "group": group.label, "metrics": Value::Object(entries.collect()) })
        })
        .collect();
    json!({
        "schema_version": 1,
        "model": model.name,
        "baseline": model.release,
        "candidate": candidate,
        "decision": gate.decision.name(),
        "blocks": gate.decision.blocks(),
        "reasons": gate.reasons,
        "drift": gate.drifts(),
        "coverage": gate.coverage,
        "crossed": gate.crossed.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "groups": groups,
        "rows": rows,
    })
}

/// The gate as JUnit test suites: a test case a mapped row, one a failed check, and the decision.
#[must_use]
pub fn gate_junit(model: &Model, gate: &ReleaseGate) -> quick_junit::TestSuite {
    use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
    let failure = |message: String, description: String| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(message).set_description(description);
        status
    };
    let mut suite = TestSuite::new(model.name.as_str());
    for row in &gate.rows {
        let status = if row.verdict.status.fails() {
            failure(why(row), failure_text(&row.candidate, &row.verdict, model))
        } else if row.verdict.status == crate::judge::verdict::Status::Unmapped {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(row.verdict.problem.clone().unwrap_or_default());
            skipped
        } else {
            TestCaseStatus::success()
        };
        suite.add_test_case(TestCase::new(row.candidate.row.name(), status));
    }
    for (name, found) in &gate.crossed {
        let first = found.lines().next().unwrap_or_default().to_owned();
        suite.add_test_case(TestCase::new(name.as_str(), failure(first, found.clone())));
    }
    let status = if gate.decision.blocks() {
        failure(gate.decision.name().to_owned(), gate.reasons.join("\n"))
    } else {
        TestCaseStatus::success()
    };
    suite.add_test_case(TestCase::new("release::decision", status));
    suite
}

/// GitHub's workflow commands: an error for each row outside, at the line of its band.
#[must_use]
pub fn gate_annotations(model: &Model, gate: &ReleaseGate) -> Vec<String> {
    let mut lines = Vec::new();
    for row in gate.regressed_rows() {
        let name = row.candidate.row.name();
        let path = model.config.path.display();
        let judged = row.verdict.outside().find(|judged| judged.standing != Standing::Known);
        let place = match judged {
            Some(judged) if judged.quantity != Quantity::Memory => {
                format!("file={path},line={}", judged.band.map_or(1, |band| band.line))
            }
            _ => format!("file={path}"),
        };
        lines.push(format!("::error {place},title={}::{}", property(&name), data(&why(row))));
    }
    for (name, found) in &gate.crossed {
        let first = found.lines().next().unwrap_or_default();
        let path = model.config.path.display();
        lines.push(format!("::error file={path},title={}::{}", property(name), data(first)));
    }
    lines
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
