//! The plan of a recording run: the answers to keep from an earlier recording, and the requests to ask.

use std::collections::BTreeMap;

use super::{RecordedAnswer, Recording};
use crate::base::error::{Error, Result};
use crate::mantile::{LayerTable, SystemMetricsRequest};

/// The answers that a recording run keeps, and the requests that it asks.
#[derive(Debug)]
pub struct RecordingPlan {
    /// The answers that are kept, by key.
    pub kept: BTreeMap<String, RecordedAnswer>,
    /// The requests to ask, in the order of their keys.
    pub requests: Vec<SystemMetricsRequest>,
}

impl RecordingPlan {
    /// A plan that keeps nothing and asks everything.
    #[must_use]
    pub fn ask_all(wanted: BTreeMap<String, SystemMetricsRequest>) -> Self {
        Self { kept: BTreeMap::new(), requests: wanted.into_values().collect() }
    }

    /// A plan that keeps an earlier recording and asks only what it lacks. The live service must have the same
    /// layers, because otherwise it is another release.
    pub fn ask_missing(
        earlier: &Recording,
        live_layers: &LayerTable,
        mut wanted: BTreeMap<String, SystemMetricsRequest>,
    ) -> Result<Self> {
        if earlier.layers()? != *live_layers {
            return Err(Error::usage(format!(
                "the live service has other layers than {}",
                earlier.path.display()
            ))
            .with_help("it is another release: record it under its own name"));
        }
        wanted.retain(|key, _| !earlier.entries.contains_key(key));
        Ok(Self { kept: earlier.entries.clone(), requests: wanted.into_values().collect() })
    }
}
