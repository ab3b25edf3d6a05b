//! An estimator's predictions by row.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{EstimatorFile, bandwidth_bound, group_median};
use crate::base::statistics::Pair;
use crate::mantile::recording::Recording;
use crate::predict::prediction::{Outcome, complete};
use crate::row::Row;
use crate::row::metric::{Metric, PerMetric};
use crate::rules::config;

/// The predictions of one estimator.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimator {
    /// Its name, description and source.
    pub entry: config::EstimatorConfig,
    /// The file that it was read from; `None` for a baseline.
    pub path: Option<PathBuf>,
    /// The predictions by row name.
    pub estimates: BTreeMap<String, RowEstimate>,
    /// The number of rows without a prediction, by the reason that it gives.
    pub unpredicted: BTreeMap<String, usize>,
    /// The configurations that it predicts and nobody measured, as sorted identities.
    pub unmeasured: Vec<String>,
}

/// An estimator's prediction for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowEstimate {
    /// The compared metrics in the rows' units; `None` for a metric that is neither predicted nor derived.
    pub metrics: PerMetric<Option<f64>>,
    /// Whether each metric was derived from other predicted metrics, by [`complete`].
    pub derived: PerMetric<bool>,
    /// The mode of the prediction in the estimator's own word, such as `SILICON`.
    pub mode: Option<String>,
}

impl RowEstimate {
    /// The given metrics, completed for a row with `concurrency` requests in flight, which is unknown for some peaks.
    #[must_use]
    pub fn new(
        given: PerMetric<Option<f64>>,
        mode: Option<String>,
        row: &Row,
        concurrency: Option<u32>,
        sources: &[config::SourceConfig],
    ) -> Self {
        let source = config::source_named(sources, &row.provider);
        let metrics = source.map_or(given, |source| {
            let lengths = row.lengths(source.mean_length_ratio);
            complete(given, &row.identity, concurrency, lengths)
        });
        let derived =
            PerMetric::from_fn(|metric| metrics[metric].is_some() && given[metric].is_none());
        Self { metrics, derived, mode }
    }
}

impl Estimator {
    /// The measurement and the prediction of a metric, if there are both.
    #[must_use]
    pub fn pair(&self, row: &Row, metric: Metric) -> Option<Pair> {
        let predicted = self.estimates.get(&row.name())?.metrics[metric]?;
        Some(Pair { measured: row.measured.means[metric]?, predicted })
    }
}

/// All estimators to compare with Mantile on these rows: those of files, then the baselines. The bandwidth bound is
/// left out without Mantile's recorded answers.
#[must_use]
pub fn all<'a>(
    files: impl IntoIterator<Item = &'a EstimatorFile>,
    predictions: &[(&Row, &Outcome)],
    config: &config::Config,
    recording: Option<&Recording>,
) -> Vec<Estimator> {
    let rows = || predictions.iter().map(|(row, _)| *row);
    let mut all: Vec<Estimator> =
        files.into_iter().map(|file| file.over(rows(), &config.sources)).collect();
    all.push(group_median(rows()));
    all.extend(
        recording.map(|recording| bandwidth_bound(predictions.iter().copied(), config, recording)),
    );
    all
}
