//! The first files of a new model, filled with what a live Mantile reports. Comments mark what a person has to
//! complete.

mod known;
mod readme;
mod reconcile;

pub use readme::readme;
pub use reconcile::reconcile_toml;

/// The text of an empty `known_deviations.toml`.
pub const KNOWN_DEVIATIONS: &str = "# Rows allowed outside their bands, each with a reason, a bound and an expiry date.\n\n\
     schema_version = 1\n";
