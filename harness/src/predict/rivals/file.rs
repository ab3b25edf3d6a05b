//! The predictions file of another estimator.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::{Estimator, RowEstimate};
use crate::row::metric::PerMetric;
use crate::row::{Identity, Row};
use crate::rules::config;

/// The predictions file of another estimator, before its predictions are assigned to rows.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimatorFile {
    /// The estimator's name, description and source.
    pub entry: config::EstimatorConfig,
    /// The file.
    pub path: PathBuf,
    /// The predictions in the file.
    pub predictions: Predictions,
}

/// The content of a predictions file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// The predictions; no provider has a configuration twice.
    pub given: Vec<GivenPrediction>,
    /// The number of rows without a prediction, by status.
    pub unpredicted: BTreeMap<String, usize>,
}

/// A prediction in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenPrediction {
    /// The provider of the measured row; `None` if the prediction is for every provider's row.
    pub provider: Option<String>,
    /// The configuration.
    pub identity: Identity,
    /// The metrics that it predicts.
    pub metrics: PerMetric<Option<f64>>,
    /// The mode of the prediction in the estimator's own word.
    pub mode: Option<String>,
}

impl EstimatorFile {
    /// Assigns the predictions to rows: each to its provider's row or, if it names no provider, to every row of its
    /// configuration. A prediction that names the provider takes precedence.
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::row::metric::Metric;
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
    fn missing_metrics_are_derived_for_the_lengths_of_the_row_and_marked() {
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
    fn a_prediction_without_a_provider_is_for_every_row_unless_one_names_the_provider() {
        let mut other = bare_row(NAME);
        other.provider = "q".to_owned();
        let rows = [bare_row(NAME), other];
        let tpot = |estimator: &Estimator, provider: &str| {
            estimator.estimates.get(&format!("{provider}::{NAME}"))?.metrics[Metric::Tpot]
        };
        let both = file(vec![given(None, NAME, 0.5, 0.01)]).over(&rows, &[]);
        assert_eq!((tpot(&both, "p"), tpot(&both, "q")), (Some(0.01), Some(0.01)));
        let with_provider = vec![given(None, NAME, 0.5, 0.01), given(Some("q"), NAME, 0.5, 0.02)];
        let with_provider = file(with_provider).over(&rows, &[]);
        assert_eq!(
            (tpot(&with_provider, "p"), tpot(&with_provider, "q")),
            (Some(0.01), Some(0.02))
        );
        let strange = file(vec![given(Some("r"), NAME, 0.5, 0.01)]).over(&rows, &[]);
        assert!(strange.estimates.is_empty());
        assert_eq!(strange.unmeasured, [NAME]);
    }
}
