//! The difference between a set of rows and others in one metric.

use crate::base::statistics::median_interval;
use crate::row::metric::Metric;

/// TTFT, which is mostly queueing, usually differs by less than this factor between sets.
const USUAL_TTFT: f64 = 2.0;

/// The factor by which a set is slower than others in a metric, with its 90% interval.
pub(super) struct Contrast {
    metric: Metric,
    pairs: usize,
    /// The median of the paired ratios.
    pub(super) median: f64,
    low: f64,
    high: f64,
}

impl Contrast {
    /// The contrast of paired differences of slowness, ln; `None` for too few pairs.
    pub(super) fn new(metric: Metric, differences: &[f64]) -> Option<Self> {
        let (median, low, high) = median_interval(differences)?;
        let pairs = differences.len();
        Some(Self { metric, pairs, median: median.exp(), low: low.exp(), high: high.exp() })
    }

    /// Whether the set is significantly slower or faster, by more than the usual factor.
    pub(super) fn is_apart(&self, usual: f64) -> bool {
        let usual = if self.metric == Metric::Ttft { usual.max(USUAL_TTFT) } else { usual };
        (self.median > usual && self.low > 1.0) || (self.median < 1.0 / usual && self.high < 1.0)
    }

    /// The factor with its interval in words, in the direction of `slower`.
    pub(super) fn text(&self, slower: bool) -> String {
        let Self { median, low, high, pairs, .. } = *self;
        let (median, low, high) =
            if slower { (median, low, high) } else { (1.0 / median, 1.0 / high, 1.0 / low) };
        format!("{} {median:.2} [{low:.2}, {high:.2}] over {pairs} rows", self.metric.name())
    }
}
