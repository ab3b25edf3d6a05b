//! The errors of calibrated predictions, compared with Mantile's over the same rows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{FittedSetting, Latencies, Observation};
use crate::base::statistics::{self, Interval95, Pair, clustered_mean};
use crate::row::metric::Metric;

/// The errors by metric name.
pub type MetricErrors = BTreeMap<&'static str, MetricErrorChange>;

/// The errors in one metric before and after, over the same rows. The intervals are 95% and resample workloads
/// ([`clustered_mean`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MetricErrorChange {
    /// The number of rows.
    pub n: usize,
    /// The number of workloads that the rows belong to.
    pub workloads: usize,
    /// MAPE of Mantile's recorded answers, percent.
    pub before: Interval95,
    /// MAPE of what Mantile would answer today for the dtypes that the layers really have, percent; `None`
    /// where Mantile's configuration is unknown.
    pub own_dtypes: Option<Interval95>,
    /// MAPE of the calibrated predictions, percent.
    pub after: Interval95,
    /// The change from `before`, percentage points.
    pub change: Interval95,
    /// The change from `own_dtypes`, which is the merit of the fit alone, percentage points.
    pub change_from_own_dtypes: Option<Interval95>,
}

/// Rows with their predictions.
pub(super) type Predicted<'a> = [(&'a Observation, Latencies)];

/// A metric's prediction with its measurement; `None` where it was not measured.
pub(super) fn pair(row: &Observation, predicted: Latencies, metric: Metric) -> Option<Pair> {
    let measured = row.row.measured.means[metric]?;
    Some(Pair { measured, predicted: row.metric(predicted, metric) })
}

/// The absolute percentage error of a metric.
pub(super) fn percentage_error(
    row: &Observation,
    predicted: Latencies,
    metric: Metric,
) -> Option<f64> {
    pair(row, predicted, metric).map(|pair| pair.pct_error().abs())
}

/// The errors of predictions in every measured metric. `today` is Mantile's configuration.
pub(super) fn errors(predicted: &Predicted<'_>, today: Option<&FittedSetting>) -> MetricErrors {
    let errors_in = |metric: Metric| {
        let errors =
            errors_by(predicted, today, |row, latencies| percentage_error(row, latencies, metric))?;
        Some((metric.name(), errors))
    };
    Metric::ALL.into_iter().filter_map(errors_in).collect()
}

/// The errors by one figure per row; `None` where no row has the figure.
pub(super) fn errors_by(
    predicted: &Predicted<'_>,
    today: Option<&FittedSetting>,
    error_of: impl Fn(&Observation, Latencies) -> Option<f64>,
) -> Option<MetricErrorChange> {
    let mut workloads = BTreeMap::new();
    let mut clusters = Vec::new();
    let (mut before, mut own_dtypes, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for &(row, latencies) in predicted {
        let Some(error) = error_of(row, latencies) else { continue };
        let next = workloads.len();
        clusters.push(*workloads.entry(row.workload()).or_insert(next));
        after.push(error);
        before.extend(error_of(row, row.answered));
        own_dtypes.extend(today.and_then(|today| error_of(row, today.predict(row))));
    }
    if after.is_empty() {
        return None;
    }
    let mean = |errors: &[f64]| clustered_mean(errors, &clusters);
    let change = |from: &[f64]| {
        let changes: Vec<f64> = after.iter().zip(from).map(|(after, from)| after - from).collect();
        clustered_mean(&changes, &clusters)
    };
    let own_dtypes = today.map(|_| own_dtypes);
    Some(MetricErrorChange {
        n: after.len(),
        workloads: workloads.len(),
        before: mean(&before),
        own_dtypes: own_dtypes.as_deref().map(mean),
        after: mean(&after),
        change: change(&before),
        change_from_own_dtypes: own_dtypes.as_deref().map(change),
    })
}

/// The MAPE of a metric, percent; `None` where it was not measured.
pub(super) fn mape(predicted: &Predicted<'_>, metric: Metric) -> Option<f64> {
    let pairs: Vec<Pair> =
        predicted.iter().filter_map(|(row, latencies)| pair(row, *latencies, metric)).collect();
    statistics::of(&pairs).map(|statistics| statistics.mape_percent)
}
