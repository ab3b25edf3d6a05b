//! The verdict on a calibration: whether its predictions of held-out workloads are better than Mantile's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::errors::{Predicted, errors_by, percentage_error};
use super::{FitMode, FittedSetting, Latencies, MetricErrorChange, Observation};
use crate::base::statistics::Interval95;
use crate::row::metric::Metric;

/// The reason why a calibration is not better than Mantile.
#[derive(Debug, Clone, PartialEq)]
pub struct NotBetter {
    /// The kind of the reason.
    pub kind: NotBetterKind,
    /// The reason in words, with figures.
    pub reason: String,
}

/// The kinds of reasons why a calibration is not better than Mantile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBetterKind {
    /// The rows measure none of the metrics that the fit is to get right.
    NotMeasured,
    /// The 95% interval of the change does not exclude 0.
    NotSignificant,
    /// The layers' own dtypes alone do as well.
    OwnDtypesSuffice,
    /// The MAPE of a metric gets worse.
    Worse(Metric),
}

impl NotBetterKind {
    fn because(self, reason: String) -> NotBetter {
        NotBetter { kind: self, reason }
    }
}

/// The judgement of one mode of fit over rows: the error that counts, and the metrics that must not get worse.
struct Judge<'a> {
    /// The metrics that the fit is to get right.
    aims: [Metric; 2],
    predicted: &'a Predicted<'a>,
    today: Option<&'a FittedSetting>,
}

/// Judges predictions of held-out workloads: how they are better than Mantile's, in words, or why they are not.
///
/// The error that counts is what the fit is to get right: a row's mean |ln(p / m)| of TPOT and E2E or, with the
/// correction, of TPOT and TTFT. It must fall significantly across workloads, by its whole 95% interval, and
/// on the mean it must fall below what the layers' own dtypes alone reach. The MAPE of TPOT, E2E and
/// throughput must not get worse, nor that of TTFT with the correction. Workloads with the same context have
/// similar errors, and a few contexts are too few for an interval: the words name each context that gets worse.
pub(super) fn verdict(
    predicted: &Predicted<'_>,
    today: Option<&FittedSetting>,
    mode: FitMode,
) -> Result<String, NotBetter> {
    let second = match mode {
        FitMode::Alone => Metric::E2eLatency,
        FitMode::WithCorrection => Metric::Ttft,
    };
    let judge = Judge { aims: [Metric::Tpot, second], predicted, today };
    let errors = judge.errors(predicted).ok_or_else(|| {
        let reason = "the rows measure none of the metrics that the fit is to get right";
        NotBetterKind::NotMeasured.because(reason.to_owned())
    })?;
    let mut better = judge.compare_with_before(&errors)?;
    better.push_str(&judge.compare_with_own_dtypes(&errors)?);
    judge.check_metrics()?;
    better.push_str(&judge.worse_contexts());
    Ok(better)
}

impl Judge<'_> {
    /// |ln(p / m)| of a metric.
    fn log_error(row: &Observation, predicted: Latencies, metric: Metric) -> Option<f64> {
        let measured = match metric {
            Metric::E2eLatency => row.measured_e2e(),
            _ => row.row.measured.means[metric],
        };
        Some((row.metric(predicted, metric) / measured?).ln().abs())
    }

    /// A row's mean |ln(p / m)| over the aims that it measures.
    fn mean_log_error(&self, row: &Observation, predicted: Latencies) -> Option<f64> {
        let errors =
            self.aims.into_iter().filter_map(|metric| Self::log_error(row, predicted, metric));
        let errors: Vec<f64> = errors.collect();
        (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
    }

    /// The titles of the aims that any row measures.
    fn title(&self) -> String {
        let is_measured = |metric: &Metric| {
            let mut rows = self.predicted.iter();
            rows.any(|&(row, latencies)| Self::log_error(row, latencies, *metric).is_some())
        };
        let measured = self.aims.into_iter().filter(is_measured);
        measured.map(Metric::title).collect::<Vec<_>>().join(" and ")
    }

    fn errors(&self, rows: &Predicted<'_>) -> Option<MetricErrorChange> {
        errors_by(rows, self.today, |row, latencies| self.mean_log_error(row, latencies))
    }

    fn compare_with_before(&self, errors: &MetricErrorChange) -> Result<String, NotBetter> {
        let change = errors.change;
        let words =
            format!("mean |ln(p/m)| of {} changes by {}", self.title(), in_words(change, 3));
        if change.high >= 0.0 {
            let reason = format!("{words}: not significantly better");
            return Err(NotBetterKind::NotSignificant.because(reason));
        }
        Ok(words)
    }

    fn compare_with_own_dtypes(&self, errors: &MetricErrorChange) -> Result<String, NotBetter> {
        let Some((own, change)) = errors.own_dtypes.zip(errors.change_from_own_dtypes) else {
            return Ok(String::new());
        };
        if change.estimate >= 0.0 {
            return Err(NotBetterKind::OwnDtypesSuffice.because(format!(
                "with the layers' own dtypes alone, mean |ln(p/m)| of {} is {:.3}, and the fit changes that by {}",
                self.title(),
                own.estimate,
                in_words(change, 3)
            )));
        }
        let significance = if change.high < 0.0 { "" } else { ", which is not significant" };
        Ok(format!(
            "; compared with the layers' own dtypes by {}{significance}",
            in_words(change, 3)
        ))
    }

    /// Fails if the MAPE of a metric gets worse.
    fn check_metrics(&self) -> Result<(), NotBetter> {
        let [first, second] = self.aims;
        for metric in [first, second, Metric::E2eLatency, Metric::Throughput] {
            let errors = errors_by(self.predicted, self.today, |row, latencies| {
                percentage_error(row, latencies, metric)
            });
            if let Some(errors) = errors
                && errors.change.estimate > 0.0
            {
                return Err(NotBetterKind::Worse(metric).because(format!(
                    "the MAPE of {} gets worse by {} points",
                    metric.title(),
                    in_words(errors.change, 1)
                )));
            }
        }
        Ok(())
    }

    /// The contexts (ISL, OSL) in which the error gets worse, in words.
    fn worse_contexts(&self) -> String {
        let mut contexts: BTreeMap<(u32, u32), Vec<(&Observation, Latencies)>> = BTreeMap::new();
        for &(row, latencies) in self.predicted {
            let identity = &row.row.identity;
            let context = (identity.input_seq_len, identity.output_seq_len);
            contexts.entry(context).or_default().push((row, latencies));
        }
        let mut words = String::new();
        for ((input, output), rows) in contexts {
            if let Some(errors) = self.errors(&rows)
                && errors.change.estimate >= 0.0005
            {
                let worse = errors.change.estimate;
                let _ = write!(words, "; but for {input}/{output} it gets worse by {worse:.3}");
            }
        }
        words
    }
}

/// A change with its 95% interval.
fn in_words(change: Interval95, digits: usize) -> String {
    let Interval95 { estimate, low, high } = change;
    format!("{estimate:+.digits$} ({low:+.digits$} to {high:+.digits$})")
}
