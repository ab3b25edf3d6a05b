//! A request without a recording: what comes nearest, and what differs.

use std::fmt;

use super::{Difference, Recording, differences};
use crate::mantile::SystemMetricsRequest;

/// A request that has no recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The key that was looked for.
    pub key: String,
    /// The nearest entry's key with the fields that differ; `None` in an empty recording.
    pub nearest: Option<(String, Vec<Difference>)>,
}

impl Miss {
    /// Finds the entry that differs in the fewest fields; of equals the first by key.
    #[must_use]
    pub fn new(recording: &Recording, request: &SystemMetricsRequest) -> Self {
        let asked = request.canonical();
        let nearest = recording
            .entries
            .iter()
            .map(|(key, entry)| (key.clone(), differences(&entry.request.canonical(), &asked)))
            .min_by_key(|(_, differences)| differences.len());
        Self { key: request.key(), nearest }
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no recording of request {}", self.key)?;
        let Some((key, differences)) = &self.nearest else {
            return write!(f, "; the recording is empty");
        };
        write!(f, "; the nearest is {key}, where")?;
        for Difference { path, recorded, other } in differences.iter().take(MOST_SHOWN) {
            write!(f, "\n    {path}: asked {other}, recorded {recorded}")?;
        }
        if differences.len() > MOST_SHOWN {
            write!(f, "\n    and {} more fields differ", differences.len() - MOST_SHOWN)?;
        }
        Ok(())
    }
}

/// More differing fields than this tell nobody anything.
const MOST_SHOWN: usize = 8;
