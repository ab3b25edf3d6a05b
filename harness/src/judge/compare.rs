//! Predictions held against measurements, row by row and group by group.

use std::collections::{BTreeMap, HashMap};

use crate::base::statistics::{self, Pair, Statistics};
use crate::predict::prediction::{Outcome, Prediction};
use crate::row::Row;
use crate::row::group::Group;
use crate::row::metric::{Metric, PerMetric};
use crate::row::property::Field;

/// One row with what was predicted for it.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The row.
    pub row: Row,
    /// What came of predicting it.
    pub outcome: Outcome,
    /// What the prediction glosses over.
    pub approximations: Vec<String>,
}

impl Comparison {
    /// The pair of a metric, where the row was predicted and the metric measured.
    #[must_use]
    pub fn pair(&self, metric: Metric) -> Option<Pair> {
        let Outcome::Predicted(estimate) = &self.outcome else { return None };
        let measured = self.row.measured.means[metric]?;
        Some(Pair { measured, predicted: estimate.metrics[metric] })
    }

    /// The approximations as one word, `none` without.
    #[must_use]
    pub fn approximation_set(&self) -> String {
        if self.approximations.is_empty() {
            "none".to_owned()
        } else {
            self.approximations.join("+")
        }
    }
}

/// Measurements and predictions joined one to one.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    /// Every measured row, in the order of the measurements; one that nobody predicted counts as
    /// unavailable, so that it weighs on coverage.
    pub comparisons: Vec<Comparison>,
    /// Names of measured rows that nobody predicted.
    pub without_prediction: Vec<String>,
    /// Names of predictions for rows that nobody measured.
    pub without_measurement: Vec<String>,
}

/// Joins on provider and full identity. Each side names a row at most once (the readers see to
/// that), so no row is multiplied; a row without a partner is reported.
///
/// ```
/// use std::path::Path;
///
/// use mantile_reconcile::judge::{compare, model};
/// use mantile_reconcile::row::metric::Metric;
///
/// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
/// let model = model::load(root, "openai_GPT-OSS-120B")?;
/// let joined = compare::join(model.rows.clone(), Vec::new());
/// assert_eq!(joined.without_prediction.len(), model.rows.len());
/// assert_eq!(compare::statistics(&joined.comparisons, Metric::Tpot), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn join(rows: Vec<Row>, predictions: Vec<Prediction>) -> Joined {
    let mut by_name: HashMap<String, Prediction> =
        predictions.into_iter().map(|prediction| (prediction.row.name(), prediction)).collect();
    let mut joined = Joined::default();
    for row in rows {
        let (outcome, approximations) = match by_name.remove(&row.name()) {
            Some(prediction) => (prediction.outcome, prediction.approximations),
            None => {
                joined.without_prediction.push(row.name());
                (Outcome::Unavailable("nobody predicted it".to_owned()), Vec::new())
            }
        };
        joined.comparisons.push(Comparison { row, outcome, approximations });
    }
    joined.without_measurement = by_name.into_keys().collect();
    joined.without_measurement.sort();
    joined
}

/// The comparisons whose rows a group holds.
pub fn in_group<'a>(
    comparisons: &'a [Comparison],
    group: &'a Group,
) -> impl Iterator<Item = &'a Comparison> {
    comparisons.iter().filter(|comparison| group.holds(&comparison.row))
}

/// The step's own metric, or what comes nearest to it of those that any row has both figures of.
#[must_use]
pub fn step_metric(comparisons: &[Comparison]) -> Option<Metric> {
    [Metric::Tpot, Metric::E2eLatency, Metric::OutputThroughput]
        .into_iter()
        .find(|metric| statistics(comparisons, *metric).is_some())
}

/// The metrics that any row has both figures of, without output throughput where there is the total.
#[must_use]
pub fn distinct(comparisons: &[Comparison]) -> Vec<Metric> {
    Metric::distinct(|metric| statistics(comparisons, metric).is_some())
}

/// The statistics of a metric over comparisons.
pub fn statistics<'a>(
    comparisons: impl IntoIterator<Item = &'a Comparison>,
    metric: Metric,
) -> Option<Statistics> {
    let pairs: Vec<Pair> =
        comparisons.into_iter().filter_map(|comparison| comparison.pair(metric)).collect();
    statistics::of(&pairs)
}

/// How many rows of how many have a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// Rows with a prediction that passed every check.
    pub predicted: usize,
    /// All rows.
    pub rows: usize,
}

impl Coverage {
    /// Of these comparisons.
    pub fn of<'a>(comparisons: impl IntoIterator<Item = &'a Comparison>) -> Self {
        let mut coverage = Self { predicted: 0, rows: 0 };
        for comparison in comparisons {
            coverage.rows += 1;
            coverage.predicted += usize::from(matches!(comparison.outcome, Outcome::Predicted(_)));
        }
        coverage
    }

    /// In percent; 0 without rows.
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.rows == 0 { 0.0 } else { 100.0 * self.predicted as f64 / self.rows as f64 }
    }
}

/// The rows of a breakdown that share a value.
#[derive(Debug, Clone)]
pub struct Slice {
    /// The value: `b200`, or `b200 / vllm` of a crossing.
    pub label: String,
    /// Its coverage.
    pub coverage: Coverage,
    /// Its statistics a metric.
    pub statistics: PerMetric<Option<Statistics>>,
}

/// A way to cut the rows into groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBreakdown {
    /// By the values of these fields together.
    Fields(&'static [Field]),
    /// By the set of approximations.
    Approximations,
}

impl Slice {
    /// All of these rows, as one.
    #[must_use]
    pub fn all(comparisons: &[Comparison]) -> Self {
        Self {
            label: "all".to_owned(),
            coverage: Coverage::of(comparisons),
            statistics: PerMetric::from_fn(|metric| statistics(comparisons, metric)),
        }
    }
}

impl GroupBreakdown {
    /// What a deployment is told apart by first.
    pub const GPU_FRAMEWORK: Self = Self::Fields(&[Field::GpuModel, Field::Framework]);

    /// The breakdowns of every report.
    pub const ALL: [Self; 8] = [
        Self::Fields(&[Field::GpuModel]),
        Self::Fields(&[Field::Framework]),
        Self::GPU_FRAMEWORK,
        Self::Fields(&[Field::Precision]),
        Self::Fields(&[Field::TensorParallel]),
        Self::Fields(&[Field::Context]),
        Self::Fields(&[Field::Concurrency]),
        Self::Approximations,
    ];

    /// What it cuts by.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Fields(fields) => {
                fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(" / ")
            }
            Self::Approximations => "approximations".to_owned(),
        }
    }

    /// The group that it puts a row into.
    #[must_use]
    pub fn label(self, comparison: &Comparison) -> String {
        match self {
            Self::Fields(fields) => {
                let values = fields.iter().map(|field| field.of(&comparison.row));
                values.collect::<Vec<_>>().join(" / ")
            }
            Self::Approximations => comparison.approximation_set(),
        }
    }

    /// The groups that any row is predicted of, as [`Self::slices`].
    #[must_use]
    pub fn predicted_slices(self, comparisons: &[Comparison]) -> Vec<Slice> {
        let mut slices = self.slices(comparisons);
        slices.retain(|slice| slice.coverage.predicted > 0);
        slices
    }

    /// The groups with their statistics, numbers in numeric order.
    #[must_use]
    pub fn slices(self, comparisons: &[Comparison]) -> Vec<Slice> {
        let mut groups: BTreeMap<(Option<u64>, String), Vec<&Comparison>> = BTreeMap::new();
        for comparison in comparisons {
            let label = self.label(comparison);
            groups.entry((label.parse().ok(), label)).or_default().push(comparison);
        }
        groups
            .into_iter()
            .map(|((_, label), members)| Slice {
                label,
                coverage: Coverage::of(members.iter().copied()),
                statistics: PerMetric::from_fn(|metric| {
                    statistics(members.iter().copied(), metric)
                }),
            })
            .collect()
    }
}

/// The compared rows by absolute error of a metric, smallest first.
#[must_use]
pub fn ranked(comparisons: &[Comparison], metric: Metric) -> Vec<(&Comparison, Pair)> {
    let mut ranked: Vec<(&Comparison, Pair)> = comparisons
        .iter()
        .filter_map(|comparison| Some((comparison, comparison.pair(metric)?)))
        .collect();
    ranked.sort_by(|(_, a), (_, b)| a.abs_error().abs().total_cmp(&b.abs_error().abs()));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Concurrency;
    use crate::testing::comparison;

    fn prediction(row: &Row) -> Prediction {
        let Comparison { outcome, .. } = comparison(1.5);
        let row = row.clone();
        Prediction {
            row,
            outcome,
            approximations: vec![],
            request_key: None,
            answered_by: None,
            response_time_ms: None,
        }
    }

    fn rows() -> Vec<Row> {
        let make = |concurrency| {
            let mut row = comparison(1.0).row;
            row.identity.concurrency = Concurrency::Fixed(concurrency);
            row
        };
        vec![make(1), make(2), make(3)]
    }

    #[test]
    fn a_row_without_a_partner_is_reported_and_never_multiplied() {
        let rows = rows();
        let mut other = rows[0].clone();
        other.identity.framework = "trt".to_owned();
        let predictions = vec![prediction(&rows[1]), prediction(&rows[0]), prediction(&other)];
        let joined = join(rows.clone(), predictions);
        assert_eq!(joined.comparisons.len(), 3);
        assert_eq!(joined.without_prediction, [rows[2].name()]);
        assert_eq!(joined.without_measurement, [other.name()]);
        assert_eq!(Coverage::of(&joined.comparisons), Coverage { predicted: 2, rows: 3 });
    }

    #[test]
    fn rows_group_by_the_set_of_their_approximations() {
        let mut one = comparison(1.0);
        one.approximations = vec!["a".to_owned(), "b".to_owned()];
        let slices = GroupBreakdown::Approximations.slices(&[one, comparison(1.0)]);
        let labels: Vec<&str> = slices.iter().map(|slice| slice.label.as_str()).collect();
        assert_eq!(labels, ["a+b", "none"]);
    }

    #[test]
    fn breakdowns_partition_the_rows_and_count_in_numeric_order() {
        let comparisons: Vec<Comparison> = [64, 8, 8, 128]
            .into_iter()
            .map(|concurrency| {
                let mut comparison = comparison(2.0);
                comparison.row.identity.concurrency = Concurrency::Fixed(concurrency);
                comparison
            })
            .collect();
        for breakdown in GroupBreakdown::ALL {
            let rows: usize =
                breakdown.slices(&comparisons).iter().map(|slice| slice.coverage.rows).sum();
            assert_eq!(rows, 4, "{}", breakdown.title());
        }
        let slices = GroupBreakdown::Fields(&[Field::Concurrency]).slices(&comparisons);
        let labels: Vec<&str> = slices.iter().map(|slice| slice.label.as_str()).collect();
        assert_eq!(labels, ["8", "64", "128"]);
    }
}
