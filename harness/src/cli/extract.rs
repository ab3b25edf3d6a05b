//! `extract`: artifacts become the rows of a source, with an account of every result.

use std::path::Path;

use super::args::{ExtractArgs, Format};
use super::fetch;
use super::output::{note, print, print_table, progress};
use super::rows::choose_source;
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::intake::extraction::{Extraction, ExtractionPlan, extract};
use crate::intake::source::{self, GivenFacts};
use crate::judge::model;
use crate::report::{extraction_json, extraction_table, extraction_text};
use crate::row;
use crate::row::Row;
use crate::rules::config::{Config, SourceConfig};

pub(super) async fn run(root: &Path, args: &ExtractArgs) -> Result<Exit> {
    let config = model::load_config(root, &args.model)?;
    let configured = configured_source(&config, args.source.as_deref())?;
    let rows_file = model::by_model(root).join(&args.model).join(&configured.file);
    let output = args.output.clone().unwrap_or_else(|| rows_file.clone());
    let plan = plan(root, args, &config, configured, &output).await?;
    let bar = progress("reading", 0);
    let extraction = extract(&plan, &|files| {
        bar.set_length(files as u64);
        bar.inc(1);
    });
    bar.finish_and_clear();
    let extraction = extraction?;
    check_one_model(&extraction, configured, &config)?;
    note_warnings(&extraction.warnings, args.verbose);
    if extraction.rows.is_empty() {
        return Err(no_row(&extraction, configured, &config, &output));
    }
    write(&extraction.rows, configured, &output)?;
    let account = &extraction.account;
    if args.format == Format::Json {
        print(&extraction_json(account, &output))?;
    } else {
        let text = extraction_text(account, &output, args.verbose);
        let next = if output == rows_file {
            format!("audit --model {}", args.model)
        } else {
            let source = &configured.name;
            format!("audit --model {} --source {source} {}", args.model, output.display())
        };
        let text = format!("{text}\nNext, check the rows: mantile-reconcile {next}");
        print_table(args.format, &extraction_table(account, &output), &text)?;
    }
    Ok(Exit::Inside)
}

/// The source of this name. Without a name it is the only source, or InferenceMAX.
fn configured_source<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a SourceConfig> {
    match (name, &config.sources[..]) {
        (None, [only]) => Ok(only),
        (name, _) => choose_source(config, Some(name.unwrap_or("inferencemax"))),
    }
}

/// The flags as a plan, with everything fetched and the rows of this and the other sources read.
async fn plan(
    root: &Path,
    args: &ExtractArgs,
    config: &Config,
    configured: &SourceConfig,
    output: &Path,
) -> Result<ExtractionPlan> {
    let existing = if args.add && output.exists() {
        model::read_rows(output, configured)?
    } else {
        Vec::new()
    };
    Ok(ExtractionPlan {
        reader: args.from.as_deref().map(source::choose).transpose()?,
        given: GivenFacts {
            provider: configured.name.clone(),
            models: configured.artifact_models.clone(),
            run_dates: args.run_dates.iter().cloned().collect(),
            ..args.given.given()
        },
        existing,
        earlier_sources: earlier_sources(root, args, configured, config)?,
        locations: fetch::locations(root, args, configured).await?,
    })
}

/// The rows of the sources that `reconcile.toml` lists before this one.
fn earlier_sources(
    root: &Path,
    args: &ExtractArgs,
    configured: &SourceConfig,
    config: &Config,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for other in config.sources.iter().take_while(|other| other.name != configured.name) {
        let path = model::by_model(root).join(&args.model).join(&other.file);
        if path.exists() {
            rows.extend(model::read_rows(&path, other)?);
        }
    }
    Ok(rows)
}

/// Refuses results of several models when the source does not list the names of this one.
fn check_one_model(
    extraction: &Extraction,
    configured: &SourceConfig,
    config: &Config,
) -> Result<()> {
    if extraction.models.len() < 2 || !configured.artifact_models.is_empty() {
        return Ok(());
    }
    let models: Vec<&str> = extraction.models.iter().map(String::as_str).collect();
    Err(Error::usage(format!("the files are of several models: {}", models.join(", "))).with_help(
        format!(
            "list this model's names as artifact_models of source {} in {}",
            configured.name,
            config.path.display()
        ),
    ))
}

/// The error of an extraction without a row, with the reasons.
fn no_row(
    extraction: &Extraction,
    configured: &SourceConfig,
    config: &Config,
    output: &Path,
) -> Error {
    let account = extraction_text(&extraction.account, output, false);
    let error = Error::usage(format!("the files give no row:\n{account}"));
    if extraction.account.skipped_only_other_models() && !configured.artifact_models.is_empty() {
        error.with_help(format!(
            "add the model's name to artifact_models of source {} in {}, which now lists: {}",
            configured.name,
            config.path.display(),
            configured.artifact_models.join(", ")
        ))
    } else {
        error.with_help("give files without the faults that are listed above")
    }
}

/// Replaces the output by these rows.
fn write(rows: &[Row], configured: &SourceConfig, output: &Path) -> Result<()> {
    let bytes = row::write(rows);
    // The reader of rows is stricter than artifacts are: refuse what it would not read.
    row::read(output, &String::from_utf8_lossy(&bytes), &configured.name, &[])?;
    file::replace(output, &bytes)
}

/// The number of warnings that are printed unless all are asked for.
const SHOWN_WARNINGS: usize = 10;

fn note_warnings(warnings: &[String], verbose: bool) {
    let shown = if verbose { warnings.len() } else { SHOWN_WARNINGS };
    for warning in warnings.iter().take(shown) {
        note(&format!("note: {warning}"));
    }
    if let Some(hidden) = warnings.len().checked_sub(shown).filter(|hidden| *hidden > 0) {
        note(&format!("note: {hidden} more remark{}; --verbose lists all", plural(hidden)));
    }
}
