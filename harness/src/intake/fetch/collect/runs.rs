//! The runs that are wanted, and those that were collected.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::cache::CachedRun;
use crate::base::text::plural;

/// The runs that are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedRuns {
    /// The runs with these ids.
    pub ids: Vec<u64>,
    /// This many of the workflow's newest successful runs that have results.
    pub recent: Option<usize>,
    /// The workflow's successful runs since this time. Together with `recent`, it limits these.
    pub since: Option<Timestamp>,
}

impl WantedRuns {
    /// Whether the workflow's runs are listed, besides those with given ids.
    pub(super) fn lists(&self) -> bool {
        self.recent.is_some() || self.since.is_some()
    }
}

/// The runs that were collected.
#[derive(Debug, Default)]
pub struct CollectedRuns {
    /// The runs with results, in the order that they were asked for.
    pub runs: Vec<CachedRun>,
    /// The number of them that were in the cache already.
    pub cached: usize,
    /// The runs whose results have expired.
    pub expired: Vec<u64>,
    /// The runs that have no results.
    pub empty: Vec<u64>,
    /// The number of runs older than an expired one, which were not asked about.
    pub older: usize,
}

impl CollectedRuns {
    /// A sentence on the collected runs, for people.
    #[must_use]
    pub fn account(&self) -> String {
        let runs = |count: usize| format!("{count} run{}", plural(count));
        let fetched = self.runs.len() - self.cached;
        let mut text = format!("fetched {}, {} from the cache", runs(fetched), self.cached);
        for (ids, what) in [(&self.expired, "expired"), (&self.empty, "without results")] {
            if !ids.is_empty() {
                let _ = write!(text, "; {what}: {} ({})", ids.len(), listed(ids));
            }
        }
        if self.older > 0 {
            let older = runs(self.older);
            let _ = write!(text, "; {older} older than an expired one, not asked about");
        }
        text
    }
}

/// The first ids, and the number of others.
pub(super) fn listed(ids: &[u64]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = ids.iter().take(SHOWN).map(u64::to_string).collect();
    if ids.len() > SHOWN {
        shown.push(format!("{} more", ids.len() - SHOWN));
    }
    shown.join(", ")
}
