//! The gate on a release: what changed in the predictions (drift), what that did to their accuracy,
//! and whether it may ship.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::base::statistics::{
    self, Interval95, Pair, paired_bias_change, paired_mape_change, paired_rank_change,
};
use crate::judge::check::SuiteCheck;
use crate::judge::compare::{Comparison, Coverage, GroupBreakdown};
use crate::judge::drift::{self, Drift};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::{RowVerdict, Status};
use crate::mantile::recording::Recording;
use crate::predict::prediction::{Outcome, Prediction};
use crate::row::Row;
use crate::row::metric::{Metric, PerMetric};
use crate::row::property::Field;

/// A candidate release held against the accepted one and against measurement.
#[derive(Debug)]
pub struct ReleaseGate {
    /// Each row, in their order.
    pub rows: Vec<RowChange>,
    /// Each GPU and framework, then all rows.
    pub groups: Vec<GroupChange>,
    /// Coverage of the baseline and of the candidate.
    pub coverage: [Coverage; 2],
    /// The gates and the coverage that the baseline held and the candidate does not: name and finding.
    pub crossed: Vec<(String, String)>,
    /// Those that neither holds, by name.
    pub failed_before: Vec<String>,
    /// The last word.
    pub decision: Decision,
    /// Why, one sentence each, what blocks first.
    pub reasons: Vec<String>,
}

/// What became of one row.
#[derive(Debug)]
pub struct RowChange {
    /// The row with the candidate's prediction.
    pub candidate: Comparison,
    /// The candidate's verdict.
    pub verdict: RowVerdict,
    /// The verdict of the baseline.
    pub before: Status,
    /// What came of the baseline's prediction.
    pub old_outcome: Outcome,
    /// The predictions' drift.
    pub drift: Drift,
    /// Whether the request itself is another, as when layers were renamed.
    pub request_changed: bool,
    /// Of each metric that is measured and predicted by both: what the change did.
    pub accuracy: PerMetric<Option<Accuracy>>,
}

/// What a change of a prediction did to its accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accuracy {
    /// It did not change.
    Same,
    /// It changed by less than repeated measurements of the row lie apart.
    WithinNoise,
    /// It came nearer to the measurement.
    Nearer,
    /// It went farther from it.
    Farther,
}

/// What became of a group on one metric.
#[derive(Debug)]
pub struct GroupChange {
    /// `b200 / vllm`
    pub label: String,
    /// Per metric, over the rows that both releases predict.
    pub metrics: PerMetric<Option<MetricChange>>,
}

/// A group's errors before and after, over the same rows.
#[derive(Debug, Clone, Copy)]
pub struct MetricChange {
    /// Rows predicted by both.
    pub n: usize,
    /// MAPE of the baseline and of the candidate, percent.
    pub mape_percent: [f64; 2],
    /// Bias of both.
    pub bias: [f64; 2],
    /// Spearman's rank correlation of both.
    pub spearman: [Option<f64>; 2],
    /// The change of MAPE in percentage points with its 95% interval, paired by row.
    pub mape_change: Interval95,
    /// The factor between the biases with its 95% interval.
    pub bias_change: Interval95,
    /// The change of Spearman's rank correlation with its 95% interval.
    pub rank_change: Option<Interval95>,
}

/// A smaller change of MAPE, percentage points, is zero in every report, and nobody's gain or loss.
const LEAST_POINTS: f64 = 0.005;

/// The last word on a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Nothing changed.
    Ok,
    /// Only for the better: accept it, and let bands tighten.
    Improved,
    /// Something changed and nothing blocks: a person should look.
    Changed,
    /// It must not ship: a row was lost or left its band, or a gate was crossed.
    Regressed,
    /// It cannot be judged: no answer, a part of them, or nonsense.
    Broken,
}

impl Decision {
    /// The word in files.
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

    /// Whether it blocks a release.
    #[must_use]
    pub fn blocks(self) -> bool {
        matches!(self, Self::Regressed | Self::Broken)
    }
}

impl ReleaseGate {
    /// Holds the candidate's predictions of a model's rows against the baseline's.
    ///
    /// Both must be in the order of the model's rows. `recording` is the baseline's.
    #[must_use]
    pub fn new(
        model: &Model,
        baseline: Vec<Prediction>,
        candidate: Vec<Prediction>,
        recording: &Recording,
        now: Timestamp,
    ) -> Self {
        let drifts: Vec<(Drift, bool)> = baseline
            .iter()
            .zip(&candidate)
            .map(|(old, new)| (Drift::between(old, new), old.request_key != new.request_key))
            .collect();
        let old = Evaluation::new(model, baseline, recording, now);
        let new = Evaluation::new(model, candidate, recording, now);
        let failed_old = failed_checks(model, &old);
        let failed_new = failed_checks(model, &new);
        let failed_in_old = |name: &String| failed_old.iter().any(|(other, _)| other == name);
        let (failed_before, crossed): (Vec<_>, Vec<_>) =
            failed_new.into_iter().partition(|(name, _)| failed_in_old(name));
        let failed_before = failed_before.into_iter().map(|(name, _)| name).collect();
        let groups = group_changes(&old.comparisons, &new.comparisons);
        let coverage = [old.coverage(), new.coverage()];
        let mut rows = Vec::with_capacity(drifts.len());
        let before = old.comparisons.iter().zip(&old.verdicts);
        let after = new.comparisons.into_iter().zip(new.verdicts);
        for ((old, (candidate, verdict)), (drift, request_changed)) in before.zip(after).zip(drifts)
        {
            let accuracy = PerMetric::from_fn(|metric| {
                let pairs = (old.0.pair(metric)?, candidate.pair(metric)?);
                Some(Accuracy::of(pairs.0, pairs.1, noise(&candidate.row, metric, model)))
            });
            let before = old.1.status;
            let old_outcome = old.0.outcome.clone();
            rows.push(RowChange {
                candidate,
                verdict,
                before,
                old_outcome,
                drift,
                request_changed,
                accuracy,
            });
        }
        let (decision, reasons) = (Decision::Ok, Vec::new());
        let mut gate = Self { rows, groups, coverage, crossed, failed_before, decision, reasons };
        gate.decide();
        gate
    }

    /// How many rows drifted in each way.
    #[must_use]
    pub fn drifts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.drift.name()).or_default() += 1;
        }
        counts
    }

    /// The rows that fail and did not: out of their bands, or without a believed prediction.
    pub fn regressed_rows(&self) -> impl Iterator<Item = &RowChange> {
        self.rows.iter().filter(|row| {
            row.verdict.status.fails()
                && (!row.before.fails() || matches!(row.drift, Drift::Lost(_)))
        })
    }

    fn count(&self, holds: impl Fn(&RowChange) -> bool) -> usize {
        self.rows.iter().filter(|row| holds(row)).count()
    }

    /// Blocking: no or part of the answers, nonsense, anything lost, a row outside, a gate crossed.
    fn decide(&mut self) {
        let mut reasons: Vec<(Decision, String)> = Vec::new();
        let mut reason = |decision, rows: usize, text: &str| {
            if rows > 0 {
                reasons.push((decision, format!("{rows} {text}")));
            }
        };
        let outcome = |row: &RowChange| row.candidate.outcome.status();
        reason(
            Decision::Broken,
            self.count(|row| outcome(row) == "unavailable"),
            "rows got no answer",
        );
        reason(Decision::Broken, self.count(|row| outcome(row) == "insane"), "rows got nonsense");
        let lost =
            self.count(|row| matches!(row.drift, Drift::Lost(_)) && outcome(row) == "refused");
        reason(Decision::Regressed, lost, "rows lost their prediction: the candidate refuses them");
        let unmapped =
            self.count(|row| matches!(row.drift, Drift::Lost(_)) && outcome(row) == "unmapped");
        reason(Decision::Regressed, unmapped, "rows are no longer mapped");
        let left =
            self.regressed_rows().filter(|row| row.verdict.status == Status::Outside).count();
        reason(
            Decision::Regressed,
            left,
            "rows left their bands and are not listed as known deviations",
        );
        reason(Decision::Regressed, self.crossed.len(), "gates are crossed that the baseline held");
        let changed = self.count(|row| matches!(row.drift, Drift::Changed { .. }));
        let gained = self.count(|row| row.drift == Drift::Gained);
        let (better, worse) = self.significant();
        let movement = match (changed + gained, better.len(), worse.len()) {
            (0, _, _) => Decision::Ok,
            (_, 0, 0) if gained == 0 => Decision::Changed,
            (_, _, 0) => Decision::Improved,
            _ => Decision::Changed,
        };
        reason(movement, changed, "rows have another prediction");
        reason(movement, gained, "rows gained a prediction");
        reason(
            movement,
            better.len(),
            "errors of a group and metric are smaller for sure, by the interval of their MAPE",
        );
        reason(movement, worse.len(), "errors of a group and metric are larger for sure");
        let stayed = self
            .count(|row| row.before == Status::Outside && row.verdict.status == Status::Outside);
        reason(Decision::Ok, stayed, "rows were outside their bands and still are");
        reason(Decision::Ok, self.failed_before.len(), "gates were crossed and still are");
        for (word, changes) in [("better", better), ("worse", worse)] {
            for text in changes.into_iter().filter(|text| text.contains(" of all: ")) {
                reasons.push((movement, format!("{word}: {text}")));
            }
        }
        self.decision = reasons.iter().map(|(decision, _)| *decision).max().unwrap_or(Decision::Ok);
        reasons.sort_by_key(|(decision, _)| std::cmp::Reverse(*decision));
        self.reasons = reasons.into_iter().map(|(_, text)| text).collect();
        if self.reasons.is_empty() {
            self.reasons.push("every prediction is the accepted one".to_owned());
        }
    }

    /// The groups and metrics whose MAPE changed for sure, and by so much that a report shows it, in
    /// words: better, and worse.
    fn significant(&self) -> (Vec<String>, Vec<String>) {
        let (mut better, mut worse) = (Vec::new(), Vec::new());
        for group in &self.groups {
            for (metric, change) in group.metrics.iter() {
                let Some(change) = change else { continue };
                let Interval95 { estimate, low, high } = change.mape_change;
                if estimate.abs() < LEAST_POINTS {
                    continue;
                }
                let text = format!(
                    "{} of {}: MAPE {:.2}% to {:.2}%, a change of {estimate:+.2} points [{low:+.2}, {high:+.2}]",
                    metric.name(),
                    group.label,
                    change.mape_percent[0],
                    change.mape_percent[1],
                );
                if high < 0.0 {
                    better.push(text);
                } else if low > 0.0 {
                    worse.push(text);
                }
            }
        }
        (better, worse)
    }
}

impl Accuracy {
    /// What a change from one prediction to another did, for a row whose repeated measurements lie
    /// apart by the factor `noise`.
    #[must_use]
    pub fn of(old: Pair, new: Pair, noise: f64) -> Self {
        if is_same(old, new) {
            Self::Same
        } else if (new.predicted / old.predicted).ln().abs() <= noise.ln() {
            Self::WithinNoise
        } else if new.log_ratio().abs() < old.log_ratio().abs() {
            Self::Nearer
        } else {
            Self::Farther
        }
    }

    /// The word in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::WithinNoise => "within_noise",
            Self::Nearer => "nearer",
            Self::Farther => "farther",
        }
    }
}

/// Whether two predictions differ by less than arithmetic in another order may.
fn is_same(old: Pair, new: Pair) -> bool {
    (new.predicted / old.predicted - 1.0).abs() <= drift::TOLERANCE
}

/// How far repeated measurements of the row lie apart: its own, and at least the noise floor.
fn noise(row: &Row, metric: Metric, model: &Model) -> f64 {
    row.max_min_ratio(metric).max(model.config.noise_floor[metric])
}

/// The failed checks that are about the candidate's predictions. A known deviation that no longer
/// deviates is good news here, and the recordings are the baseline's.
fn failed_checks(model: &Model, evaluation: &Evaluation) -> Vec<(String, String)> {
    let about_predictions: Vec<String> = SuiteCheck::all(&model.config)
        .into_iter()
        .filter(|check| matches!(check, SuiteCheck::Gate(..) | SuiteCheck::Coverage))
        .map(|check| check.name(&model.config))
        .collect();
    evaluation
        .failed_checks()
        .filter(|(name, _)| about_predictions.iter().any(|about| about == name))
        .map(|(name, found)| (name.to_owned(), found.to_owned()))
        .collect()
}

/// The groups' errors before and after, over the rows that both predict. A prediction that moved within
/// the tolerance counts as the one before.
fn group_changes(old: &[Comparison], new: &[Comparison]) -> Vec<GroupChange> {
    let both = |comparison: &Comparison, other: &Comparison| {
        [comparison, other].iter().all(|c| matches!(c.outcome, Outcome::Predicted(_)))
    };
    let (old, new): (Vec<Comparison>, Vec<Comparison>) = old
        .iter()
        .zip(new)
        .filter(|(old, new)| both(old, new))
        .map(|(old, new)| (old.clone(), new.clone()))
        .unzip();
    let fields = [Field::GpuModel, Field::Framework];
    let mut labels: Vec<Option<String>> =
        GroupBreakdown::GPU_FRAMEWORK.slices(&old).into_iter().map(|s| Some(s.label)).collect();
    labels.push(None);
    let label_of =
        |comparison: &Comparison| fields.map(|field| field.of(&comparison.row)).join(" / ");
    labels
        .into_iter()
        .map(|label| {
            let members: Vec<(&Comparison, &Comparison)> = old
                .iter()
                .zip(&new)
                .filter(|(old, _)| label.as_ref().is_none_or(|label| label_of(old) == *label))
                .collect();
            GroupChange {
                metrics: PerMetric::from_fn(|metric| metric_change(&members, metric)),
                label: label.unwrap_or_else(|| "all".to_owned()),
            }
        })
        .collect()
}

fn metric_change(members: &[(&Comparison, &Comparison)], metric: Metric) -> Option<MetricChange> {
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
