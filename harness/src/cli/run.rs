//! `run`: the whole job, a model after the other.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

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
use crate::mantile::recording;
use crate::predict::prediction::{self, Outcome};
use crate::report::{
    Style, audit_text, comparison_summary, errors_table, evaluation_json, failure_text,
    models_table, run_table,
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
    let mut exits = Vec::new();
    let mut reports = Vec::new();
    let mut judged = Vec::new();
    for (name, model) in load_picked(root, &models, args.select.filter.as_ref(), model::load)? {
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
    if args.select.filter.is_none() && !judged.is_empty() {
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
    Ok(Exit::worst(&exits))
}

/// Where the pages go.
fn pages_folder(root: &Path, args: &RunArgs) -> PathBuf {
    let output = args.output.clone();
    output.unwrap_or_else(|| root.join("target").join("reconcile")).join("pages")
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
    let evaluation = match args.select.filter {
        // Gates, coverage and recordings are of the whole model.
        Some(_) => Evaluation::of_rows(
            model,
            join(model.rows.clone(), predictions).comparisons,
            Timestamp::now(),
        ),
        None => Evaluation::new(model, predictions, &recording, Timestamp::now()),
    };
    let unmapped = |comparison: &Comparison| matches!(comparison.outcome, Outcome::Unmapped(_));
    if args.select.filter.is_some() && evaluation.comparisons.iter().all(unmapped) {
        let reason = evaluation.verdicts.iter().find_map(|verdict| verdict.problem.as_deref());
        let rows = evaluation.comparisons.len();
        return Err(Error::usage(format!(
            "{name}: none of the {rows} rows that --where picks can be mapped: {}",
            reason.unwrap_or("no reason is given")
        ))
        .with_help("nothing was judged; pick rows that Mantile can predict"));
    }
    let evaluation = evaluation.beside(&files, &model.config, Some(&recording));
    if args.select.filter.is_none() {
        estimators::note_unmeasured(&evaluation, &args.also)?;
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
    let page = match args.select.filter {
        Some(_) => {
            note(&format!("note: skipping the page of {name}: --where selects a subset"));
            None
        }
        None => {
            let folder = pages_folder(root, args);
            // A live Mantile's answers are not those that are recorded.
            let recorded = args.service.api_url.is_none().then_some(&recording);
            Some(write_page(root, &folder, model, &evaluation, &origin, recorded).await?)
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

fn failed_rows(model: &Model, evaluation: &Evaluation) -> Vec<String> {
    let judged = evaluation.comparisons.iter().zip(&evaluation.verdicts);
    judged
        .filter(|(_, verdict)| verdict.status.fails())
        .map(|(comparison, verdict)| failure_text(comparison, verdict, model))
        .collect()
}

/// More failed rows than this are read in the file.
const FAILURES_SHOWN: usize = 3;
