//! `compare`: predictions of a file compared with measurements.

use std::path::Path;

use jiff::Timestamp;

use super::args::{CompareArgs, Format};
use super::estimators;
use super::output::{note, note_each, predictions_path, print_as, reports_folder};
use super::rows::{pick, rows};
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::judge::compare::{Joined, join};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::mantile::recording;
use crate::predict::prediction;
use crate::report::{
    ModelAnswer, Style, answer_text, comparison_report, comparison_summary, errors_table,
    evaluation_json,
};

pub(super) fn run(root: &Path, args: &CompareArgs) -> Result<Exit> {
    let model = model::load(root, &args.model)?;
    let predictions =
        args.predictions.clone().unwrap_or_else(|| predictions_path(root, &args.model));
    let joined = joined(root, args, &model, &predictions)?;
    note_each(&joined.without_prediction, "no prediction for");
    let is_partial =
        args.select.filter.is_some() || (args.actuals.is_none() && args.source.is_some());
    if !is_partial {
        note_each(&joined.without_measurement, "a prediction without a measurement for");
    }
    let files = estimators::files(&model, &args.also)?;
    let recording = recording::load(root, &model.release, &model.config.model_id);
    if let Err(error) = &recording {
        note(&format!("note: no bandwidth bound without the recording: {error}"));
    }
    let evaluation = Evaluation::of_rows(&model, joined.comparisons, Timestamp::now())
        .compared_with(&files, &model.config, recording.as_ref().ok());
    if !is_partial {
        estimators::note_unmeasured(&evaluation, &args.also)?;
    }
    let report = args
        .output
        .clone()
        .unwrap_or_else(|| reports_folder(root, &args.model).join("comparison_report.csv"));
    write_reports(&report, &model, &evaluation)?;
    print_as(args.format, &printed(args, &model, &evaluation, &predictions, &report))?;
    if args.format != Format::Text || args.verbose {
        note(&format!("report: {}, with the summaries in its folder", report.display()));
    }
    Ok(evaluation.exit())
}

/// Reads the measured rows and the predictions, and joins them.
fn joined(root: &Path, args: &CompareArgs, model: &Model, predictions: &Path) -> Result<Joined> {
    let (actuals, source) = (args.actuals.as_deref(), args.source.as_deref());
    let actuals = rows(root, &args.model, &model.config, actuals, source)?;
    let actuals = pick(actuals, args.select.filter.as_ref())?;
    if !predictions.exists() {
        return Err(Error::usage(format!("no predictions at {}", predictions.display()))
            .with_help(format!("make them: mantile-reconcile estimate --model {}", args.model)));
    }
    Ok(join(actuals, prediction::read(predictions, &file::read_text(predictions)?)?))
}

/// The comparison in the format that was asked for: on a terminal the answer, or with `--verbose` the summary.
fn printed(
    args: &CompareArgs,
    model: &Model,
    evaluation: &Evaluation,
    predictions: &Path,
    report: &Path,
) -> String {
    match args.format {
        Format::Text if args.verbose => comparison_summary(model, evaluation, Style::Terminal),
        Format::Text => {
            let report = report.display().to_string();
            let answer = ModelAnswer {
                model,
                evaluation,
                origin: &format!("the predictions in {}", predictions.display()),
                recording: None,
                failures: &report,
                files: &format!("report: {report}\n  with the summaries in its folder\n"),
                verbose: false,
            };
            answer_text(answer, Style::Terminal)
        }
        Format::Markdown => comparison_summary(model, evaluation, Style::Markdown),
        Format::Csv => errors_table([(&model.name[..], evaluation)]).to_csv(),
        Format::Json => evaluation_json(model, evaluation).to_string(),
    }
}

/// Writes the report, and into its folder the summary as text and as Markdown and the predictions of the other
/// estimators.
pub(super) fn write_reports(report: &Path, model: &Model, evaluation: &Evaluation) -> Result<()> {
    file::replace(report, &comparison_report(&evaluation.comparisons, &evaluation.verdicts))?;
    let summary = report.with_file_name("comparison_summary.txt");
    file::replace(&summary, comparison_summary(model, evaluation, Style::Text).as_bytes())?;
    let summary = summary.with_extension("md");
    file::replace(&summary, comparison_summary(model, evaluation, Style::Markdown).as_bytes())?;
    estimators::write(report.parent().unwrap_or(Path::new("")), evaluation)
}
