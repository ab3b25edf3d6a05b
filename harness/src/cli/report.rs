//! `report`: what was found, for people: a page a model, and `RECONCILIATION_SUMMARY.md` in their folders.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::{Format, ReportArgs};
use super::browser::Browser;
use super::calibrate::{diagnose_model, written};
use super::estimators;
use super::output::{complain, note, print_table};
use super::pages::{INDEX, origin, write_index, write_page};
use super::service::predict;
use crate::error::{Error, Exit, Place, Result};
use crate::evaluation::{Evaluation, Service};
use crate::folder::{self, Model};
use crate::recording::{self, Recording};
use crate::report::{
    Align, RECONCILIATION_SUMMARY, TextTable, notes_are_whole, reconciliation_summary,
};
use crate::{file, page};

/// Replayed requests under way at once.
const CONCURRENCY: usize = 4;

pub(super) async fn run(root: &Path, args: &ReportArgs) -> Result<Exit> {
    let models = folder::named(root, &args.models)?;
    let output =
        args.output.clone().unwrap_or_else(|| root.join("target").join("reconcile").join("pages"));
    let browser = args.screenshots.as_ref().map(|_| Browser::find()).transpose()?;
    let mut files = Files::default();
    for name in &models {
        let model = folder::load(root, name)?;
        let recording = recording::load(root, &model.release, &model.config.model_id)?;
        let evaluation = evaluate(&model, &recording).await?;
        if !args.check {
            let origin = origin(&recording);
            let recorded = Some(&recording);
            let path = write_page(root, &output, &model, &evaluation, &origin, recorded).await?;
            files.wrote("page", path);
        }
        let path = folder::by_model(root).join(name).join(RECONCILIATION_SUMMARY);
        if let Some(text) = new_summary(root, &path, &model, &recording, &evaluation)? {
            if args.check {
                files.is_stale(path, name);
            } else {
                file::replace(&path, text.as_bytes())?;
                files.wrote("summary", path);
            }
        }
    }
    if !args.check {
        files.wrote("index", write_index(&output)?);
    }
    if let (Some(browser), Some(folder)) = (browser, &args.screenshots) {
        let names = models.iter().map(|name| page::file_name(name));
        for name in names.chain([INDEX.to_owned()]) {
            for taken in browser.screenshots(&output.join(name), folder)? {
                files.wrote("screenshot", taken);
            }
        }
    }
    if args.format != Format::Text {
        print_table(args.format, &files.table(), "")?;
    }
    Ok(if files.stale.is_empty() { Exit::Inside } else { Exit::GateFailed })
}

/// The files that were written, each with what it is, and the summaries that are out of date.
#[derive(Default)]
struct Files {
    written: Vec<(&'static str, PathBuf)>,
    stale: Vec<PathBuf>,
}

impl Files {
    /// Tells it at once.
    fn wrote(&mut self, what: &'static str, path: PathBuf) {
        note(&format!("wrote {}", path.display()));
        self.written.push((what, path));
    }

    fn is_stale(&mut self, path: PathBuf, model: &str) {
        let error = Error::usage(format!("{} is out of date", path.display()));
        let command = format!("make it anew: mantile-reconcile report {model}");
        complain(&error.with_help(command));
        self.stale.push(path);
    }

    fn table(&self) -> TextTable {
        let mut table = TextTable::new(&[("what", Align::Left), ("file", Align::Left)]);
        let stale = self.stale.iter().map(|path| ("out of date", path));
        for (what, path) in self.written.iter().map(|(what, path)| (*what, path)).chain(stale) {
            table.line(vec![what.to_owned(), path.display().to_string()]);
        }
        table
    }
}

/// A model's summary as it is to be, where that is not what the file holds.
fn new_summary(
    root: &Path,
    path: &Path,
    model: &Model,
    recording: &Recording,
    evaluation: &Evaluation,
) -> Result<Option<String>> {
    let old = if path.exists() { Some(file::read_text(path)?) } else { None };
    if old.as_deref().is_some_and(|old| !notes_are_whole(old)) {
        return Err(Error::content(
            Place::file(path),
            "one of the marks around the notes is missing or they are the wrong way round",
        )
        .with_help("put both back, or the notes would be lost: git diff shows them"));
    }
    let diagnoses = diagnose_model(model, recording)?;
    let calibration = written(&folder::by_model(root).join(&model.name))?;
    let text =
        reconciliation_summary(model, evaluation, &diagnoses, calibration.as_ref(), old.as_deref());
    Ok((old.as_deref() != Some(text.as_str())).then_some(text))
}

/// The model judged by its accepted release's recording, beside the other estimators.
async fn evaluate(model: &Model, recording: &Recording) -> Result<Evaluation> {
    let files = estimators::files(model, &[])?;
    let service = Service::replayed(recording.clone(), &model.config).await?;
    let predictions = predict(model, &service, CONCURRENCY).await?;
    let evaluation = Evaluation::new(model, predictions, recording, Timestamp::now());
    Ok(evaluation.beside(&files, &model.config, Some(recording)))
}
