//! The places where artifacts are looked for, and the files that are found there.

use std::path::{Path, PathBuf};

use super::super::fetch::RUN_FACTS;
use super::super::source::SourceReader;
use crate::base::error::{Error, Result};

/// A file or folder to read artifacts from.
#[derive(Clone)]
pub struct ArtifactLocation {
    /// The file or folder.
    pub path: PathBuf,
    /// The reader of its artifacts, where their origin tells it. Otherwise the content of each file does.
    pub reader: Option<&'static dyn SourceReader>,
}

/// A file that may be an artifact.
pub(super) struct InputFile {
    pub(super) path: PathBuf,
    /// Whether the file itself was named, and not a folder that holds it.
    pub(super) is_named: bool,
    pub(super) reader: Option<&'static dyn SourceReader>,
}

impl InputFile {
    /// Whether the file is a table in a folder, next to a JSON file of the same name, which holds more.
    pub(super) fn repeats_json(&self) -> bool {
        !self.is_named
            && has_extension(&self.path, "csv")
            && self.path.with_extension("json").exists()
    }

    /// Whether the file's name is that of a run's aggregate. Such a file is not a stray one, even if it cannot
    /// be read.
    pub(super) fn is_aggregate(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("agg_") && has_extension(&self.path, "json")
    }
}

/// The named files, and the files with a result's extension in the named folders, sorted by folder.
pub(super) fn input_files(locations: &[ArtifactLocation]) -> Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for ArtifactLocation { path, reader } in locations {
        let reader = *reader;
        if path.is_dir() {
            let found = files_below(path)?;
            files.extend(found.into_iter().map(|path| InputFile { path, is_named: false, reader }));
        } else {
            files.push(InputFile { path: path.clone(), is_named: true, reader });
        }
    }
    Ok(files)
}

/// The extensions of files that may hold results.
const EXTENSIONS: [&str; 3] = ["json", "jsonl", "csv"];

/// The files that may hold results in a folder and the folders below it, sorted.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let failed = |source| Error::io("read", &folder, source);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let may_hold_results =
                EXTENSIONS.iter().any(|extension| has_extension(&path, extension));
            if path.is_dir() {
                open.push(path);
            } else if may_hold_results && path.file_name().is_none_or(|name| name != RUN_FACTS) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
