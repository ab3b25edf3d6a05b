//! Quantiles: of the values, of values to come, and the median with its interval.

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
    // Slightly less, so that rounding does not push (n + 1)(1 − α) over a whole number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "about n")]
    let rank = ((n + 1) as f64 * (1.0 - alpha) - 1e-9).ceil() as usize;
    let mut sorted = abs_log_ratios.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(rank.max(1) - 1).copied()
}

/// The fewest rows for which [`conformal_quantile`] exists: ⌈(n + 1)(1 − α)⌉ ≤ n from ⌈1 / α⌉ − 1 on.
#[must_use]
pub fn least_rows(alpha: f64) -> usize {
    // Slightly less, so that rounding does not push 1 / α over a whole number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "above 0")]
    let over = (1.0 / alpha - 1e-9).ceil() as usize;
    over.max(2) - 1
}

/// The median of values, and the lower and upper end of its 90% interval: order statistics whose ranks come
/// from the binomial distribution, whatever the distribution of the values (Hahn and Meeker 1991,
/// "Statistical Intervals", section 5.2). `None` below 5 values, too few for 90%.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_conformal_rank_is_exact_and_needs_enough_rows() {
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
        // 2^-1500 is too small for a 64-bit number.
        assert_eq!(ranks(1500), Some((718.0, 783.0)));
    }

    proptest! {
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
