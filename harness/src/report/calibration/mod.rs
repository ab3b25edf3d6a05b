//! Reports of a calibration, and of the diagnosis of Mantile's errors.
//!
//! The summaries fit on one screen; the details are for a file, or for `--verbose`.

mod details;
mod diagnosis_details;
mod diagnosis_summary;
mod errors;
mod figures;
mod json;
mod parameters;
mod summary;

pub use details::calibration_details;
pub use diagnosis_details::diagnosis_details;
pub use diagnosis_summary::diagnosis_summary;
pub use json::{calibration_json, diagnosis_json};
pub use summary::calibration_summary;

use crate::calibrate::Proof;
use crate::row::metric::Metric;
use crate::rules::calibration::FitGroup;

/// A group with the proof of its calibration, or the reason why it was not calibrated.
pub type Calibrated = (FitGroup, Result<Proof, String>);

/// The metrics in the order of the tables. The error of the output throughput is that of the total throughput.
const METRICS: [Metric; 4] = [Metric::Tpot, Metric::Ttft, Metric::E2eLatency, Metric::Throughput];

/// More groups are not listed in a summary.
const MOST_GROUPS: usize = 6;
