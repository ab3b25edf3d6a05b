//! The biases of groups, with intervals that count a workload as one piece of evidence.

use std::collections::BTreeMap;

use crate::base::statistics::{Interval95, clustered_mean};
use crate::judge::compare::{Comparison, GroupBreakdown, distinct};
use crate::report::numbers::bias_words;
use crate::row::metric::Metric;
use crate::row::property::Field;

/// The fewest rows of a group whose bias is judged.
pub(super) const LEAST_ROWS: usize = 5;
/// The smallest bias worth a sentence, however significant.
pub(super) const LEAST_BIAS: f64 = 1.05;

/// The bias of a metric in a group of rows: exp(mean ln(predicted / measured)).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GroupBias {
    pub metric: Metric,
    /// The GPU and the framework.
    pub group: String,
    pub rows: usize,
    /// The bias with its 95% interval, workloads being drawn.
    pub bias: Interval95,
}

impl GroupBias {
    /// The factor by which predictions are off, at least 1.
    pub(super) fn size(&self) -> f64 {
        self.bias.estimate.max(1.0 / self.bias.estimate)
    }

    /// Whether the bias is large enough to matter and its 95% interval excludes 1.
    fn is_significant(&self) -> bool {
        let excludes_one = self.bias.low > 1.0 || self.bias.high < 1.0;
        self.rows >= LEAST_ROWS && self.size() >= LEAST_BIAS && excludes_one
    }

    /// The bias as a sentence.
    pub(super) fn sentence(&self) -> String {
        format!(
            "{} on {} is predicted {}: bias {} over {} rows.",
            self.metric.title(),
            self.group,
            bias_words(self.bias.estimate),
            bias_with_interval(&self.bias),
            self.rows
        )
    }
}

/// A bias with its interval: `0.23 (0.16 to 0.32)`; without one where a single workload gives none.
pub(super) fn bias_with_interval(bias: &Interval95) -> String {
    let Interval95 { estimate, low, high } = bias;
    if high.is_finite() {
        format!("{estimate:.2} ({low:.2} to {high:.2})")
    } else {
        format!("{estimate:.2}")
    }
}

/// A note for rows that are peaks; empty without such rows.
pub(super) fn peaks_note(comparisons: &[Comparison]) -> &'static str {
    let is_peak = |comparison: &Comparison| comparison.row.identity.concurrency.fixed().is_none();
    if comparisons.iter().any(is_peak) {
        " A prediction below a peak is not an error in itself, because a peak is an upper bound."
    } else {
        ""
    }
}

/// The significant biases of GPUs and frameworks, the largest first. Output throughput is left out where there
/// is the total, because both have the same error.
pub(super) fn significant_biases(comparisons: &[Comparison]) -> Vec<GroupBias> {
    let label = |comparison: &Comparison| GroupBreakdown::GPU_FRAMEWORK.label(comparison);
    let mut biases: Vec<GroupBias> = distinct(comparisons)
        .into_iter()
        .flat_map(|metric| biases_by(comparisons, metric, label))
        .filter(GroupBias::is_significant)
        .collect();
    biases.sort_by(|a, b| b.size().total_cmp(&a.size()));
    biases
}

/// The bias of a metric over all rows; `None` where no row has the metric.
pub(super) fn overall_bias(comparisons: &[Comparison], metric: Metric) -> Option<GroupBias> {
    biases_by(comparisons, metric, |_| "all".to_owned()).pop()
}

/// ln(predicted / measured) of each row of a group, and the number of its workload.
#[derive(Default)]
struct LogRatios {
    values: Vec<f64>,
    workloads: Vec<usize>,
}

/// The bias of each group. Rows with the same lengths and width are one workload, at any concurrency and from
/// any source, because their errors are alike.
fn biases_by(
    comparisons: &[Comparison],
    metric: Metric,
    group_of: impl Fn(&Comparison) -> String,
) -> Vec<GroupBias> {
    let workload = GroupBreakdown::Fields(&[Field::Context, Field::TensorParallel]);
    let mut workloads: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: BTreeMap<String, LogRatios> = BTreeMap::new();
    for comparison in comparisons {
        if let Some(pair) = comparison.pair(metric) {
            let next = workloads.len();
            let number = *workloads.entry(workload.label(comparison)).or_insert(next);
            let group = groups.entry(group_of(comparison)).or_default();
            group.values.push(pair.log_ratio());
            group.workloads.push(number);
        }
    }
    let bias = |(group, LogRatios { values, workloads }): (String, LogRatios)| {
        let Interval95 { estimate, low, high } = clustered_mean(&values, &workloads);
        let [estimate, low, high] = [estimate, low, high].map(f64::exp);
        GroupBias { metric, group, rows: values.len(), bias: Interval95 { estimate, low, high } }
    };
    groups.into_iter().map(bias).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::comparison;

    /// Rows that are off by about this factor, each of its own workload.
    fn off_by(ratio: f64, rows: usize) -> Vec<Comparison> {
        let row = |index: usize| {
            let mut row = comparison(ratio * (1.0 + 0.01 * (index % 3) as f64));
            row.row.identity.input_seq_len = 1000 + u32::try_from(index).unwrap();
            row
        };
        (0..rows).map(row).collect()
    }

    #[test]
    fn a_bias_is_reported_with_its_direction() {
        let sentence = |ratio: f64| significant_biases(&off_by(ratio, 9))[0].sentence();
        let low = sentence(0.52);
        assert!(
            low.starts_with("TPOT on b200 / vllm is predicted 47% too low: bias 0.53"),
            "{low}"
        );
        assert!(sentence(3.0).contains("3.0 times too high"));
    }

    #[test]
    fn a_bias_is_reported_only_where_it_is_significant() {
        let is_none = |rows: &[Comparison]| significant_biases(rows).is_empty();
        assert!(is_none(&off_by(1.0, 9)));
        assert!(is_none(&off_by(3.0, LEAST_ROWS - 1)), "too few rows");
        let mut both = off_by(1.5, 6);
        both.extend(off_by(0.66, 6));
        assert!(is_none(&both), "the interval holds 1");
        let mut alike = off_by(3.0, 9);
        for row in &mut alike {
            row.row.identity.input_seq_len = 1000;
        }
        assert!(is_none(&alike), "nine rows of one workload are one piece of evidence");
        let overall = overall_bias(&alike, Metric::Tpot).unwrap();
        assert_eq!((overall.rows, bias_with_interval(&overall.bias)), (9, "3.03".to_owned()));
    }
}
