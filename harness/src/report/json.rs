//! A judgement for programs.

use serde_json::{Value, json};

use super::{audit_json, side_by_side_json};
use crate::base::statistics::Statistics;
use crate::judge::compare::{GroupBreakdown, statistics};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::Status;
use crate::row::metric::{Metric, PerMetric};

/// The version of the document.
const SCHEMA_VERSION: u32 = 1;

/// Coverage, errors overall and by every breakdown, verdict counts, rows outside, checks, the audit's
/// findings, and Mantile beside other estimators.
#[must_use]
pub fn evaluation_json(model: &Model, evaluation: &Evaluation) -> Value {
    let comparisons = &evaluation.comparisons;
    let overall = PerMetric::from_fn(|metric| statistics(comparisons, metric));
    let breakdowns: serde_json::Map<String, Value> = GroupBreakdown::ALL
        .into_iter()
        .map(|breakdown| {
            let slices = breakdown.slices(comparisons).into_iter().map(|slice| {
                json!({
                    "group": slice.label,
                    "coverage": slice.coverage,
                    "metrics": metrics(&slice.statistics),
                })
            });
            (breakdown.title(), slices.collect())
        })
        .collect();
    let verdicts: serde_json::Map<String, Value> = Status::ALL
        .into_iter()
        .map(|status| (status.name().to_owned(), evaluation.count(status).into()))
        .collect();
    let failed: Vec<Value> = comparisons
        .iter()
        .zip(&evaluation.verdicts)
        .filter(|(_, verdict)| verdict.status.fails())
        .map(|(comparison, verdict)| {
            let outside: Vec<&str> =
                verdict.outside().map(|judged| judged.quantity.name()).collect();
            json!({ "row": comparison.row.name(), "outside": outside, "problem": verdict.problem })
        })
        .collect();
    let checks: Vec<Value> = evaluation
        .checks
        .iter()
        .map(|(name, found)| json!({ "name": name, "passed": found.is_ok(), "message": found.as_ref().err() }))
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "model": model.name,
        "release": model.release,
        "coverage": evaluation.coverage(),
        "metrics": metrics(&overall),
        "by": breakdowns,
        "verdicts": verdicts,
        "failed_rows": failed,
        "checks": checks,
        "audit": evaluation.audit.as_ref().map(|audit| audit_json(audit, &model.config.audit_accepted)),
        "side_by_side": side_by_side_json(&evaluation.side_by_side),
        "exit_code": evaluation.exit() as u8,
    })
}

fn metrics(statistics: &PerMetric<Option<Statistics>>) -> Value {
    let entries =
        Metric::ALL.into_iter().map(|metric| (metric.name().to_owned(), json!(statistics[metric])));
    Value::Object(entries.collect())
}
