//! How artifacts become rows: a reader for each published format, and the services that results are fetched from.

pub mod fetch;
pub mod source;
