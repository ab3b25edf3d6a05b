//! The two estimators that a calibration adds to a model's folder.

use crate::rules::config::EstimatorConfig;

/// The estimator that is Mantile with calibrated parameters.
pub const CALIBRATED: &str = "mantile_calibrated";
/// The estimator that is Mantile with calibrated parameters and the serving terms fitted along with them.
pub const CORRECTED: &str = "mantile_corrected";

const CALIBRATED_ABOUT: &str =
    "Mantile with fitted hardware parameters; each row by a fit to the other workloads";
const CORRECTED_ABOUT: &str = "the same fitted along with serving terms, which are applied; each row by a fit to the \
     other workloads";

/// The entries of both estimators, as a model's configuration would list them.
#[must_use]
pub fn entries() -> [EstimatorConfig; 2] {
    [(CALIBRATED, CALIBRATED_ABOUT), (CORRECTED, CORRECTED_ABOUT)].map(|(name, about)| {
        EstimatorConfig {
            name: name.to_owned(),
            file: format!("{name}.csv"),
            about: about.to_owned(),
            ..EstimatorConfig::default()
        }
    })
}
