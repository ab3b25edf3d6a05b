//! One HTML page per model, and an index of all models. A page needs no network and can be read without its
//! script.

mod charts;
mod conclusion;
mod details;
mod document;
mod html;
mod index;
mod sections;
mod series;
mod svg;
mod tables;

pub use document::page;
pub use html::file_name;
pub use index::{entry_of, index};

use crate::judge::compare::Comparison;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::RowVerdict;
use crate::predict::mapping::Recorded;
use crate::report::ReleaseErrors;

/// The content of a page.
#[derive(Debug, Clone, Copy)]
pub struct PageSubject<'a> {
    /// The model.
    pub model: &'a Model,
    /// The Mantile that predicted, such as "Mantile 72ff84e, recorded 2026-02-01".
    pub origin: &'a str,
    /// The verdicts on the model's rows.
    pub evaluation: &'a Evaluation,
    /// The request and answer of each row, where they are recorded, in the order of the rows.
    pub recorded: &'a [Option<Recorded>],
    /// The errors of each recorded release, oldest first.
    pub history: &'a [ReleaseErrors],
}

/// Each row with its verdict.
fn judged_rows(evaluation: &Evaluation) -> impl Iterator<Item = (&Comparison, &RowVerdict)> {
    evaluation.comparisons.iter().zip(&evaluation.verdicts)
}
