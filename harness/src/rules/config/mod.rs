//! `reconcile.toml`: how the rows of a model are predicted, compared and judged.

mod check;
mod mapping;
mod parse;
mod schema;
#[cfg(test)]
mod tests;

pub use check::RESERVED_SOURCE_NAMES;
pub use mapping::{CalibrationConfig, Features, GpuConfig, Precision, Treatment};
pub use parse::parse;
pub use schema::{
    BandRule, Config, EstimatorConfig, GroupGate, Loosened, SourceConfig, source_named,
};
