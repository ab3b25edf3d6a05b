//! Predictions compared with measurements, row by row and group by group.

mod breakdown;
mod comparison;
mod coverage;
mod errors;

pub use breakdown::{GroupBreakdown, Slice};
pub use comparison::{Comparison, Joined, join};
pub use coverage::{Coverage, reasons};
pub use errors::{distinct, in_group, ranked, statistics, step_metric};
