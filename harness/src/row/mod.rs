//! A row: one measured benchmark configuration with its metrics.

pub mod filter;
pub mod group;
pub mod metric;
pub mod property;
pub mod value;

mod csv;
mod identity;
mod layout;
mod measured;
mod name;
#[expect(clippy::module_inception, reason = "a file is named after the noun that it owns")]
mod row;

pub use csv::{
    COLUMNS, cells, identity_cells, identity_columns, names_providers, read, read_identity,
    read_metrics, read_of, read_record, required_identity_columns, write,
};
pub use identity::{Concurrency, Identity};
pub use layout::{Layout, Parallelism, Pool};
pub use measured::{Lengths, Measured, Repeatability};
pub use row::{Provenance, Row};

#[cfg(test)]
pub(crate) use name::tests as identity_tests;
