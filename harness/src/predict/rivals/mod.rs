//! An estimator beside Mantile: somebody's predictions for a model's rows, or a naive baseline made
//! here.
//!
//! Each is the same kind of thing, a name with predictions by row, and is compared with Mantile on the
//! rows that both predict.

mod baseline;
mod csv_format;
mod naive;

pub use baseline::{bandwidth_bound, group_median};
pub use csv_format::{read, write};
pub use naive::{NAIVE_CONVERSION, ask as ask_naively};

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::base::statistics::Pair;
use crate::mantile::recording::Recording;
use crate::predict::prediction::{Outcome, complete};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Row};
use crate::rules::config;

/// Predictions of one estimator by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimator {
    /// What it is, and where its figures are from.
    pub entry: config::EstimatorConfig,
    /// The file that it was read from; `None` of a baseline.
    pub path: Option<PathBuf>,
    /// Its predictions, by the rows' names.
    pub estimates: BTreeMap<String, RowEstimate>,
    /// How many rows it does not predict, by reason, where it gives one.
    pub unpredicted: BTreeMap<String, usize>,
    /// What it predicts and nobody measured, as identities, sorted.
    pub unmeasured: Vec<String>,
}

/// What an estimator predicts for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowEstimate {
    /// The compared metrics in their units; `None` where it predicts none and none follows.
    pub metrics: PerMetric<Option<f64>>,
    /// Which of them follow from others that it predicts, by [`complete`].
    pub derived: PerMetric<bool>,
    /// How it came by them, in its own word, where it says: `SILICON`.
    pub mode: Option<String>,
}

/// A predictions file of another estimator, not yet put to rows.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimatorFile {
    /// What it is.
    pub entry: config::EstimatorConfig,
    /// The file.
    pub path: PathBuf,
    /// What it predicts.
    pub predictions: Predictions,
}

/// What a predictions file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// A configuration each, none twice.
    pub given: Vec<GivenPrediction>,
    /// How many rows are not predicted, by status.
    pub unpredicted: BTreeMap<String, usize>,
}

/// A prediction as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenPrediction {
    /// The provider of the measured row that it is for; `None` where it is for anyone's.
    pub provider: Option<String>,
    /// The configuration.
    pub identity: Identity,
    /// The metrics that it gives.
    pub metrics: PerMetric<Option<f64>>,
    /// How it came by them.
    pub mode: Option<String>,
}

impl RowEstimate {
    /// What is given, and what follows from it for a row of this provider's lengths with so many
    /// requests in flight; their number is not known of every peak.
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
    /// Its prediction of a metric with the measurement, where there are both.
    #[must_use]
    pub fn pair(&self, row: &Row, metric: Metric) -> Option<Pair> {
        let predicted = self.estimates.get(&row.name())?.metrics[metric]?;
        Some(Pair { measured: row.measured.means[metric]?, predicted })
    }
}

impl EstimatorFile {
    /// Puts the predictions to rows: each to the row of its provider, or, where it names none, to every
    /// row of its configuration.
    #[must_use]
    pub fn over<'a>(
        &self,
        rows: impl IntoIterator<Item = &'a Row>,
        sources: &[config::SourceConfig],
    ) -> Estimator {
        let key = |given: &GivenPrediction| (given.provider.clone(), given.identity.clone());
        let mut by_key: HashMap<_, (&GivenPrediction, bool)> =
            self.predictions.given.iter().map(|given| (key(given), (given, false))).collect();
        let mut estimates = BTreeMap::new();
        for row in rows {
            for provider in [Some(row.provider.clone()), None] {
                if let Some((given, used)) = by_key.get_mut(&(provider, row.identity.clone())) {
                    *used = true;
                    estimates.entry(row.name()).or_insert_with(|| {
                        let concurrency = row.identity.concurrency.fixed();
                        let mode = given.mode.clone();
                        RowEstimate::new(given.metrics, mode, row, concurrency, sources)
                    });
                }
            }
        }
        let unused = by_key.values().filter(|(_, used)| !used);
        let mut unmeasured: Vec<String> =
            unused.map(|(given, _)| given.identity.to_string()).collect();
        unmeasured.sort();
        Estimator {
            entry: self.entry.clone(),
            path: Some(self.path.clone()),
            estimates,
            unpredicted: self.predictions.unpredicted.clone(),
            unmeasured,
        }
    }
}

/// Every estimator to set beside Mantile on these rows: those of files, then the naive baselines. The
/// bandwidth bound needs Mantile's recorded answers.
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::testing::bare_row;

    fn file(given: Vec<GivenPrediction>) -> EstimatorFile {
        let predictions = Predictions { given, unpredicted: BTreeMap::new() };
        let entry = config::EstimatorConfig { name: "e".to_owned(), ..Default::default() };
        EstimatorFile { entry, path: Path::new("e.csv").to_path_buf(), predictions }
    }

    fn given(provider: Option<&str>, name: &str, ttft: f64, tpot: f64) -> GivenPrediction {
        let mut metrics = PerMetric::default();
        metrics[Metric::Ttft] = Some(ttft);
        metrics[Metric::Tpot] = Some(tpot);
        let provider = provider.map(str::to_owned);
        GivenPrediction { provider, identity: name.parse().unwrap(), metrics, mode: None }
    }

    fn source(name: &str) -> config::SourceConfig {
        config::SourceConfig {
            name: name.to_owned(),
            file: String::new(),
            mean_length_ratio: 0.9,
            approximations: vec![],
            extra_columns: vec![],
            artifact_models: vec![],
            api_model: None,
            peak_concurrencies: vec![],
        }
    }

    const NAME: &str = "b200::vllm::fp4::1000x1000::tp4_ep1::c8";

    #[test]
    fn what_follows_is_derived_for_the_lengths_of_the_row_and_marked() {
        let estimator =
            file(vec![given(None, NAME, 0.5, 0.01)]).over(&[bare_row(NAME)], &[source("p")]);
        let RowEstimate { metrics, derived, .. } = &estimator.estimates[&format!("p::{NAME}")];
        let e2e = 0.5 + 0.01 * 899.0;
        assert_eq!(metrics[Metric::E2eLatency], Some(e2e));
        assert_eq!(metrics[Metric::Throughput], Some(8.0 * 1800.0 / e2e / 4.0));
        assert_eq!(metrics[Metric::OutputThroughput], Some(8.0 * 900.0 / e2e / 4.0));
        let marked = Metric::ALL.map(|metric| derived[metric]);
        assert_eq!(marked, [true, true, false, false, true]);
    }

    #[test]
    fn a_prediction_without_a_provider_is_for_anyones_row_and_one_of_it_goes_before() {
        let mut other = bare_row(NAME);
        other.provider = "q".to_owned();
        let rows = [bare_row(NAME), other];
        let tpot = |estimator: &Estimator, provider: &str| {
            estimator.estimates.get(&format!("{provider}::{NAME}"))?.metrics[Metric::Tpot]
        };
        let both = file(vec![given(None, NAME, 0.5, 0.01)]).over(&rows, &[]);
        assert_eq!((tpot(&both, "p"), tpot(&both, "q")), (Some(0.01), Some(0.01)));
        let own = vec![given(None, NAME, 0.5, 0.01), given(Some("q"), NAME, 0.5, 0.02)];
        let own = file(own).over(&rows, &[]);
        assert_eq!((tpot(&own, "p"), tpot(&own, "q")), (Some(0.01), Some(0.02)));
        let strange = file(vec![given(Some("r"), NAME, 0.5, 0.01)]).over(&rows, &[]);
        assert!(strange.estimates.is_empty());
        assert_eq!(strange.unmeasured, [NAME]);
    }
}
