//! The gate for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::base::statistics::Interval95;
use crate::judge::compare::Coverage;
use crate::judge::drift::Drift;
use crate::judge::gate::{Accuracy, GroupChange, MetricChange, ReleaseGate, RowChange};
use crate::judge::model::Model;
use crate::report::document::{MetricMap, metric_map, to_value};

/// The version of the document.
const SCHEMA_VERSION: u32 = 1;

/// The document of a model's gate.
#[derive(Serialize)]
struct GateDocument<'a> {
    schema_version: u32,
    model: &'a str,
    baseline: &'a str,
    candidate: &'a str,
    decision: &'static str,
    blocks: bool,
    reasons: &'a [String],
    /// The number of rows by their drift.
    drift: BTreeMap<&'static str, usize>,
    /// Of the baseline and of the candidate.
    coverage: [Coverage; 2],
    /// The names of the gates that the baseline passes and the candidate fails.
    crossed: Vec<&'a str>,
    groups: Vec<GateGroup<'a>>,
    rows: Vec<GateRow<'a>>,
}

#[derive(Serialize)]
struct GateGroup<'a> {
    group: &'a str,
    metrics: MetricMap<Option<GateErrors>>,
}

/// The errors of the baseline and of the candidate.
#[derive(Serialize)]
struct GateErrors {
    n: usize,
    mape_percent: [f64; 2],
    bias: [f64; 2],
    spearman: [Option<f64>; 2],
    mape_change: Interval95,
    bias_factor: Interval95,
    spearman_change: Option<Interval95>,
}

#[derive(Serialize)]
struct GateRow<'a> {
    row: String,
    drift: &'static str,
    relative_change: Option<MetricMap<f64>>,
    relative_change_of_memory: Option<f64>,
    request_changed: bool,
    verdict_before: &'static str,
    verdict: &'static str,
    accuracy: MetricMap<Option<&'static str>>,
    problem: Option<&'a str>,
}

/// The document of a model's gate.
#[must_use]
pub fn gate_json(model: &Model, gate: &ReleaseGate, candidate: &str) -> Value {
    to_value(&GateDocument {
        schema_version: SCHEMA_VERSION,
        model: &model.name,
        baseline: &model.release,
        candidate,
        decision: gate.decision.name(),
        blocks: gate.decision.blocks(),
        reasons: &gate.reasons,
        drift: gate.drifts(),
        coverage: gate.coverage,
        crossed: gate.crossed.iter().map(|check| check.name.as_str()).collect(),
        groups: gate.groups.iter().map(GateGroup::from).collect(),
        rows: gate.rows.iter().map(GateRow::from).collect(),
    })
}

impl<'a> From<&'a GroupChange> for GateGroup<'a> {
    fn from(group: &'a GroupChange) -> Self {
        let errors = |change: &Option<MetricChange>| change.as_ref().map(GateErrors::from);
        Self { group: &group.label, metrics: metric_map(&group.metrics, errors) }
    }
}

impl From<&MetricChange> for GateErrors {
    fn from(change: &MetricChange) -> Self {
        Self {
            n: change.n,
            mape_percent: change.mape_percent,
            bias: change.bias,
            spearman: change.spearman,
            mape_change: change.mape_change,
            bias_factor: change.bias_change,
            spearman_change: change.rank_change,
        }
    }
}

impl<'a> From<&'a RowChange> for GateRow<'a> {
    fn from(row: &'a RowChange) -> Self {
        let (relative_change, relative_change_of_memory) = match &row.drift {
            Drift::Changed { metrics, memory } => {
                (Some(metric_map(metrics, |change| *change)), Some(*memory))
            }
            _ => (None, None),
        };
        Self {
            row: row.candidate.row.name(),
            drift: row.drift.name(),
            relative_change,
            relative_change_of_memory,
            request_changed: row.request_changed,
            verdict_before: row.before.name(),
            verdict: row.verdict.status.name(),
            accuracy: metric_map(&row.accuracy, |effect| effect.map(Accuracy::name)),
            problem: row.verdict.problem.as_deref(),
        }
    }
}
