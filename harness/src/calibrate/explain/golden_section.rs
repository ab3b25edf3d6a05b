//! The minimum of a function of one variable.

/// The point where a function of one variable is least, and the value there: the best of evenly spread points,
/// refined by golden sections between its neighbours (Kiefer 1953, "Sequential minimax search for
/// a maximum").
pub(super) fn least(lower: f64, upper: f64, mut value_at: impl FnMut(f64) -> f64) -> (f64, f64) {
    const POINTS: u8 = 24;
    const SECTIONS: usize = 24;
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let width = (upper - lower) / f64::from(POINTS);
    let mut best = (lower, value_at(lower));
    for point in 1..=POINTS {
        let x = if point == POINTS { upper } else { lower + width * f64::from(point) };
        let value = value_at(x);
        if value < best.1 {
            best = (x, value);
        }
    }
    let (mut low, mut high) = ((best.0 - width).max(lower), (best.0 + width).min(upper));
    for _ in 0..SECTIONS {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        let (at_left, at_right) = (value_at(left), value_at(right));
        let (x, value) = if at_left <= at_right { (left, at_left) } else { (right, at_right) };
        if value < best.1 {
            best = (x, value);
        }
        if at_left <= at_right {
            high = right;
        } else {
            low = left;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_minimum_is_found(at in -3.0f64..3.0) {
            let (x, value) = least(-2.0, 2.0, |x: f64| (x - at).abs());
            prop_assert!((x - at.clamp(-2.0, 2.0)).abs() < 1e-4, "{x}");
            prop_assert!((value - (x - at).abs()).abs() < 1e-12);
        }
    }
}
