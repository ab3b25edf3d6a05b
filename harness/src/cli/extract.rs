//! `extract`: artifacts to rows, with an account.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::account::{Account, files};
use super::args::ExtractArgs;
use super::fetch;
use super::output::{note, print_table, progress};
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::base::text::nearest;
use crate::intake::fetch::RUN_FACTS;
use crate::intake::source::{self, Artifact, Fate, GivenFacts, Reading, SourceReader};
use crate::judge::model;
use crate::row;
use crate::row::Row;
use crate::rules::config::{Config, SourceConfig};

pub(super) async fn run(root: &Path, args: &ExtractArgs) -> Result<Exit> {
    let config = model::load_config(root, &args.model)?;
    let configured = configured(&config, args.source.as_deref())?;
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| model::by_model(root).join(&args.model).join(&configured.file));
    let given = GivenFacts {
        provider: configured.name.clone(),
        models: configured.artifact_models.clone(),
        run_dates: args.run_dates.iter().cloned().collect(),
        ..args.given.given()
    };
    let places = fetch::bring(root, args, configured).await?;
    let mut read = read_all(&places, args, &given)?;
    one_model(configured, &config, &read.readings)?;
    if args.add && output.exists() {
        let rows = model::read_rows(&output, configured)?;
        read.readings.insert(0, Reading { rows, ..Reading::default() });
    }
    let mut extraction = source::merge(std::mem::take(&mut read.readings));
    let overlaps =
        Overlaps::resolve(&mut extraction.rows, &before(root, args, configured, &config)?);
    let reading = &extraction.reading;
    if extraction.rows.is_empty() {
        for warning in &reading.warnings {
            note(&format!("note: {warning}"));
        }
        let error = Error::usage(format!(
            "no row in {}:\n{}",
            files(read.files),
            Account::new(&extraction, &overlaps, &read).text(&output)
        ));
        // Where results were left out for anything but their model, the reasons are the help.
        let of_another = |fate: &Fate| matches!(fate, Fate::Skipped(reason) if reason.starts_with(source::ANOTHER_MODEL));
        let others = reading.fates.keys().all(|(_, fate)| of_another(fate));
        return Err(if others && !configured.artifact_models.is_empty() {
            error.with_help(format!(
                "artifact_models of source {} in {} lists the model's names in artifacts: {}",
                configured.name,
                config.path.display(),
                configured.artifact_models.join(", ")
            ))
        } else {
            error.with_help("each result has its reason above; give files without that fault")
        });
    }
    let bytes = row::write(&extraction.rows);
    // What is written must be readable: the reader is stricter than the artifacts.
    let text = String::from_utf8_lossy(&bytes);
    row::read(&output, &text, &configured.name, &[])?;
    file::replace(&output, &bytes)?;
    for warning in &reading.warnings {
        note(&format!("note: {warning}"));
    }
    let account = Account::new(&extraction, &overlaps, &read);
    print_table(args.format, &account.table(&output), &account.text(&output))?;
    Ok(Exit::Inside)
}

/// The source of this name; without one the only one, or InferenceMAX's.
fn configured<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a SourceConfig> {
    let name = match (name, &config.sources[..]) {
        (Some(name), _) => name,
        (None, [only]) => return Ok(only),
        (None, _) => "inferencemax",
    };
    config.sources.iter().find(|source| source.name == name).ok_or_else(|| {
        let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
        Error::usage(format!("no source `{name}` in {}", config.path.display())).with_help(format!(
            "the sources are: {}; add a [[source]] for another",
            names.join(", ")
        ))
    })
}

/// Refuses results of several models when the source does not say which names are of this one.
fn one_model(configured: &SourceConfig, config: &Config, readings: &[Reading]) -> Result<()> {
    let models: BTreeSet<&str> =
        readings.iter().flat_map(|reading| &reading.models).map(String::as_str).collect();
    if models.len() < 2 || !configured.artifact_models.is_empty() {
        return Ok(());
    }
    let models: Vec<&str> = models.into_iter().collect();
    Err(Error::usage(format!("the files are of several models: {}", models.join(", "))).with_help(
        format!(
            "list this model's names as artifact_models of source {} in {}",
            configured.name,
            config.path.display()
        ),
    ))
}

/// What reading the inputs gave.
pub(super) struct Read {
    readings: Vec<Reading>,
    pub files: usize,
    /// How many files were read by each source.
    pub by_source: BTreeMap<&'static str, usize>,
    /// Files in the folders that are no artifact of any source.
    pub unrecognised: Vec<PathBuf>,
    /// Tables in the folders beside a JSON file of the same name, which says more.
    pub beside_json: usize,
}

fn read_all(places: &[Place], args: &ExtractArgs, given: &GivenFacts) -> Result<Read> {
    let from = args.from.as_deref().map(chosen).transpose()?;
    let mut read = Read {
        readings: Vec::new(),
        files: 0,
        by_source: BTreeMap::new(),
        unrecognised: Vec::new(),
        beside_json: 0,
    };
    let inputs = inputs(places)?;
    let bar = progress("reading", inputs.len());
    for Input { path, named, of } in inputs {
        bar.inc(1);
        if !named && has_extension(&path, "csv") && path.with_extension("json").exists() {
            read.beside_json += 1;
            continue;
        }
        let from = of.or(from);
        let artifact = Artifact::new(&path, file::read_text(&path)?);
        // In a folder lies this and that; a file that was named is meant.
        if !named && from.is_some_and(|source| !source.recognises(&artifact)) {
            read.unrecognised.push(path);
            continue;
        }
        let mut given = given.clone();
        note_run_date(&path, &mut given);
        match source::read(&artifact, from, &given)? {
            Some((source, reading)) => {
                read.files += 1;
                *read.by_source.entry(source.name()).or_default() += 1;
                read.readings.push(reading);
            }
            None if named => {
                // Text that is cut short is no JSON, and so of no source: say that first.
                artifact.well_formed()?;
                return Err(artifact
                    .error("no source recognises it")
                    .with_help(format!("say which it is of with --from: {}", names().join(", "))));
            }
            None if is_artifact_name(&path) => {
                artifact.json()?;
                read.unrecognised.push(path);
            }
            None => read.unrecognised.push(path),
        }
    }
    bar.finish_and_clear();
    if read.files == 0 {
        let places: Vec<String> =
            places.iter().map(|place| place.path.display().to_string()).collect();
        return Err(Error::usage(format!("no result file of any source in {}", places.join(", ")))
            .with_help(format!("the sources are {}", names().join(", "))));
    }
    Ok(read)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// Whether a file is by its name an aggregate of a run: one that cannot be read is then no stray file.
fn is_artifact_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("agg_") && name.ends_with(".json")
}

fn names() -> Vec<&'static str> {
    let names = |source: &&'static dyn source::SourceReader| {
        std::iter::once(source.name()).chain(source.aliases().iter().copied())
    };
    source::SOURCES.iter().flat_map(names).collect()
}

fn chosen(name: &str) -> Result<&'static dyn source::SourceReader> {
    source::named(name).ok_or_else(|| {
        let error = Error::usage(format!("no source `{name}`"));
        match nearest(name, &names()) {
            Some(near) => error.with_help(format!("did you mean {near}?")),
            None => error.with_help(format!("the sources are {}", names().join(", "))),
        }
    })
}

/// A file or a folder to read.
pub(super) struct Place {
    pub path: PathBuf,
    /// What it is of, where that is known.
    pub of: Option<&'static dyn SourceReader>,
}

/// A file to read.
struct Input {
    path: PathBuf,
    /// Whether it was named itself, not its folder.
    named: bool,
    of: Option<&'static dyn SourceReader>,
}

/// The files named, and those in the folders named, sorted.
fn inputs(places: &[Place]) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for Place { path, of } in places {
        let of = *of;
        if !path.is_dir() {
            inputs.push(Input { path: path.clone(), named: true, of });
            continue;
        }
        let mut found = Vec::new();
        let mut open = vec![path.clone()];
        while let Some(folder) = open.pop() {
            let entries =
                std::fs::read_dir(&folder).map_err(|source| Error::io("read", &folder, source))?;
            for entry in entries {
                let path = entry.map_err(|source| Error::io("read", &folder, source))?.path();
                if path.is_dir() {
                    open.push(path);
                } else if ["json", "jsonl", "csv"].iter().any(|end| has_extension(&path, end))
                    && path.file_name().is_none_or(|name| name != RUN_FACTS)
                {
                    found.push(path);
                }
            }
        }
        found.sort();
        inputs.extend(found.into_iter().map(|path| Input { path, named: false, of }));
    }
    Ok(inputs)
}

/// Takes a fetched run's date from the facts beside its artifacts, unless the user gave it.
fn note_run_date(path: &Path, given: &mut GivenFacts) {
    let facts = path
        .ancestors()
        .skip(1)
        .take(RUN_FACTS_DEPTH)
        .find_map(|folder| std::fs::read_to_string(folder.join(RUN_FACTS)).ok())
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let Some(facts) = facts else { return };
    if let (Some(id), Some(created)) = (facts["run_id"].as_u64(), facts["created_at"].as_str()) {
        given.run_dates.entry(id.to_string()).or_insert_with(|| created.to_owned());
    }
}

/// A run's facts lie in the folder of a result file, or so many folders above less one.
const RUN_FACTS_DEPTH: usize = 3;

/// The rows of the sources that are listed before: what an extraction gives must not depend on whether
/// the sources after it were extracted.
fn before(
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

/// Configurations that a source listed before has, too.
#[derive(Default)]
pub(super) struct Overlaps {
    /// Left out: the other source's is as new or newer.
    pub older: usize,
    /// Kept beside the other source's: newer, or without a date to tell.
    pub beside: usize,
}

impl Overlaps {
    /// Leaves out of `rows` what `others` measured as late or later.
    fn resolve(rows: &mut Vec<Row>, others: &[Row]) -> Self {
        let mut overlaps = Self::default();
        rows.retain(|row| {
            let there = others.iter().filter(|other| other.identity == row.identity);
            let Some(newest) = there.map(source::date).max() else { return true };
            let date = source::date(row);
            let keep = date.is_empty() || date > newest;
            *(if keep { &mut overlaps.beside } else { &mut overlaps.older }) += 1;
            keep
        });
        overlaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, date: Option<&str>) -> Row {
        let mut row = crate::testing::bare_row(name);
        row.provenance.benchmark_date = date.map(str::to_owned);
        row
    }

    #[test]
    fn only_a_date_that_is_not_newer_leaves_a_row_out() {
        const HELD: &str = "b200::vllm::fp4::1024x1024::tp4_ep1::c64";
        let others = [row(HELD, Some("2026-01-05"))];
        let resolved = |row: Row| {
            let mut rows = vec![row];
            let overlaps = Overlaps::resolve(&mut rows, &others);
            (rows.len(), overlaps.older, overlaps.beside)
        };
        assert_eq!(resolved(row(HELD, Some("2026-01-05"))), (0, 1, 0));
        assert_eq!(resolved(row(HELD, Some("2026-01-06"))), (1, 0, 1));
        assert_eq!(resolved(row(HELD, None)), (1, 0, 1));
        let other = "b200::vllm::fp4::1024x1024::tp4_ep1::c32";
        assert_eq!(resolved(row(other, Some("2026-01-01"))), (1, 0, 0));
    }
}
