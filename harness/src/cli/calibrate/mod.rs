//! `calibrate`: hardware parameters fitted to measurements, with held-out proof.

mod models;
mod write;

use std::path::{Path, PathBuf};

use super::args::{CalibrateArgs, CalibrateBy, Format};
use super::output::{fenced, note, print_as, progress, reports_folder};
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::calibrate::{self, Diagnosis, LeftOut, Observations, Physics, Proof, prove};
use crate::judge::model::Model;
use crate::mantile::recording::Recording;
use crate::report::{
    calibration_details, calibration_json, calibration_summary, calibration_table,
    diagnosis_details, diagnosis_json, diagnosis_summary, diagnosis_table,
};
use crate::rules::calibration::{FitGroup, FitMode};

pub(super) use models::written;
use models::{RecordedModel, configured, load, observe};

pub(super) fn run(root: &Path, args: &CalibrateArgs) -> Result<Exit> {
    if let Some(output) = &args.output {
        file::check_writable(output)?;
    }
    let models = load(root, args)?;
    let observations = observe(&models)?;
    if observations.rows.is_empty() {
        let reasons = LeftOut::by_reason(&observations.left_out);
        let reasons = reasons.iter().map(|(reason, rows)| format!("{rows}: {reason}"));
        return Err(
            Error::usage("no row can be fitted").with_help(reasons.collect::<Vec<_>>().join("; "))
        );
    }
    if args.explain {
        explain(root, args, &models, &observations)
    } else {
        fit(root, args, &models, &observations)
    }
}

/// The diagnosis of every group's errors.
fn diagnose(
    by: CalibrateBy,
    models: &[RecordedModel],
    observations: &Observations,
) -> Vec<Diagnosis> {
    let groups = observations.groups(|row| by.group(row));
    let bar = progress("diagnosing", groups.len());
    let mut diagnoses = Vec::new();
    for (group, members) in &groups {
        let now = configured(models, group).map(|configured| configured.hardware);
        let Observations { dtypes, left_out, .. } = observations;
        diagnoses.push(calibrate::explain(group, members, left_out, dtypes, now.as_ref()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    diagnoses
}

/// The diagnosis of a model's errors by GPU and framework; empty if none of its rows can be fitted.
pub(super) fn diagnose_model(model: &Model, recording: &Recording) -> Result<Vec<Diagnosis>> {
    let models =
        [RecordedModel { model: model.clone(), recording: recording.clone(), written: None }];
    let observations = observe(&models)?;
    Ok(diagnose(CalibrateBy::GpuFramework, &models, &observations))
}

fn explain(
    root: &Path,
    args: &CalibrateArgs,
    models: &[RecordedModel],
    observations: &Observations,
) -> Result<Exit> {
    let diagnoses = diagnose(args.by, models, observations);
    let text = |details_path: &Path| {
        let details = diagnosis_details(&diagnoses);
        text_with_details(args, details_path, &details, &diagnosis_summary(&diagnoses))
    };
    let path = details_path(root, args, models, "calibration_explained");
    print_as(
        args.format,
        &match args.format {
            Format::Text => text(&path)?,
            Format::Markdown => fenced(&text(&path)?),
            Format::Csv => diagnosis_table(&diagnoses).to_csv(),
            Format::Json => diagnosis_json(&diagnoses).to_string(),
        },
    )?;
    Ok(Exit::Inside)
}

fn fit(
    root: &Path,
    args: &CalibrateArgs,
    models: &[RecordedModel],
    observations: &Observations,
) -> Result<Exit> {
    let physics = if args.beyond_datasheet { Physics::BeyondDatasheet } else { Physics::Bounded };
    let bar = progress("calibrating", observations.groups(|row| args.by.group(row)).len());
    let now = |group: &FitGroup| configured(models, group).map(|configured| configured.hardware);
    let groups = prove(observations, |row| args.by.group(row), physics, now, || bar.inc(1));
    bar.finish_and_clear();
    let proofs: Vec<&Proof> =
        groups.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    let improves = |proof: &&Proof| FitMode::ALL.into_iter().any(|mode| proof.improves(mode));
    let is_better = proofs.iter().any(improves);
    // The files are written first, so that the summary is last on the screen.
    let configurations = match &args.output {
        Some(output) if is_better => {
            write::write(root, args, output, models, observations, &proofs)
        }
        _ => Ok(0),
    };
    let left_out = LeftOut::by_reason(&observations.left_out);
    let text = |details_path: &Path| {
        let details = calibration_details(&groups, &left_out);
        text_with_details(args, details_path, &details, &calibration_summary(&groups, &left_out))
    };
    let path = details_path(root, args, models, "calibration");
    print_as(
        args.format,
        &match args.format {
            Format::Text => text(&path)?,
            Format::Markdown => fenced(&text(&path)?),
            Format::Csv => calibration_table(&groups).to_csv(),
            Format::Json => calibration_json(&groups, &left_out).to_string(),
        },
    )?;
    advise(args, is_better, configurations?);
    Ok(if is_better { Exit::Inside } else { Exit::GateFailed })
}

/// Says what to do next.
fn advise(args: &CalibrateArgs, is_better: bool, configurations: usize) {
    if !is_better {
        if args.output.is_some() {
            note("nothing is written: no fit is significantly better on held-out workloads");
        }
    } else if configurations > 0 {
        note(&format!(
            "Next: put the {configurations} configuration{} into Mantile's backend/data/hardware_configs,\n\
             and set adopted = true under [calibration] of reconcile.toml.",
            plural(configurations)
        ));
    } else if args.output.is_none() && args.format == Format::Text {
        note("Next: add --output DIR to write hardware configurations for Mantile.");
    }
}

/// The file of the details: in the model's folder of reports, or above if several models were fitted jointly.
/// Details of selected rows do not replace those of all rows.
fn details_path(
    root: &Path,
    args: &CalibrateArgs,
    models: &[RecordedModel],
    name: &str,
) -> PathBuf {
    let folder = match models {
        [only] => reports_folder(root, &only.model.name),
        _ => reports_folder(root, ""),
    };
    let selection = if args.select.filter.is_some() { "_of_selection" } else { "" };
    folder.join(format!("{name}{selection}.txt"))
}

/// Writes the details into a file. The result is the summary, which names the file, after the details if they
/// are wanted.
fn text_with_details(
    args: &CalibrateArgs,
    path: &Path,
    details: &str,
    summary: &str,
) -> Result<String> {
    file::replace(path, format!("{details}\n").as_bytes())?;
    if args.verbose {
        return Ok(format!("{details}\n\n{summary}"));
    }
    Ok(format!("{summary}\nDetails: {}", path.display()))
}
