//! Extraction: the files of many runs become the rows of one source, with an account of every result.

mod account;
mod artifacts;
mod extract;
mod location;
mod merge;
mod overlap;

pub use account::{ExtractionAccount, GenerationResults};
pub use extract::{Extraction, ExtractionPlan, extract};
pub use location::ArtifactLocation;
pub use merge::{MergedRows, merge};
