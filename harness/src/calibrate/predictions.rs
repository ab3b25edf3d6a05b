//! What calibrations predict for rows that they were not fitted to, as estimators to set beside Mantile.

use std::collections::BTreeMap;

use super::{Mode, Observation, Proof};
use crate::config;
use crate::estimator::{Estimator, RowEstimate};
use crate::row::metric::{Metric, PerMetric};

/// The estimator that is Mantile with calibrated parameters.
pub const CALIBRATED: &str = "mantile_calibrated";
/// The estimator that is Mantile with parameters fitted along with the serving terms, and those applied.
pub const CORRECTED: &str = "mantile_corrected";

/// The calibrated and the corrected predictions of a model's rows as estimators: each row by fits to the
/// other workloads, of the groups where these are better for certain.
#[must_use]
pub fn estimators(proofs: &[&Proof], model: &str, rows: &[&Observation]) -> [Estimator; 2] {
    let estimator = |name: &str, about: &str, mode: Mode| {
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
            entry: entry(name, about),
            path: None,
            estimates,
            unpredicted: BTreeMap::new(),
            unmeasured: Vec::new(),
        }
    };
    [
        estimator(CALIBRATED, CALIBRATED_ABOUT, Mode::Alone),
        estimator(CORRECTED, CORRECTED_ABOUT, Mode::WithCorrection),
    ]
}

const CALIBRATED_ABOUT: &str =
    "Mantile with fitted hardware parameters; each row by a fit to the other workloads";
const CORRECTED_ABOUT: &str = "the same fitted along with serving terms, which are applied; each row by a fit to the \
     other workloads";

fn entry(name: &str, about: &str) -> config::Estimator {
    config::Estimator {
        name: name.to_owned(),
        file: format!("{name}.csv"),
        about: about.to_owned(),
        ..config::Estimator::default()
    }
}

/// The estimators that a model's folder has of its calibration.
#[must_use]
pub fn entries() -> [config::Estimator; 2] {
    [entry(CALIBRATED, CALIBRATED_ABOUT), entry(CORRECTED, CORRECTED_ABOUT)]
}
