//! The rows that a command works on: those of a file or a model, as far as an expression picks them.

use std::path::Path;

use super::args::RowsArgs;
use super::output::note;
use crate::base::error::{Error, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::judge::model::{self, Model};
use crate::row::filter::Filter;
use crate::row::property::list_values;
use crate::row::{self, Row};
use crate::rules::config::{Config, SourceConfig};

/// The rows that the arguments name.
pub(super) fn of_args(root: &Path, args: &RowsArgs, config: &Config) -> Result<Vec<Row>> {
    rows(root, &args.model, config, args.input.as_deref(), args.source.as_deref())
}

/// The rows of a file, else those of the model, of one source or of all.
pub(super) fn rows(
    root: &Path,
    model: &str,
    config: &Config,
    input: Option<&Path>,
    source: Option<&str>,
) -> Result<Vec<Row>> {
    let Some(input) = input else {
        let mut rows = model::load(root, model)?.rows;
        if source.is_some() {
            let source = choose_source(config, source)?;
            rows.retain(|row| row.provider == source.name);
        }
        return Ok(rows);
    };
    let text = file::read_text(input)?;
    if source.is_none() && row::names_providers(&text) {
        let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
        let extra = config.sources.iter().flat_map(|source| &source.extra_columns);
        let extra: Vec<&str> = extra.map(String::as_str).collect();
        return row::read_of(input, &text, &names, &extra);
    }
    model::read_rows(input, choose_source(config, source)?)
}

/// The source of this name, or the only one.
pub(super) fn choose_source<'a>(
    config: &'a Config,
    name: Option<&str>,
) -> Result<&'a SourceConfig> {
    match (name, &config.sources[..]) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Error::usage("the model has several sources").with_help(format!(
            "say with --source which one the file is of: {}",
            config.source_names()
        ))),
        (Some(name), _) => config.source(name).ok_or_else(|| {
            Error::usage(format!("no source `{name}` in {}", config.path.display()))
                .with_help(format!("the sources are: {}", config.source_names()))
        }),
    }
}

/// The rows that the filter picks, or all of them without one. It is an error if it picks none: checks of no
/// rows would pass.
pub(super) fn pick(rows: Vec<Row>, filter: Option<&Filter>) -> Result<Vec<Row>> {
    let Some(filter) = filter else { return Ok(rows) };
    let total = rows.len();
    let picked: Vec<Row> = rows.iter().filter(|row| filter.picks(row)).cloned().collect();
    if picked.is_empty() {
        return Err(Error::usage(format!("--where picks none of {total} row{}", plural(total)))
            .with_help(format!("the rows have {}", list_values(&filter.properties(), &rows))));
    }
    Ok(picked)
}

/// Loads the models of these names, each with the rows that a filter picks. Of several models, those without
/// such rows are left out with a note. A model that cannot be read is an error in its place.
pub(super) fn load_picked<'a>(
    root: &Path,
    names: &'a [String],
    filter: Option<&Filter>,
    load: fn(&Path, &str) -> Result<Model>,
) -> Result<Vec<(&'a str, Result<Model>)>> {
    let mut models = Vec::new();
    let mut without = Vec::new();
    for name in names {
        let mut loaded = load(root, name);
        if let Ok(model) = &mut loaded {
            let has_any =
                filter.is_none_or(|filter| model.rows.iter().any(|row| filter.picks(row)));
            if names.len() > 1 && !has_any {
                without.push(name);
                continue;
            }
            model.rows = pick(std::mem::take(&mut model.rows), filter)?;
        }
        models.push((name.as_str(), loaded));
    }
    if models.is_empty() {
        let message = format!("--where picks no row of any of the {} models", names.len());
        return Err(Error::usage(message)
            .with_help("name one model, and the error lists the values of its rows"));
    }
    for name in without {
        note(&format!("note: --where picks no row of {name}"));
    }
    Ok(models)
}
