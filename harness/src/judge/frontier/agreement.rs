//! How well choosing a configuration by the prediction does.

use super::{FrontierChoice, FrontierPoint, frontier};
use crate::base::statistics::spearman;

/// How well choosing by the prediction does.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FrontierAgreement {
    /// The number of configurations to choose from.
    pub candidates: usize,
    /// The number on the measured frontier.
    pub on_measured_frontier: usize,
    /// The number on the predicted frontier.
    pub on_predicted_frontier: usize,
    /// The number on both frontiers.
    pub on_both: usize,
    /// Spearman's rank correlation of predicted and measured throughput; `None` if one of them is constant.
    pub throughput_rank_correlation: Option<f64>,
    /// Spearman's rank correlation of predicted and measured interactivity; `None` if one of them is constant.
    pub interactivity_rank_correlation: Option<f64>,
    /// The number of missed demands. Each configuration on the measured frontier is a demand for its
    /// interactivity, and the demand is missed if the choice by the prediction was measured to be slower.
    pub missed_demands: usize,
    /// The mean throughput that the choices lose compared with the best configuration that meets the demand,
    /// tokens/s/GPU, over the demands that are met; `None` if none is met.
    pub mean_regret: Option<f64>,
    /// The mean loss in percent of the throughput of the best configuration.
    pub mean_regret_percent: Option<f64>,
}

/// The relative difference of repeated measurements of interactivity. A smaller miss does not count.
pub const TOLERANCE: f64 = 0.05;

impl FrontierAgreement {
    /// Compares the choices by the prediction with the best choices by the measurement.
    ///
    /// Each configuration on the measured frontier is a demand: at least its interactivity, with as much
    /// throughput as possible. The choice by the prediction is the configuration with the highest predicted
    /// throughput among those predicted to meet the demand, or if there is none, the one predicted to come
    /// nearest. It is judged by its measurement.
    pub(super) fn of(measured: &[FrontierPoint], predicted: &[FrontierPoint]) -> Self {
        let (demands, chosen) = (frontier(measured), frontier(predicted));
        let on_both = demands.iter().filter(|index| chosen.contains(index)).count();
        let mut missed_demands = 0;
        let mut regrets = Vec::new();
        for &demand in &demands {
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
        let rank_correlation = |figure: fn(&FrontierPoint) -> f64| {
            let [predicted, measured] =
                [predicted, measured].map(|points| points.iter().map(figure).collect::<Vec<_>>());
            spearman(&predicted, &measured)
        };
        Self {
            candidates: measured.len(),
            on_measured_frontier: demands.len(),
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

/// The index of the configuration that the prediction chooses for a demand.
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

/// How well choosing by the prediction does over several choices.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FrontierTotal {
    /// The number of configurations on the measured frontiers, each a demand.
    pub demands: usize,
    /// How many of them are on the predicted frontiers as well.
    pub on_both: usize,
    /// The number of demands that the choices miss.
    pub missed: usize,
    /// The mean share of throughput that the choices lose over the demands that are met, percent; `None` if
    /// all are missed.
    pub regret_percent: Option<f64>,
}

/// Sums up several choices. Every demand has the same weight.
#[must_use]
pub fn total<'a>(choices: impl IntoIterator<Item = &'a FrontierChoice<'a>>) -> FrontierTotal {
    let mut total = FrontierTotal::default();
    let mut lost = 0.0;
    for agreement in choices.into_iter().map(|choice| choice.agreement) {
        total.demands += agreement.on_measured_frontier;
        total.on_both += agreement.on_both;
        total.missed += agreement.missed_demands;
        let met = agreement.on_measured_frontier - agreement.missed_demands;
        lost += agreement.mean_regret_percent.unwrap_or(0.0) * met as f64;
    }
    let met = total.demands - total.missed;
    total.regret_percent = (met > 0).then(|| lost / met as f64);
    total
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::judge::frontier::FrontierCandidate;
    use crate::judge::frontier::testing::{any_points, point};
    use crate::row::Row;
    use crate::testing::bare_row;

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

    proptest! {
        #[test]
        fn a_perfect_prediction_loses_nothing(points in any_points()) {
            let found = agreement(&points, &points);
            prop_assert_eq!(found.on_both, found.on_measured_frontier);
            prop_assert_eq!((found.missed_demands, found.mean_regret), (0, Some(0.0)));
        }

        #[test]
        fn scaling_the_predicted_throughput_changes_no_choice(points in any_points(), scale in 0.1..10.0) {
            let scaled: Vec<FrontierPoint> =
                points.iter().map(|p| point(p.interactivity, scale * p.throughput)).collect();
            let found = agreement(&points, &scaled);
            prop_assert_eq!((found.missed_demands, found.mean_regret), (0, Some(0.0)));
        }
    }

    #[test]
    fn a_wrong_choice_costs_the_measured_difference() {
        let measured = [point(100.0, 10.0), point(50.0, 40.0), point(50.0, 30.0)];
        // The third is chosen instead of the second.
        let predicted = [point(100.0, 10.0), point(50.0, 40.0), point(50.0, 50.0)];
        let found = agreement(&measured, &predicted);
        assert_eq!(
            (found.on_measured_frontier, found.on_predicted_frontier, found.on_both),
            (2, 2, 1)
        );
        assert_eq!(found.missed_demands, 0);
        assert_relative_eq!(found.mean_regret.unwrap(), 5.0);
        assert_relative_eq!(found.mean_regret_percent.unwrap(), 12.5);
        // The second is predicted faster than it was measured, so the demand of 100 is missed.
        let fast = [point(90.0, 10.0), point(120.0, 40.0), point(50.0, 50.0)];
        assert_eq!(agreement(&measured, &fast).missed_demands, 1);
    }

    #[test]
    fn a_total_gives_every_demand_the_same_weight() {
        let row = bare_row("b200::vllm::fp4::1000x1000::tp4_ep1::c8");
        let choice = |points: &[(FrontierPoint, FrontierPoint)]| {
            let make = |&(measured, predicted): &(FrontierPoint, FrontierPoint)| {
                candidate(&row, measured, predicted)
            };
            FrontierChoice::new(String::new(), points.iter().map(make).collect())
        };
        let same = |x: f64, y: f64| (point(x, y), point(x, y));
        // One demand whose choice loses half, and two that lose nothing.
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
