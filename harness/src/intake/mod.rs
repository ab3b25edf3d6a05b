//! Intake turns artifacts into rows: a reader for each published format, the services that results are fetched
//! from, and the extraction that puts many artifacts together.

pub mod extraction;
pub mod fetch;
pub mod source;
