//! The errors of each release, in the order of the releases.

mod json;
mod text;

pub use json::history_json;
pub use text::{history_conclusion, history_details};

use crate::base::statistics::Statistics;
use crate::judge::compare::{Comparison, GroupBreakdown, Slice};
use crate::mantile::releases::Release;
use crate::row::metric::Metric;

/// The errors of the predictions of a release.
#[derive(Debug)]
pub struct ReleaseErrors {
    /// The release.
    pub release: Release,
    /// Each GPU and framework with a prediction, then all rows.
    pub slices: Vec<Slice>,
}

impl ReleaseErrors {
    /// The errors of a release's predictions.
    #[must_use]
    pub fn new(release: Release, comparisons: &[Comparison]) -> Self {
        let mut slices = GroupBreakdown::GPU_FRAMEWORK.predicted_slices(comparisons);
        slices.push(Slice::all(comparisons));
        Self { release, slices }
    }

    /// The error statistics of a metric over all rows.
    fn over_all_rows(&self, metric: Metric) -> Option<&Statistics> {
        self.slices.last()?.statistics[metric].as_ref()
    }
}
