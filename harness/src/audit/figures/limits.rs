//! The intervals that a ratio should lie in.

use crate::audit::finding::Severity;

/// The usual interval of a ratio, and the interval outside of which it is impossible.
pub(super) struct Limits {
    pub(super) usual: (f64, f64),
    pub(super) possible: (f64, f64),
}

impl Limits {
    /// The severity of a ratio, `None` where it is usual.
    pub(super) fn severity(&self, ratio: f64) -> Option<Severity> {
        let is_outside = |(low, high): (f64, f64)| !(low..=high).contains(&ratio);
        is_outside(self.usual)
            .then(|| if is_outside(self.possible) { Severity::Error } else { Severity::Warning })
    }
}
