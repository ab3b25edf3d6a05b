//! The estimators that a model's rows are set beside: those of `reconcile.toml`, and those of `--also`.

use std::path::{Path, PathBuf};

use super::output::note;
use crate::base::error::{Error, Result};
use crate::base::file;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::predict::rivals::{self, EstimatorFile};
use crate::rules::config;

/// All of them, read. A name may come once.
pub(super) fn files(model: &Model, also: &[(String, PathBuf)]) -> Result<Vec<EstimatorFile>> {
    let mut files = model.estimators.clone();
    for (name, path) in also {
        if let Some(other) = files.iter().find(|file| file.entry.name == *name) {
            let message =
                format!("the estimator `{name}` is there already: {}", other.path.display());
            return Err(Error::usage(message).with_help("give it another name: --also NAME=FILE"));
        }
        let entry =
            config::EstimatorConfig { name: name.clone(), ..config::EstimatorConfig::default() };
        files.push(model::load_estimator(path.clone(), entry)?);
    }
    Ok(files)
}

/// Says which predictions are of nothing that was measured; one without any row in common is an error:
/// a comparison with nothing would look like one.
pub(super) fn tell(evaluation: &Evaluation, also: &[(String, PathBuf)]) -> Result<()> {
    for side in &evaluation.side_by_side {
        let estimator = &side.estimator;
        let Some(path) = &estimator.path else { continue };
        let named = also.iter().any(|(name, _)| *name == estimator.entry.name);
        if side.rows == 0 && named {
            let message =
                format!("{}: no row in common with Mantile and measurement", path.display());
            return Err(Error::usage(message)
                .with_help("a prediction is joined by every column of the row's identity"));
        }
        for identity in estimator.unmeasured.iter().take(MOST_SHOWN) {
            note(&format!("note: {}: nobody measured {identity}", path.display()));
        }
        if let Some(more @ 1..) = estimator.unmeasured.len().checked_sub(MOST_SHOWN) {
            note(&format!("note: {}: and {more} more that nobody measured", path.display()));
        }
    }
    Ok(())
}

/// A longer list is read by nobody.
const MOST_SHOWN: usize = 5;

/// Writes each one's predictions of the compared rows, completed, as `estimators/<name>.csv`.
pub(super) fn write(folder: &Path, evaluation: &Evaluation) -> Result<()> {
    for side in &evaluation.side_by_side {
        let rows = evaluation.comparisons.iter().map(|comparison| &comparison.row);
        let path = folder.join("estimators").join(format!("{}.csv", side.estimator.entry.name));
        file::replace(&path, &rivals::write(&side.estimator, rows))?;
    }
    Ok(())
}
