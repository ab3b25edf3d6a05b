//! `calibration.toml`: hardware parameters fitted to a model's rows, their held-out errors, and what rows ask for
//! when they are adopted. [`crate::calibrate`] finds what is written here.

mod file;
mod group;

pub use file::{
    CalibratedGroup, CalibrationFile, CalibrationProvenance, FILE_NAME, FittedErrors,
    FittedParameters, HeldOutErrors, read, read_gpus,
};
pub use group::FitGroup;

use crate::rules::config;

/// Which parameters are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitMode {
    /// Mantile's own.
    Alone,
    /// Those, and the serving terms.
    WithCorrection,
}

impl FitMode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Alone, Self::WithCorrection];
}

/// What a fit did not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// Nothing: the errors are of the rows that were fitted.
    Nothing,
    /// Each workload (model, ISL, OSL, TP) in turn.
    Workload,
    /// Each context (ISL, OSL) in turn, at whatever width.
    Context,
    /// Each model in turn.
    Model,
    /// This GPU: its parameters are other GPUs' shares of the datasheet.
    Gpu,
    /// About the newest fifth of the rows, by day, and whatever else was measured of their configurations.
    Newest,
}

impl HeldOut {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "in_sample",
            Self::Workload => "workload_out",
            Self::Context => "context_out",
            Self::Model => "model_out",
            Self::Gpu => "gpu_out",
            Self::Newest => "newest_out",
        }
    }
}

/// The estimator that is Mantile with calibrated parameters.
pub const CALIBRATED: &str = "mantile_calibrated";
/// The estimator that is Mantile with parameters fitted along with the serving terms, and those applied.
pub const CORRECTED: &str = "mantile_corrected";

const CALIBRATED_ABOUT: &str =
    "Mantile with fitted hardware parameters; each row by a fit to the other workloads";
const CORRECTED_ABOUT: &str = "the same fitted along with serving terms, which are applied; each row by a fit to the \
     other workloads";

fn entry(name: &str, about: &str) -> config::EstimatorConfig {
    config::EstimatorConfig {
        name: name.to_owned(),
        file: format!("{name}.csv"),
        about: about.to_owned(),
        ..config::EstimatorConfig::default()
    }
}

/// The estimators that a model's folder has of its calibration.
#[must_use]
pub fn entries() -> [config::EstimatorConfig; 2] {
    [entry(CALIBRATED, CALIBRATED_ABOUT), entry(CORRECTED, CORRECTED_ABOUT)]
}
