//! The history for programs.

use serde::Serialize;
use serde_json::Value;

use super::ReleaseErrors;
use crate::base::statistics::Statistics;
use crate::judge::compare::{Coverage, Slice};
use crate::report::document::{MetricMap, metric_map, to_value};

/// The version of the document.
const SCHEMA_VERSION: u32 = 1;

/// The document of a model's history.
#[derive(Serialize)]
struct HistoryDocument<'a> {
    schema_version: u32,
    model: &'a str,
    accepted: &'a str,
    releases: Vec<HistoryRelease<'a>>,
}

#[derive(Serialize)]
struct HistoryRelease<'a> {
    release: &'a str,
    made: &'a str,
    groups: Vec<HistoryGroup<'a>>,
}

#[derive(Serialize)]
struct HistoryGroup<'a> {
    group: &'a str,
    coverage: Coverage,
    metrics: MetricMap<Option<Statistics>>,
}

/// The document of a model's history.
#[must_use]
pub fn history_json(model: &str, accepted: &str, history: &[ReleaseErrors]) -> Value {
    to_value(&HistoryDocument {
        schema_version: SCHEMA_VERSION,
        model,
        accepted,
        releases: history.iter().map(HistoryRelease::from).collect(),
    })
}

impl<'a> From<&'a ReleaseErrors> for HistoryRelease<'a> {
    fn from(ReleaseErrors { release, slices }: &'a ReleaseErrors) -> Self {
        Self {
            release: &release.name,
            made: &release.made,
            groups: slices.iter().map(HistoryGroup::from).collect(),
        }
    }
}

impl<'a> From<&'a Slice> for HistoryGroup<'a> {
    fn from(slice: &'a Slice) -> Self {
        Self {
            group: &slice.label,
            coverage: slice.coverage,
            metrics: metric_map(&slice.statistics, Clone::clone),
        }
    }
}
