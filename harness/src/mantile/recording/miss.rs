//! A request that a recording does not hold: what the stand-in answers to it, as JSON that the client reads back.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Difference, Recording, differences};
use crate::mantile::SystemMetricsRequest;

/// The header that marks an answer of the stand-in as a [`Miss`].
pub const RECORDING_MISS_HEADER: &str = "x-recording-miss";

/// More differing fields than this are counted, not listed.
const MOST_SHOWN: usize = 8;

/// A request that has no usable recording: the body of the stand-in's answer with status 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// The missing or damaged recording, worded to follow "error: ".
    pub error: String,
    /// The next step for the user.
    pub help: String,
    /// The most similar recorded request; `None` where there is none to compare with.
    pub nearest: Option<NearestRequest>,
}

/// The recorded request that differs from the one asked in the fewest fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearestRequest {
    /// Its key.
    pub key: String,
    /// The fields that differ; the other side is the request that was asked.
    pub differences: Vec<Difference>,
}

impl Miss {
    /// A miss of this recording for this reason.
    #[must_use]
    pub fn new(recording: &Recording, error: String) -> Self {
        let help = format!("record it: {}", recording.record_command());
        Self { error, help, nearest: None }
    }

    /// A request that was never recorded, with the recorded request that differs in the fewest fields; of
    /// several equally near ones, the first by key.
    #[must_use]
    pub fn of_request(recording: &Recording, request: &SystemMetricsRequest) -> Self {
        let asked = request.canonical();
        let nearest = recording
            .entries
            .iter()
            .map(|(key, entry)| NearestRequest {
                key: key.clone(),
                differences: differences(&entry.request.canonical(), &asked),
            })
            .min_by_key(|nearest| nearest.differences.len());
        let is_empty = if nearest.is_none() { "; the recording is empty" } else { "" };
        let error = format!("no recording of request {}{is_empty}", request.key());
        Self { nearest, ..Self::new(recording, error) }
    }
}

/// The error and the nearest request, without the help.
impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        let Some(NearestRequest { key, differences }) = &self.nearest else { return Ok(()) };
        write!(f, "; the nearest is {key}, where")?;
        for Difference { path, recorded, other } in differences.iter().take(MOST_SHOWN) {
            write!(f, "\n    {path}: asked {other}, recorded {recorded}")?;
        }
        if let Some(more @ 1..) = differences.len().checked_sub(MOST_SHOWN) {
            write!(f, "\n    and {more} more fields differ")?;
        }
        Ok(())
    }
}
