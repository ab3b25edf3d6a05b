//! The gate on a release, for a terminal, a page, a program and a CI service.

mod ci;
mod json;
mod tables;
mod text;

pub use ci::{gate_annotations, gate_junit};
pub use json::gate_json;
pub use text::{gate_conclusion, gate_details, gate_page};

use crate::judge::gate::RowChange;
use crate::judge::verdict::{QuantityVerdict, Standing};

/// The quantities of a row that fail it.
fn failing(row: &RowChange) -> impl Iterator<Item = &QuantityVerdict> {
    row.verdict.outside().filter(|judged| judged.standing != Standing::Known)
}

/// The reason why a row fails, in a few words.
fn reason(row: &RowChange) -> String {
    if let Some(problem) = &row.verdict.problem {
        return problem.clone();
    }
    let part = |judged: &QuantityVerdict| {
        let band = judged.band.map_or_else(|| "no band".to_owned(), |band| band.value.to_string());
        format!("{} {:.3} outside {band}", judged.quantity.name(), judged.pair.ratio())
    };
    failing(row).map(part).collect::<Vec<_>>().join(", ")
}
