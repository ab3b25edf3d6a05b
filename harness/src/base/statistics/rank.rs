//! Spearman's rank correlation.

use super::mean::mean;

/// Spearman's ρ: Pearson's correlation of the ranks, ties at their average rank; `None` where a side is
/// constant.
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    correlation(&ranks(a), &ranks(b))
}

/// Pearson's correlation.
pub(super) fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let covariance: f64 = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum();
    let spread = |values: &[f64], mean: f64| values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let scale = (spread(a, mean_a) * spread(b, mean_b)).sqrt();
    (scale > 0.0).then(|| covariance / scale)
}

/// The rank of each value, from 0; ties have their average rank.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
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

    use crate::base::statistics::of;
    use crate::base::statistics::pair::Pair;
    use crate::base::statistics::pair::tests::any_pairs;

    proptest! {
        #[test]
        fn spearman_keeps_to_its_range_and_sees_only_order(pairs in any_pairs()) {
            if let Some(rho) = of(&pairs).unwrap().spearman {
                prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&rho));
                let cubed = |pair: &Pair| Pair { predicted: pair.predicted.powi(3), ..*pair };
                let other = of(&pairs.iter().map(cubed).collect::<Vec<_>>()).unwrap().spearman;
                assert_relative_eq!(rho, other.unwrap(), epsilon = 1e-9);
            }
        }
    }
}
