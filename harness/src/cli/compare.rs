//! `compare`: predictions held against measurements, with report and summaries.

use std::path::Path;

use jiff::Timestamp;

use super::args::{CompareArgs, Format};
use super::estimators;
use super::output::{note, predictions_path, print_as, reports_folder};
use super::rows::{pick, rows};
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::judge::compare::join;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::mantile::recording;
use crate::predict::prediction;
use crate::report::{Style, comparison_report, comparison_summary, errors_table, evaluation_json};

pub(super) fn run(root: &Path, args: &CompareArgs) -> Result<Exit> {
    let model = model::load(root, &args.model)?;
    let source = args.source.as_deref();
    let actuals = rows(root, &args.model, &model.config, args.actuals.as_deref(), source)?;
    let actuals = pick(actuals, args.select.filter.as_ref())?;
    let path = args.predictions.clone().unwrap_or_else(|| predictions_path(root, &args.model));
    if !path.exists() {
        return Err(Error::usage(format!("no predictions at {}", path.display()))
            .with_help(format!("make them: mantile-reconcile estimate --model {}", args.model)));
    }
    let predictions = prediction::read(&path, &file::read_text(&path)?)?;
    let joined = join(actuals, predictions);
    for row in &joined.without_prediction {
        note(&format!("note: no prediction for {row}"));
    }
    let partial = args.select.filter.is_some() || (args.actuals.is_none() && source.is_some());
    for row in joined.without_measurement.iter().filter(|_| !partial) {
        note(&format!("note: a prediction and no measurement for {row}"));
    }
    let files = estimators::files(&model, &args.also)?;
    let recording = recording::load(root, &model.release, &model.config.model_id);
    if let Err(error) = &recording {
        note(&format!("note: no bandwidth bound without the recording: {error}"));
    }
    let evaluation = Evaluation::of_rows(&model, joined.comparisons, Timestamp::now()).beside(
        &files,
        &model.config,
        recording.as_ref().ok(),
    );
    if !partial {
        estimators::note_unmeasured(&evaluation, &args.also)?;
    }
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| reports_folder(root, &args.model).join("comparison_report.csv"));
    write_reports(&output, &model, &evaluation)?;
    print_as(
        args.format,
        &match args.format {
            Format::Text => comparison_summary(&model, &evaluation, Style::Text),
            Format::Markdown => comparison_summary(&model, &evaluation, Style::Markdown),
            Format::Csv => errors_table([(&model.name[..], &evaluation)]).to_csv(),
            Format::Json => evaluation_json(&model, &evaluation).to_string(),
        },
    )?;
    note(&format!("report: {}, summaries beside it", output.display()));
    Ok(evaluation.exit())
}

/// Writes the report, and beside it the summary as text and as Markdown, and the other estimators'
/// predictions.
pub(super) fn write_reports(report: &Path, model: &Model, evaluation: &Evaluation) -> Result<()> {
    file::replace(report, &comparison_report(&evaluation.comparisons, &evaluation.verdicts))?;
    let summary = report.with_file_name("comparison_summary.txt");
    file::replace(&summary, comparison_summary(model, evaluation, Style::Text).as_bytes())?;
    let summary = summary.with_extension("md");
    file::replace(&summary, comparison_summary(model, evaluation, Style::Markdown).as_bytes())?;
    estimators::write(report.parent().unwrap_or(Path::new("")), evaluation)
}
