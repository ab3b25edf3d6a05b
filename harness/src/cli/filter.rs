//! `filter`: the rows that an expression picks, as a CSV in the standard format.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::FilterArgs;
use super::estimate::of_args;
use super::output::{note, print};
use crate::error::{Error, Exit, Result};
use crate::filter::Filter;
use crate::row::Row;
use crate::{file, folder, row};

pub(super) fn run(root: &Path, args: &FilterArgs) -> Result<Exit> {
    let config = folder::load_config(root, &args.rows.model)?;
    let rows = of_args(root, &args.rows, &config)?;
    let total = rows.len();
    let picked = pick(rows, Some(&args.filter))?;
    of_one_source(&picked)?;
    let bytes = row::write(&picked);
    match &args.output {
        Some(path) => file::replace(path, &bytes)?,
        None => print(String::from_utf8_lossy(&bytes).trim_end())?,
    }
    note(&format!("{} of {total} rows", picked.len()));
    Ok(Exit::Inside)
}

/// A file in the standard format is of one source: its rows do not say whose they are, and no
/// configuration may come twice.
fn of_one_source(rows: &[Row]) -> Result<()> {
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *sources.entry(&row.provider).or_default() += 1;
    }
    if sources.len() <= 1 {
        return Ok(());
    }
    let rows: Vec<String> =
        sources.iter().map(|(source, rows)| format!("{rows} of {source}")).collect();
    let names: Vec<&str> = sources.into_keys().collect();
    Err(Error::usage(format!(
        "the rows are of several sources, {}, and a file holds those of one",
        rows.join(", ")
    ))
    .with_help(format!("pick one with --source: {}", names.join(", "))))
}

/// The rows that the filter picks; all of them without one. None at all is an error: whatever
/// follows would pass on nothing.
pub(super) fn pick(rows: Vec<Row>, filter: Option<&Filter>) -> Result<Vec<Row>> {
    let Some(filter) = filter else { return Ok(rows) };
    let total = rows.len();
    let picked: Vec<Row> = rows.into_iter().filter(|row| filter.picks(row)).collect();
    if picked.is_empty() {
        return Err(Error::usage(format!("--where picks none of {total} rows")).with_help(
            "look at the values with: mantile-reconcile filter --model <model> --source <source> \
             --where 'gpus > 0'",
        ));
    }
    Ok(picked)
}
