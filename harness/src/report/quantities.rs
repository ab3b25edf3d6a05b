//! The table of a row's judged quantities.

use super::{Align, TextTable, figure};
use crate::judge::verdict::{QuantityVerdict, RowVerdict, Standing};

/// The quantities of a row: measured, predicted, ratio, band and standing; with `band_lines` also the lines of
/// the bands in `reconcile.toml`. For memory, measured is the capacity of a package.
pub(super) fn verdict_table(verdict: &RowVerdict, band_lines: bool) -> TextTable {
    let line_column = band_lines.then_some(("line", Align::Right));
    let columns: Vec<(&str, Align)> = [
        ("metric", Align::Left),
        ("measured", Align::Right),
        ("predicted", Align::Right),
        ("unit", Align::Left),
        ("ratio", Align::Right),
        ("band", Align::Left),
    ]
    .into_iter()
    .chain(line_column)
    .chain([("", Align::Left)])
    .collect();
    let mut table = TextTable::new(&columns);
    for judged in &verdict.quantities {
        let band = judged.band.as_ref();
        let mut cells = vec![
            judged.quantity.title().to_owned(),
            figure(judged.pair.measured),
            figure(judged.pair.predicted),
            judged.quantity.unit().to_owned(),
            format!("{:.3}", judged.pair.ratio()),
            band.map_or_else(|| "none".to_owned(), |band| band.value.to_string()),
        ];
        if band_lines {
            // The band of memory is not in the file.
            let line = band.map(|band| band.line).filter(|line| *line > 0);
            cells.push(line.map_or_else(String::new, |line| line.to_string()));
        }
        cells.push(standing_text(judged));
        table.line(cells);
    }
    table
}

/// The standing in words, in capitals where it fails the row.
fn standing_text(judged: &QuantityVerdict) -> String {
    let words = judged.standing.words();
    match judged.standing {
        Standing::Inside | Standing::Known => words.to_owned(),
        Standing::Outside | Standing::NoBand => words.to_uppercase(),
    }
}
