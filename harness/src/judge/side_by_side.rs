//! Mantile compared with another estimator on the rows that both predict.

use std::collections::BTreeMap;

use crate::base::statistics::{self, Interval95, Pair, Statistics, paired_skill};
use crate::judge::compare::{Comparison, GroupBreakdown};
use crate::predict::rivals::{Estimator, RowEstimate};
use crate::row::metric::{Metric, PerMetric};

/// Another estimator, with its errors and Mantile's on the rows that both predict.
#[derive(Debug, Clone, PartialEq)]
pub struct SideBySide {
    /// The other estimator.
    pub estimator: Estimator,
    /// The number of rows with a measured metric that both predict.
    pub rows: usize,
    /// The errors over all of them.
    pub overall: ErrorsOfBoth,
    /// The errors by GPU and framework.
    pub by_gpu_and_framework: Vec<GroupOfBoth>,
    /// The errors by the mode in which the other estimator made its figures; empty if it names none.
    pub by_mode: Vec<GroupOfBoth>,
}

/// The errors over the rows of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupOfBoth {
    /// The value that the rows share: `b200 / vllm`, or a mode.
    pub label: String,
    /// The number of rows with a measured metric that both predict.
    pub rows: usize,
    /// The errors of both estimators.
    pub errors: ErrorsOfBoth,
}

/// The errors of both estimators per metric; `None` if no row has a measurement and both predictions.
pub type ErrorsOfBoth = PerMetric<Option<PairedErrors>>;

/// The errors of both estimators on a metric, over the same rows.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct PairedErrors {
    /// Mantile's errors.
    pub mantile: Statistics,
    /// The other estimator's errors.
    pub other: Statistics,
    /// Mantile's skill relative to the other, [`paired_skill`]; `None` if the other has no error.
    pub skill: Option<Interval95>,
    /// The number of rows where the other's figure is derived from its TTFT and TPOT.
    pub derived_rows: usize,
}

/// Compares Mantile's predictions with another estimator's.
#[must_use]
pub fn side_by_side(comparisons: &[Comparison], estimator: Estimator) -> SideBySide {
    let in_common: Vec<InCommon<'_>> =
        comparisons.iter().filter_map(|comparison| InCommon::new(comparison, &estimator)).collect();
    let fields = GroupBreakdown::GPU_FRAMEWORK;
    let by_gpu_and_framework = groups(&in_common, |common| Some(fields.label(common.comparison)));
    let by_mode = groups(&in_common, |common| common.estimate.mode.clone());
    let overall = errors(&in_common.iter().collect::<Vec<_>>());
    let rows = in_common.len();
    SideBySide { estimator, rows, overall, by_gpu_and_framework, by_mode }
}

/// A row that both estimators predict.
struct InCommon<'a> {
    comparison: &'a Comparison,
    estimate: &'a RowEstimate,
    /// Mantile's prediction and the other's, each with the measurement.
    pairs: PerMetric<Option<(Pair, Pair)>>,
}

impl<'a> InCommon<'a> {
    fn new(comparison: &'a Comparison, estimator: &'a Estimator) -> Option<Self> {
        let estimate = estimator.estimates.get(&comparison.row.name())?;
        let pairs = PerMetric::from_fn(|metric| {
            Some((comparison.pair(metric)?, estimator.pair(&comparison.row, metric)?))
        });
        let has_pair = pairs.iter().any(|(_, pair)| pair.is_some());
        has_pair.then_some(Self { comparison, estimate, pairs })
    }
}

fn groups(
    in_common: &[InCommon<'_>],
    label: impl Fn(&InCommon<'_>) -> Option<String>,
) -> Vec<GroupOfBoth> {
    let mut groups: BTreeMap<String, Vec<&InCommon<'_>>> = BTreeMap::new();
    for common in in_common {
        if let Some(label) = label(common) {
            groups.entry(label).or_default().push(common);
        }
    }
    let group = |(label, members): (String, Vec<&InCommon<'_>>)| GroupOfBoth {
        label,
        rows: members.len(),
        errors: errors(&members),
    };
    groups.into_iter().map(group).collect()
}

fn errors(rows: &[&InCommon<'_>]) -> ErrorsOfBoth {
    PerMetric::from_fn(|metric| {
        let pairs: Vec<(Pair, Pair)> = rows.iter().filter_map(|row| row.pairs[metric]).collect();
        let (mantile, other): (Vec<Pair>, Vec<Pair>) = pairs.iter().copied().unzip();
        let derived = |row: &&&InCommon<'_>| row.pairs[metric].is_some() && is_derived(row, metric);
        Some(PairedErrors {
            mantile: statistics::of(&mantile)?,
            other: statistics::of(&other)?,
            skill: paired_skill(&pairs),
            derived_rows: rows.iter().filter(derived).count(),
        })
    })
}

fn is_derived(row: &InCommon<'_>, metric: Metric) -> bool {
    row.estimate.derived[metric]
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;
    use crate::row::Concurrency;
    use crate::rules::config;
    use crate::testing::comparison;

    /// Rows measured at a TPOT of 10 ms, predicted by Mantile at twice that, by the other at four times.
    fn compared_with(modes: &[Option<&str>]) -> SideBySide {
        let mut comparisons = Vec::new();
        let mut estimates = BTreeMap::new();
        for (mode, concurrency) in modes.iter().zip(1..) {
            let mut comparison = comparison(2.0);
            comparison.row.identity.concurrency = Concurrency::Fixed(concurrency);
            let mut metrics = PerMetric::default();
            metrics[Metric::Tpot] = Some(0.04);
            metrics[Metric::Ttft] = Some(1.0);
            let mode = mode.map(str::to_owned);
            let estimate = RowEstimate { metrics, derived: PerMetric::default(), mode };
            estimates.insert(comparison.row.name(), estimate);
            comparisons.push(comparison);
        }
        // A row that the other does not predict.
        comparisons.push(comparison(1.0));
        let entry =
            config::EstimatorConfig { name: "e".to_owned(), ..config::EstimatorConfig::default() };
        let (unpredicted, unmeasured) = (BTreeMap::new(), vec![]);
        let estimator = Estimator { entry, path: None, estimates, unpredicted, unmeasured };
        side_by_side(&comparisons, estimator)
    }

    #[test]
    fn only_the_rows_that_both_predict_count() {
        let side = compared_with(&[None, None, None]);
        assert_eq!(side.rows, 3);
        let tpot = side.overall[Metric::Tpot].unwrap();
        assert_eq!((tpot.mantile.n, tpot.other.n, tpot.derived_rows), (3, 3, 0));
        assert_relative_eq!(tpot.mantile.mape_percent, 100.0, epsilon = 1e-9);
        assert_relative_eq!(tpot.other.mape_percent, 300.0, epsilon = 1e-9);
        assert_relative_eq!(tpot.skill.unwrap().estimate, 0.5, epsilon = 1e-9);
        assert_eq!(side.overall[Metric::Ttft], None, "it was not measured");
        assert_eq!(side.by_gpu_and_framework.len(), 1);
        assert!(side.by_mode.is_empty());
    }

    #[test]
    fn modes_break_the_rows_down() {
        let side = compared_with(&[Some("table"), Some("guess"), Some("table")]);
        let labels: Vec<(&str, usize)> =
            side.by_mode.iter().map(|group| (group.label.as_str(), group.rows)).collect();
        assert_eq!(labels, [("guess", 1), ("table", 2)]);
    }
}
