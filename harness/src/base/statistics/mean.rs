//! The arithmetic mean.

/// The arithmetic mean of values that are not empty.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
