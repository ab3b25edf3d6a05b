//! The judgement of a model as a document for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{audit_json, side_by_side_json};
use crate::base::statistics::Statistics;
use crate::judge::compare::{Comparison, Coverage, GroupBreakdown, statistics};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::Status;
use crate::row::metric::{Metric, PerMetric};

/// The version of the document.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    model: &'a str,
    release: &'a str,
    coverage: Coverage,
    metrics: ByMetric<Option<Statistics>>,
    by: BTreeMap<String, Vec<GroupErrors>>,
    verdicts: BTreeMap<&'static str, usize>,
    failed_rows: Vec<FailedRow<'a>>,
    checks: Vec<Check<'a>>,
    audit: Option<Value>,
    side_by_side: Value,
    exit_code: u8,
}

/// The errors of the rows that share a value.
#[derive(Serialize)]
struct GroupErrors {
    group: String,
    coverage: Coverage,
    metrics: ByMetric<Option<Statistics>>,
}

#[derive(Serialize)]
struct FailedRow<'a> {
    row: String,
    outside: Vec<&'static str>,
    problem: Option<&'a str>,
}

#[derive(Serialize)]
struct Check<'a> {
    name: &'a str,
    passed: bool,
    message: Option<&'a str>,
}

/// Values by the names of their metrics.
pub(super) type ByMetric<T> = BTreeMap<&'static str, T>;

/// Values by the names of their metrics.
pub(super) fn by_metric<T: Copy>(values: &PerMetric<T>) -> ByMetric<T> {
    Metric::ALL.into_iter().map(|metric| (metric.name(), values[metric])).collect()
}

/// A document with its keys in alphabetic order.
pub(super) fn document(fields: &impl Serialize) -> Value {
    serde_json::to_value(fields).expect("every key of a document is a text")
}

/// The judgement of a model: coverage, errors overall and by every breakdown, verdict counts, failed rows, checks,
/// the audit's findings, and Mantile compared with other estimators.
#[must_use]
pub fn evaluation_json(model: &Model, evaluation: &Evaluation) -> Value {
    let comparisons = &evaluation.comparisons;
    let overall = PerMetric::from_fn(|metric| statistics(comparisons, metric));
    let by = GroupBreakdown::ALL.map(|by| (by.title(), groups(by, comparisons)));
    let audit = evaluation.audit.as_ref();
    document(&Document {
        schema_version: SCHEMA_VERSION,
        model: &model.name,
        release: &model.release,
        coverage: evaluation.coverage(),
        metrics: by_metric(&overall),
        by: by.into_iter().collect(),
        verdicts: Status::ALL.map(|status| (status.name(), evaluation.count(status))).into(),
        failed_rows: failed_rows(evaluation),
        checks: checks(evaluation),
        audit: audit.map(|findings| audit_json(findings, &model.config.audit_accepted)),
        side_by_side: side_by_side_json(&evaluation.side_by_side),
        exit_code: evaluation.exit() as u8,
    })
}

fn groups(breakdown: GroupBreakdown, comparisons: &[Comparison]) -> Vec<GroupErrors> {
    let slices = breakdown.slices(comparisons).into_iter();
    let groups = slices.map(|slice| GroupErrors {
        coverage: slice.coverage,
        metrics: by_metric(&slice.statistics),
        group: slice.label,
    });
    groups.collect()
}

fn failed_rows(evaluation: &Evaluation) -> Vec<FailedRow<'_>> {
    let judged = evaluation.comparisons.iter().zip(&evaluation.verdicts);
    let failed = judged.filter(|(_, verdict)| verdict.status.fails());
    let rows = failed.map(|(comparison, verdict)| FailedRow {
        row: comparison.row.name(),
        outside: verdict.outside().map(|judged| judged.quantity.name()).collect(),
        problem: verdict.problem.as_deref(),
    });
    rows.collect()
}

fn checks(evaluation: &Evaluation) -> Vec<Check<'_>> {
    let checks = evaluation.checks.iter().map(|(name, result)| Check {
        name,
        passed: result.is_ok(),
        message: result.as_ref().err().map(String::as_str),
    });
    checks.collect()
}
