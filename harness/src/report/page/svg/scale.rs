//! The scale of an axis, and its ticks.

/// A scale from values to coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    /// The coordinates of `low` and `high`.
    from: f64,
    to: f64,
}

/// The least distance between ticks, so that their labels do not run together.
const TICK_GAP: f64 = 26.0;

/// An axis with at most this many distinct values has a tick at each.
const FEW_VALUES: usize = 5;

impl Scale {
    /// A logarithmic scale over values above zero, with room at both ends.
    pub(crate) fn log(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) = extent(values.into_iter().map(f64::ln)).unwrap_or((0.0, 1.0));
        let room = (0.04 * (high - low)).max(0.05);
        Self { low: low - room, high: high + room, is_log: true, from, to }
    }

    /// A linear scale from zero.
    pub(crate) fn from_zero(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let high = extent(values).map_or(1.0, |(_, high)| high).max(f64::MIN_POSITIVE);
        Self { low: 0.0, high: 1.05 * high, is_log: false, from, to }
    }

    /// The coordinates of both ends.
    pub(crate) fn ends(self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// The coordinate of a value; that of the nearer end for a value beyond the scale.
    pub(crate) fn at(self, value: f64) -> f64 {
        let value = if self.is_log { value.ln() } else { value };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    /// The ticks for these values: the values themselves where there are few, else round values.
    pub(crate) fn ticks_for(self, values: &[f64]) -> Vec<f64> {
        let mut few: Vec<f64> = values.to_vec();
        few.sort_by(f64::total_cmp);
        few.dedup();
        if few.len() <= FEW_VALUES { few } else { self.ticks() }
    }

    /// Round values within the scale. On a logarithmic scale, powers of ten and as many of their multiples as
    /// there is room for.
    pub(crate) fn ticks(self) -> Vec<f64> {
        if !self.is_log {
            let step = round_step(self.high / 7.0);
            return (0..8).map(|n| f64::from(n) * step).take_while(|x| *x <= self.high).collect();
        }
        let decades = (self.high - self.low) / std::f64::consts::LN_10;
        let factors: &[f64] = match decades {
            wide if wide > 2.5 => &[1.0],
            wide if wide > 0.8 => &[1.0, 2.0, 5.0],
            wide if wide > 0.25 => &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
            _ => &[
                1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5, 4.0, 4.5,
                5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5,
            ],
        };
        let mut ticks = Vec::new();
        for exponent in -9..12 {
            for factor in factors {
                let tick = factor * 10f64.powi(exponent);
                let is_far = |last: &f64| (self.at(tick) - self.at(*last)).abs() >= TICK_GAP;
                let is_within = tick.ln() >= self.low && tick.ln() <= self.high;
                if is_within && ticks.last().is_none_or(is_far) {
                    ticks.push(tick);
                }
            }
        }
        ticks
    }
}

/// The least and the greatest of the finite values.
fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// 1, 2 or 5 times a power of ten, at least `value`.
fn round_step(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= value);
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::brief;
    use super::*;

    proptest! {
        #[test]
        fn values_are_drawn_within_the_scale_and_in_their_order(
            values in proptest::collection::vec(1e-4..1e6, 1..30),
        ) {
            let scale = Scale::log(values.iter().copied(), 10.0, 300.0);
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let places: Vec<f64> = sorted.iter().map(|value| scale.at(*value)).collect();
            prop_assert!(places.iter().all(|place| (10.0..=300.0).contains(place)));
            prop_assert!(places.is_sorted());
            prop_assert!(scale.ticks().len() < 15);
        }
    }

    #[test]
    fn ticks_are_round_and_not_too_near() {
        assert_eq!(Scale::log([0.01, 0.1], 0.0, 300.0).ticks(), [0.01, 0.02, 0.05, 0.1]);
        let widths = [1.0, 8.0, 2.0, 8.0];
        assert_eq!(Scale::log(widths, 0.0, 1.0).ticks_for(&widths), [1.0, 2.0, 8.0]);
        assert_eq!(Scale::from_zero([9.0], 0.0, 1.0).ticks(), [0.0, 2.0, 4.0, 6.0, 8.0]);
        let fine: Vec<String> =
            Scale::log([0.8, 1.25], 0.0, 300.0).ticks().into_iter().map(brief).collect();
        assert_eq!(fine, ["0.8", "0.85", "0.9", "0.95", "1", "1.1", "1.2", "1.3"]);
        assert_eq!(Scale::log([0.8, 1.25], 300.0, 240.0).ticks(), [0.8, 1.1]);
    }
}
