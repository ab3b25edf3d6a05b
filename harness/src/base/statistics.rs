//! Error arithmetic: per row, and over a group of rows.

use std::collections::BTreeMap;

/// One metric of one row, predicted against measured; both above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// As measured, in the metric's unit.
    pub measured: f64,
    /// As predicted, in the same unit.
    pub predicted: f64,
}

impl Pair {
    /// p / m: 1 is right, above 1 too high.
    #[must_use]
    pub fn ratio(self) -> f64 {
        self.predicted / self.measured
    }

    /// ln(p / m): symmetric, so that half and double are equally wrong.
    #[must_use]
    pub fn log_ratio(self) -> f64 {
        self.ratio().ln()
    }

    /// p − m, in the metric's unit.
    #[must_use]
    pub fn abs_error(self) -> f64 {
        self.predicted - self.measured
    }

    /// 100 (p − m) / m, percent, signed.
    #[must_use]
    pub fn pct_error(self) -> f64 {
        100.0 * self.abs_error() / self.measured
    }
}

/// The statistics of a group on one metric.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Statistics {
    /// Rows with both a measurement and a prediction.
    pub n: usize,
    /// Mean of |percentage error|, percent.
    pub mape_percent: f64,
    /// Median of |percentage error|, percent.
    pub median_ape_percent: f64,
    /// √ mean (p − m)², in the metric's unit.
    pub rmse: f64,
    /// exp(mean r) with r = ln(p / m): the factor that predictions are too high by on the whole.
    pub bias: f64,
    /// exp(median |r|) − 1: half of the rows are at most this fraction off, up or down (Morley,
    /// Brito and Welling 2018, "Measures of model performance based on the log accuracy ratio").
    pub symmetric_accuracy: f64,
    /// 90th percentile of |r|.
    pub p90_abs_log_ratio: f64,
    /// Spearman's rank correlation of p and m; `None` below 2 rows or where one side is constant.
    pub spearman: Option<f64>,
}

/// The statistics of these pairs; `None` when there are none.
#[must_use]
pub fn of(pairs: &[Pair]) -> Option<Statistics> {
    if pairs.is_empty() {
        return None;
    }
    let ape: Vec<f64> = pairs.iter().map(|pair| pair.pct_error().abs()).collect();
    let abs_log: Vec<f64> = pairs.iter().map(|pair| pair.log_ratio().abs()).collect();
    let log: Vec<f64> = pairs.iter().map(|pair| pair.log_ratio()).collect();
    let squared: Vec<f64> = pairs.iter().map(|pair| pair.abs_error().powi(2)).collect();
    let measured: Vec<f64> = pairs.iter().map(|pair| pair.measured).collect();
    let predicted: Vec<f64> = pairs.iter().map(|pair| pair.predicted).collect();
    Some(Statistics {
        n: pairs.len(),
        mape_percent: mean(&ape),
        median_ape_percent: quantile(&ape, 0.5),
        rmse: mean(&squared).sqrt(),
        bias: mean(&log).exp(),
        symmetric_accuracy: quantile(&abs_log, 0.5).exp() - 1.0,
        p90_abs_log_ratio: quantile(&abs_log, 0.9),
        spearman: spearman(&predicted, &measured),
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The q-quantile, interpolated linearly between order statistics at (n − 1) q (Hyndman and Fan
/// 1996, definition 7, the default of `NumPy` and R). `values` must not be empty.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (sorted.len() - 1) as f64 * q.clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the length"
    )]
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

/// The split-conformal quantile of |r|: the ⌈(n + 1)(1 − α)⌉-th smallest, so that a further row of
/// the same kind lies within it with probability at least 1 − α (Lei et al. 2018,
/// "Distribution-free predictive inference for regression", section 2.2). `None` when n is too small
/// for that rank to exist.
#[must_use]
pub fn conformal_quantile(abs_log_ratios: &[f64], alpha: f64) -> Option<f64> {
    let n = abs_log_ratios.len();
    // A hair less, so that (n + 1)(1 − α) is not pushed over a whole number by rounding.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "about n")]
    let rank = ((n + 1) as f64 * (1.0 - alpha) - 1e-9).ceil() as usize;
    let mut sorted = abs_log_ratios.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(rank.max(1) - 1).copied()
}

/// The fewest rows that [`conformal_quantile`] is there for: ⌈(n + 1)(1 − α)⌉ ≤ n from ⌈1 / α⌉ − 1 on.
#[must_use]
pub fn least_rows(alpha: f64) -> usize {
    // A hair less, so that rounding does not push 1 / α over a whole number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "above 0")]
    let over = (1.0 / alpha - 1e-9).ceil() as usize;
    over.max(2) - 1
}

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

/// The median of values with its 90% interval, lower and upper end: order statistics whose ranks come from
/// the binomial distribution, without any assumption on that of the values (Hahn and Meeker 1991,
/// "Statistical Intervals", section 5.2). `None` below 5 values, which cannot give that much.
#[must_use]
pub fn median_interval(values: &[f64]) -> Option<(f64, f64, f64)> {
    const TAIL: f64 = 0.05;
    let n = values.len();
    // P(Bin(n, 1/2) ≤ k), summed up while it stays within the tail.
    let mut below = 0;
    let mut log_probability = n as f64 * 0.5f64.ln();
    let mut sum = log_probability.exp();
    while sum <= TAIL {
        log_probability += ((n - below) as f64 / (below + 1) as f64).ln();
        below += 1;
        sum += log_probability.exp();
    }
    let lowest = below.checked_sub(1)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some((quantile(&sorted, 0.5), sorted[lowest], sorted[n - 1 - lowest]))
}

/// How often rows are drawn anew for a mean …
const RESAMPLES: usize = 2000;
/// … for a skill, of which a comparison takes many …
const SKILL_RESAMPLES: usize = 1000;
/// … and for a rank correlation, which takes a sort each time.
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

/// The mean of values that come in clusters, such as errors of rows that share a workload, with a 95%
/// interval of drawing whole clusters: rows of one cluster err alike, so that drawing rows would take them
/// for more evidence than they are (Cameron, Gelbach and Miller 2008, "Bootstrap-based improvements for
/// inference with clustered errors"). A percentile interval of few clusters is too narrow; its ends are
/// moved out by √(G / (G − 1)) t / 1.96 for G clusters, t with G − 1 degrees of freedom (Hesterberg 2015,
/// "What teachers should know about the bootstrap", section 4.2). One cluster bounds nothing. `values` must
/// not be empty, and each have its cluster's number in `clusters`.
#[must_use]
pub fn clustered_mean(values: &[f64], clusters: &[usize]) -> Interval95 {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (value, cluster) in values.iter().zip(clusters) {
        let (sum, count) = sums.entry(*cluster).or_default();
        *sum += value;
        *count += 1.0;
    }
    let sums: Vec<(f64, f64)> = sums.into_values().collect();
    let Interval95 { estimate, low, high } = paired_bootstrap(sums.len(), RESAMPLES, |drawn| {
        let add = |(sum, count), &index: &usize| (sum + sums[index].0, count + sums[index].1);
        let (sum, count): (f64, f64) = drawn.iter().fold((0.0, 0.0), add);
        sum / count
    });
    if sums.len() < 2 {
        return Interval95 { estimate, low: f64::NEG_INFINITY, high: f64::INFINITY };
    }
    let freedom = sums.len() - 1;
    let wider = (sums.len() as f64 / freedom as f64).sqrt() * student_t(freedom) / NORMAL;
    Interval95 {
        estimate,
        low: estimate - wider * (estimate - low),
        high: estimate + wider * (high - estimate),
    }
}

/// The 97.5th percentile of the normal distribution …
const NORMAL: f64 = 1.96;
/// … and of Student's t with 1 to 30 degrees of freedom.
const STUDENT_T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// The 97.5th percentile of Student's t; beyond the table to within 0.003.
fn student_t(freedom: usize) -> f64 {
    STUDENT_T.get(freedom - 1).copied().unwrap_or(NORMAL + 2.4 / freedom as f64)
}

/// How much nearer the first of each pair comes to the measurement than the second: 1 − mean |r₁| /
/// mean |r₂| with r = ln(p / m), and a paired bootstrap interval. 1 is perfect, 0 no better than the
/// second, below 0 worse. `None` without pairs, or where the second is never off.
///
/// This is the skill score of forecasts, (a − r) / (perfect − r) for the accuracy a of one forecast and r of
/// a reference (Murphy 1988, "Skill scores based on the mean square error and their relationships to the
/// correlation coefficient"). The measure of accuracy is the mean absolute log accuracy ratio, which is 0
/// when perfect and weighs half and double alike (Morley, Brito and Welling 2018, as above).
#[must_use]
pub fn paired_skill(pairs: &[(Pair, Pair)]) -> Option<Interval95> {
    let off = |pair: Pair| pair.log_ratio().abs();
    let off: Vec<(f64, f64)> = pairs.iter().map(|&(one, other)| (off(one), off(other))).collect();
    let skill = |rows: &[usize]| {
        let sum = |(one, other): (f64, f64), &row: &usize| (one + off[row].0, other + off[row].1);
        let (one, other) = rows.iter().fold((0.0, 0.0), sum);
        (other > 0.0).then(|| 1.0 - one / other)
    };
    skill(&(0..off.len()).collect::<Vec<_>>())?;
    // A draw in which the second is never off says nothing of the skill: count it as none.
    Some(paired_bootstrap(off.len(), SKILL_RESAMPLES, |rows| skill(rows).unwrap_or(0.0)))
}

/// The change of Spearman's rank correlation from the first of each pair to the second, with a paired
/// bootstrap interval; `None` where it is not defined.
#[must_use]
pub fn paired_rank_change(pairs: &[(Pair, Pair)]) -> Option<Interval95> {
    let ranked = |rows: &[usize], value: fn(&(Pair, Pair)) -> f64| {
        ranks(&rows.iter().map(|&row| value(&pairs[row])).collect::<Vec<_>>())
    };
    // Both sides are of the same measurements.
    let change = |rows: &[usize]| {
        let measured = ranked(rows, |(old, _)| old.measured);
        let new = correlation(&ranked(rows, |(_, new)| new.predicted), &measured)?;
        Some(new - correlation(&ranked(rows, |(old, _)| old.predicted), &measured)?)
    };
    change(&(0..pairs.len()).collect::<Vec<_>>())?;
    // A draw in which one side is constant says nothing of the rank: count it as no change.
    Some(paired_bootstrap(pairs.len(), RANK_RESAMPLES, |rows| change(rows).unwrap_or(0.0)))
}

fn mean_of(values: &[f64], rows: &[usize]) -> f64 {
    rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64
}

/// A statistic of rows with its percentile bootstrap interval: rows are drawn with replacement, each
/// with both its predictions (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter
/// 13). The draws are seeded, so the same rows give the same interval.
fn paired_bootstrap(
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
    // The two quantiles sort again, which of what is sorted costs little.
    drawn.sort_by(f64::total_cmp);
    Interval95 {
        estimate: statistic(&all),
        low: quantile(&drawn, 0.025),
        high: quantile(&drawn, 0.975),
    }
}

/// Spearman's ρ: Pearson's correlation of the ranks, ties at their average rank; `None` where a side is
/// constant.
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    correlation(&ranks(a), &ranks(b))
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let covariance: f64 = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum();
    let spread = |values: &[f64], mean: f64| values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let scale = (spread(a, mean_a) * spread(b, mean_b)).sqrt();
    (scale > 0.0).then(|| covariance / scale)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let tied = order[start..]
            .iter()
            .take_while(|&&i| values[i].to_bits() == values[order[start]].to_bits())
            .count();
        let rank = start as f64 + (tied - 1) as f64 / 2.0;
        for &index in &order[start..start + tied] {
            ranks[index] = rank;
        }
        start += tied;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;

    fn any_pairs() -> impl Strategy<Value = Vec<Pair>> {
        let pair = (1e-3..1e3, 1e-3..1e3);
        let pair = pair.prop_map(|(measured, predicted)| Pair { measured, predicted });
        proptest::collection::vec(pair, 1..60)
    }

    #[test]
    fn a_miss_by_a_factor_is_one_number_in_log_and_two_in_percent() {
        let latency = Pair { measured: 2.6, predicted: 1.0 };
        let throughput = Pair { measured: 1.0, predicted: 2.6 };
        assert_relative_eq!(latency.pct_error(), -61.538, epsilon = 1e-3);
        assert_relative_eq!(throughput.pct_error(), 160.0, epsilon = 1e-9);
        assert_relative_eq!(latency.log_ratio(), -throughput.log_ratio());
    }

    #[test]
    fn known_values_come_out() {
        let pair = |measured, predicted| Pair { measured, predicted };
        let statistics = of(&[pair(1.0, 2.0), pair(2.0, 1.0), pair(4.0, 4.0)]).unwrap();
        assert_eq!(statistics.n, 3);
        assert_relative_eq!(statistics.mape_percent, 50.0);
        assert_relative_eq!(statistics.median_ape_percent, 50.0);
        assert_relative_eq!(statistics.rmse, (2.0f64 / 3.0).sqrt());
        assert_relative_eq!(statistics.bias, 1.0);
        assert_relative_eq!(statistics.symmetric_accuracy, 1.0);
        assert_relative_eq!(statistics.p90_abs_log_ratio, 2f64.ln());
        assert_relative_eq!(statistics.spearman.unwrap(), 0.5);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[pair(1.0, 2.0)]).unwrap().spearman, None);
    }

    #[test]
    fn the_conformal_rank_is_exact_and_needs_its_rows() {
        let values: Vec<f64> = (1..=19).map(f64::from).collect();
        assert_eq!(conformal_quantile(&values[..9], 0.1), Some(9.0));
        assert_eq!(conformal_quantile(&values[..8], 0.1), None);
        assert_eq!(conformal_quantile(&values, 0.05), Some(19.0));
        assert_eq!(conformal_quantile(&values[..18], 0.05), None);
        assert_eq!(conformal_quantile(&values, 0.5), Some(10.0));
        assert_eq!(conformal_quantile(&[], 0.1), None);
    }

    #[test]
    fn the_interval_of_a_median_has_the_ranks_of_the_published_table() {
        let ranks = |n: u32| {
            let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
            median_interval(&values).map(|(_, low, high)| (low, high))
        };
        assert_eq!(ranks(4), None);
        // Two-sided 90% limits of the sign test: k = 0, 1, 5, 18 of n = 5, 10, 20, 50 fall below.
        assert_eq!(ranks(5), Some((1.0, 5.0)));
        assert_eq!(ranks(10), Some((2.0, 9.0)));
        assert_eq!(ranks(20), Some((6.0, 15.0)));
        assert_eq!(ranks(50), Some((19.0, 32.0)));
        approx::assert_relative_eq!(median_interval(&[3.0, 1.0, 2.0, 9.0, 4.0]).unwrap().0, 3.0);
        // 2^-1500 is no number of 64 bits.
        assert_eq!(ranks(1500), Some((718.0, 783.0)));
    }

    #[test]
    fn a_paired_change_is_sure_only_when_the_rows_agree() {
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
    fn skill_is_the_share_of_the_others_error_that_is_gone() {
        let pair = |predicted: f64| Pair { measured: 1.0, predicted };
        let half: Vec<_> = (0..20).map(|_| (pair(2f64.sqrt()), pair(0.5))).collect();
        let skill = paired_skill(&half).unwrap();
        assert_relative_eq!(skill.estimate, 0.5, epsilon = 1e-12);
        assert_relative_eq!(skill.low, skill.high, epsilon = 1e-12);
        assert_eq!(paired_skill(&[]), None);
        assert_eq!(paired_skill(&[(pair(2.0), pair(1.0))]), None, "the other is never off");
    }

    #[test]
    fn rows_of_one_cluster_are_one_piece_of_evidence() {
        let clusters: Vec<usize> = (0..9).collect();
        let values: Vec<f64> = (0..9u8).map(|i| f64::from(i * i % 7) - 4.0).collect();
        let once = clustered_mean(&values, &clusters);
        assert!(once.high < 0.0 && once.low < once.estimate, "{once:?}");
        let many = |values: &[f64]| values.iter().flat_map(|v| [*v; 50]).collect::<Vec<_>>();
        let labels: Vec<usize> = clusters.iter().flat_map(|cluster| [*cluster; 50]).collect();
        let repeated = clustered_mean(&many(&values), &labels);
        assert_relative_eq!(repeated.low, once.low, max_relative = 1e-9);
        assert_relative_eq!(repeated.high, once.high, max_relative = 1e-9);
        let alone = clustered_mean(&values, &[7; 9]);
        assert_eq!((alone.low, alone.high), (f64::NEG_INFINITY, f64::INFINITY));
        assert_relative_eq!(alone.estimate, once.estimate, max_relative = 1e-12);
    }

    /// Means of normal clusters: the interval holds the truth about as often as it says.
    #[test]
    fn an_interval_of_few_clusters_is_not_too_narrow() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let mut held = 0;
        for _ in 0..300 {
            let (mut values, mut clusters) = (Vec::new(), Vec::new());
            for cluster in 0..8 {
                let shared = normal();
                for _ in 0..6 {
                    values.push(shared + 0.3 * normal());
                    clusters.push(cluster);
                }
            }
            let interval = clustered_mean(&values, &clusters);
            held += usize::from(interval.low <= 0.0 && 0.0 <= interval.high);
        }
        assert!((276..=297).contains(&held), "{held} of 300");
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

        #[test]
        fn statistics_do_not_depend_on_order(pairs in any_pairs()) {
            let forward = of(&pairs).unwrap();
            let backward = of(&pairs.iter().rev().copied().collect::<Vec<_>>()).unwrap();
            assert_relative_eq!(forward.mape_percent, backward.mape_percent, max_relative = 1e-9);
            assert_relative_eq!(forward.bias, backward.bias, max_relative = 1e-9);
            prop_assert_eq!(forward.median_ape_percent.to_bits(), backward.median_ape_percent.to_bits());
        }

        #[test]
        fn swapping_the_sides_inverts_bias_and_keeps_symmetric_accuracy(pairs in any_pairs()) {
            let swap = |pair: &Pair| Pair { measured: pair.predicted, predicted: pair.measured };
            let (there, back) =
                (of(&pairs).unwrap(), of(&pairs.iter().map(swap).collect::<Vec<_>>()).unwrap());
            assert_relative_eq!(there.bias * back.bias, 1.0, max_relative = 1e-9);
            assert_relative_eq!(
                there.symmetric_accuracy, back.symmetric_accuracy, max_relative = 1e-6, epsilon = 1e-9
            );
        }

        #[test]
        fn spearman_keeps_to_its_range_and_sees_only_order(pairs in any_pairs()) {
            if let Some(rho) = of(&pairs).unwrap().spearman {
                prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&rho));
                let cubed = |pair: &Pair| Pair { predicted: pair.predicted.powi(3), ..*pair };
                let other = of(&pairs.iter().map(cubed).collect::<Vec<_>>()).unwrap().spearman;
                assert_relative_eq!(rho, other.unwrap(), epsilon = 1e-9);
            }
        }

        #[test]
        fn the_conformal_quantile_covers_the_promised_share(
            values in proptest::collection::vec(0.0..5.0, 19..200), alpha in 0.05..0.5,
        ) {
            let bound = conformal_quantile(&values, alpha).unwrap();
            let inside = values.iter().filter(|&&value| value <= bound).count();
            prop_assert!(inside as f64 >= (1.0 - alpha) * values.len() as f64);
        }
    }
}
