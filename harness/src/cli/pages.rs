//! The pages of models, and the index of all models.

use std::path::{Path, PathBuf};

use super::history;
use crate::base::error::{Error, Result};
use crate::base::file;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::mantile::recording::Recording;
use crate::mantile::releases;
use crate::predict::mapping::{self, Recorded};
use crate::report::page;
use crate::row::Row;

/// Writes a model's page into a folder and gives its path. With the recording that the predictions are from, the
/// page also has each row's request and answer, and the errors of all recorded releases.
pub(super) async fn write_page(
    root: &Path,
    folder: &Path,
    model: &Model,
    evaluation: &Evaluation,
    origin: &str,
    recording: Option<&Recording>,
) -> Result<PathBuf> {
    let (recorded, history) = match recording {
        None => (Vec::new(), Vec::new()),
        Some(recording) => {
            let index = releases::load(root)?;
            let known = Some(&evaluation.comparisons[..]);
            let history = history::errors(root, model, &index, known).await?;
            (recorded(model, recording)?, history)
        }
    };
    let subject =
        page::PageSubject { model, origin, evaluation, recorded: &recorded, history: &history };
    let path = folder.join(page::file_name(&model.name));
    file::replace(&path, page::page(subject).as_bytes())?;
    Ok(path)
}

/// The release and date of a recording, such as "Mantile 72ff84e, recorded 2026-02-01".
pub(super) fn origin(recording: &Recording) -> String {
    format!("Mantile {}, recorded {}", recording.release, recording.recorded_at)
}

/// The index's file name.
const INDEX: &str = "index.html";

/// Writes the index of all models whose pages are in a folder, and gives its path. Other HTML files are skipped.
pub(super) fn write_index(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(INDEX);
    let listed = std::fs::read_dir(folder).map_err(|source| Error::io("read", folder, source))?;
    let is_page = |page: &PathBuf| {
        page.extension().is_some_and(|extension| extension == "html") && *page != path
    };
    let mut pages: Vec<PathBuf> =
        listed.flatten().map(|entry| entry.path()).filter(is_page).collect();
    pages.sort();
    let pages = pages.iter().map(|page| file::read_text(page)).collect::<Result<Vec<_>>>()?;
    let entries = pages.iter().filter_map(|page| page::entry_of(page));
    file::replace(&path, page::index(entries).as_bytes())?;
    Ok(path)
}

/// The request and answer of each row, where they are recorded.
fn recorded(model: &Model, recording: &Recording) -> Result<Vec<Option<Recorded>>> {
    let layers = recording.layers()?;
    let recorded_row =
        |row: &Row| mapping::map(row, &model.config).ok()?.recorded(recording, &layers).ok();
    Ok(model.rows.iter().map(recorded_row).collect())
}
