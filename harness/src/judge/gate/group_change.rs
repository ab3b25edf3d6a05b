//! The errors of groups before and after, over the same rows.

use super::accuracy::is_same;
use crate::base::statistics::{
    self, Interval95, Pair, paired_bias_change, paired_mape_change, paired_rank_change,
};
use crate::judge::compare::{Comparison, GroupBreakdown};
use crate::predict::prediction::Outcome;
use crate::row::metric::{Metric, PerMetric};

/// The errors of a group before and after.
#[derive(Debug)]
pub struct GroupChange {
    /// The GPU and framework, such as `b200 / vllm`, or `all`.
    pub label: String,
    /// Whether the group is that of all rows.
    pub is_all_rows: bool,
    /// The change per metric, over the rows that both releases predict.
    pub metrics: PerMetric<Option<MetricChange>>,
}

/// The errors of a metric before and after, over the same rows.
#[derive(Debug, Clone, Copy)]
pub struct MetricChange {
    /// The number of rows that both releases predict.
    pub n: usize,
    /// The MAPE of the baseline and of the candidate, percent.
    pub mape_percent: [f64; 2],
    /// The bias of the baseline and of the candidate.
    pub bias: [f64; 2],
    /// Spearman's rank correlation of the baseline and of the candidate.
    pub spearman: [Option<f64>; 2],
    /// The change of MAPE in percentage points with its 95% interval, paired by row.
    pub mape_change: Interval95,
    /// The factor between the biases with its 95% interval.
    pub bias_change: Interval95,
    /// The change of Spearman's rank correlation with its 95% interval.
    pub rank_change: Option<Interval95>,
}

/// The smallest change of a MAPE that counts, percentage points. Reports show a smaller one as zero.
const LEAST_POINTS: f64 = 0.005;

/// The direction in which an error changed significantly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Better,
    Worse,
}

impl MetricChange {
    /// The direction in which the MAPE changed, if its 95% interval excludes 0 and the change is large enough for
    /// a report to show it.
    pub(super) fn significant(&self) -> Option<Direction> {
        let Interval95 { estimate, low, high } = self.mape_change;
        if estimate.abs() < LEAST_POINTS {
            None
        } else if high < 0.0 {
            Some(Direction::Better)
        } else if low > 0.0 {
            Some(Direction::Worse)
        } else {
            None
        }
    }
}

/// The errors of each GPU and framework, then of all rows, over the rows that both releases predict. A prediction
/// that moved within the tolerance counts as unchanged.
pub(super) fn group_changes(old: &[Comparison], new: &[Comparison]) -> Vec<GroupChange> {
    let is_predicted =
        |comparison: &Comparison| matches!(comparison.outcome, Outcome::Predicted(_));
    let common: Vec<ComparedTwice<'_>> =
        old.iter().zip(new).filter(|(old, new)| is_predicted(old) && is_predicted(new)).collect();
    let breakdown = GroupBreakdown::GPU_FRAMEWORK;
    let mut labels: Vec<String> = common.iter().map(|(old, _)| breakdown.label(old)).collect();
    labels.sort();
    labels.dedup();
    let group = |label: String| {
        let members = common.iter().filter(|(old, _)| breakdown.label(old) == label);
        GroupChange::new(label.clone(), false, &members.copied().collect::<Vec<_>>())
    };
    let mut groups: Vec<GroupChange> = labels.into_iter().map(group).collect();
    groups.push(GroupChange::new("all".to_owned(), true, &common));
    groups
}

/// A row with the baseline's and with the candidate's prediction.
type ComparedTwice<'a> = (&'a Comparison, &'a Comparison);

impl GroupChange {
    fn new(label: String, is_all_rows: bool, members: &[ComparedTwice<'_>]) -> Self {
        let metrics = PerMetric::from_fn(|metric| metric_change(members, metric));
        Self { label, is_all_rows, metrics }
    }
}

fn metric_change(members: &[ComparedTwice<'_>], metric: Metric) -> Option<MetricChange> {
    let pairs: Vec<(Pair, Pair)> = members
        .iter()
        .filter_map(|(old, new)| Some((old.pair(metric)?, new.pair(metric)?)))
        .map(|(old, new)| (old, if is_same(old, new) { old } else { new }))
        .collect();
    let (before, after): (Vec<Pair>, Vec<Pair>) = pairs.iter().copied().unzip();
    let (old, new) = (statistics::of(&before)?, statistics::of(&after)?);
    Some(MetricChange {
        n: new.n,
        mape_percent: [old.mape_percent, new.mape_percent],
        bias: [old.bias, new.bias],
        spearman: [old.spearman, new.spearman],
        mape_change: paired_mape_change(&pairs),
        bias_change: paired_bias_change(&pairs),
        rank_change: paired_rank_change(&pairs),
    })
}
