//! The other estimators that Mantile is compared with: those of `reconcile.toml` and those of `--also`.

use std::path::{Path, PathBuf};

use super::output::note;
use crate::base::error::{Error, Result};
use crate::base::file;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::predict::rivals::{self, EstimatorFile};
use crate::rules::config;

/// More configurations than this are counted, not listed.
const MOST_SHOWN: usize = 5;

/// Reads the predictions of all of them. A name may be used once.
pub(super) fn files(model: &Model, also: &[(String, PathBuf)]) -> Result<Vec<EstimatorFile>> {
    let mut files = model.estimators.clone();
    for (name, path) in also {
        if let Some(other) = files.iter().find(|file| file.entry.name == *name) {
            let message =
                format!("the estimator name `{name}` is already used by {}", other.path.display());
            return Err(Error::usage(message).with_help("give it another name: --also NAME=FILE"));
        }
        let entry =
            config::EstimatorConfig { name: name.clone(), ..config::EstimatorConfig::default() };
        files.push(model::load_estimator(path.clone(), entry)?);
    }
    Ok(files)
}

/// Notes the predictions of configurations that nobody measured. A file of `--also` without any row in common is an
/// error, because an empty comparison would look like a real one.
pub(super) fn note_unmeasured(evaluation: &Evaluation, also: &[(String, PathBuf)]) -> Result<()> {
    for side in &evaluation.side_by_side {
        let estimator = &side.estimator;
        let Some(path) = &estimator.path else { continue };
        let named = also.iter().any(|(name, _)| *name == estimator.entry.name);
        if side.rows == 0 && named {
            let message =
                format!("{}: no row in common with Mantile and the measurements", path.display());
            return Err(Error::usage(message).with_help(
                "a prediction belongs to a row if every column of its identity is equal",
            ));
        }
        for identity in estimator.unmeasured.iter().take(MOST_SHOWN) {
            note(&format!("note: {}: no measurement of {identity}", path.display()));
        }
        if let Some(more @ 1..) = estimator.unmeasured.len().checked_sub(MOST_SHOWN) {
            note(&format!("note: {}: {more} more predictions have no measurement", path.display()));
        }
    }
    Ok(())
}

/// Writes each estimator's predictions of the compared rows, with derived metrics, to `estimators/<name>.csv`.
pub(super) fn write(folder: &Path, evaluation: &Evaluation) -> Result<()> {
    for side in &evaluation.side_by_side {
        let rows = evaluation.comparisons.iter().map(|comparison| &comparison.row);
        let path = folder.join("estimators").join(format!("{}.csv", side.estimator.entry.name));
        file::replace(&path, &rivals::write(&side.estimator, rows))?;
    }
    Ok(())
}
