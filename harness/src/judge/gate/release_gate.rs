//! A candidate release compared with the accepted one and with measurement.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::decision::decide;
use super::group_change::group_changes;
use super::{Accuracy, Decision, GroupChange};
use crate::judge::check::SuiteCheck;
use crate::judge::compare::{Comparison, Coverage};
use crate::judge::drift::Drift;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::{RowVerdict, Status};
use crate::mantile::recording::Recording;
use crate::predict::prediction::{Outcome, Prediction};
use crate::row::Row;
use crate::row::metric::{Metric, PerMetric};

/// A candidate release compared with the accepted one and with measurement.
#[derive(Debug)]
pub struct ReleaseGate {
    /// The rows, in the order of the model's rows.
    pub rows: Vec<RowChange>,
    /// The groups: each GPU and framework, then all rows.
    pub groups: Vec<GroupChange>,
    /// The coverage of the baseline and of the candidate.
    pub coverage: [Coverage; 2],
    /// The gates and the coverage check that the baseline passes and the candidate fails.
    pub crossed: Vec<FailedCheck>,
    /// The names of the gates that both fail.
    pub failed_before: Vec<String>,
    /// The decision.
    pub decision: Decision,
    /// The reasons for the decision, one sentence each, the blocking ones first.
    pub reasons: Vec<String>,
}

/// A check that the candidate fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCheck {
    /// The name of the check.
    pub name: String,
    /// The failure, several lines.
    pub message: String,
}

impl FailedCheck {
    /// The first line of the failure.
    #[must_use]
    pub fn headline(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// A row under both releases.
#[derive(Debug)]
pub struct RowChange {
    /// The row with the candidate's prediction.
    pub candidate: Comparison,
    /// The verdict on the candidate's prediction.
    pub verdict: RowVerdict,
    /// The verdict on the baseline's prediction.
    pub before: Status,
    /// The baseline's prediction.
    pub old_outcome: Outcome,
    /// The drift from the baseline's to the candidate's prediction.
    pub drift: Drift,
    /// Whether the request itself differs, as when layers were renamed.
    pub request_changed: bool,
    /// The effect on the accuracy of each metric that is measured and that both releases predict.
    pub accuracy: PerMetric<Option<Accuracy>>,
}

impl ReleaseGate {
    /// Compares the candidate's predictions of the model's rows with the baseline's.
    ///
    /// Both must be in the order of the model's rows. `recording` is the baseline's.
    #[must_use]
    pub fn new(
        model: &Model,
        baseline: Vec<Prediction>,
        candidate: Vec<Prediction>,
        recording: &Recording,
        now: Timestamp,
    ) -> Self {
        let drifts: Vec<(Drift, bool)> = baseline
            .iter()
            .zip(&candidate)
            .map(|(old, new)| (Drift::between(old, new), old.request_key != new.request_key))
            .collect();
        let old = Evaluation::new(model, baseline, recording, now);
        let new = Evaluation::new(model, candidate, recording, now);
        let failed_old = failed_checks(model, &old);
        let (failed_before, crossed): (Vec<FailedCheck>, Vec<FailedCheck>) =
            failed_checks(model, &new)
                .into_iter()
                .partition(|check| failed_old.iter().any(|other| other.name == check.name));
        let mut gate = Self {
            groups: group_changes(&old.comparisons, &new.comparisons),
            coverage: [old.coverage(), new.coverage()],
            crossed,
            failed_before: failed_before.into_iter().map(|check| check.name).collect(),
            rows: row_changes(model, old, new, drifts),
            decision: Decision::Ok,
            reasons: Vec::new(),
        };
        (gate.decision, gate.reasons) = decide(&gate);
        gate
    }

    /// The number of rows with each kind of drift, by its name.
    #[must_use]
    pub fn drifts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.drift.name()).or_default() += 1;
        }
        counts
    }

    /// The rows that fail now and did not before: outside their bands, or without a valid prediction.
    pub fn regressed_rows(&self) -> impl Iterator<Item = &RowChange> {
        self.rows.iter().filter(|row| {
            row.verdict.status.fails()
                && (!row.before.fails() || matches!(row.drift, Drift::Lost(_)))
        })
    }
}

/// Joins the rows of both evaluations, which are in the same order.
fn row_changes(
    model: &Model,
    old: Evaluation,
    new: Evaluation,
    drifts: Vec<(Drift, bool)>,
) -> Vec<RowChange> {
    let before = old.comparisons.into_iter().zip(old.verdicts);
    let after = new.comparisons.into_iter().zip(new.verdicts);
    let rows = before.zip(after).zip(drifts);
    rows.map(|(((old, old_verdict), (candidate, verdict)), (drift, request_changed))| {
        let accuracy = PerMetric::from_fn(|metric| {
            let (old, new) = (old.pair(metric)?, candidate.pair(metric)?);
            Some(Accuracy::of(old, new, noise(&candidate.row, metric, model)))
        });
        RowChange {
            candidate,
            verdict,
            before: old_verdict.status,
            old_outcome: old.outcome,
            drift,
            request_changed,
            accuracy,
        }
    })
    .collect()
}

/// The factor by which repeated measurements of a row differ, at least the noise floor.
fn noise(row: &Row, metric: Metric, model: &Model) -> f64 {
    row.max_min_ratio(metric).max(model.config.noise_floor[metric])
}

/// The failed checks that judge predictions.
fn failed_checks(model: &Model, evaluation: &Evaluation) -> Vec<FailedCheck> {
    SuiteCheck::all(&model.config)
        .into_iter()
        .zip(&evaluation.checks)
        .filter(|(check, _)| check.judges_predictions())
        .filter_map(|(_, (name, result))| {
            let message = result.as_ref().err()?.clone();
            Some(FailedCheck { name: name.clone(), message })
        })
        .collect()
}
