//! `calibrate`: hardware parameters from measurements, with held-out proof.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::{CalibrateArgs, CalibrateBy, Format};
use super::output::{note, print, progress};
use super::run::load_picked;
use crate::calibrate::{
    self, Diagnosis, Group, Observation, Observations, Physics, Proof, Provenance, Written,
    estimators, prove,
};
use crate::error::{Error, Exit, Place, Result};
use crate::folder::{self, Model};
use crate::hardware::Hardware;
use crate::recording::Recording;
use crate::report::{Calibrated, calibration_json, calibration_text, diagnosis_text};
use crate::table::plural;
use crate::{estimator, file, recording, transaction};

pub(super) fn run(root: &Path, args: &CalibrateArgs) -> Result<Exit> {
    let names = if args.models.is_empty() { folder::list(root)? } else { args.models.clone() };
    let mut subjects = Vec::new();
    for (_, model) in load_picked(root, &names, args.filter.as_ref())? {
        let model = model?;
        let recording = recording::load(root, &model.release, &model.config.model_id)?;
        subjects.push(Subject { model, recording });
    }
    let observations = observe(&subjects)?;
    if observations.rows.is_empty() {
        let reasons =
            observations.left_out.iter().map(|(reason, rows)| format!("{rows}: {reason}"));
        return Err(Error::usage("no row can be fitted to")
            .with_help(reasons.collect::<Vec<_>>().join("; ")));
    }
    if args.explain {
        explain(args, &subjects, &observations)
    } else {
        fit(root, args, &subjects, &observations)
    }
}

fn observe(subjects: &[Subject]) -> Result<Observations> {
    let mut observations = Observations::default();
    for Subject { model, recording } in subjects {
        observations.add(&model.rows, &model.config, recording).map_err(|fault| {
            Error::content(Place::file(&recording.path), fault).with_help("record anew")
        })?;
    }
    Ok(observations)
}

/// A model with its recorded answers.
struct Subject {
    model: Model,
    recording: Recording,
}

/// Mantile's configuration for a group today: as it is recorded, with its file's content.
fn configured(subjects: &[Subject], group: &Group) -> Option<(Hardware, serde_json::Value)> {
    subjects.iter().find_map(|Subject { model, recording }| {
        let row = model.rows.iter().find(|row| group.holds(&row.identity))?;
        let gpu = model.config.gpu(&row.identity.gpu_model, &row.identity.framework)?;
        let page = recording.pages.get(&format!("/hardware/{}", gpu.hardware_id.as_ref()?))?;
        let text = page.body.get();
        Some((Hardware::parse(text).ok()?, serde_json::from_str(text).ok()?))
    })
}

fn groups(observations: &Observations, by: CalibrateBy) -> BTreeMap<Group, Vec<&Observation>> {
    let mut groups: BTreeMap<Group, Vec<&Observation>> = BTreeMap::new();
    for row in &observations.rows {
        groups.entry(by.group(row)).or_default().push(row);
    }
    groups
}

/// Where the error of each group comes from.
fn diagnose(by: CalibrateBy, subjects: &[Subject], observations: &Observations) -> Vec<Diagnosis> {
    let groups = groups(observations, by);
    let bar = progress("explaining", groups.len());
    let mut diagnoses = Vec::new();
    for (group, rows) in &groups {
        let now = configured(subjects, group).map(|(hardware, _)| hardware);
        diagnoses.push(calibrate::explain(group, rows, &observations.dtypes, now.as_ref()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    diagnoses
}

/// Where the error of a model's GPUs and frameworks comes from; nothing where its rows cannot be fitted to.
pub(super) fn diagnose_model(model: &Model, recording: &Recording) -> Result<Vec<Diagnosis>> {
    let subjects = [Subject { model: model.clone(), recording: recording.clone() }];
    let observations = observe(&subjects)?;
    Ok(diagnose(CalibrateBy::GpuFramework, &subjects, &observations))
}

fn explain(
    args: &CalibrateArgs,
    subjects: &[Subject],
    observations: &Observations,
) -> Result<Exit> {
    let diagnoses = diagnose(args.by, subjects, observations);
    match args.format {
        Format::Text => print(&diagnosis_text(&diagnoses))?,
        Format::Json => print(&serde_json::json!(diagnoses).to_string())?,
    }
    Ok(Exit::Inside)
}

fn fit(
    root: &Path,
    args: &CalibrateArgs,
    subjects: &[Subject],
    observations: &Observations,
) -> Result<Exit> {
    let physics = if args.beyond_datasheet { Physics::BeyondDatasheet } else { Physics::Bounded };
    let groups = groups(observations, args.by);
    let bar = progress("calibrating", groups.len());
    let now = |group: &Group| configured(subjects, group).map(|(hardware, _)| hardware);
    let found = prove(groups, &observations.dtypes, physics, now, || bar.inc(1));
    bar.finish_and_clear();
    match args.format {
        Format::Text => print(&calibration_text(&found, &observations.left_out))?,
        Format::Json => print(&calibration_json(&found, &observations.left_out).to_string())?,
    }
    let better: Vec<&Proof> = found
        .iter()
        .filter_map(|(_, found)| found.as_ref().ok())
        .filter(|proof| proof.improves())
        .collect();
    if better.is_empty() {
        note(
            "no group is calibrated whose held-out error improves for certain: nothing is written",
        );
        return Ok(Exit::GateFailed);
    }
    if let Some(output) = &args.output {
        write(root, args, output, subjects, observations, &found, &better)?;
    }
    Ok(Exit::Inside)
}

/// Writes the configurations into a folder, and what they are into the models' folders.
fn write(
    root: &Path,
    args: &CalibrateArgs,
    output: &Path,
    subjects: &[Subject],
    observations: &Observations,
    found: &[Calibrated],
    better: &[&Proof],
) -> Result<()> {
    let rows: Vec<&Observation> = observations.rows.iter().collect();
    for proof in better {
        let (_, base) = configured(subjects, &proof.group).unzip();
        let used = |dtype: &str| is_used(&rows, &observations.dtypes, &proof.group, dtype);
        let hardware = proof.alone.setting.hardware_for(&observations.dtypes, used);
        let release = subjects.first().map_or("", |subject| &subject.recording.release);
        let json = hardware.to_json(&proof.about(release), &base.unwrap_or_default());
        let path = output.join(format!("{}.json", proof.hardware_id()));
        file::replace(&path, json.as_bytes())?;
        note(&format!("wrote {}", path.display()));
    }
    let proofs: Vec<&Proof> = found.iter().filter_map(|(_, found)| found.as_ref().ok()).collect();
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for Subject { model, recording } in subjects {
        let config = &model.config;
        let provenance = Provenance {
            release: recording.release.clone(),
            models: subjects.iter().map(|subject| subject.model.name.clone()).collect(),
            rows_where: args.filter.as_ref().map(ToString::to_string),
            beyond_datasheet: args.beyond_datasheet,
            left_out: observations.left_out.clone(),
        };
        let of_model: Vec<&Proof> = better
            .iter()
            .filter(|proof| proof.models.contains(&config.model_id))
            .copied()
            .collect();
        if of_model.is_empty() {
            continue;
        }
        let folder = folder::by_model(root).join(&model.name);
        let written = Written::new(&of_model, provenance, config, &rows);
        files.push((folder.join(calibrate::FILE_NAME), written.to_text().into_bytes()));
        for estimator in estimators(&proofs, &config.model_id, &rows) {
            let path = folder.join(&estimator.entry.file);
            let bytes = estimator::write(&estimator, model.rows.iter());
            files.push((path, bytes));
        }
    }
    transaction::replace_all(root, &files)?;
    for (path, _) in &files {
        note(&format!("wrote {}", path.display()));
    }
    for Subject { model, .. } in subjects {
        let undivided = &model.config.calibration.undivided_layer_classes;
        if !undivided.is_empty() {
            note(&format!(
                "note: Mantile counts the weights of {} whole on every package: until it divides them, what it \
                 answers for {} with these configurations is slower than what was fitted",
                undivided.join(", "),
                model.name
            ));
        }
    }
    let configurations = better.len();
    note(&format!(
        "put the {configurations} configuration{} into Mantile's backend/data/hardware_configs and set \
         adopted = true under [calibration] of reconcile.toml: the README goes on from there",
        plural(configurations)
    ));
    Ok(())
}

/// Whether a row of the group has a layer of this dtype.
fn is_used(rows: &[&Observation], dtypes: &[String], group: &Group, dtype: &str) -> bool {
    rows.iter().any(|row| {
        group.holds(&row.row.identity)
            && row.prefill.iter().chain(&row.decode).any(|work| dtypes[work.dtype] == dtype)
    })
}
