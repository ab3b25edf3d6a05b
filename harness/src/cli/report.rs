//! `report`: a page per model, an index of them, and `RECONCILIATION_SUMMARY.md` in each model's folder.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::{Format, ReportArgs};
use super::browser::Browser;
use super::calibrate::{diagnose_model, written};
use super::estimators;
use super::output::{complain, print_table, show};
use super::pages::{origin, write_index, write_page};
use super::service::replay;
use crate::base::error::{Error, Exit, Place, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::mantile::recording::{self, Recording};
use crate::report::{
    RECONCILIATION_SUMMARY, Style, TextTable, models_table, notes_are_whole,
    reconciliation_summary, verdict_word,
};

pub(super) async fn run(root: &Path, args: &ReportArgs) -> Result<Exit> {
    let models = model::named(root, &args.models)?;
    let output =
        args.output.clone().unwrap_or_else(|| root.join("target").join("reconcile").join("pages"));
    let browser = args.screenshots.as_ref().map(|_| Browser::find()).transpose()?;
    for folder in [Some(&output).filter(|_| !args.check), args.screenshots.as_ref()] {
        folder.map_or(Ok(()), |folder| file::check_writable(folder))?;
    }
    let mut files = ReportFiles::default();
    let mut evaluations = Vec::new();
    let mut exits = Vec::new();
    for name in &models {
        // An error in one model does not keep the others from being reported.
        match report(root, name, args.check, &output, &mut files).await {
            Ok(evaluation) => evaluations.push((name.clone(), evaluation)),
            Err(error) => {
                complain(&error);
                exits.push(error.exit());
            }
        }
    }
    let mut pages: Vec<PathBuf> = files.of_kind(FileKind::Page).cloned().collect();
    if !pages.is_empty() {
        let index = write_index(&output)?;
        pages.push(index.clone());
        files.written.push((FileKind::Index, index));
    }
    if let (Some(browser), Some(folder)) = (browser, &args.screenshots) {
        for page in &pages {
            let taken = browser.screenshots(page, folder)?;
            files.written.extend(taken.into_iter().map(|path| (FileKind::Screenshot, path)));
        }
    }
    if args.format != Format::Text {
        print_table(args.format, &files.table(), "")?;
    } else if args.check {
        show(&files.check_text())?;
    } else {
        show(&closing_text(&files, &evaluations, models.len()))?;
    }
    exits.push(if files.stale.is_empty() { Exit::Inside } else { Exit::GateFailed });
    Ok(Exit::worst(&exits))
}

/// Writes a model's page and summary, or only checks the summary.
async fn report(
    root: &Path,
    name: &str,
    check: bool,
    output: &Path,
    files: &mut ReportFiles,
) -> Result<Evaluation> {
    let model = model::load(root, name)?;
    let recording = recording::load(root, &model.release, &model.config.model_id)?;
    let evaluation = evaluate(&model, &recording).await?;
    let path = model::by_model(root).join(name).join(RECONCILIATION_SUMMARY);
    let summary = new_summary(root, &path, &model, &recording, &evaluation)?;
    if summary.is_none() {
        files.unchanged += 1;
    }
    if check {
        if summary.is_some() {
            files.add_stale(path, name);
        }
        return Ok(evaluation);
    }
    let origin = origin(&recording);
    let page = write_page(root, output, &model, &evaluation, &origin, Some(&recording)).await?;
    files.written.push((FileKind::Page, page));
    if let Some(text) = summary {
        file::replace(&path, text.as_bytes())?;
        files.written.push((FileKind::Summary, path));
    }
    Ok(evaluation)
}

/// A kind of file that `report` writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Page,
    Summary,
    Index,
    Screenshot,
}

impl FileKind {
    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Summary => "summary",
            Self::Index => "index",
            Self::Screenshot => "screenshot",
        }
    }
}

/// The files of a run of `report`.
#[derive(Default)]
struct ReportFiles {
    written: Vec<(FileKind, PathBuf)>,
    /// The summaries that are out of date or missing.
    stale: Vec<PathBuf>,
    /// The number of summaries that are up to date.
    unchanged: usize,
}

impl ReportFiles {
    /// The written files of a kind.
    fn of_kind(&self, kind: FileKind) -> impl Iterator<Item = &PathBuf> {
        self.written.iter().filter(move |(other, _)| *other == kind).map(|(_, path)| path)
    }

    /// Adds a summary that is out of date or missing, and reports it.
    fn add_stale(&mut self, path: PathBuf, model: &str) {
        let state = if path.exists() { "out of date" } else { "missing" };
        let error = Error::usage(format!("{} is {state}", path.display()));
        complain(&error.with_help(format!("regenerate it: mantile-reconcile report {model}")));
        self.stale.push(path);
    }

    /// Each file with what it is.
    fn table(&self) -> TextTable {
        let mut table = TextTable::of(&["what", "file"], &[]);
        let written = self.written.iter().map(|(kind, path)| (kind.name(), path));
        let stale = self.stale.iter().map(|path| ("out of date", path));
        for (kind, path) in written.chain(stale) {
            table.line(vec![kind.to_owned(), path.display().to_string()]);
        }
        table
    }

    /// The result of a check.
    fn check_text(&self) -> String {
        let count = self.unchanged + self.stale.len();
        let checked = format!("checked {count} summar{}", if count == 1 { "y" } else { "ies" });
        match self.stale.len() {
            0 => format!("{checked}: up to date"),
            stale => format!("{checked}: {stale} out of date or missing"),
        }
    }

    /// The files that were written, a line per kind.
    fn written_text(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let pages = self.of_kind(FileKind::Page).count();
        if let Some(index) = self.of_kind(FileKind::Index).next() {
            let folder = index.parent().unwrap_or(index).display();
            lines.push(format!("wrote {pages} page{} and an index into {folder}", plural(pages)));
        }
        let summaries: Vec<&PathBuf> = self.of_kind(FileKind::Summary).collect();
        match summaries[..] {
            [] => {}
            [path] => lines.push(format!("wrote {}", path.display())),
            [path, ..] => lines.push(format!(
                "wrote {} summaries, such as {}",
                summaries.len(),
                path.display()
            )),
        }
        match self.unchanged {
            0 => {}
            1 => lines.push("1 summary was up to date".to_owned()),
            unchanged => lines.push(format!("{unchanged} summaries were up to date")),
        }
        if let Some(path) = self.of_kind(FileKind::Screenshot).next() {
            let screenshots = self.of_kind(FileKind::Screenshot).count();
            let folder = path.parent().unwrap_or(path).display();
            lines.push(format!("wrote {screenshots} screenshots into {folder}"));
        }
        lines
    }
}

/// A line per model, the files that were written, and what to do next.
fn closing_text(
    files: &ReportFiles,
    evaluations: &[(String, Evaluation)],
    models: usize,
) -> String {
    let mut lines = Vec::new();
    if !evaluations.is_empty() {
        let judged = evaluations.iter().map(|(name, evaluation)| (&name[..], Ok(evaluation)));
        lines.push(models_table(judged, Style::Terminal) + "\n");
    }
    lines.extend(files.written_text());
    let failed = models - evaluations.len();
    if failed > 0 {
        lines.push(format!("{failed} of {models} models could not be reported: see the errors"));
    }
    if let Some(index) = files.of_kind(FileKind::Index).next() {
        lines.push(format!("next: open {} in a browser", index.display()));
    }
    let failing = evaluations.iter().find(|(_, evaluation)| evaluation.exit() != Exit::Inside);
    if let Some((name, evaluation)) = failing {
        let word = verdict_word(evaluation);
        lines.push(format!("{name}: {word}; its page says what to look at first"));
    }
    lines.join("\n")
}

/// A model's summary as it should be; `None` where the file holds just that.
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
            "a mark around the notes is missing, or the marks are in the wrong order",
        )
        .with_help(
            "restore both marks so that the notes are not lost (git diff shows them); without notes, delete the file",
        ));
    }
    let diagnoses = diagnose_model(model, recording)?;
    let calibration = written(&model::by_model(root).join(&model.name))?;
    let text =
        reconciliation_summary(model, evaluation, &diagnoses, calibration.as_ref(), old.as_deref());
    Ok((old.as_deref() != Some(text.as_str())).then_some(text))
}

/// The verdicts on a model by its accepted release's recording, with the other estimators.
async fn evaluate(model: &Model, recording: &Recording) -> Result<Evaluation> {
    let files = estimators::files(model, &[])?;
    let predictions = replay(model, recording.clone()).await?;
    let evaluation = Evaluation::new(model, predictions, recording, Timestamp::now());
    Ok(evaluation.compared_with(&files, &model.config, Some(recording)))
}
