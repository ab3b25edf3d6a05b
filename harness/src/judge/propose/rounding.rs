//! Limits rounded so that they never exclude what they are made from.

use crate::rules::band::Interval;

/// Rounds both ends to three significant digits, so that the interval only grows.
pub(crate) fn outwards(low: f64, high: f64) -> Interval {
    let scale = |x: f64| 10f64.powf(2.0 - x.log10().floor());
    let round = |x: f64, to: fn(f64) -> f64| {
        if x <= 0.0 {
            return 0.0;
        }
        let scale = scale(x);
        // Formatting and parsing removes the rounding error, so that 0.57 is written as 0.57.
        format!("{:.6}", to(x * scale) / scale).parse().unwrap_or(x)
    };
    Interval { low: round(low, f64::floor), high: round(high, f64::ceil) }
}

/// Rounds up to a multiple of `1 / scale`.
pub(super) fn round_up(x: f64, scale: f64) -> f64 {
    (x * scale).ceil() / scale
}
