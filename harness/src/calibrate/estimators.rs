//! Calibrated predictions of rows that were not fitted to, as estimators to compare with Mantile.

use std::collections::BTreeMap;

use super::{FitMode, Observation, Proof};
use crate::predict::rivals::{Estimator, RowEstimate};
use crate::row::metric::{Metric, PerMetric};
use crate::rules::calibration::entries;
use crate::rules::config;

/// The calibrated and the corrected predictions of a model's rows as two estimators. Each row is predicted by a
/// fit to the other workloads; only groups whose fit is significantly better are included.
#[must_use]
pub fn estimators(proofs: &[&Proof], model: &str, rows: &[&Observation]) -> [Estimator; 2] {
    let estimator = |entry: config::EstimatorConfig, mode: FitMode| {
        let mut estimates = BTreeMap::new();
        let better = proofs.iter().filter(|proof| proof.improves_for(model, mode));
        for found in better.filter_map(|proof| proof.found(mode)) {
            for row in rows.iter().filter(|row| row.model == model) {
                let key = (model.to_owned(), row.row.name());
                let Some(latencies) = found.held_out.get(&key) else { continue };
                let metrics = row.metrics(*latencies);
                let is_given = |metric| matches!(metric, Metric::Ttft | Metric::Tpot);
                let estimate = RowEstimate {
                    metrics: PerMetric::from_fn(|metric| Some(metrics[metric])),
                    derived: PerMetric::from_fn(|metric| !is_given(metric)),
                    mode: None,
                };
                estimates.insert(key.1, estimate);
            }
        }
        Estimator {
            entry,
            path: None,
            estimates,
            unpredicted: BTreeMap::new(),
            unmeasured: Vec::new(),
        }
    };
    let [calibrated, corrected] = entries();
    [estimator(calibrated, FitMode::Alone), estimator(corrected, FitMode::WithCorrection)]
}
