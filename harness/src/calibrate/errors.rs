//! The errors of calibrated predictions beside Mantile's, and whether they are better for certain.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{FitMode, FittedSetting, Latencies, Observation};
use crate::base::statistics::{self, Interval95, Pair, clustered_mean};
use crate::row::metric::Metric;

/// The errors by the metrics' names.
pub type MetricErrors = BTreeMap<&'static str, MetricErrorChange>;

/// The errors of a metric before and after, over the same rows; intervals draw workloads
/// ([`clustered_mean`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MetricErrorChange {
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
pub(super) fn errors(predicted: &Predicted<'_>, today: Option<&FittedSetting>) -> MetricErrors {
    let of = |metric: Metric| {
        let errors = errors_by(predicted, today, |row, seen| off(row, seen, metric))?;
        Some((metric.name(), errors))
    };
    Metric::ALL.into_iter().filter_map(of).collect()
}

/// The errors by one figure a row.
fn errors_by(
    predicted: &Predicted<'_>,
    today: Option<&FittedSetting>,
    off: impl Fn(&Observation, Latencies) -> Option<f64>,
) -> Option<MetricErrorChange> {
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

/// Whether predictions of workloads held out are better than Mantile's, in words, else the reason why not.
///
/// It is judged by what the fit is to get right, the mean |ln(p / m)| in a row of TPOT and E2E, or with the
/// correction of TPOT and TTFT: over workloads that is to fall for certain, by the whole interval, and on the
/// mean to below what the layers' own dtypes alone come to. The MAPE of none of TPOT, E2E and throughput may
/// get worse, nor that of TTFT with the correction. Workloads of one context err alike to some degree, and a
/// few contexts give no interval: where one gets worse, the words say so.
pub(super) fn verdict(
    predicted: &Predicted<'_>,
    today: Option<&FittedSetting>,
    mode: FitMode,
) -> Result<String, String> {
    let other = match mode {
        FitMode::Alone => Metric::E2eLatency,
        FitMode::WithCorrection => Metric::Ttft,
    };
    let judged = [Metric::Tpot, other];
    let error = |row: &Observation, predicted: Latencies, metric: Metric| {
        let measured = match metric {
            Metric::E2eLatency => row.measured_e2e(),
            _ => row.row.measured.means[metric],
        };
        Some((row.metric(predicted, metric) / measured?).ln().abs())
    };
    let of_both = |row: &Observation, predicted: Latencies| {
        let errors = judged.into_iter().filter_map(|metric| error(row, predicted, metric));
        let errors: Vec<f64> = errors.collect();
        (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
    };
    let measured = judged
        .into_iter()
        .filter(|&metric| predicted.iter().any(|&(row, seen)| error(row, seen, metric).is_some()));
    let name = measured.map(Metric::title).collect::<Vec<_>>().join(" and ");
    let both =
        errors_by(predicted, today, of_both).ok_or("it measures none of what is to be right")?;
    let words = |change: Interval95, digits: usize| {
        let Interval95 { estimate, low, high } = change;
        format!("{estimate:+.digits$} ({low:+.digits$} to {high:+.digits$})")
    };
    let mut better = format!("mean |ln(p/m)| of {name} changes by {}", words(both.change, 3));
    if both.change.high >= 0.0 {
        return Err(format!("{better}: not for certain better"));
    }
    if let Some((own, change)) = both.own_dtypes.zip(both.change_from_own_dtypes) {
        if change.estimate >= 0.0 {
            return Err(format!(
                "the layers' own dtypes alone bring mean |ln(p/m)| of {name} to {:.3}, from where the fit changes \
                 it by {}",
                own.estimate,
                words(change, 3)
            ));
        }
        let certain = if change.high < 0.0 { "" } else { ", not for certain" };
        let _ = write!(better, "; beyond the layers' own dtypes by {}{certain}", words(change, 3));
    }
    for metric in [Metric::Tpot, other, Metric::E2eLatency, Metric::Throughput] {
        let errors = errors_by(predicted, today, |row, seen| off(row, seen, metric));
        if let Some(errors) = errors
            && errors.change.estimate > 0.0
        {
            return Err(format!(
                "the MAPE of {} gets worse by {} points",
                metric.title(),
                words(errors.change, 1)
            ));
        }
    }
    let mut contexts: BTreeMap<(u32, u32), Vec<(&Observation, Latencies)>> = BTreeMap::new();
    for &(row, seen) in predicted {
        let identity = &row.row.identity;
        let context = (identity.input_seq_len, identity.output_seq_len);
        contexts.entry(context).or_default().push((row, seen));
    }
    for ((input, output), rows) in contexts {
        if let Some(errors) = errors_by(&rows, today, of_both)
            && errors.change.estimate >= 0.0005
        {
            let worse = errors.change.estimate;
            let _ = write!(better, "; but for {input}/{output} it gets worse by {worse:.3}");
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
