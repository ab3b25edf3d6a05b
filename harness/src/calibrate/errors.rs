//! The errors of calibrated predictions beside Mantile's, and whether they are better for certain.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Latencies, Mode, Observation, Setting};
use crate::metric::Metric;
use crate::statistics::{self, Interval95, Pair, clustered_mean};

/// What a fit did not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// Nothing: the errors are of the rows that were fitted.
    Nothing,
    /// Each workload (model, ISL, OSL, TP) in turn.
    Workload,
    /// Each model in turn.
    Model,
    /// This GPU: its parameters are other GPUs' shares of the datasheet.
    Gpu,
    /// About the newest fifth of the rows, by day, and whatever else was measured of their configurations.
    Newest,
}

impl HeldOut {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "in_sample",
            Self::Workload => "workload_out",
            Self::Model => "model_out",
            Self::Gpu => "gpu_out",
            Self::Newest => "newest_out",
        }
    }
}

/// The errors by the metrics' names.
pub type MetricErrors = BTreeMap<&'static str, Errors>;

/// The errors of a metric before and after, over the same rows; intervals draw workloads
/// ([`clustered_mean`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Errors {
    /// How many rows.
    pub n: usize,
    /// How many workloads they are of.
    pub workloads: usize,
    /// MAPE of Mantile's recorded answers, percent.
    pub before: Interval95,
    /// MAPE of what Mantile would answer today for the dtypes that the layers really have, percent; `None`
    /// where its configuration is not known.
    pub own_dtypes: Option<Interval95>,
    /// MAPE of the calibrated predictions, percent.
    pub after: Interval95,
    /// The change from `before`, percentage points.
    pub change: Interval95,
    /// The change from `own_dtypes`, which is what the fit adds to it, percentage points.
    pub change_from_own_dtypes: Option<Interval95>,
}

/// Rows with what is predicted for them.
pub(super) type Predicted<'a> = [(&'a Observation, Latencies)];

/// A prediction of a metric with the measurement, where there is one.
pub(super) fn pair(row: &Observation, predicted: Latencies, metric: Metric) -> Option<Pair> {
    let measured = row.row.measured.means[metric]?;
    Some(Pair { measured, predicted: row.metric(predicted, metric) })
}

/// |p - m| / m of a metric, percent.
fn off(row: &Observation, predicted: Latencies, metric: Metric) -> Option<f64> {
    pair(row, predicted, metric).map(|pair| pair.pct_error().abs())
}

/// The errors of predictions by metric, where it is measured. `today` is Mantile's configuration.
pub(super) fn errors(predicted: &Predicted<'_>, today: Option<&Setting>) -> MetricErrors {
    let of = |metric: Metric| {
        let errors = errors_by(predicted, today, |row, seen| off(row, seen, metric))?;
        Some((metric.name(), errors))
    };
    Metric::ALL.into_iter().filter_map(of).collect()
}

/// The errors by one figure a row.
fn errors_by(
    predicted: &Predicted<'_>,
    today: Option<&Setting>,
    off: impl Fn(&Observation, Latencies) -> Option<f64>,
) -> Option<Errors> {
    let mut workloads = BTreeMap::new();
    let mut clusters = Vec::new();
    let (mut before, mut own_dtypes, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for &(row, latencies) in predicted {
        let Some(error) = off(row, latencies) else { continue };
        let next = workloads.len();
        clusters.push(*workloads.entry(row.workload()).or_insert(next));
        after.push(error);
        before.extend(off(row, row.answered));
        own_dtypes.extend(today.and_then(|today| off(row, today.predict(row))));
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
    Some(Errors {
        n: after.len(),
        workloads: workloads.len(),
        before: mean(&before),
        own_dtypes: own_dtypes.as_deref().map(mean),
        after: mean(&after),
        change: change(&before),
        change_from_own_dtypes: own_dtypes.as_deref().map(change),
    })
}

/// Whether predictions of workloads held out are better than Mantile's, in words, else the reason why not.
///
/// It is judged by what the fit is to get right, the mean |ln(p / m)| in a row of TPOT and E2E, or with the
/// correction of TPOT and TTFT: that is to fall for certain, by the whole interval, and to come to less than
/// the layers' own dtypes alone do. None of TPOT, E2E and throughput may get worse, nor TTFT with the
/// correction.
pub(super) fn verdict(
    predicted: &Predicted<'_>,
    today: Option<&Setting>,
    mode: Mode,
) -> Result<String, String> {
    let other = match mode {
        Mode::Alone => Metric::E2eLatency,
        Mode::WithCorrection => Metric::Ttft,
    };
    let of_both = |row: &Observation, predicted: Latencies| {
        let error = |metric: Metric| {
            let measured = match metric {
                Metric::E2eLatency => row.measured_e2e(),
                _ => row.row.measured.means[metric],
            };
            Some(100.0 * (row.metric(predicted, metric) / measured?).ln().abs())
        };
        let errors: Vec<f64> = [Metric::Tpot, other].into_iter().filter_map(error).collect();
        (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
    };
    let name = format!("TPOT and {}", other.title());
    let both =
        errors_by(predicted, today, of_both).ok_or_else(|| format!("no row measures {name}"))?;
    let words = |change: Interval95| {
        format!("{:+.1} ({:+.1} to {:+.1})", change.estimate, change.low, change.high)
    };
    let changed = format!("{name} change by {} points", words(both.change));
    if both.change.high >= 0.0 {
        return Err(format!("{changed}: not better for certain"));
    }
    let mut better = format!("better for certain: {changed}");
    if let Some((own, change)) = both.own_dtypes.zip(both.change_from_own_dtypes) {
        if change.estimate >= 0.0 {
            return Err(format!(
                "the layers' own dtypes alone come to {:.1} points of {name}, from where the fit changes them by {}",
                own.estimate,
                words(change)
            ));
        }
        let _ = write!(better, ", beyond the layers' own dtypes by {}", words(change));
    }
    for metric in [Metric::Tpot, other, Metric::E2eLatency, Metric::Throughput] {
        let errors = errors_by(predicted, today, |row, seen| off(row, seen, metric));
        if let Some(errors) = errors
            && errors.change.estimate > 0.0
        {
            return Err(format!(
                "the MAPE of {} gets worse by {} points",
                metric.title(),
                words(errors.change)
            ));
        }
    }
    Ok(better)
}

/// MAPE of a metric, percent.
pub(super) fn mape(predicted: &Predicted<'_>, metric: Metric) -> Option<f64> {
    let pairs: Vec<Pair> =
        predicted.iter().filter_map(|(row, seen)| pair(row, *seen, metric)).collect();
    statistics::of(&pairs).map(|found| found.mape_percent)
}
