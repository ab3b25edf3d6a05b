//! The mean of values that come in clusters.

use std::collections::BTreeMap;

use super::bootstrap::{Interval95, RESAMPLES, paired_bootstrap};

/// The mean of values that come in clusters, such as errors of rows that share a workload, with its 95%
/// interval.
///
/// Whole clusters are resampled: the rows of one cluster err alike, so resampling rows would overstate the
/// evidence (Cameron, Gelbach and Miller 2008, "Bootstrap-based improvements for
/// inference with clustered errors"). A percentile interval over few clusters is too narrow; its ends are
/// widened by √(G / (G − 1)) t / 1.96 for G clusters, t with G − 1 degrees of freedom (Hesterberg 2015,
/// "What teachers should know about the bootstrap", section 4.2). One cluster has no bounds. `values`
/// must not be empty; `clusters` holds the number of each value's cluster.
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

/// The 97.5th percentile of Student's t; beyond the table accurate to 0.003.
fn student_t(freedom: usize) -> f64 {
    STUDENT_T.get(freedom - 1).copied().unwrap_or(NORMAL + 2.4 / freedom as f64)
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

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

    /// Means of normal clusters: the interval contains the truth in about 95% of the draws.
    #[test]
    fn an_interval_of_few_clusters_is_not_too_narrow() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let mut contained = 0;
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
            contained += usize::from(interval.low <= 0.0 && 0.0 <= interval.high);
        }
        assert!((276..=297).contains(&contained), "{contained} of 300");
    }
}
