//! `run`: rows, predictions, comparison, verdict and reports, one model after the other.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::args::{Format, RunArgs};
use super::compare::write_reports;
use super::estimators;
use super::output::{complain, note, print, reports_folder, show};
use super::pages::{origin, write_index, write_page};
use super::rows::load_picked;
use super::service::{predict, start};
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::judge::compare::{Comparison, join};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::mantile::recording::{self, Recording};
use crate::predict::prediction::{self, Outcome, Prediction};
use crate::report::{
    ModelAnswer, Style, answer_text, audit_text, comparison_summary, errors_table, evaluation_json,
    failure_text, models_table,
};

pub(super) async fn run(root: &Path, args: &RunArgs) -> Result<Exit> {
    if !args.also.is_empty() && args.models.len() != 1 {
        return Err(Error::usage("--also names predictions for one model")
            .with_help("name the model: mantile-reconcile run MODEL --also NAME=FILE"));
    }
    if let Some(output) = &args.output {
        file::check_writable(output)?;
    }
    let models = model::named(root, &args.models)?;
    let mut documents = Vec::new();
    let mut judged: Vec<(String, Result<Evaluation>)> = Vec::new();
    for (name, model) in load_picked(root, &models, args.select.filter.as_ref(), model::load)? {
        let result = match model {
            Ok(model) => run_model(root, &model, args).await.inspect(|evaluation| {
                documents.push(evaluation_json(&model, evaluation));
            }),
            Err(error) => Err(error),
        };
        // An error of one model does not keep the others from being judged.
        if let Err(error) = &result {
            complain(error);
        }
        judged.push((name.to_owned(), result));
    }
    if args.select.filter.is_none() && !documents.is_empty() {
        write_index(&pages_folder(root, args))?;
    }
    print_all(args, documents, &judged)?;
    let exits = judged.iter().map(|(_, result)| match result {
        Ok(evaluation) => evaluation.exit(),
        Err(error) => error.exit(),
    });
    Ok(Exit::worst(&exits.collect::<Vec<_>>()))
}

/// Prints what is about all models: documents, the table of errors, or the closing table.
fn print_all(
    args: &RunArgs,
    documents: Vec<Value>,
    judged: &[(String, Result<Evaluation>)],
) -> Result<()> {
    match args.format {
        Format::Json => print(&Value::from(documents).to_string()),
        Format::Csv => {
            let judged =
                judged.iter().filter_map(|(name, result)| Some((&name[..], result.as_ref().ok()?)));
            print(&errors_table(judged).to_csv())
        }
        Format::Text if judged.len() > 1 => {
            let judged = judged.iter().map(|(name, result)| (&name[..], result.as_ref()));
            show(&models_table(judged, Style::Terminal))
        }
        Format::Text | Format::Markdown => Ok(()),
    }
}

/// The folder of the pages.
fn pages_folder(root: &Path, args: &RunArgs) -> PathBuf {
    let output = args.output.clone();
    output.unwrap_or_else(|| root.join("target").join("reconcile")).join("pages")
}

/// Judges a model, writes its reports, and prints what is about it alone.
async fn run_model(root: &Path, model: &Model, args: &RunArgs) -> Result<Evaluation> {
    let recording = recording::load(root, &model.release, &model.config.model_id)?;
    let folder = match &args.output {
        Some(output) => output.join(&model.name),
        None => reports_folder(root, &model.name),
    };
    // The reports of the whole model stay as they are.
    let folder = if args.select.filter.is_some() { folder.join("selection") } else { folder };
    let run = ModelRun { root, args, model, recording, folder };
    let evaluation = run.judge().await?;
    run.write(&evaluation)?;
    let page = run.write_page(&evaluation).await?;
    run.print(&evaluation, page.as_deref())?;
    Ok(evaluation)
}

/// A model that is run.
struct ModelRun<'a> {
    root: &'a Path,
    args: &'a RunArgs,
    model: &'a Model,
    /// The recording of the accepted release.
    recording: Recording,
    /// The folder of the reports.
    folder: PathBuf,
}

impl ModelRun<'_> {
    /// The recording, if its answers are the predictions: those of a live Mantile are others.
    fn replayed(&self) -> Option<&Recording> {
        self.args.service.api_url.is_none().then_some(&self.recording)
    }

    fn origin(&self) -> String {
        match &self.args.service.api_url {
            Some(url) => format!("the live Mantile at {url}"),
            None => origin(&self.recording),
        }
    }

    fn failures_path(&self) -> PathBuf {
        self.folder.join("failures.txt")
    }

    /// Predicts the rows, writes the predictions, and judges them.
    async fn judge(&self) -> Result<Evaluation> {
        let Self { root, args, model, recording, folder } = self;
        let files = estimators::files(model, &args.also)?;
        let service = start(&args.service, root, &model.config).await?;
        let predictions = predict(model, &service, args.service.asking.concurrency()).await?;
        file::replace(&folder.join("mantile_predictions.csv"), &prediction::write(&predictions))?;
        let evaluation = match args.select.filter {
            Some(_) => judge_selection(model, predictions)?,
            None => Evaluation::new(model, predictions, recording, Timestamp::now()),
        };
        let evaluation = evaluation.compared_with(&files, &model.config, Some(recording));
        if args.select.filter.is_none() {
            estimators::note_unmeasured(&evaluation, &args.also)?;
        }
        Ok(evaluation)
    }

    /// Writes the report, the summaries, the audit and the failures.
    fn write(&self, evaluation: &Evaluation) -> Result<()> {
        let Self { model, folder, .. } = self;
        write_reports(&folder.join("comparison_report.csv"), model, evaluation)?;
        if let Some(audit) = &evaluation.audit {
            let accepted = &model.config.audit_accepted;
            let text = audit_text(audit, accepted, model.rows.len(), true) + "\n";
            file::replace(&folder.join("audit.txt"), text.as_bytes())?;
        }
        let failures = failures(model, evaluation).join("\n\n") + "\n";
        file::replace(&self.failures_path(), failures.as_bytes())
    }

    /// Writes the page, which is of all rows; of a selection there is none.
    async fn write_page(&self, evaluation: &Evaluation) -> Result<Option<PathBuf>> {
        let Self { root, args, model, .. } = self;
        if args.select.filter.is_some() {
            let name = &model.name;
            note(&format!("note: skipping the page of {name}: --where selects a subset"));
            return Ok(None);
        }
        let (folder, origin) = (pages_folder(root, args), self.origin());
        write_page(root, &folder, model, evaluation, &origin, self.replayed()).await.map(Some)
    }

    /// Prints the answer, or the summary as Markdown.
    fn print(&self, evaluation: &Evaluation, page: Option<&Path>) -> Result<()> {
        let Self { args, model, folder, .. } = self;
        match args.format {
            Format::Markdown => print(&comparison_summary(model, evaluation, Style::Markdown)),
            Format::Csv | Format::Json => Ok(()),
            Format::Text => {
                let selected = if args.select.filter.is_some() { " of the selection" } else { "" };
                let mut files = format!("reports{selected} in {}\n", folder.display());
                if let Some(page) = page {
                    let _ = writeln!(files, "page: {}", page.display());
                }
                let answer = ModelAnswer {
                    model,
                    evaluation,
                    origin: &self.origin(),
                    recording: self.replayed(),
                    failures: &self.failures_path().display().to_string(),
                    files: &files,
                    verbose: args.verbose,
                };
                let gap = if args.models.len() == 1 { "" } else { "\n" };
                show(&(answer_text(answer, Style::Terminal) + gap))
            }
        }
    }
}

/// Judges the rows that `--where` selects. Gates, coverage and recordings are of the whole model and left out.
fn judge_selection(model: &Model, predictions: Vec<Prediction>) -> Result<Evaluation> {
    let comparisons = join(model.rows.clone(), predictions).comparisons;
    let evaluation = Evaluation::of_rows(model, comparisons, Timestamp::now());
    let is_unmapped = |comparison: &Comparison| matches!(comparison.outcome, Outcome::Unmapped(_));
    if evaluation.comparisons.iter().all(is_unmapped) {
        let reason = evaluation.verdicts.iter().find_map(|verdict| verdict.problem.as_deref());
        let message = format!(
            "{}: none of the {} rows that --where selects can be mapped: {}",
            model.name,
            evaluation.comparisons.len(),
            reason.unwrap_or("no reason is given")
        );
        return Err(Error::usage(message)
            .with_help("nothing was judged; select rows that Mantile can predict"));
    }
    Ok(evaluation)
}

/// The texts of all rows and checks that failed.
fn failures(model: &Model, evaluation: &Evaluation) -> Vec<String> {
    let judged = evaluation.comparisons.iter().zip(&evaluation.verdicts);
    let rows = judged
        .filter(|(_, verdict)| verdict.status.fails())
        .map(|(comparison, verdict)| failure_text(comparison, verdict, model));
    let checks = evaluation.failed_checks().map(|(name, message)| format!("{name}\n{message}"));
    rows.chain(checks).collect()
}
