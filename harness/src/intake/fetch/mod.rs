//! Measured rows over the network: the artifacts of the runs of a GitHub workflow, and the answers of
//! the `InferenceX` HTTP API. Both are kept in a cache, whose files are then read as any others.
//!
//! A secret stays where it belongs: the token goes to the API's own origin and nowhere else, and the
//! signed address that the API redirects a download to is neither printed nor kept.

mod archive;
mod artifact;
mod cache;
mod collect;
mod github;
mod inferencex;
mod limit;
mod link;
mod service;

pub use cache::{CachedRun, RUN_FACTS, RunFacts};
pub use collect::{Collected, Wanted, collect, from_cache};
pub use github::{GitHub, Repository};
pub use inferencex::{ApiQuestion, InferenceX};
pub use service::{Event, Patience, Tell, Token};
