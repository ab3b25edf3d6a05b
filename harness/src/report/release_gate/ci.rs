//! The gate for CI services: JUnit test suites and GitHub's workflow commands.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{failing, reason};
use crate::judge::gate::ReleaseGate;
use crate::judge::model::Model;
use crate::judge::verdict::Status;
use crate::report::failure_text;
use crate::row::metric::Quantity;

/// The gate as a JUnit test suite: a test case per row, one per failed gate, and one for the decision.
#[must_use]
pub fn gate_junit(model: &Model, gate: &ReleaseGate) -> TestSuite {
    let mut suite = TestSuite::new(model.name.as_str());
    for row in &gate.rows {
        let status = if row.verdict.status.fails() {
            failure(reason(row), failure_text(&row.candidate, &row.verdict, model))
        } else if row.verdict.status == Status::Unmapped {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(row.verdict.problem.clone().unwrap_or_default());
            skipped
        } else {
            TestCaseStatus::success()
        };
        suite.add_test_case(TestCase::new(row.candidate.row.name(), status));
    }
    for check in &gate.crossed {
        let status = failure(check.headline().to_owned(), check.message.clone());
        suite.add_test_case(TestCase::new(check.name.as_str(), status));
    }
    let status = if gate.decision.blocks() {
        failure(gate.decision.name().to_owned(), gate.reasons.join("\n"))
    } else {
        TestCaseStatus::success()
    };
    suite.add_test_case(TestCase::new("release::decision", status));
    suite
}

fn failure(message: String, description: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_description(description);
    status
}

/// GitHub's workflow commands: an error for each row that blocks, at the line of its band, and for each failed gate.
#[must_use]
pub fn gate_annotations(model: &Model, gate: &ReleaseGate) -> Vec<String> {
    let path = model.config.path.display();
    let row_errors = gate.regressed_rows().map(|row| {
        let place = match failing(row).next() {
            Some(judged) if judged.quantity != Quantity::Memory => {
                format!("file={path},line={}", judged.band.map_or(1, |band| band.line))
            }
            _ => format!("file={path}"),
        };
        let title = property(&row.candidate.row.name());
        format!("::error {place},title={title}::{}", data(&reason(row)))
    });
    let gate_errors = gate.crossed.iter().map(|check| {
        let (title, message) = (property(&check.name), data(check.headline()));
        format!("::error file={path},title={title}::{message}")
    });
    row_errors.chain(gate_errors).collect()
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
