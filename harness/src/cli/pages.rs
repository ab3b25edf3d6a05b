//! The pages: a model's with all that is recorded of it, and the index over them.

use std::path::{Path, PathBuf};

use super::history;
use crate::base::error::{Error, Result};
use crate::base::file;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::mantile::recording::Recording;
use crate::mantile::releases;
use crate::predict::mapping;
use crate::predict::mapping::Recorded;
use crate::report::page;
use crate::row::Row;

/// Writes a model's page into a folder. Where its predictions are of a recording, with what was asked and
/// answered, and beside the other recorded releases.
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

/// What a recording is of.
pub(super) fn origin(recording: &Recording) -> String {
    format!("Mantile {}, recorded {}", recording.release, recording.recorded_at)
}

/// The page over all models.
const INDEX: &str = "index.html";

/// Writes the page over all models whose pages are in a folder.
pub(super) fn write_index(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(INDEX);
    let listed = std::fs::read_dir(folder).map_err(|source| Error::io("read", folder, source))?;
    let is_page =
        |page: &PathBuf| page.extension().is_some_and(|end| end == "html") && *page != path;
    let mut pages: Vec<PathBuf> =
        listed.flatten().map(|entry| entry.path()).filter(is_page).collect();
    pages.sort();
    let pages = pages.iter().map(|page| file::read_text(page)).collect::<Result<Vec<_>>>()?;
    let entries = pages.iter().filter_map(|page| page::entry_of(page));
    file::replace(&path, page::index(entries).as_bytes())?;
    Ok(path)
}

/// What was asked and answered for each row, where it is recorded.
fn recorded(model: &Model, recording: &Recording) -> Result<Vec<Option<Recorded>>> {
    let layers = recording.layers()?;
    let of = |row: &Row| mapping::map(row, &model.config).ok()?.recorded(recording, &layers).ok();
    Ok(model.rows.iter().map(of).collect())
}
