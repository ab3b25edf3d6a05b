//! `report`: what was found, for people: a page a model, and `RECONCILIATION_SUMMARY.md` in their folders.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::ReportArgs;
use super::browser::Browser;
use super::calibrate::{diagnose_model, written};
use super::estimators;
use super::history;
use super::output::note;
use super::run::predict;
use crate::error::{Error, Exit, Place, Result};
use crate::evaluation::{Evaluation, Service};
use crate::folder::{self, Model};
use crate::mapping::Recorded;
use crate::recording::{self, Recording};
use crate::report::{
    RECONCILIATION_SUMMARY, ReleaseErrors, notes_are_whole, reconciliation_summary,
};
use crate::row::Row;
use crate::{file, mapping, page, releases};

/// Replayed requests under way at once.
const CONCURRENCY: usize = 4;

pub(super) async fn run(root: &Path, args: &ReportArgs) -> Result<Exit> {
    let models = if args.models.is_empty() { folder::list(root)? } else { args.models.clone() };
    let output =
        args.output.clone().unwrap_or_else(|| root.join("target").join("reconcile").join("pages"));
    let browser = args.screenshots.as_ref().map(|_| Browser::find()).transpose()?;
    let index = releases::load(root)?;
    let mut stale = Vec::new();
    let mut judged = Vec::new();
    for name in &models {
        let model = folder::load(root, name)?;
        let recording = recording::load(root, &model.release, &model.config.model_id)?;
        let evaluation = evaluate(&model, &recording).await?;
        let diagnoses = diagnose_model(&model, &recording)?;
        if !args.check {
            let recorded = recorded(&model, &recording)?;
            let history = history::errors(root, &model, &index).await?;
            let path = write_page(&output, &model, &evaluation, &recorded, &history)?;
            note(&format!("wrote {}", path.display()));
        }
        let folder = folder::by_model(root).join(name);
        let path = folder.join(RECONCILIATION_SUMMARY);
        let old = if path.exists() { Some(file::read_text(&path)?) } else { None };
        if old.as_deref().is_some_and(|old| !notes_are_whole(old)) {
            return Err(Error::content(
                Place::file(&path),
                "one of the marks around the notes is missing or they are the wrong way round",
            )
            .with_help("put both back, or the notes would be lost: git diff shows them"));
        }
        let calibration = written(&folder)?;
        let text = reconciliation_summary(
            &model,
            &evaluation,
            &diagnoses,
            calibration.as_ref(),
            old.as_deref(),
        );
        judged.push((name.clone(), evaluation));
        if old.as_deref() == Some(text.as_str()) {
            continue;
        }
        if args.check {
            stale.push(path);
        } else {
            file::replace(&path, text.as_bytes())?;
            note(&format!("wrote {}", path.display()));
        }
    }
    // Of some models there is no index, unless there was none.
    if !args.check && (args.models.is_empty() || !output.join(INDEX).exists()) {
        let path = write_index(&output, &judged)?;
        note(&format!("wrote {}", path.display()));
    }
    if let (Some(browser), Some(folder)) = (browser, &args.screenshots) {
        let names = models.iter().map(|name| page::file_name(name));
        for name in names.chain([INDEX.to_owned()]) {
            for taken in browser.screenshots(&output.join(name), folder)? {
                note(&format!("wrote {}", taken.display()));
            }
        }
    }
    for path in &stale {
        let error = Error::usage(format!("{} is out of date", path.display()));
        let commands = format!("make it anew: mantile-reconcile report {}", models.join(" "));
        super::output::complain(&error.with_help(commands));
    }
    Ok(if stale.is_empty() { Exit::Inside } else { Exit::GateFailed })
}

/// The page over all models.
pub(super) const INDEX: &str = "index.html";

/// Writes a model's page into a folder.
pub(super) fn write_page(
    folder: &Path,
    model: &Model,
    evaluation: &Evaluation,
    recorded: &[Option<Recorded>],
    history: &[ReleaseErrors],
) -> Result<PathBuf> {
    let subject = page::Subject { model, evaluation, recorded, history };
    let path = folder.join(page::file_name(&model.name));
    file::replace(&path, page::page(subject).as_bytes())?;
    Ok(path)
}

/// Writes the page over models beside theirs.
pub(super) fn write_index(folder: &Path, judged: &[(String, Evaluation)]) -> Result<PathBuf> {
    let path = folder.join(INDEX);
    file::replace(&path, page::index(judged).as_bytes())?;
    Ok(path)
}

/// The model judged by its accepted release's recording, beside the other estimators.
async fn evaluate(model: &Model, recording: &Recording) -> Result<Evaluation> {
    let files = estimators::files(model, &[])?;
    let service = Service::replayed(recording.clone(), &model.config).await?;
    let predictions = predict(model, &service, CONCURRENCY).await?;
    let evaluation = Evaluation::new(model, predictions, recording, Timestamp::now());
    Ok(evaluation.beside(&files, &model.config, Some(recording)))
}

/// What was asked and answered for each row, where it is recorded.
pub(super) fn recorded(model: &Model, recording: &Recording) -> Result<Vec<Option<Recorded>>> {
    let layers = recording.layers()?;
    let of = |row: &Row| mapping::map(row, &model.config).ok()?.recorded(recording, &layers).ok();
    Ok(model.rows.iter().map(of).collect())
}
