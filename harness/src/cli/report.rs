//! `report`: what was found, for people: `RECONCILIATION_SUMMARY.md` in the models' folders.

use std::path::Path;

use jiff::Timestamp;

use super::args::ReportArgs;
use super::calibrate::diagnose_model;
use super::estimators;
use super::output::note;
use super::run::predict;
use crate::error::{Error, Exit, Result};
use crate::evaluation::{Evaluation, Service};
use crate::file;
use crate::folder::{self, Model};
use crate::recording::{self, Recording};
use crate::report::{RECONCILIATION_SUMMARY, reconciliation_summary};

/// Replayed requests under way at once.
const CONCURRENCY: usize = 4;

pub(super) async fn run(root: &Path, args: &ReportArgs) -> Result<Exit> {
    let models = if args.models.is_empty() { folder::list(root)? } else { args.models.clone() };
    let mut stale = Vec::new();
    for name in &models {
        let model = folder::load(root, name)?;
        let recording = recording::load(root, &model.release, &model.config.model_id)?;
        let evaluation = evaluate(&model, &recording).await?;
        let diagnoses = diagnose_model(&model, &recording)?;
        let path = folder::by_model(root).join(name).join(RECONCILIATION_SUMMARY);
        let old = if path.exists() { Some(file::read_text(&path)?) } else { None };
        let text = reconciliation_summary(&model, &evaluation, &diagnoses, old.as_deref());
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
    for path in &stale {
        let error = Error::usage(format!("{} is out of date", path.display()));
        let commands = format!("make it anew: mantile-reconcile report {}", models.join(" "));
        super::output::complain(&error.with_help(commands));
    }
    Ok(if stale.is_empty() { Exit::Inside } else { Exit::GateFailed })
}

/// The model judged by its accepted release's recording, beside the other estimators.
async fn evaluate(model: &Model, recording: &Recording) -> Result<Evaluation> {
    let files = estimators::files(model, &[])?;
    let service = Service::replayed(recording.clone(), &model.config).await?;
    let predictions = predict(model, &service, CONCURRENCY).await?;
    let evaluation = Evaluation::new(model, predictions, recording, Timestamp::now());
    Ok(evaluation.beside(&files, &model.config, Some(recording)))
}
