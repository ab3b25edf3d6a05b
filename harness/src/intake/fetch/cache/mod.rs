//! The cache of fetched runs: one folder per run, either complete or absent, with the facts of the run next to its
//! results.
//!
//! ```text
//! <cache>/<owner>_<repository>/run_<id>/run.json
//!                                       <artifact>/agg_bmk.json
//!                              downloads/<artifact id>.zip, .zip.part
//! ```
//!
//! A download stays in `downloads/` until its run is complete, so that the next try continues where one was cut.

mod cached_run;
mod facts;
mod run_cache;
mod staged;

pub use cached_run::CachedRun;
pub(super) use facts::ArtifactFacts;
pub use facts::{RUN_FACTS, RunFacts};
pub(super) use run_cache::RunCache;
pub(super) use staged::StagedRun;
