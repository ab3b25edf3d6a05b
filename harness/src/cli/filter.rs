//! `filter`: the rows that an expression picks, as a CSV in the standard format.

use std::path::Path;

use super::args::{FilterArgs, Format};
use super::estimate::of_args;
use super::output::{note, print, print_table};
use crate::error::{Error, Exit, Result};
use crate::filter::{Filter, Property};
use crate::report::TextTable;
use crate::row::Row;
use crate::{file, folder, row};

pub(super) fn run(root: &Path, args: &FilterArgs) -> Result<Exit> {
    let config = folder::load_config(root, &args.rows.model)?;
    let rows = of_args(root, &args.rows, &config)?;
    let total = rows.len();
    let picked = pick(rows, Some(&args.filter))?;
    let bytes = row::write(&picked);
    match &args.output {
        Some(path) => file::replace(path, &bytes)?,
        None => print_rows(args.format, &bytes)?,
    }
    note(&format!("{} of {total} rows", picked.len()));
    Ok(Exit::Inside)
}

/// Prints rows in the standard format, or what they hold in another.
fn print_rows(format: Format, bytes: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(bytes);
    if format == Format::Csv {
        return print(text.trim_end());
    }
    let table = TextTable::of_csv(&text);
    print_table(format, &table, &table.to_text())
}

/// The rows that the filter picks; all of them without one. None at all is an error: whatever
/// follows would pass on nothing.
pub(super) fn pick(rows: Vec<Row>, filter: Option<&Filter>) -> Result<Vec<Row>> {
    let Some(filter) = filter else { return Ok(rows) };
    let total = rows.len();
    let picked: Vec<Row> = rows.iter().filter(|row| filter.picks(row)).cloned().collect();
    if picked.is_empty() {
        return Err(Error::usage(format!("--where picks none of {total} rows"))
            .with_help(format!("the rows have {}", values(filter, &rows))));
    }
    Ok(picked)
}

/// More values of a property are not listed.
const MOST_VALUES: usize = 12;

/// The values that the rows have in the properties that a filter asks for.
fn values(filter: &Filter, rows: &[Row]) -> String {
    let of_property = |property: Property| {
        let values = property.values(rows);
        let shown: Vec<&str> = values.iter().take(MOST_VALUES).map(String::as_str).collect();
        let more = if values.len() > shown.len() { ", …" } else { "" };
        match &shown[..] {
            [] => format!("no {}", property.name()),
            shown => format!("{} {}{more}", property.name(), shown.join(", ")),
        }
    };
    filter.properties().into_iter().map(of_property).collect::<Vec<_>>().join("; ")
}
