//! `calibration.toml`: hardware parameters fitted to a model's rows, their held-out errors, and the
//! configurations that the rows ask for when the calibration is adopted.
//!
//! [`crate::calibrate`] finds what is written here.

mod errors;
mod estimators;
mod fit;
mod group;
mod schema;
mod text;

pub use errors::HeldOutErrors;
pub use estimators::{CALIBRATED, CORRECTED, entries};
pub use fit::{FitMode, HeldOut};
pub use group::FitGroup;
pub use schema::{
    CalibratedGroup, CalibrationFile, CalibrationProvenance, FittedErrors, FittedParameters,
};
pub use text::{FILE_NAME, read, read_gpus};
