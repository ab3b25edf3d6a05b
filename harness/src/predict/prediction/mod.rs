//! A prediction: Mantile's answer in the row's metrics.

mod csv_format;
mod derive;
mod estimate;
mod outcome;

pub use csv_format::{COLUMNS, column, read, write};
pub(crate) use derive::e2e_latency;
pub use derive::{complete, derive};
pub use estimate::Estimate;
pub use outcome::{Outcome, Prediction};
