//! Collecting runs from the cache alone.

use std::path::Path;

use jiff::Timestamp;

use super::super::cache::RunCache;
use super::runs::{CollectedRuns, WantedRuns, listed};
use crate::base::error::{Error, Result};
use crate::base::text::plural;

/// The wanted runs in the cache, without using the network.
pub fn collect_from_cache(
    cache: &Path,
    cache_name: &str,
    wanted: &WantedRuns,
) -> Result<CollectedRuns> {
    let cache = RunCache::to_read(cache, cache_name);
    let mut collected = CollectedRuns::default();
    for &id in &wanted.ids {
        match cache.run(id).filter(|run| !run.facts.artifacts.is_empty()) {
            Some(run) => collected.runs.push(run),
            None => collected.empty.push(id),
        }
    }
    if !collected.empty.is_empty() {
        let missing = listed(&collected.empty);
        let s = plural(collected.empty.len());
        return Err(Error::usage(format!("the cache does not hold run{s} {missing}"))
            .with_help("run it without --offline to fetch them"));
    }
    if wanted.lists() {
        let since = wanted.since.unwrap_or(Timestamp::MIN);
        let listed = cache.runs()?.into_iter().filter(|run| {
            run.facts.created_at >= since
                && !run.facts.artifacts.is_empty()
                && !wanted.ids.contains(&run.facts.run_id)
        });
        collected.runs.extend(listed.take(wanted.recent.unwrap_or(usize::MAX)));
    }
    collected.cached = collected.runs.len();
    if collected.runs.is_empty() {
        return Err(Error::usage("the cache has no such run")
            .with_help("run it without --offline to fetch runs"));
    }
    Ok(collected)
}
