//! `RECONCILIATION_SUMMARY.md`: the findings about a model, in sentences that follow from the figures.
//!
//! One file writes each section; [`document`] puts them in order and keeps the notes.

mod approximations;
mod biases;
mod calibrated;
mod conclusion;
mod document;
mod errors;
mod frontiers;
mod next_calibration;
mod notes;
mod rivals;
mod rows;
mod worst;

pub use document::{RECONCILIATION_SUMMARY, reconciliation_summary};
pub(crate) use frontiers::{choice_sentence, frontier_sentences};
pub use notes::notes_are_whole;

/// The width of prose in the file, in characters.
const PAGE_WIDTH: usize = 105;
