//! Collecting the results of runs: which runs are wanted, and bringing them into the cache.

mod collector;
mod from_cache;
mod outcome;
mod run_results;
mod runs;

pub use collector::collect;
pub use from_cache::collect_from_cache;
pub use runs::{CollectedRuns, WantedRuns};
