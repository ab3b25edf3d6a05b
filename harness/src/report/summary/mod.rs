//! Summaries of a comparison: the full one that `compare` writes, and the answer of one screen that `run` and
//! `compare` print.

mod answer;
mod coverage;
mod distribution;
mod errors;
mod full;
mod verdict;

pub use answer::{ModelAnswer, answer_text, models_table};
pub use coverage::coverage_text;
pub(crate) use coverage::dataset;
pub(super) use errors::SHORT_TITLES;
pub use full::comparison_summary;
pub use verdict::verdict_word;
