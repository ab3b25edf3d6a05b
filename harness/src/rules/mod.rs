//! What a model's files say: how its rows are mapped, the bands and gates that must hold, the deviations that are
//! known, and the calibration.

pub mod audit_check;
pub mod band;
pub mod calibration;
pub mod config;
pub mod deviation;
pub mod names;
pub mod scaffold;

use config::Config;
use deviation::Deviations;

/// What a row is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// `reconcile.toml`.
    pub config: &'a Config,
    /// `known_deviations.toml`.
    pub deviations: &'a Deviations,
}
