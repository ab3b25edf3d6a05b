//! `filter`: writes the rows that an expression picks as a CSV in the standard format.

use std::path::Path;

use super::args::{FilterArgs, Format};
use super::output::{note, print, print_table};
use super::rows::{of_args, pick};
use crate::base::error::{Exit, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::judge::model;
use crate::report::TextTable;
use crate::row;
use crate::row::Row;
use crate::row::metric::Metric;

pub(super) fn run(root: &Path, args: &FilterArgs) -> Result<Exit> {
    let config = model::load_config(root, &args.rows.model)?;
    let rows = of_args(root, &args.rows, &config)?;
    let total = rows.len();
    let picked = pick(rows, Some(&args.filter))?;
    let bytes = row::write(&picked);
    match &args.output {
        Some(path) => file::replace(path, &bytes)?,
        None => print_rows(args.format, &picked, &bytes)?,
    }
    let written = args.output.as_ref().map(|path| format!(" written to {}", path.display()));
    note(&format!(
        "{} of {total} row{}{}",
        picked.len(),
        plural(total),
        written.unwrap_or_default()
    ));
    Ok(Exit::Inside)
}

/// Prints rows in a format: for a terminal a table of their metrics, else all columns of the standard format.
fn print_rows(format: Format, rows: &[Row], bytes: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(bytes);
    if format == Format::Csv {
        return print(text.trim_end());
    }
    let mut table = TextTable::of(&["row"], &Metric::ALL.map(Metric::title)).dense();
    for row in rows {
        let measured = Metric::ALL.map(|metric| {
            row.measured.means[metric].map_or_else(|| "-".to_owned(), crate::report::figure)
        });
        table.line(std::iter::once(row.name()).chain(measured).collect());
    }
    print_table(format, &TextTable::of_csv(&text), &table.to_text())
}
