//! A type for each unit that could be confused, made where the value enters.

use serde::{Deserialize, Serialize};

/// A duration in milliseconds, as Mantile answers.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Milliseconds(pub f64);

/// A duration in seconds, as benchmarks publish.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub f64);

impl Milliseconds {
    /// The same duration in seconds.
    #[must_use]
    pub fn to_seconds(self) -> Seconds {
        Seconds(self.0 / 1000.0)
    }
}
