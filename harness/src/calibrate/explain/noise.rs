//! The part of an error that measurement noise explains.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::Observation;
use crate::base::statistics::quantile;
use crate::row::Identity;
use crate::row::metric::Metric;

/// The MAPE that a prediction at the centre of the measurements has because of their spread alone: half of the
/// mean |ln| of the ratio between measurements of the same configuration, percent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Noise {
    /// The noise between runs that one source repeated.
    pub within_percent: Option<f64>,
    /// The number of rows with repeated runs.
    pub repeated_rows: usize,
    /// The noise between sources.
    pub between_percent: Option<f64>,
    /// The number of configurations that several sources measured.
    pub shared_configurations: usize,
}

impl Noise {
    /// The larger of both as a mean |ln|; 0 where nothing is known.
    pub(super) fn log(self) -> f64 {
        let [within, between] = [self.within_percent, self.between_percent];
        within.unwrap_or(0.0).max(between.unwrap_or(0.0)) / 100.0
    }
}

impl Noise {
    /// The noise of a metric in rows.
    pub(super) fn of(rows: &[&Observation], metric: Metric) -> Self {
        let percent = |spreads: &[f64]| {
            let mean = spreads.iter().sum::<f64>() / spreads.len() as f64;
            (!spreads.is_empty()).then_some(100.0 * mean / 2.0)
        };
        let within: Vec<f64> = rows
            .iter()
            .filter(|row| row.row.repeatability.is_some())
            .map(|row| row.row.max_min_ratio(metric).ln())
            .collect();
        let mut shared: BTreeMap<(&str, &Identity), Vec<f64>> = BTreeMap::new();
        for row in rows {
            let key = (row.model.as_str(), &row.row.identity);
            shared.entry(key).or_default().extend(row.row.measured.means[metric]);
        }
        let between: Vec<f64> = shared
            .into_values()
            .filter(|measured| measured.len() > 1)
            .map(|measured| (quantile(&measured, 1.0) / quantile(&measured, 0.0)).ln())
            .collect();
        Self {
            within_percent: percent(&within),
            repeated_rows: within.len(),
            between_percent: percent(&between),
            shared_configurations: between.len(),
        }
    }
}
