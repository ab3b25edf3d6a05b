//! The errors of a metric over some of the rows.

use super::Comparison;
use crate::base::statistics::{self, Pair, Statistics};
use crate::row::group::Group;
use crate::row::metric::Metric;

/// The comparisons whose rows belong to a group.
pub fn in_group<'a>(
    comparisons: &'a [Comparison],
    group: &Group,
) -> impl Iterator<Item = &'a Comparison> {
    comparisons.iter().filter(|comparison| group.holds(&comparison.row))
}

/// The metric that tells most about a decode step: TPOT, or where no row has both figures of it, E2E latency or
/// else output throughput.
#[must_use]
pub fn step_metric(comparisons: &[Comparison]) -> Option<Metric> {
    [Metric::Tpot, Metric::E2eLatency, Metric::OutputThroughput]
        .into_iter()
        .find(|metric| statistics(comparisons, *metric).is_some())
}

/// The metrics that some row has both figures of, without output throughput where total throughput is one of
/// them.
#[must_use]
pub fn distinct(comparisons: &[Comparison]) -> Vec<Metric> {
    Metric::distinct(|metric| statistics(comparisons, metric).is_some())
}

/// The error statistics of a metric over comparisons; `None` if none has both figures.
pub fn statistics<'a>(
    comparisons: impl IntoIterator<Item = &'a Comparison>,
    metric: Metric,
) -> Option<Statistics> {
    let pairs: Vec<Pair> =
        comparisons.into_iter().filter_map(|comparison| comparison.pair(metric)).collect();
    statistics::of(&pairs)
}

/// The rows with both figures of a metric, sorted by absolute error, smallest first.
#[must_use]
pub fn ranked(comparisons: &[Comparison], metric: Metric) -> Vec<(&Comparison, Pair)> {
    let mut ranked: Vec<(&Comparison, Pair)> = comparisons
        .iter()
        .filter_map(|comparison| Some((comparison, comparison.pair(metric)?)))
        .collect();
    ranked.sort_by(|(_, a), (_, b)| a.abs_error().abs().total_cmp(&b.abs_error().abs()));
    ranked
}
