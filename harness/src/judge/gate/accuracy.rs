//! What a change of a prediction did to its accuracy.

use crate::base::statistics::Pair;
use crate::judge::drift;

/// The effect of a change of a prediction on its accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accuracy {
    /// The prediction did not change.
    Same,
    /// The prediction changed by less than repeated measurements of the row differ.
    WithinNoise,
    /// The prediction came nearer to the measurement.
    Nearer,
    /// The prediction went farther from the measurement.
    Farther,
}

impl Accuracy {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Same, Self::WithinNoise, Self::Nearer, Self::Farther];

    /// The effect of a change from one prediction to another, for a row whose repeated measurements differ by
    /// the factor `noise`.
    #[must_use]
    pub fn of(old: Pair, new: Pair, noise: f64) -> Self {
        if is_same(old, new) {
            Self::Same
        } else if (new.predicted / old.predicted).ln().abs() <= noise.ln() {
            Self::WithinNoise
        } else if new.log_ratio().abs() < old.log_ratio().abs() {
            Self::Nearer
        } else {
            Self::Farther
        }
    }

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::WithinNoise => "within_noise",
            Self::Nearer => "nearer",
            Self::Farther => "farther",
        }
    }
}

/// Whether two predictions differ by no more than rounding errors can explain.
pub(super) fn is_same(old: Pair, new: Pair) -> bool {
    (new.predicted / old.predicted - 1.0).abs() <= drift::TOLERANCE
}
