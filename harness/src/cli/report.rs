//! `report`: what was found, for people: a page a model, and `RECONCILIATION_SUMMARY.md` in their folders.

use std::path::Path;

use jiff::Timestamp;

use super::args::ReportArgs;
use super::calibrate::{diagnose_model, written};
use super::estimators;
use super::history;
use super::output::note;
use super::run::predict;
use crate::breakdown::Breakdown;
use crate::error::{Error, Exit, Result};
use crate::evaluation::{Evaluation, Service};
use crate::folder::{self, Model};
use crate::recording::{self, Recording};
use crate::report::{RECONCILIATION_SUMMARY, reconciliation_summary};
use crate::row::Row;
use crate::{file, mapping, page, releases};

/// Replayed requests under way at once.
const CONCURRENCY: usize = 4;

pub(super) async fn run(root: &Path, args: &ReportArgs) -> Result<Exit> {
    let models = if args.models.is_empty() { folder::list(root)? } else { args.models.clone() };
    let output =
        args.output.clone().unwrap_or_else(|| root.join("target").join("reconcile").join("pages"));
    let index = releases::load(root)?;
    let mut stale = Vec::new();
    let mut judged = Vec::new();
    for name in &models {
        let model = folder::load(root, name)?;
        let recording = recording::load(root, &model.release, &model.config.model_id)?;
        let evaluation = evaluate(&model, &recording).await?;
        let diagnoses = diagnose_model(&model, &recording)?;
        if !args.check {
            let breakdowns = breakdowns(&model, &recording)?;
            let history = history::errors(root, &model, &index).await?;
            let subject = page::Subject {
                model: &model,
                evaluation: &evaluation,
                breakdowns: &breakdowns,
                history: &history,
            };
            let path = output.join(page::file_name(name));
            file::replace(&path, page::page(subject).as_bytes())?;
            note(&format!("wrote {}", path.display()));
        }
        let folder = folder::by_model(root).join(name);
        let path = folder.join(RECONCILIATION_SUMMARY);
        let old = if path.exists() { Some(file::read_text(&path)?) } else { None };
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
    if !args.check {
        let path = output.join("index.html");
        file::replace(&path, page::index(&judged).as_bytes())?;
        note(&format!("wrote {}", path.display()));
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

/// The times of each row by layer, where its request is recorded.
fn breakdowns(model: &Model, recording: &Recording) -> Result<Vec<Option<Breakdown>>> {
    let layers = recording.layers()?;
    let of = |row: &Row| {
        let mapped = mapping::map(row, &model.config).ok()?;
        mapped.recorded(recording, &layers).ok().map(|recorded| recorded.breakdown)
    };
    Ok(model.rows.iter().map(of).collect())
}
