//! The decision on a candidate, and the reasons for it.

use std::cmp::Reverse;

use super::group_change::Direction;
use super::{GroupChange, MetricChange, ReleaseGate, RowChange};
use crate::base::statistics::Interval95;
use crate::base::text::plural;
use crate::judge::drift::Drift;
use crate::judge::verdict::Status;
use crate::predict::prediction::Outcome;
use crate::row::metric::Metric;

/// The decision on a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Nothing changed.
    Ok,
    /// Something got better and nothing got worse: accept the release, and let the bands tighten.
    Improved,
    /// Something changed and nothing blocks: a person should look.
    Changed,
    /// The release must not ship: a row lost its prediction or left its band, or a gate failed.
    Regressed,
    /// The release cannot be judged: answers are missing or impossible.
    Broken,
}

impl Decision {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Improved => "improved",
            Self::Changed => "changed",
            Self::Regressed => "regressed",
            Self::Broken => "broken",
        }
    }

    /// Whether the decision blocks a release.
    #[must_use]
    pub fn blocks(self) -> bool {
        matches!(self, Self::Regressed | Self::Broken)
    }
}

/// A reason, with the decision that it leads to on its own.
type Reason = (Decision, String);

/// The decision on a candidate with its reasons, the most serious first.
///
/// Missing or impossible answers, lost predictions, rows outside their bands and failed gates block.
pub(super) fn decide(gate: &ReleaseGate) -> (Decision, Vec<String>) {
    let mut reasons = blocking(gate);
    reasons.extend(movement(gate));
    reasons.extend(unchanged_failures(gate));
    let decision = reasons.iter().map(|(decision, _)| *decision).max().unwrap_or(Decision::Ok);
    reasons.sort_by_key(|(decision, _)| Reverse(*decision));
    let mut texts: Vec<String> = reasons.into_iter().map(|(_, text)| text).collect();
    if texts.is_empty() {
        texts.push("no prediction changed".to_owned());
    }
    (decision, texts)
}

fn blocking(gate: &ReleaseGate) -> Vec<Reason> {
    let count = |picks: fn(&RowChange) -> bool| gate.rows.iter().filter(|row| picks(row)).count();
    let is_lost = |row: &RowChange| matches!(row.drift, Drift::Lost(_));
    let unanswered = count(|row| matches!(row.candidate.outcome, Outcome::Unavailable(_)));
    let insane = count(|row| matches!(row.candidate.outcome, Outcome::Insane(..)));
    let lost = || gate.rows.iter().filter(|row| is_lost(row));
    let refused = lost().filter(|row| matches!(row.candidate.outcome, Outcome::Refused(_)));
    let unmapped = lost().filter(|row| matches!(row.candidate.outcome, Outcome::Unmapped(_)));
    let left = gate.regressed_rows().filter(|row| row.verdict.status == Status::Outside);
    [
        counted(Decision::Broken, unanswered, "row", "got no answer"),
        counted(Decision::Broken, insane, "row", "got an impossible answer"),
        counted(
            Decision::Regressed,
            refused.count(),
            "row",
            "lost the prediction because the candidate refused the request",
        ),
        counted(
            Decision::Regressed,
            unmapped.count(),
            "row",
            "lost the prediction and cannot be mapped any more",
        ),
        counted(
            Decision::Regressed,
            left.count(),
            "row",
            "left the band without being a known deviation",
        ),
        counted(Decision::Regressed, gate.crossed.len(), "gate", "failed that the baseline passed"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The changes of predictions, and the groups whose errors changed significantly.
fn movement(gate: &ReleaseGate) -> Vec<Reason> {
    let drifted = gate.rows.iter().filter(|row| matches!(row.drift, Drift::Changed { .. })).count();
    let gained = gate.rows.iter().filter(|row| row.drift == Drift::Gained).count();
    let better = significant(&gate.groups, Direction::Better);
    let worse = significant(&gate.groups, Direction::Worse);
    let decision = match (drifted + gained, better.len(), worse.len()) {
        (0, _, _) => Decision::Ok,
        (_, 0, 0) if gained == 0 => Decision::Changed,
        (_, _, 0) => Decision::Improved,
        _ => Decision::Changed,
    };
    let counts = [
        counted(decision, drifted, "row", "got a different prediction"),
        counted(decision, gained, "row", "gained a prediction"),
        counted(decision, better.len(), "group MAPE", "fell significantly (95% interval)"),
        counted(decision, worse.len(), "group MAPE", "rose significantly (95% interval)"),
    ];
    let sentences = |word: &str, changes: Vec<SignificantChange<'_>>| -> Vec<Reason> {
        let over_all_rows = changes.into_iter().filter(|found| found.group.is_all_rows);
        over_all_rows.map(|found| (decision, format!("{word}: {}", found.sentence()))).collect()
    };
    let mut reasons: Vec<Reason> = counts.into_iter().flatten().collect();
    reasons.extend(sentences("better", better));
    reasons.extend(sentences("worse", worse));
    reasons
}

/// What failed under the baseline already.
fn unchanged_failures(gate: &ReleaseGate) -> Vec<Reason> {
    let is_outside =
        |row: &&RowChange| row.before == Status::Outside && row.verdict.status == Status::Outside;
    let outside = gate.rows.iter().filter(is_outside).count();
    let counts = [
        counted(Decision::Ok, outside, "row", "stayed outside the band, as before"),
        counted(Decision::Ok, gate.failed_before.len(), "gate", "failed, as before"),
    ];
    counts.into_iter().flatten().collect()
}

/// The reason that `count` things share; `None` if there are none.
fn counted(decision: Decision, count: usize, noun: &str, sentence: &str) -> Option<Reason> {
    (count > 0).then(|| (decision, format!("{count} {noun}{} {sentence}", plural(count))))
}

/// A group and metric whose MAPE changed significantly.
struct SignificantChange<'a> {
    group: &'a GroupChange,
    metric: Metric,
    change: &'a MetricChange,
}

/// The groups and metrics whose MAPE changed significantly in this direction.
fn significant(groups: &[GroupChange], direction: Direction) -> Vec<SignificantChange<'_>> {
    let changes = groups.iter().flat_map(|group| {
        let changes =
            group.metrics.iter().filter_map(|(metric, change)| Some((metric, change.as_ref()?)));
        changes.map(move |(metric, change)| SignificantChange { group, metric, change })
    });
    changes.filter(|found| found.change.significant() == Some(direction)).collect()
}

impl SignificantChange<'_> {
    fn sentence(&self) -> String {
        let Interval95 { estimate, low, high } = self.change.mape_change;
        let [before, after] = self.change.mape_percent;
        format!(
            "the MAPE of {} over all rows went from {before:.2}% to {after:.2}%, by {estimate:+.2} points \
             [{low:+.2}, {high:+.2}]",
            self.metric.name()
        )
    }
}
