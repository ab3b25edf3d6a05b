//! `report`: what was found, for people: a page a model, and `RECONCILIATION_SUMMARY.md` in their folders.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::{Format, ReportArgs};
use super::browser::Browser;
use super::calibrate::{diagnose_model, written};
use super::estimators;
use super::output::{complain, note, print_table};
use super::pages::{origin, write_index, write_page};
use super::service::replay;
use crate::base::error::{Error, Exit, Place, Result};
use crate::base::file;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::mantile::recording::{self, Recording};
use crate::report::{RECONCILIATION_SUMMARY, TextTable, notes_are_whole, reconciliation_summary};

pub(super) async fn run(root: &Path, args: &ReportArgs) -> Result<Exit> {
    let models = model::named(root, &args.models)?;
    let output =
        args.output.clone().unwrap_or_else(|| root.join("target").join("reconcile").join("pages"));
    let browser = args.screenshots.as_ref().map(|_| Browser::find()).transpose()?;
    for folder in [Some(&output).filter(|_| !args.check), args.screenshots.as_ref()] {
        folder.map_or(Ok(()), |folder| file::check_writable(folder))?;
    }
    let mut files = Files::default();
    let mut exits = Vec::new();
    for name in &models {
        // One model's trouble does not keep the others from being reported.
        if let Err(error) = report(root, name, args.check, &output, &mut files).await {
            complain(&error);
            exits.push(error.exit());
        }
    }
    let pages: Vec<PathBuf> = files.of("page").cloned().collect();
    if !pages.is_empty() {
        files.wrote("index", write_index(&output)?);
    }
    if let (Some(browser), Some(folder)) = (browser, &args.screenshots) {
        let index = files.of("index").cloned().collect::<Vec<_>>();
        for page in pages.iter().chain(&index) {
            for taken in browser.screenshots(page, folder)? {
                files.wrote("screenshot", taken);
            }
        }
    }
    if args.format != Format::Text {
        print_table(args.format, &files.table(), "")?;
    }
    exits.push(if files.stale.is_empty() { Exit::Inside } else { Exit::GateFailed });
    Ok(Exit::worst(&exits))
}

/// Writes a model's page and summary, or checks the summary alone.
async fn report(
    root: &Path,
    name: &str,
    check: bool,
    output: &Path,
    files: &mut Files,
) -> Result<()> {
    let model = model::load(root, name)?;
    let recording = recording::load(root, &model.release, &model.config.model_id)?;
    let evaluation = evaluate(&model, &recording).await?;
    let path = model::by_model(root).join(name).join(RECONCILIATION_SUMMARY);
    let summary = new_summary(root, &path, &model, &recording, &evaluation)?;
    if check {
        if summary.is_some() {
            files.is_stale(path, name);
        }
        return Ok(());
    }
    let origin = origin(&recording);
    let recorded = Some(&recording);
    files.wrote("page", write_page(root, output, &model, &evaluation, &origin, recorded).await?);
    if let Some(text) = summary {
        file::replace(&path, text.as_bytes())?;
        files.wrote("summary", path);
    }
    Ok(())
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

    /// The files that are this.
    fn of(&self, what: &'static str) -> impl Iterator<Item = &PathBuf> {
        self.written.iter().filter(move |(is, _)| *is == what).map(|(_, path)| path)
    }

    fn is_stale(&mut self, path: PathBuf, model: &str) {
        let what = if path.exists() { "out of date" } else { "missing" };
        let error = Error::usage(format!("{} is {what}", path.display()));
        let command = format!("make it anew: mantile-reconcile report {model}");
        complain(&error.with_help(command));
        self.stale.push(path);
    }

    fn table(&self) -> TextTable {
        let mut table = TextTable::of(&["what", "file"], &[]);
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
            "a mark around the notes is missing, or they are the wrong way round",
        )
        .with_help(
            "put both back, or the notes would be lost: git diff shows them; without notes remove the file",
        ));
    }
    let diagnoses = diagnose_model(model, recording)?;
    let calibration = written(&model::by_model(root).join(&model.name))?;
    let text =
        reconciliation_summary(model, evaluation, &diagnoses, calibration.as_ref(), old.as_deref());
    Ok((old.as_deref() != Some(text.as_str())).then_some(text))
}

/// The model judged by its accepted release's recording, beside the other estimators.
async fn evaluate(model: &Model, recording: &Recording) -> Result<Evaluation> {
    let files = estimators::files(model, &[])?;
    let predictions = replay(model, recording.clone()).await?;
    let evaluation = Evaluation::new(model, predictions, recording, Timestamp::now());
    Ok(evaluation.beside(&files, &model.config, Some(recording)))
}
