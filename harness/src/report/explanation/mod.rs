//! Everything about one row: request, times by layer, measurement, neighbours and bands.

mod curve;
mod json;
mod layers;
mod text;

pub use json::explanation_json;
pub(crate) use layers::layer_times;
pub use text::explain;

use crate::judge::compare::Comparison;
use crate::judge::model::Model;
use crate::judge::verdict::RowVerdict;
use crate::mantile::SystemMetricsRequest;
use crate::mantile::breakdown::LayerBreakdown;

/// The parts of an explanation.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// The model.
    pub model: &'a Model,
    /// The row with its prediction.
    pub comparison: &'a Comparison,
    /// Its verdict.
    pub verdict: &'a RowVerdict,
    /// The request that gave the prediction.
    pub request: &'a SystemMetricsRequest,
    /// The answer's times by layer, or why it has none.
    pub breakdown: Result<LayerBreakdown, String>,
    /// Another release's name with its times, if one was asked for.
    pub against: Option<(String, Result<LayerBreakdown, String>)>,
    /// All rows with their predictions, to find the neighbours among.
    pub comparisons: &'a [Comparison],
}
