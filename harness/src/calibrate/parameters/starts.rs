//! The points that a fit starts from.

use super::{Parameter, ParameterSpace};

impl ParameterSpace {
    /// The starting points of a fit other than the centre, so that it does not end in a local minimum: points
    /// spread evenly around the centre (Halton 1960, "On the efficiency of certain quasi-random sequences of points").
    pub(in crate::calibrate) fn starts(&self) -> Vec<Vec<f64>> {
        let around = |index: u32, parameter: &Parameter, base: u32| {
            let off = (2.0 * halton(index, base) - 1.0) * parameter.spread.ln();
            (parameter.center.ln() + off).clamp(parameter.lower.ln(), parameter.upper.ln())
        };
        let point = |index: u32| {
            let bases = PRIMES.into_iter().cycle();
            self.parameters
                .iter()
                .zip(bases)
                .map(|(parameter, base)| around(index, parameter, base))
                .collect()
        };
        (1..=STARTS).map(point).collect()
    }
}

/// The number of points around the centre.
const STARTS: u32 = 2;
/// The bases of the Halton sequence, one per coordinate.
const PRIMES: [u32; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// An element of the Halton sequence, from 0 to 1: the digits of `index` in a base, mirrored at the decimal point, so
/// that each new element falls into the widest gap.
fn halton(mut index: u32, base: u32) -> f64 {
    let (mut value, mut digit) = (0.0, 1.0);
    while index > 0 {
        digit /= f64::from(base);
        value += digit * f64::from(index % base);
        index /= base;
    }
    value
}
