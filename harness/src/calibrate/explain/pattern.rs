//! How an error depends on properties of the rows.

use serde::Serialize;

use super::super::Observation;
use crate::base::statistics::{quantile, spearman};
use crate::mantile::breakdown::{LayerTime, RequestPhase};

/// How predicted / measured depends on one property of the rows.
#[derive(Debug, Clone, Serialize)]
pub struct Pattern {
    /// The name of the property.
    pub term: &'static str,
    /// Spearman's rank correlation with predicted / measured.
    pub spearman: f64,
    /// The median of predicted / measured in the third of the rows where the property is smallest.
    pub ratio_in_lowest_third: f64,
    /// The median of predicted / measured in the third of the rows where the property is largest.
    pub ratio_in_highest_third: f64,
}

/// A property of a row that its error may depend on.
struct Term {
    name: &'static str,
    value: fn(&Observation) -> f64,
}

/// A part's share of the decode step's time, as Mantile counts it.
fn step_share(row: &Observation, part: fn(&LayerTime) -> f64) -> f64 {
    row.breakdown.share(RequestPhase::Decode, part)
}

const TERMS: [Term; 9] = [
    Term { name: "load share", value: |row| step_share(row, |layer| layer.load_ms) },
    Term { name: "compute share", value: |row| step_share(row, |layer| layer.compute_ms) },
    Term {
        name: "communication share",
        value: |row| step_share(row, |layer| layer.communication_ms),
    },
    Term { name: "kernel share", value: |row| step_share(row, |layer| layer.overhead_ms) },
    Term { name: "concurrency", value: |row| f64::from(row.concurrency) },
    Term { name: "input length", value: |row| row.lengths.input },
    Term { name: "output length", value: |row| row.lengths.output },
    Term { name: "GPUs", value: |row| f64::from(row.row.identity.gpus()) },
    Term { name: "TPOT itself", value: |row| row.answered.tpot },
];

/// The patterns of predicted / measured in rows, the strongest first.
pub(super) fn patterns(rows: &[&Observation], ratios: &[f64]) -> Vec<Pattern> {
    let mut patterns: Vec<Pattern> =
        TERMS.iter().filter_map(|term| pattern(rows, ratios, term)).collect();
    patterns.sort_by(|a, b| b.spearman.abs().total_cmp(&a.spearman.abs()));
    patterns
}

fn pattern(rows: &[&Observation], ratios: &[f64], term: &Term) -> Option<Pattern> {
    let values: Vec<f64> = rows.iter().map(|row| (term.value)(row)).collect();
    let correlation = spearman(&values, ratios)?;
    let (low, high) = (quantile(&values, 1.0 / 3.0), quantile(&values, 2.0 / 3.0));
    let third = |within: &dyn Fn(f64) -> bool| {
        let inside: Vec<f64> = values
            .iter()
            .zip(ratios)
            .filter(|(value, _)| within(**value))
            .map(|(_, ratio)| *ratio)
            .collect();
        (!inside.is_empty()).then(|| quantile(&inside, 0.5))
    };
    Some(Pattern {
        term: term.name,
        spearman: correlation,
        ratio_in_lowest_third: third(&|value| value <= low)?,
        ratio_in_highest_third: third(&|value| value >= high)?,
    })
}
