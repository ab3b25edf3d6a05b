//! The verdict on a row, and on each of its quantities.

use super::{Standing, Status};
use crate::base::statistics::Pair;
use crate::row::metric::Quantity;
use crate::rules::band::{Interval, WrittenAt};
use crate::rules::deviation::Deviation;

/// The verdict on a row.
#[derive(Debug, Clone)]
pub struct RowVerdict {
    /// The verdict in one word.
    pub status: Status,
    /// The verdicts on the measured metrics and the memory, if the row is predicted.
    pub quantities: Vec<QuantityVerdict>,
    /// The reason why there is no prediction.
    pub problem: Option<String>,
}

impl RowVerdict {
    /// The quantities that are not inside their bands.
    pub fn outside(&self) -> impl Iterator<Item = &QuantityVerdict> {
        self.quantities.iter().filter(|judged| judged.standing != Standing::Inside)
    }
}

/// The verdict on a quantity of a row.
#[derive(Debug, Clone)]
pub struct QuantityVerdict {
    /// The quantity.
    pub quantity: Quantity,
    /// The measured and the predicted value; for memory, the capacity and the need.
    pub pair: Pair,
    /// The band that applies, with its line in `reconcile.toml` for a metric.
    pub band: Option<WrittenAt<Interval>>,
    /// The known deviation of the row and quantity, if there is one.
    pub deviation: Option<Deviation>,
    /// The verdict in one word.
    pub standing: Standing,
}
