//! Fetching results over the network: the artifacts of a GitHub workflow's runs, and the answers of the `InferenceX`
//! HTTP API. Both are kept in a cache, whose files are then read like any others.
//!
//! Secrets do not leak: the token goes only to the API's own origin, and the signed address that the API redirects a
//! download to is neither printed nor stored.

mod archive;
mod artifact;
mod cache;
mod collect;
mod github;
mod inferencex;
mod limit;
mod link;
mod pages;
mod service;

pub use cache::{CachedRun, RUN_FACTS, RunFacts};
pub use collect::{CollectedRuns, WantedRuns, collect, collect_from_cache};
pub use github::{GitHub, Repository};
pub use inferencex::{ApiQuestion, InferenceX};
pub use service::{FetchEvent, GitHubToken, OnEvent, Patience};
