//! The rules in a model's files: the mapping to Mantile, the bands and gates, the known deviations and the
//! calibration.

pub mod audit_check;
pub mod band;
pub mod calibration;
pub mod config;
pub mod deviation;
pub mod names;
pub mod scaffold;

mod toml_text;

use config::Config;
use deviation::Deviations;

/// The files that a row is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// `reconcile.toml`.
    pub config: &'a Config,
    /// `known_deviations.toml`.
    pub deviations: &'a Deviations,
}
