//! The statistics of a group of rows.

use super::mean::mean;
use super::pair::Pair;
use super::quantile::quantile;
use super::rank::spearman;

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
    /// exp(mean r) with r = ln(p / m): the factor by which predictions are too high on average.
    pub bias: f64,
    /// exp(median |r|) − 1: half of the rows are within this fraction, up or down (Morley,
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

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::base::statistics::pair::tests::any_pairs;

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

    proptest! {
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
    }
}
