//! Calibration: Mantile's hardware parameters fitted to measurements, with held-out proof.
//!
//! An [`Observation`] is a measured row with the work that Mantile counts for it in each layer, from its
//! recorded answer. Mantile's times are that work divided by the parameters of the hardware
//! ([`crate::mantile::breakdown`]), so a prediction at other parameters needs no Mantile. The parameters that
//! fit the measurements best are found by robust least squares on ln(predicted / measured)
//! (`least_squares`), within what the datasheet allows.
//!
//! A fit describes the real hardware: weights that Mantile counts whole on every package, although tensor
//! parallelism divides them, are divided ([`Load`]), so that no parameter has to make up for that. A fit is
//! judged by what Mantile would answer, which counts those weights whole.
//!
//! Two fits are made and kept apart. *Alone*, Mantile's own parameters absorb as much of the error as they
//! can: a hardware configuration can hold these. *With the correction*, a few serving terms that Mantile does
//! not have ([`Correction`]) are fitted as well, and the parameters need not make up for them.

mod correction;
mod errors;
mod estimators;
mod explain;
mod file;
mod fit;
mod hardware;
mod least_squares;
mod observation;
mod observe;
mod parameters;
mod proof;
mod replace;
mod sensitivity;
mod verdict;

pub use correction::Correction;
pub use errors::{MetricErrorChange, MetricErrors};
pub use estimators::estimators;
pub use explain::{
    Best, Diagnosis, ErrorKind, MeanLogs, MetricDiagnosis, Moved, Noise, Pattern, Reach, explain,
};
pub use file::calibration_file;
pub use fit::{Conditions, Fit};
pub use observation::{Latencies, Load, Observation, Work};
pub use observe::{LeftOut, Members, Observations};
pub use parameters::{FittedSetting, Parameter, ParameterKind, ParameterSpace, Physics};
pub use proof::{FoundParameters, ModelJudgement, ModelProof, Proof, prove};
pub use replace::{ModelRows, Replacement, ReplacementNote, replacement};
pub use sensitivity::ParameterFound;
pub use verdict::{NotBetter, NotBetterKind};

use crate::rules::calibration::{FitGroup, FitMode, HeldOut};
