//! `calibrate`: hardware parameters from measurements, with held-out proof.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::args::{CalibrateArgs, CalibrateBy, Format};
use super::output::{fenced, note, print_as, progress};
use super::rows::load_picked;
use crate::base::error::{Error, Exit, Place, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::base::transaction;
use crate::calibrate::{
    self, Diagnosis, LeftOut, Observation, Observations, Physics, Proof, estimators, prove,
};
use crate::judge::model::{self, Model};
use crate::mantile::hardware::Hardware;
use crate::mantile::recording;
use crate::mantile::recording::Recording;
use crate::predict::rivals;
use crate::report::{
    Style, calibration_json, calibration_table, calibration_text, diagnosis_table, diagnosis_text,
};
use crate::row::Row;
use crate::rules::calibration::{self, CalibrationFile, CalibrationProvenance, FitGroup, FitMode};

pub(super) fn run(root: &Path, args: &CalibrateArgs) -> Result<Exit> {
    if let Some(output) = &args.output {
        file::check_writable(output)?;
    }
    let mut names = model::named(root, &args.models)?;
    // Named twice, a model's rows would count twice.
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let mut subjects = Vec::new();
    for (_, model) in load_picked(root, &names, args.select.filter.as_ref(), model::load_unadopted)?
    {
        let model = model?;
        let written = if args.output.is_some() {
            written(&model::by_model(root).join(&model.name))?
        } else {
            None
        };
        subjects.push(Subject { written, ..Subject::new(root, model)? });
    }
    let observations = observe(&subjects)?;
    if observations.rows.is_empty() {
        let reasons = LeftOut::by_reason(&observations.left_out);
        let reasons = reasons.iter().map(|(reason, rows)| format!("{rows}: {reason}"));
        return Err(Error::usage("no row can be fitted to")
            .with_help(reasons.collect::<Vec<_>>().join("; ")));
    }
    if args.explain {
        explain(args, &subjects, &observations)
    } else {
        fit(root, args, &subjects, &observations)
    }
}

/// A model with its recorded answers.
struct Subject {
    model: Model,
    recording: Recording,
    /// What its `calibration.toml` holds before something is written.
    written: Option<CalibrationFile>,
}

impl Subject {
    /// The model as its accepted release was asked. A calibration that is adopted and cannot be read is
    /// told, and made anew without it.
    fn new(root: &Path, mut model: Model) -> Result<Self> {
        let recording = recording::load(root, &model.release, &model.config.model_id)?;
        if let Err(error) = model::adopt(&mut model.config) {
            note(&format!("warning: {error}\ncalibrating as if it were not adopted"));
        }
        model.config = model.config.for_release(&recording.hardware_ids());
        Ok(Self { model, recording, written: None })
    }
}

/// The `calibration.toml` of a model's folder, if it is there.
pub(super) fn written(folder: &Path) -> Result<Option<CalibrationFile>> {
    let path = folder.join(calibration::FILE_NAME);
    if !path.exists() {
        return Ok(None);
    }
    calibration::read(&path, &file::read_text(&path)?).map(Some)
}

fn observe(subjects: &[Subject]) -> Result<Observations> {
    let mut observations = Observations::default();
    for Subject { model, recording, .. } in subjects {
        observations.add(&model.rows, &model.config, recording)?;
    }
    Ok(observations)
}

/// Mantile's configuration for a group today, as it is recorded.
struct Configured {
    hardware: Hardware,
    /// What else its file says, if it is of this GPU and not borrowed from another.
    own: Option<serde_json::Value>,
}

fn configured(subjects: &[Subject], group: &FitGroup) -> Option<Configured> {
    subjects.iter().find_map(|Subject { model, recording, .. }| {
        let row = model.rows.iter().find(|row| group.holds(&row.identity))?;
        let gpu = model.config.gpu(&row.identity.gpu_model, &row.identity.framework)?;
        let page = recording.pages.get(&format!("/hardware/{}", gpu.hardware_id.as_ref()?))?;
        let text = page.body.get();
        let own = gpu.approximation.is_none();
        Some(Configured {
            hardware: Hardware::parse(text).ok()?,
            own: serde_json::from_str(text).ok().filter(|_| own),
        })
    })
}

/// Where the error of each group comes from.
fn diagnose(by: CalibrateBy, subjects: &[Subject], observations: &Observations) -> Vec<Diagnosis> {
    let groups = observations.groups(|row| by.group(row));
    let bar = progress("explaining", groups.len());
    let mut diagnoses = Vec::new();
    for (group, members) in &groups {
        let now = configured(subjects, group).map(|configured| configured.hardware);
        let Observations { dtypes, left_out, .. } = observations;
        diagnoses.push(calibrate::explain(group, members, left_out, dtypes, now.as_ref()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    diagnoses
}

/// Where the error of a model's GPUs and frameworks comes from; nothing where its rows cannot be fitted to.
pub(super) fn diagnose_model(model: &Model, recording: &Recording) -> Result<Vec<Diagnosis>> {
    let subjects = [Subject { model: model.clone(), recording: recording.clone(), written: None }];
    let observations = observe(&subjects)?;
    Ok(diagnose(CalibrateBy::GpuFramework, &subjects, &observations))
}

fn explain(
    args: &CalibrateArgs,
    subjects: &[Subject],
    observations: &Observations,
) -> Result<Exit> {
    let diagnoses = diagnose(args.by, subjects, observations);
    print_as(
        args.format,
        &match args.format {
            Format::Text => diagnosis_text(&diagnoses),
            Format::Markdown => fenced(&diagnosis_text(&diagnoses)),
            Format::Csv => diagnosis_table(&diagnoses).to_csv(),
            Format::Json => {
                serde_json::json!({ "schema_version": 1, "groups": diagnoses }).to_string()
            }
        },
    )?;
    Ok(Exit::Inside)
}

fn fit(
    root: &Path,
    args: &CalibrateArgs,
    subjects: &[Subject],
    observations: &Observations,
) -> Result<Exit> {
    let physics = if args.beyond_datasheet { Physics::BeyondDatasheet } else { Physics::Bounded };
    let bar = progress("calibrating", observations.groups(|row| args.by.group(row)).len());
    let now = |group: &FitGroup| configured(subjects, group).map(|configured| configured.hardware);
    let found = prove(observations, |row| args.by.group(row), physics, now, || bar.inc(1));
    bar.finish_and_clear();
    let left_out = LeftOut::by_reason(&observations.left_out);
    print_as(
        args.format,
        &match args.format {
            Format::Text => calibration_text(&found, &left_out, Style::Terminal),
            Format::Markdown => fenced(&calibration_text(&found, &left_out, Style::Text)),
            Format::Csv => calibration_table(&found).to_csv(),
            Format::Json => calibration_json(&found, &left_out).to_string(),
        },
    )?;
    let proofs: Vec<&Proof> = found.iter().filter_map(|(_, found)| found.as_ref().ok()).collect();
    let improves = |proof: &&Proof| FitMode::ALL.into_iter().any(|mode| proof.improves(mode));
    if !proofs.iter().any(improves) {
        note(
            "no calibration of a group is better for certain on workloads held out: nothing is written",
        );
        return Ok(Exit::GateFailed);
    }
    if let Some(output) = &args.output {
        write(root, args, output, subjects, observations, &proofs)?;
    }
    Ok(Exit::Inside)
}

/// Writes the configurations into a folder, and what they are into the models' folders. Groups that were
/// not calibrated now stay there as they are.
fn write(
    root: &Path,
    args: &CalibrateArgs,
    output: &Path,
    subjects: &[Subject],
    observations: &Observations,
    proofs: &[&Proof],
) -> Result<()> {
    let rows: Vec<&Observation> = observations.rows.iter().collect();
    let release = subjects.first().map_or("", |subject| &subject.recording.release);
    let better: Vec<&Proof> =
        proofs.iter().filter(|proof| proof.improves(FitMode::Alone)).copied().collect();
    check_others(root, subjects, &better)?;
    let provenance = |group: &FitGroup| CalibrationProvenance {
        release: release.to_owned(),
        rows_where: args.select.filter.as_ref().map(ToString::to_string),
        beyond_datasheet: args.beyond_datasheet,
        left_out: LeftOut::by_reason(
            observations.left_out.iter().filter(|out| group.holds(&out.row.identity)),
        ),
    };
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let mut gone: Vec<PathBuf> = Vec::new();
    // The groups whose configurations some model's rows ask for from now on: no other is written.
    let mut asked_for: BTreeSet<FitGroup> = BTreeSet::new();
    for subject in subjects {
        let Subject { model, written: before, .. } = subject;
        let name = &model.name;
        let folder = model::by_model(root).join(name);
        let all_rows = model::load_unadopted(root, name)?.rows;
        let (replacing, dropped) = choose(subject, &all_rows, proofs);
        if replacing.is_empty() && dropped.is_empty() {
            continue;
        }
        let replaced = replacing.iter().map(|proof| proof.group.clone());
        let groups: Vec<FitGroup> = replaced.chain(dropped).collect();
        let better = |proof: &&&Proof| proof.improves_for(&model.config.model_id, FitMode::Alone);
        asked_for.extend(replacing.iter().filter(better).map(|proof| proof.group.clone()));
        let new = calibrate::calibration_file(&replacing, provenance, &model.config, &rows);
        let kept = before.clone().map(|before| before.without(&groups));
        let of_others: Vec<FitGroup> = kept.iter().flat_map(CalibrationFile::groups).collect();
        if !of_others.is_empty() {
            let names: Vec<String> = of_others.iter().map(ToString::to_string).collect();
            note(&format!("{name}: kept as they were: {}", names.join(", ")));
        }
        let text = match kept {
            Some(kept) => new.and(kept),
            None => new,
        };
        for id in before.iter().flat_map(CalibrationFile::hardware_ids) {
            if !text.hardware_ids().any(|asked| asked == id) {
                note(&format!("{name}: rows do not ask for {id} any more"));
            }
        }
        files.push((folder.join(calibration::FILE_NAME), text.to_text().into_bytes()));
        for mut made in estimators(&replacing, &model.config.model_id, &rows) {
            let file = model.estimators.iter().find(|file| file.entry.name == made.entry.name);
            // Whatever is predicted for rows of other groups stays.
            let is_kept = |row: &&Row| !groups.iter().any(|group| group.holds(&row.identity));
            if let Some(file) = file {
                let old = file.over(all_rows.iter().filter(is_kept), &model.config.sources);
                made.estimates.extend(old.estimates);
            }
            let path = folder.join(&made.entry.file);
            if made.estimates.is_empty() {
                gone.extend(path.exists().then_some(path));
            } else {
                files.push((path, rivals::write(&made, all_rows.iter())));
            }
        }
    }
    for proof in better.iter().filter(|proof| asked_for.contains(&proof.group)) {
        let own = configured(subjects, &proof.group).and_then(|configured| configured.own);
        let used = |dtype: &str| is_used(&rows, &observations.dtypes, &proof.group, dtype);
        let hardware = proof.alone.setting.hardware_for(&observations.dtypes, used);
        let about = proof.about(release, args.beyond_datasheet);
        let json = hardware.to_json(&about, &own.unwrap_or_default());
        let path = output.join(format!("{}.json", proof.hardware_id()));
        file::replace(&path, json.as_bytes())?;
        note(&format!("wrote {}", path.display()));
    }
    transaction::replace_all(root, &files)?;
    for (path, _) in &files {
        note(&format!("wrote {}", path.display()));
    }
    for path in gone {
        std::fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
        note(&format!("removed {}, which predicts nothing any more", path.display()));
    }
    let configurations = asked_for.len();
    if configurations > 0 {
        note(&format!(
            "put the {configurations} configuration{} into Mantile's backend/data/hardware_configs and set\n\
             adopted = true under [calibration] of reconcile.toml: the README goes on from there",
            plural(configurations)
        ));
    }
    Ok(())
}

/// Which calibrations take their group's place in a model's folder, and which groups leave it.
fn choose<'p>(
    subject: &Subject,
    all_rows: &[Row],
    proofs: &[&'p Proof],
) -> (Vec<&'p Proof>, Vec<FitGroup>) {
    let Subject { model, written, .. } = subject;
    let name = &model.name;
    let held: Vec<FitGroup> = written.iter().flat_map(CalibrationFile::groups).collect();
    let now: Vec<&FitGroup> = proofs.iter().map(|proof| &proof.group).collect();
    let (mut replacing, mut dropped): (Vec<&Proof>, Vec<FitGroup>) = (Vec::new(), Vec::new());
    for &proof in proofs.iter().filter(|proof| proof.model_names().contains(&model.config.model_id))
    {
        let group = &proof.group;
        if let Some((rows, all)) = part_of(group, &model.rows, all_rows) {
            note(&format!(
                "{name}: {group} is not written: {rows} of its {all} rows were picked, and all would ask for it"
            ));
            continue;
        }
        // One over all frameworks makes way for single ones only where these cover it.
        let covered = |row: &&Row| now.iter().any(|group| group.holds(&row.identity));
        let left = |other: &&FitGroup| {
            other.meets(group)
                && *other != group
                && !all_rows
                    .iter()
                    .filter(|row| other.holds(&row.identity))
                    .all(|row| covered(&row))
        };
        if let Some(other) = held.iter().find(left) {
            note(&format!("{name}: {group} is not written: {other} is there and has more rows"));
            continue;
        }
        let is_better = |mode: FitMode| proof.improves_for(&model.config.model_id, mode);
        let stays = held.contains(group) && is_asked(model, group);
        if is_better(FitMode::Alone) || (is_better(FitMode::WithCorrection) && !stays) {
            if let Some(worse) =
                written.as_ref().and_then(|written| calibrate::worsened(written, proof))
            {
                note(&format!("{name}: {group} is worse, held out, than what was there: {worse}"));
            }
            replacing.push(proof);
        } else if stays {
            note(&format!("{name}: {group} stays as it was: its parameters are not better"));
        } else if held.contains(group) {
            note(&format!("{name}: {group} is not better any more, and dropped"));
            dropped.push(group.clone());
        }
    }
    (replacing, dropped)
}

/// How many of a group's rows were picked, where that is not all of them.
fn part_of(group: &FitGroup, picked: &[Row], all: &[Row]) -> Option<(usize, usize)> {
    let count = |rows: &[Row]| rows.iter().filter(|row| group.holds(&row.identity)).count();
    let (picked, all) = (count(picked), count(all));
    (picked < all).then_some((picked, all))
}

/// Whether rows of a group ask for a calibrated configuration already, which then was recorded: it stays
/// unless a better one is found.
fn is_asked(model: &Model, group: &FitGroup) -> bool {
    let mut rows = model.rows.iter().filter(|row| group.holds(&row.identity));
    rows.any(|row| {
        let gpu = model.config.gpu(&row.identity.gpu_model, &row.identity.framework);
        gpu.is_some_and(|gpu| gpu.calibrated)
    })
}

/// Refuses to replace a configuration that another model's rows ask for.
fn check_others(root: &Path, subjects: &[Subject], better: &[&Proof]) -> Result<()> {
    for name in model::list(root)? {
        if subjects.iter().any(|subject| subject.model.name == name) {
            continue;
        }
        let Some(written) = written(&model::by_model(root).join(&name))? else { continue };
        for id in better.iter().map(|proof| proof.hardware_id()) {
            if written.hardware_ids().any(|other| other == id) {
                let path = model::by_model(root).join(&name).join(calibration::FILE_NAME);
                let message = format!("rows of {name} ask for {id} too, and are not fitted to");
                return Err(Error::content(Place::file(&path), message)
                    .with_help(format!("calibrate it along: --model {name}")));
            }
        }
    }
    Ok(())
}

/// Whether a row of the group has a layer of this dtype.
fn is_used(rows: &[&Observation], dtypes: &[String], group: &FitGroup, dtype: &str) -> bool {
    rows.iter().any(|row| {
        group.holds(&row.row.identity)
            && row.prefill.iter().chain(&row.decode).any(|work| dtypes[work.dtype] == dtype)
    })
}
