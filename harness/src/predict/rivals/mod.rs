//! The other estimators that Mantile is compared with: published predictions for a model's rows, and baselines that
//! are computed here.
//!
//! Each has a name and predictions by row, and is compared with Mantile on the rows that both predict.

mod baseline;
mod csv_format;
mod estimator;
mod file;
mod naive;

pub use baseline::{bandwidth_bound, group_median};
pub use csv_format::{read, write};
pub use estimator::{Estimator, RowEstimate, all};
pub use file::{EstimatorFile, GivenPrediction, Predictions};
pub use naive::{NAIVE_CONVERSION, ask as ask_naively};
