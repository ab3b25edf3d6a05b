//! A predicted and a measured figure, and how far they lie apart.

/// One metric of one row, predicted and measured; both are above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// As measured, in the metric's unit.
    pub measured: f64,
    /// As predicted, in the same unit.
    pub predicted: f64,
}

impl Pair {
    /// p / m: 1 is exact, above 1 is too high.
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

#[cfg(test)]
pub(super) mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;

    pub(in crate::base::statistics) fn any_pairs() -> impl Strategy<Value = Vec<Pair>> {
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
}
