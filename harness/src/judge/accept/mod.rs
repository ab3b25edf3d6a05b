//! The effect of accepting a release on the files of a model: bands and gates tighten, and known deviations that no
//! longer deviate go. Pure: texts in, texts out.

mod deviations;
mod files;
mod tighten;

pub use deviations::{DEVIATION_SPARE, add_deviations, remove_dead, unexcused};
pub use files::{Acceptance, AcceptedModel, ModelTexts, accept_model};
pub use tighten::{note_loosening, tighten};
