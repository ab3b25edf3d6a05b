//! What calibrations predict for rows that they were not fitted to, as estimators to set beside Mantile.

use std::collections::BTreeMap;

use super::{FitMode, Observation, Proof};
use crate::predict::rivals::{Estimator, RowEstimate};
use crate::row::metric::{Metric, PerMetric};
use crate::rules::calibration::entries;
use crate::rules::config;

/// The calibrated and the corrected predictions of a model's rows as estimators: each row by fits to the
/// other workloads, of the groups where these are better for certain.
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
                let given = |metric| matches!(metric, Metric::Ttft | Metric::Tpot);
                let estimate = RowEstimate {
                    metrics: PerMetric::from_fn(|metric| Some(metrics[metric])),
                    derived: PerMetric::from_fn(|metric| !given(metric)),
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
