//! Changes between two predictions of the same rows, with bootstrap intervals.

use super::pair::Pair;
use super::quantile::quantile;
use super::rank::{correlation, ranks};

/// A value with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval95 {
    /// The value.
    pub estimate: f64,
    /// The 2.5th percentile of its resamples.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

/// The number of resamples for a mean …
pub(super) const RESAMPLES: usize = 2000;
/// … for a skill: a comparison computes many, so each has fewer …
const SKILL_RESAMPLES: usize = 1000;
/// … and for a rank correlation, which sorts each resample.
const RANK_RESAMPLES: usize = 200;

/// The change of MAPE from the first of each pair to the second, percentage points, with a paired
/// bootstrap interval. `pairs` must not be empty.
#[must_use]
pub fn paired_mape_change(pairs: &[(Pair, Pair)]) -> Interval95 {
    let changes: Vec<f64> =
        pairs.iter().map(|(old, new)| new.pct_error().abs() - old.pct_error().abs()).collect();
    paired_bootstrap(changes.len(), RESAMPLES, |rows| mean_of(&changes, rows))
}

/// The factor between the biases of the second of each pair and the first, with a paired bootstrap
/// interval. `pairs` must not be empty.
#[must_use]
pub fn paired_bias_change(pairs: &[(Pair, Pair)]) -> Interval95 {
    let changes: Vec<f64> =
        pairs.iter().map(|(old, new)| new.log_ratio() - old.log_ratio()).collect();
    paired_bootstrap(changes.len(), RESAMPLES, |rows| mean_of(&changes, rows).exp())
}

/// The skill of the first of each pair over the second: 1 − mean |r₁| / mean |r₂| with r = ln(p / m), and
/// its paired bootstrap interval. 1 is perfect, 0 is no better than the second, and below 0 is worse. `None`
/// without pairs, or where the second is exact everywhere.
///
/// This is the skill score of forecasts, (a − r) / (perfect − r) for the accuracy a of one forecast and r of
/// a reference (Murphy 1988, "Skill scores based on the mean square error and their relationships to the
/// correlation coefficient"). The measure of accuracy is the mean absolute log accuracy ratio, which is 0
/// when perfect and weighs half and double alike (Morley, Brito and Welling
/// 2018, "Measures of model performance based on the log accuracy ratio").
#[must_use]
pub fn paired_skill(pairs: &[(Pair, Pair)]) -> Option<Interval95> {
    let error = |pair: Pair| pair.log_ratio().abs();
    let errors: Vec<(f64, f64)> =
        pairs.iter().map(|&(first, second)| (error(first), error(second))).collect();
    let skill = |rows: &[usize]| {
        let add = |(first, second): (f64, f64), &row: &usize| {
            (first + errors[row].0, second + errors[row].1)
        };
        let (first, second) = rows.iter().fold((0.0, 0.0), add);
        (second > 0.0).then(|| 1.0 - first / second)
    };
    skill(&(0..errors.len()).collect::<Vec<_>>())?;
    // A resample in which the second is exact says nothing about the skill: count it as 0.
    Some(paired_bootstrap(errors.len(), SKILL_RESAMPLES, |rows| skill(rows).unwrap_or(0.0)))
}

/// The change of Spearman's rank correlation from the first of each pair to the second, with a paired
/// bootstrap interval; `None` where it is not defined.
#[must_use]
pub fn paired_rank_change(pairs: &[(Pair, Pair)]) -> Option<Interval95> {
    let ranked = |rows: &[usize], value: fn(&(Pair, Pair)) -> f64| {
        ranks(&rows.iter().map(|&row| value(&pairs[row])).collect::<Vec<_>>())
    };
    // Both predictions are of the same measurements.
    let change = |rows: &[usize]| {
        let measured = ranked(rows, |(old, _)| old.measured);
        let new = correlation(&ranked(rows, |(_, new)| new.predicted), &measured)?;
        Some(new - correlation(&ranked(rows, |(old, _)| old.predicted), &measured)?)
    };
    change(&(0..pairs.len()).collect::<Vec<_>>())?;
    // A resample in which one side is constant has no rank correlation: count it as no change.
    Some(paired_bootstrap(pairs.len(), RANK_RESAMPLES, |rows| change(rows).unwrap_or(0.0)))
}

fn mean_of(values: &[f64], rows: &[usize]) -> f64 {
    rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64
}

/// A statistic of rows with its percentile bootstrap interval: rows are resampled with replacement, each
/// with both its predictions (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter
/// 13). The random numbers are seeded, so the same rows give the same interval.
pub(super) fn paired_bootstrap(
    rows: usize,
    resamples: usize,
    statistic: impl Fn(&[usize]) -> f64,
) -> Interval95 {
    let mut random = fastrand::Rng::with_seed(0x6d61_6e74_696c_6500);
    let all: Vec<usize> = (0..rows).collect();
    let mut draw = all.clone();
    let mut drawn: Vec<f64> = (0..resamples)
        .map(|_| {
            draw.fill_with(|| random.usize(..rows));
            statistic(&draw)
        })
        .collect();
    // The two quantiles sort again, which is cheap for sorted values.
    drawn.sort_by(f64::total_cmp);
    Interval95 {
        estimate: statistic(&all),
        low: quantile(&drawn, 0.025),
        high: quantile(&drawn, 0.975),
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::base::statistics::pair::tests::any_pairs;

    #[test]
    fn a_paired_change_is_significant_only_when_the_rows_agree() {
        let pair = |predicted| Pair { measured: 1.0, predicted };
        let all_better: Vec<_> = (0..30).map(|_| (pair(1.5), pair(1.2))).collect();
        let change = paired_mape_change(&all_better);
        assert_relative_eq!(change.estimate, -30.0, epsilon = 1e-9);
        assert!(change.high < 0.0);
        let mixed: Vec<_> = (0..30)
            .map(|i| if i % 2 == 0 { (pair(1.5), pair(1.2)) } else { (pair(1.2), pair(1.5)) })
            .collect();
        let change = paired_mape_change(&mixed);
        assert!(change.low < 0.0 && change.high > 0.0, "{change:?}");
        assert_eq!(change, paired_mape_change(&mixed), "the same rows give the same interval");
        let bias = paired_bias_change(&all_better);
        assert_relative_eq!(bias.estimate, 1.2 / 1.5, max_relative = 1e-9);
        assert!(bias.high < 1.0);
        assert_eq!(paired_rank_change(&all_better), None, "equal measurements have no rank");
        let ranked: Vec<_> = (1..30)
            .map(|i| {
                let pair = |predicted| Pair { measured: f64::from(i), predicted };
                (pair(f64::from(i * 7 % 30)), pair(f64::from(i)))
            })
            .collect();
        let rank = paired_rank_change(&ranked).unwrap();
        assert!(rank.low > 0.0 && rank.estimate > 0.5, "{rank:?}");
    }

    #[test]
    fn skill_is_the_share_of_the_other_error_that_is_gone() {
        let pair = |predicted: f64| Pair { measured: 1.0, predicted };
        let half: Vec<_> = (0..20).map(|_| (pair(2f64.sqrt()), pair(0.5))).collect();
        let skill = paired_skill(&half).unwrap();
        assert_relative_eq!(skill.estimate, 0.5, epsilon = 1e-12);
        assert_relative_eq!(skill.low, skill.high, epsilon = 1e-12);
        assert_eq!(paired_skill(&[]), None);
        assert_eq!(paired_skill(&[(pair(2.0), pair(1.0))]), None, "the other is exact");
    }

    proptest! {
        #[test]
        fn skill_is_zero_against_itself_one_when_perfect_and_negative_when_worse(
            pairs in any_pairs(), farther in 1.1..3.0,
        ) {
            // Too high, so that every pair is off, and times more is farther off.
            let other = |pair: &Pair| {
                Pair { predicted: pair.measured * (1.1 + pair.predicted), ..*pair }
            };
            let against = |one: &dyn Fn(&Pair) -> Pair| {
                let pairs: Vec<_> = pairs.iter().map(|pair| (one(pair), other(pair))).collect();
                paired_skill(&pairs).unwrap()
            };
            let itself = against(&other);
            assert_relative_eq!(itself.estimate, 0.0, epsilon = 1e-9);
            assert_relative_eq!(itself.low, itself.high, epsilon = 1e-9);
            let perfect = against(&|pair| Pair { predicted: pair.measured, ..*pair });
            assert_relative_eq!(perfect.estimate, 1.0);
            let worse = against(&|pair| {
                let Pair { measured, predicted } = other(pair);
                Pair { measured, predicted: predicted * farther }
            });
            prop_assert!(worse.estimate < 0.0 && worse.high < 0.0, "{:?}", worse);
        }
    }
}
