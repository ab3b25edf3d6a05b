//! `run`: the whole job, a model after the other.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::{Format, RunArgs};
use super::compare::write_reports;
use super::estimate::start;
use super::estimators;
use super::filter::pick;
use super::history;
use super::output::{complain, note, print, progress, reports_folder, show};
use super::report::{recorded, write_index, write_page};
use crate::compare::{Comparison, join};
use crate::error::{Error, Exit, Result};
use crate::evaluation::{Evaluation, Service};
use crate::filter::Filter;
use crate::folder::{self, Model};
use crate::page::Subject;
use crate::prediction::{self, Outcome, Prediction};
use crate::recording::Recording;
use crate::report::{
    Style, audit_text, comparison_summary, errors_table, evaluation_json, failure_text,
    models_table, run_table,
};
use crate::{estimate, file, recording, releases};

pub(super) async fn run(root: &Path, args: &RunArgs) -> Result<Exit> {
    if !args.also.is_empty() && args.models.len() != 1 {
        return Err(Error::usage("--also names predictions for one model")
            .with_help("name the model: mantile-reconcile run MODEL --also NAME=FILE"));
    }
    let models = folder::named(root, &args.models)?;
    let mut exits = Vec::new();
    let mut reports = Vec::new();
    let mut judged = Vec::new();
    for (name, model) in load_picked(root, &models, args.filter.as_ref(), folder::load)? {
        let ran = match model {
            Ok(model) => run_model(root, &model, args).await,
            Err(error) => Err(error),
        };
        match ran {
            Ok((report, evaluation)) => {
                reports.push(report);
                exits.push(evaluation.exit());
                judged.push((name.to_owned(), evaluation));
            }
            // One model's trouble does not keep the others from being judged.
            Err(error) => {
                complain(&error);
                exits.push(error.exit());
            }
        }
    }
    if args.filter.is_none() && !judged.is_empty() {
        write_index(&pages_folder(root, args))?;
    }
    match args.format {
        Format::Json => print(&serde_json::Value::from(reports).to_string())?,
        Format::Csv => {
            let judged = judged.iter().map(|(name, evaluation)| (&name[..], evaluation));
            print(&errors_table(judged).to_csv())?;
        }
        Format::Text if models.len() > 1 && !judged.is_empty() => show(&models_table(&judged))?,
        Format::Text | Format::Markdown => {}
    }
    Ok(worst(&exits))
}

/// Where the pages go.
fn pages_folder(root: &Path, args: &RunArgs) -> PathBuf {
    let output = args.output.clone();
    output.unwrap_or_else(|| root.join("target").join("reconcile")).join("pages")
}

/// The models of these names, each with the rows that a filter picks: of several those that have such
/// rows, the others told. What cannot be read is an error in its place.
pub(super) fn load_picked<'a>(
    root: &Path,
    names: &'a [String],
    filter: Option<&Filter>,
    load: fn(&Path, &str) -> Result<Model>,
) -> Result<Vec<(&'a str, Result<Model>)>> {
    let mut models = Vec::new();
    let mut without = Vec::new();
    for name in names {
        let mut loaded = load(root, name);
        if let Ok(model) = &mut loaded {
            let any = filter.is_none_or(|filter| model.rows.iter().any(|row| filter.picks(row)));
            if names.len() > 1 && !any {
                without.push(name);
                continue;
            }
            model.rows = pick(std::mem::take(&mut model.rows), filter)?;
        }
        models.push((name.as_str(), loaded));
    }
    if models.is_empty() {
        let message = format!("--where picks no row of {} models", names.len());
        return Err(Error::usage(message)
            .with_help("name one model, and the error lists the values of its rows"));
    }
    for name in without {
        note(&format!("note: --where picks no row of {name}"));
    }
    Ok(models)
}

/// Bad input outweighs a missing answer, and that a failed gate: the less was judged, the worse.
fn worst(exits: &[Exit]) -> Exit {
    [Exit::BadInput, Exit::Unavailable, Exit::GateFailed]
        .into_iter()
        .find(|exit| exits.contains(exit))
        .unwrap_or(Exit::Inside)
}

async fn run_model(
    root: &Path,
    model: &Model,
    args: &RunArgs,
) -> Result<(serde_json::Value, Evaluation)> {
    let name = &model.name;
    let files = estimators::files(model, &args.also)?;
    let recording = recording::load(root, &model.release, &model.config.model_id)?;
    let service = start(&args.service, root, &model.config).await?;
    let predictions = predict(model, &service, args.service.asking.concurrency()).await?;
    let folder = match &args.output {
        Some(output) => output.join(name),
        None => reports_folder(root, name),
    };
    file::replace(&folder.join("mantile_predictions.csv"), &prediction::write(&predictions))?;
    let evaluation = match args.filter {
        // Gates, coverage and recordings are of the whole model.
        Some(_) => Evaluation::of_rows(
            model,
            join(model.rows.clone(), predictions).comparisons,
            Timestamp::now(),
        ),
        None => Evaluation::new(model, predictions, &recording, Timestamp::now()),
    };
    let unmapped = |comparison: &Comparison| matches!(comparison.outcome, Outcome::Unmapped(_));
    if args.filter.is_some() && evaluation.comparisons.iter().all(unmapped) {
        let reason = evaluation.verdicts.iter().find_map(|verdict| verdict.problem.as_deref());
        let rows = evaluation.comparisons.len();
        return Err(Error::usage(format!(
            "{name}: none of the {rows} rows that --where picks can be mapped: {}",
            reason.unwrap_or("no reason is given")
        ))
        .with_help("nothing was judged; pick rows that Mantile can predict"));
    }
    let evaluation = evaluation.beside(&files, &model.config, Some(&recording));
    if args.filter.is_none() {
        estimators::tell(&evaluation, &args.also)?;
    }
    write_reports(&folder.join("comparison_report.csv"), model, &evaluation)?;
    if let Some(audit) = &evaluation.audit {
        let accepted = &model.config.audit_accepted;
        let text = audit_text(audit, accepted, model.rows.len(), true) + "\n";
        file::replace(&folder.join("audit.txt"), text.as_bytes())?;
    }
    let origin = match &args.service.api_url {
        Some(url) => format!("the live Mantile at {url}"),
        None => origin(&recording),
    };
    let page = match args.filter {
        // A page is of the whole model.
        Some(_) => None,
        None => {
            // A live Mantile's answers are not those that are recorded.
            let (recorded, history) = match args.service.api_url {
                Some(_) => (Vec::new(), Vec::new()),
                None => {
                    let index = releases::load(root)?;
                    let known = Some(&evaluation.comparisons[..]);
                    let history = history::errors(root, model, &index, known).await?;
                    (recorded(model, &recording)?, history)
                }
            };
            let subject = Subject {
                model,
                origin: &origin,
                evaluation: &evaluation,
                recorded: &recorded,
                history: &history,
            };
            Some(write_page(&pages_folder(root, args), subject)?)
        }
    };
    let failed_rows = failed_rows(model, &evaluation);
    let failed_checks = evaluation.failed_checks().map(|(name, found)| format!("{name}\n{found}"));
    let failures: Vec<String> = failed_rows.iter().cloned().chain(failed_checks).collect();
    let failures_path = folder.join("failures.txt");
    file::replace(&failures_path, (failures.join("\n\n") + "\n").as_bytes())?;
    if args.format == Format::Markdown {
        print(&comparison_summary(model, &evaluation, Style::Markdown))?;
    }
    if args.format == Format::Text {
        show(&run_table(model, &evaluation, &origin))?;
        let page = page.map_or(String::new(), |page| format!("page: {}\n", page.display()));
        print(&format!("reports in {}\n{page}", folder.display()))?;
        for failure in failed_rows.iter().take(FAILURES_SHOWN) {
            note(&format!("{failure}\n"));
        }
        if failures.len() > FAILURES_SHOWN {
            note(&format!("all {} failures are in {}", failures.len(), failures_path.display()));
        }
    }
    Ok((evaluation_json(model, &evaluation), evaluation))
}

/// What a recording is of.
pub(super) fn origin(recording: &Recording) -> String {
    format!("Mantile {}, recorded {}", recording.release, recording.recorded_at)
}

fn failed_rows(model: &Model, evaluation: &Evaluation) -> Vec<String> {
    let judged = evaluation.comparisons.iter().zip(&evaluation.verdicts);
    judged
        .filter(|(_, verdict)| verdict.status.fails())
        .map(|(comparison, verdict)| failure_text(comparison, verdict, model))
        .collect()
}

/// More failed rows than this are read in the file.
const FAILURES_SHOWN: usize = 3;

/// Predicts every row of a model, in their order.
pub(super) async fn predict(
    model: &Model,
    service: &Service,
    concurrency: usize,
) -> Result<Vec<Prediction>> {
    let rows: Vec<_> = model.rows.iter().cloned().enumerate().collect();
    let mut predictions: Vec<Option<Prediction>> = vec![None; rows.len()];
    let bar = progress(&model.name, rows.len());
    estimate::predict_all(service, rows, concurrency, |index, prediction| {
        bar.inc(1);
        predictions[index] = Some(prediction);
        Ok(())
    })
    .await?;
    bar.finish_and_clear();
    Ok(predictions.into_iter().flatten().collect())
}
