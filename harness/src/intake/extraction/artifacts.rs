//! Reading many artifacts: the results of all files, and the files that are none.

use std::path::{Path, PathBuf};

use super::super::fetch::RUN_FACTS;
use super::super::source::{self, Artifact, GivenFacts, Reading, SourceReader};
use super::location::{ArtifactLocation, InputFile, input_files};
use crate::base::error::{Error, Result};
use crate::base::file;
use crate::base::tally::Tally;

/// The content of all artifacts, and the files that were not read.
#[derive(Default)]
pub(super) struct ArtifactsRead {
    pub(super) reading: Reading,
    /// The number of files by the reader that read them.
    pub(super) files: Tally<&'static str>,
    /// Files in folders that no reader recognises.
    pub(super) unrecognised: Vec<PathBuf>,
    /// The number of tables in folders next to a JSON file of the same name, which holds more.
    pub(super) beside_json: usize,
}

/// Reads the artifacts at some locations, by the reader asked for or else by their content. `on_file` is called
/// with the number of all files before each of them.
pub(super) fn read_artifacts(
    locations: &[ArtifactLocation],
    reader: Option<&'static dyn SourceReader>,
    given: &GivenFacts,
    on_file: &dyn Fn(usize),
) -> Result<ArtifactsRead> {
    let mut artifacts = ArtifactsRead::default();
    let files = input_files(locations)?;
    for file in &files {
        on_file(files.len());
        if file.repeats_json() {
            artifacts.beside_json += 1;
        } else {
            artifacts.read(file, file.reader.or(reader), given)?;
        }
    }
    if artifacts.files.is_empty() {
        let paths: Vec<String> =
            locations.iter().map(|location| location.path.display().to_string()).collect();
        return Err(Error::usage(format!(
            "no result file of a known format in {}",
            paths.join(", ")
        ))
        .with_help(format!("the formats are {}", source::names().join(", "))));
    }
    Ok(artifacts)
}

impl ArtifactsRead {
    fn read(
        &mut self,
        file: &InputFile,
        reader: Option<&'static dyn SourceReader>,
        given: &GivenFacts,
    ) -> Result<()> {
        let artifact = Artifact::new(&file.path, file::read_text(&file.path)?);
        // A folder may hold files of any kind; a file that was named is meant.
        if !file.is_named && reader.is_some_and(|reader| !reader.recognises(&artifact)) {
            self.unrecognised.push(file.path.clone());
            return Ok(());
        }
        let mut given = given.clone();
        note_run_date(&file.path, &mut given);
        if let Some((reader, reading)) = source::read(&artifact, reader, &given)? {
            self.files.add(reader.name(), 1);
            self.reading.append(reading);
            return Ok(());
        }
        if file.is_named {
            // A text that was cut short is not JSON, so no reader recognises it: report that first.
            artifact.well_formed()?;
            return Err(artifact.error("no source recognises it").with_help(format!(
                "name its format with --from: {}",
                source::names().join(", ")
            )));
        }
        if file.is_aggregate() {
            artifact.json()?;
        }
        self.unrecognised.push(file.path.clone());
        Ok(())
    }
}

/// The facts of a fetched run lie in the folder of a result file, or up to two folders above it.
const RUN_FACTS_FOLDERS: usize = 3;

/// Takes the date of a fetched run from its facts, unless the user gave one.
fn note_run_date(path: &Path, given: &mut GivenFacts) {
    let facts = path
        .ancestors()
        .skip(1)
        .take(RUN_FACTS_FOLDERS)
        .find_map(|folder| std::fs::read_to_string(folder.join(RUN_FACTS)).ok())
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let Some(facts) = facts else { return };
    if let (Some(id), Some(created)) = (facts["run_id"].as_u64(), facts["created_at"].as_str()) {
        given.run_dates.entry(id.to_string()).or_insert_with(|| created.to_owned());
    }
}
