//! The verdict on a row: whether predicted / measured of each metric is inside its band.

mod judging;
mod row_verdict;
mod status;

pub use judging::{band_of_row, judge};
pub use row_verdict::{QuantityVerdict, RowVerdict};
pub use status::{Standing, Status};
