//! Throughput per GPU against interactivity: the frontier of configurations that a deployment is chosen from,
//! measured and predicted, and what choosing by the prediction costs.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::statistics::spearman;
use crate::judge::compare::Comparison;
use crate::predict::prediction::complete;
use crate::row::Row;
use crate::row::metric::{Metric, PerMetric};
use crate::rules::config;

/// A configuration's two figures of merit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrontierPoint {
    /// 1 / TPOT, tokens/s/user.
    pub interactivity: f64,
    /// Tokens/s/GPU, input and output together.
    pub throughput: f64,
}

impl FrontierPoint {
    /// Whether another is at least as good at both, and better at one.
    fn is_dominated_by(self, other: Self) -> bool {
        other.interactivity >= self.interactivity
            && other.throughput >= self.throughput
            && other != self
    }
}

/// A configuration as it was measured and predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontierCandidate<'a> {
    /// The row.
    pub row: &'a Row,
    /// As measured; throughput, where it is not published, by Little's law from TTFT and TPOT.
    pub measured: FrontierPoint,
    /// Whether its throughput is not published.
    pub is_derived: bool,
    /// As predicted.
    pub predicted: FrontierPoint,
}

/// The configurations that one deployment is chosen from.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontierChoice<'a> {
    /// GPU, framework, precision, context and provider; or the last three, over all GPUs and frameworks.
    pub label: String,
    /// The configurations, in the order of their rows.
    pub candidates: Vec<FrontierCandidate<'a>>,
    /// How choosing among them by the prediction does.
    pub agreement: FrontierAgreement,
}

/// The choices of a model's rows, each sorted by label.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrontierChoices<'a> {
    /// Of one GPU and framework each.
    pub within: Vec<FrontierChoice<'a>>,
    /// Over the GPUs and frameworks, where there are several.
    pub across: Vec<FrontierChoice<'a>>,
    /// Configurations that would be to choose from, but that are no measurement of what they say: impossible by
    /// the audit, or with a throughput derived from requests that mostly wait outside the engine, whose tokens
    /// come as those of a few.
    pub left_out: usize,
}

/// How choosing by the prediction does.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FrontierAgreement {
    /// Configurations to choose from.
    pub candidates: usize,
    /// Those on the measured frontier.
    pub on_measured_frontier: usize,
    /// Those on the predicted one.
    pub on_predicted_frontier: usize,
    /// Those on both.
    pub on_both: usize,
    /// Spearman's rank correlation of predicted and measured throughput; `None` where one is constant.
    pub throughput_rank_correlation: Option<f64>,
    /// The same of interactivity.
    pub interactivity_rank_correlation: Option<f64>,
    /// Of the configurations on the measured frontier, each a demand for its interactivity: how often the
    /// choice by the prediction is another one that is slower to the user than demanded.
    pub missed_demands: usize,
    /// The mean throughput that the choices give up against the best that meets the demand, tokens/s/GPU,
    /// over the demands that are met; `None` where none is.
    pub mean_regret: Option<f64>,
    /// The same in percent of the best.
    pub mean_regret_percent: Option<f64>,
}

/// Fewer configurations are no choice.
const LEAST_CANDIDATES: usize = 4;

/// The choices of a model's rows; a row counts where it is predicted and has both figures. `impossible` are rows'
/// names.
#[must_use]
pub fn choices<'a>(
    comparisons: &'a [Comparison],
    sources: &[config::SourceConfig],
    impossible: &BTreeSet<&str>,
) -> FrontierChoices<'a> {
    let mut within: BTreeMap<String, Vec<FrontierCandidate<'a>>> = BTreeMap::new();
    let mut across: BTreeMap<String, Vec<FrontierCandidate<'a>>> = BTreeMap::new();
    let mut left_out = 0;
    for comparison in comparisons {
        let Some((candidate, e2e)) = candidate(comparison, sources) else { continue };
        let row = candidate.row;
        let is_doubtful = candidate.is_derived && row.waits_outside(e2e);
        if is_doubtful || impossible.contains(row.name().as_str()) {
            left_out += 1;
            continue;
        }
        let identity = &row.identity;
        let workload =
            format!("{} / {} / {}", identity.precision, identity.context(), row.provider);
        let deployment = format!("{} / {} / {workload}", identity.gpu_model, identity.framework);
        within.entry(deployment).or_default().push(candidate.clone());
        across.entry(workload).or_default().push(candidate);
    }
    let several = |candidates: &[FrontierCandidate<'_>]| {
        let deployment = |one: &FrontierCandidate<'_>| {
            (one.row.identity.gpu_model.clone(), one.row.identity.framework.clone())
        };
        candidates.iter().map(deployment).collect::<BTreeSet<_>>().len() > 1
    };
    across.retain(|_, candidates| several(candidates));
    let of = |choices: BTreeMap<String, Vec<FrontierCandidate<'a>>>| {
        let enough = choices.into_iter().filter(|(_, found)| found.len() >= LEAST_CANDIDATES);
        enough.map(|(label, candidates)| FrontierChoice::new(label, candidates)).collect()
    };
    FrontierChoices { within: of(within), across: of(across), left_out }
}

/// A row's two figures, and its E2E as measured, s.
fn candidate<'a>(
    comparison: &'a Comparison,
    sources: &[config::SourceConfig],
) -> Option<(FrontierCandidate<'a>, f64)> {
    let row = &comparison.row;
    let requests = row.identity.concurrency.fixed()?;
    let source = config::source_named(sources, &row.provider)?;
    let lengths = row.lengths(source.mean_length_ratio);
    let full = |given| complete(given, &row.identity, Some(requests), lengths);
    let point = |metrics: PerMetric<Option<f64>>| {
        Some(FrontierPoint {
            interactivity: 1.0 / metrics[Metric::Tpot]?,
            throughput: metrics[Metric::Throughput]?,
        })
    };
    let measured = full(row.measured.means);
    let predicted = full(PerMetric::from_fn(|metric| match metric {
        Metric::Ttft | Metric::Tpot => comparison.pair(metric).map(|pair| pair.predicted),
        _ => None,
    }));
    let candidate = FrontierCandidate {
        row,
        measured: point(measured)?,
        is_derived: row.measured.means[Metric::Throughput].is_none()
            || row.measured.derived[Metric::Throughput],
        predicted: point(predicted)?,
    };
    Some((candidate, measured[Metric::E2eLatency]?))
}

/// The indices of the points that no other dominates, by falling interactivity.
#[must_use]
pub fn frontier(points: &[FrontierPoint]) -> Vec<usize> {
    let mut best: Vec<usize> = (0..points.len())
        .filter(|&index| !points.iter().any(|other| points[index].is_dominated_by(*other)))
        .collect();
    best.sort_by(|&a, &b| points[b].interactivity.total_cmp(&points[a].interactivity));
    best
}

impl<'a> FrontierChoice<'a> {
    /// The choice among these configurations.
    #[must_use]
    pub fn new(label: String, candidates: Vec<FrontierCandidate<'a>>) -> Self {
        let points = |of: fn(&FrontierCandidate<'_>) -> FrontierPoint| {
            candidates.iter().map(of).collect::<Vec<_>>()
        };
        let [measured, predicted] =
            [points(|candidate| candidate.measured), points(|candidate| candidate.predicted)];
        let agreement = FrontierAgreement::of(&measured, &predicted);
        Self { label, candidates, agreement }
    }

    /// Whether the throughput of any is not published.
    #[must_use]
    pub fn is_derived(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.is_derived)
    }

    /// The measured points, in the order of the candidates.
    #[must_use]
    pub fn measured(&self) -> Vec<FrontierPoint> {
        self.candidates.iter().map(|candidate| candidate.measured).collect()
    }

    /// The predicted points, in the order of the candidates.
    #[must_use]
    pub fn predicted(&self) -> Vec<FrontierPoint> {
        self.candidates.iter().map(|candidate| candidate.predicted).collect()
    }
}

impl FrontierAgreement {
    /// How choosing by the prediction does.
    ///
    /// Each configuration on the measured frontier is a demand: at least its interactivity, at the most
    /// throughput. By the prediction, the configuration of most predicted throughput is taken among those
    /// predicted to meet the demand (of none, the one predicted to come nearest). It is judged by what was
    /// measured of it.
    fn of(measured: &[FrontierPoint], predicted: &[FrontierPoint]) -> Self {
        let (best, chosen) = (frontier(measured), frontier(predicted));
        let on_both = best.iter().filter(|index| chosen.contains(index)).count();
        let mut missed_demands = 0;
        let mut regrets = Vec::new();
        for &demand in &best {
            let FrontierPoint { interactivity, throughput } = measured[demand];
            let taken = take(predicted, interactivity);
            if measured[taken].interactivity < interactivity * (1.0 - TOLERANCE) {
                missed_demands += 1;
            } else {
                regrets.push((throughput - measured[taken].throughput, throughput));
            }
        }
        let mean = |values: Vec<f64>| {
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let rank_correlation = |of: fn(&FrontierPoint) -> f64| {
            let [predicted, measured] =
                [predicted, measured].map(|points| points.iter().map(of).collect::<Vec<_>>());
            spearman(&predicted, &measured)
        };
        Self {
            candidates: measured.len(),
            on_measured_frontier: best.len(),
            on_predicted_frontier: chosen.len(),
            on_both,
            throughput_rank_correlation: rank_correlation(|point| point.throughput),
            interactivity_rank_correlation: rank_correlation(|point| point.interactivity),
            missed_demands,
            mean_regret: mean(regrets.iter().map(|(lost, _)| lost.max(0.0)).collect()),
            mean_regret_percent: mean(
                regrets.iter().map(|(lost, best)| 100.0 * lost.max(0.0) / best).collect(),
            ),
        }
    }
}

/// How choosing by the prediction does over several choices.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FrontierTotal {
    /// Configurations on the measured frontiers, each a demand.
    pub demands: usize,
    /// Those on the predicted frontiers, too.
    pub on_both: usize,
    /// Demands that the choice misses.
    pub missed: usize,
    /// The mean share of throughput that the choice gives up for the others, percent; `None` where all are
    /// missed.
    pub regret_percent: Option<f64>,
}

/// How choosing by the prediction does over all of them.
#[must_use]
pub fn total<'a>(choices: impl IntoIterator<Item = &'a FrontierChoice<'a>>) -> FrontierTotal {
    let mut total = FrontierTotal::default();
    let mut given_up = 0.0;
    for agreement in choices.into_iter().map(|choice| choice.agreement) {
        total.demands += agreement.on_measured_frontier;
        total.on_both += agreement.on_both;
        total.missed += agreement.missed_demands;
        let met = agreement.on_measured_frontier - agreement.missed_demands;
        given_up += agreement.mean_regret_percent.unwrap_or(0.0) * met as f64;
    }
    let met = total.demands - total.missed;
    total.regret_percent = (met > 0).then(|| given_up / met as f64);
    total
}

/// Interactivity repeats to about this, so that a miss by less is none.
pub const TOLERANCE: f64 = 0.05;

/// The configuration that the prediction says to take for a demand.
fn take(predicted: &[FrontierPoint], interactivity: f64) -> usize {
    let meets = |point: &FrontierPoint| point.interactivity >= interactivity;
    let rank = |point: &FrontierPoint| {
        if meets(point) { (true, point.throughput) } else { (false, point.interactivity) }
    };
    let mut taken = 0;
    for (index, point) in predicted.iter().enumerate() {
        let ((meets, value), (best_meets, best)) = (rank(point), rank(&predicted[taken]));
        if (meets && !best_meets) || (meets == best_meets && value > best) {
            taken = index;
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::row::Concurrency;
    use crate::testing::bare_row;
    use crate::testing::{comparison, model};

    fn point(interactivity: f64, throughput: f64) -> FrontierPoint {
        FrontierPoint { interactivity, throughput }
    }

    fn candidate(
        row: &Row,
        measured: FrontierPoint,
        predicted: FrontierPoint,
    ) -> FrontierCandidate<'_> {
        FrontierCandidate { row, measured, is_derived: false, predicted }
    }

    fn agreement(measured: &[FrontierPoint], predicted: &[FrontierPoint]) -> FrontierAgreement {
        let row = bare_row("b200::vllm::fp4::1000x1000::tp4_ep1::c8");
        let candidates = measured
            .iter()
            .zip(predicted)
            .map(|(&measured, &predicted)| candidate(&row, measured, predicted))
            .collect();
        FrontierChoice::new(String::new(), candidates).agreement
    }

    fn any_points() -> impl Strategy<Value = Vec<FrontierPoint>> {
        let one = (1.0..100.0, 1.0..100.0).prop_map(|(x, y)| point(x, y));
        proptest::collection::vec(one, 1..20)
    }

    proptest! {
        #[test]
        fn no_point_of_a_frontier_is_dominated_and_every_other_is(points in any_points()) {
            let best = frontier(&points);
            prop_assert!(!best.is_empty());
            for (index, one) in points.iter().enumerate() {
                let dominated = points.iter().any(|other| one.is_dominated_by(*other));
                prop_assert_eq!(best.contains(&index), !dominated);
            }
            let throughputs: Vec<f64> = best.iter().map(|&index| points[index].throughput).collect();
            prop_assert!(throughputs.is_sorted());
        }

        #[test]
        fn who_predicts_what_is_measured_regrets_nothing(points in any_points()) {
            let found = agreement(&points, &points);
            prop_assert_eq!(found.on_both, found.on_measured_frontier);
            prop_assert_eq!((found.missed_demands, found.mean_regret), (0, Some(0.0)));
        }

        #[test]
        fn a_scale_of_throughput_changes_no_choice(points in any_points(), scale in 0.1..10.0) {
            let scaled: Vec<FrontierPoint> =
                points.iter().map(|p| point(p.interactivity, scale * p.throughput)).collect();
            let found = agreement(&points, &scaled);
            prop_assert_eq!((found.missed_demands, found.mean_regret), (0, Some(0.0)));
        }
    }

    #[test]
    fn a_wrong_choice_costs_what_was_measured_of_it() {
        let measured = [point(100.0, 10.0), point(50.0, 40.0), point(50.0, 30.0)];
        // The third is taken for the second.
        let predicted = [point(100.0, 10.0), point(50.0, 40.0), point(50.0, 50.0)];
        let found = agreement(&measured, &predicted);
        assert_eq!(
            (found.on_measured_frontier, found.on_predicted_frontier, found.on_both),
            (2, 2, 1)
        );
        assert_eq!(found.missed_demands, 0);
        assert_relative_eq!(found.mean_regret.unwrap(), 5.0);
        assert_relative_eq!(found.mean_regret_percent.unwrap(), 12.5);
        // Predicted as fast as nobody is: the demand of 100 is missed.
        let fast = [point(90.0, 10.0), point(120.0, 40.0), point(50.0, 50.0)];
        assert_eq!(agreement(&measured, &fast).missed_demands, 1);
    }

    #[test]
    fn what_is_impossible_is_nothing_to_choose() {
        let rows: Vec<Comparison> = (1..=5)
            .map(|requests| {
                let mut one = comparison(1.0);
                one.row.measured.means[Metric::Ttft] = Some(0.5);
                one.row.identity.concurrency = Concurrency::Fixed(requests);
                one
            })
            .collect();
        let names: Vec<String> = rows.iter().map(|one| one.row.name()).collect();
        let sources = model("", "").config.sources;
        let candidates = |impossible: &[String]| -> Vec<usize> {
            let impossible = impossible.iter().map(String::as_str).collect();
            let found = choices(&rows, &sources, &impossible);
            assert_eq!(found.left_out, impossible.len());
            assert!(found.across.is_empty(), "of one GPU and framework");
            found.within.iter().map(|choice| choice.candidates.len()).collect()
        };
        assert_eq!(candidates(&[]), [5]);
        assert_eq!(candidates(&names[..1]), [4]);
        assert!(candidates(&names[..2]).is_empty(), "too few are left");

        // A first token that takes most of the time was waited for.
        let mut waiting = rows.clone();
        waiting[0].row.measured.means[Metric::Ttft] = Some(20.0);
        let found = choices(&waiting, &sources, &BTreeSet::new());
        assert_eq!((found.within[0].candidates.len(), found.left_out), (4, 1));
        assert!(found.within[0].is_derived(), "no throughput is measured");

        // Two frameworks: a choice within one, and one across both.
        let mut both = rows.clone();
        both[0].row.identity.framework = "trt".to_owned();
        let found = choices(&both, &sources, &BTreeSet::new());
        let sizes = |choices: &[FrontierChoice<'_>]| -> Vec<usize> {
            choices.iter().map(|choice| choice.candidates.len()).collect()
        };
        assert_eq!((sizes(&found.within), sizes(&found.across)), (vec![4], vec![5]));
    }

    #[test]
    fn a_total_weighs_every_demand_alike() {
        let row = bare_row("b200::vllm::fp4::1000x1000::tp4_ep1::c8");
        let choice = |points: &[(FrontierPoint, FrontierPoint)]| {
            let of = |&(measured, predicted): &(FrontierPoint, FrontierPoint)| {
                candidate(&row, measured, predicted)
            };
            FrontierChoice::new(String::new(), points.iter().map(of).collect())
        };
        let same = |x: f64, y: f64| (point(x, y), point(x, y));
        // One demand whose choice gives up half, two that give up nothing.
        let half = choice(&[
            (point(50.0, 40.0), point(50.0, 40.0)),
            (point(50.0, 20.0), point(50.0, 60.0)),
        ]);
        let right = choice(&[same(100.0, 10.0), same(50.0, 40.0)]);
        let found = total(&[half, right]);
        assert_eq!((found.demands, found.on_both, found.missed), (3, 2, 0));
        assert_relative_eq!(found.regret_percent.unwrap(), 50.0 / 3.0);
        assert_eq!(total(&[]), FrontierTotal::default());
    }
}
