//! `reconcile.toml`: how the rows of a model are predicted, compared and judged.

mod check;
mod parse;
mod schema;

pub use check::RESERVED_SOURCE_NAMES;
pub use parse::parse;
pub use schema::{
    BandRule, CalibrationConfig, Config, EstimatorConfig, Features, GpuConfig, GroupGate, Loosened,
    Precision, SourceConfig, Treatment, source_named,
};
