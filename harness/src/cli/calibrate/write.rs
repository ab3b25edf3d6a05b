//! Writes calibrations: hardware configurations for Mantile, and each model's `calibration.toml` and estimators.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::args::CalibrateArgs;
use super::super::output::note;
use super::models::{RecordedModel, configured, written};
use crate::base::error::{Error, Place, Result};
use crate::base::file;
use crate::base::transaction;
use crate::calibrate::{
    LeftOut, ModelRows, Observation, Observations, Proof, Replacement, calibration_file,
    estimators, replacement,
};
use crate::judge::model;
use crate::predict::rivals;
use crate::row::Row;
use crate::rules::calibration::{self, CalibrationFile, CalibrationProvenance, FitGroup, FitMode};

/// Writes the configurations into the output folder, and the rest into the models' folders. Groups that were
/// not calibrated this time stay there as they are. The result is the number of configurations written.
pub(super) fn write(
    root: &Path,
    args: &CalibrateArgs,
    output: &Path,
    models: &[RecordedModel],
    observations: &Observations,
    proofs: &[&Proof],
) -> Result<usize> {
    let release = models.first().map_or("", |model| &model.recording.release);
    let writer = Writer { root, args, models, observations, release, proofs };
    let better: Vec<&Proof> =
        proofs.iter().filter(|proof| proof.improves(FitMode::Alone)).copied().collect();
    check_others(root, models, &better)?;
    let mut changes = FileChanges::default();
    for model in models {
        writer.plan_model(model, &mut changes)?;
    }
    for proof in better.iter().filter(|proof| changes.asked_for.contains(&proof.group)) {
        writer.write_configuration(proof, output)?;
    }
    transaction::replace_all(root, &changes.replaced)?;
    for (path, _) in &changes.replaced {
        note(&format!("wrote {}", path.display()));
    }
    for path in changes.removed {
        std::fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
        note(&format!("removed {}, which no longer predicts any row", path.display()));
    }
    Ok(changes.asked_for.len())
}

/// The changes in the models' folders.
#[derive(Default)]
struct FileChanges {
    replaced: Vec<(PathBuf, Vec<u8>)>,
    removed: Vec<PathBuf>,
    /// The groups whose configurations some model's rows ask for from now on. No other configuration is
    /// written.
    asked_for: BTreeSet<FitGroup>,
}

struct Writer<'a> {
    root: &'a Path,
    args: &'a CalibrateArgs,
    models: &'a [RecordedModel],
    observations: &'a Observations,
    release: &'a str,
    proofs: &'a [&'a Proof],
}

impl Writer<'_> {
    /// Adds the files of one model to the changes.
    fn plan_model(&self, recorded: &RecordedModel, changes: &mut FileChanges) -> Result<()> {
        let RecordedModel { model, written: before, .. } = recorded;
        let all_rows = model::load_unadopted(self.root, &model.name)?.rows;
        let rows = ModelRows { config: &model.config, selected: &model.rows, all: &all_rows };
        let change = replacement(rows, before.as_ref(), self.proofs);
        for decision in &change.notes {
            note(&format!("{}: {decision}", model.name));
        }
        if change.replacing.is_empty() && change.dropped.is_empty() {
            return Ok(());
        }
        let is_better =
            |proof: &&&Proof| proof.improves_for(&model.config.model_id, FitMode::Alone);
        let better = change.replacing.iter().filter(is_better);
        changes.asked_for.extend(better.map(|proof| proof.group.clone()));
        let replaced = change.replacing.iter().map(|proof| proof.group.clone());
        let groups: Vec<FitGroup> = replaced.chain(change.dropped.iter().cloned()).collect();
        let file = self.new_file(recorded, &change, &groups);
        let folder = model::by_model(self.root).join(&model.name);
        changes.replaced.push((folder.join(calibration::FILE_NAME), file.to_text().into_bytes()));
        self.plan_estimators(recorded, &change, &groups, &all_rows, changes);
        Ok(())
    }

    /// The model's new `calibration.toml`, with the old groups that are neither replaced nor removed.
    fn new_file(
        &self,
        recorded: &RecordedModel,
        change: &Replacement<'_>,
        groups: &[FitGroup],
    ) -> CalibrationFile {
        let RecordedModel { model, written: before, .. } = recorded;
        let name = &model.name;
        let provenance = |group: &FitGroup| self.provenance(group);
        let new =
            calibration_file(&change.replacing, provenance, &model.config, &self.fitted_rows());
        let kept = before.clone().map(|before| before.without(groups));
        let kept_groups: Vec<String> =
            kept.iter().flat_map(CalibrationFile::groups).map(|group| group.to_string()).collect();
        if !kept_groups.is_empty() {
            note(&format!("{name}: unchanged: {}", kept_groups.join(", ")));
        }
        let file = match kept {
            Some(kept) => new.and(kept),
            None => new,
        };
        for id in before.iter().flat_map(CalibrationFile::hardware_ids) {
            if !file.hardware_ids().any(|asked| asked == id) {
                note(&format!("{name}: rows no longer ask for {id}"));
            }
        }
        file
    }

    /// The model's two estimators. Their old predictions of rows in other groups are kept.
    fn plan_estimators(
        &self,
        recorded: &RecordedModel,
        change: &Replacement<'_>,
        groups: &[FitGroup],
        all_rows: &[Row],
        changes: &mut FileChanges,
    ) {
        let model = &recorded.model;
        let made = estimators(&change.replacing, &model.config.model_id, &self.fitted_rows());
        for mut estimator in made {
            let is_kept = |row: &&Row| !groups.iter().any(|group| group.holds(&row.identity));
            let old = model.estimators.iter().find(|old| old.entry.name == estimator.entry.name);
            if let Some(old) = old {
                let old = old.over(all_rows.iter().filter(is_kept), &model.config.sources);
                estimator.estimates.extend(old.estimates);
            }
            let path = model::by_model(self.root).join(&model.name).join(&estimator.entry.file);
            if estimator.estimates.is_empty() {
                changes.removed.extend(path.exists().then_some(path));
            } else {
                changes.replaced.push((path, rivals::write(&estimator, all_rows.iter())));
            }
        }
    }

    fn write_configuration(&self, proof: &Proof, output: &Path) -> Result<()> {
        let own = configured(self.models, &proof.group).and_then(|configured| configured.own);
        let dtypes = &self.observations.dtypes;
        let is_used = |dtype: &str| self.is_used(&proof.group, dtype);
        let hardware = proof.alone.setting.hardware_for(dtypes, is_used);
        let about = proof.about(self.release, self.args.beyond_datasheet);
        let json = hardware.to_json(&about, &own.unwrap_or_default());
        let path = output.join(format!("{}.json", proof.hardware_id()));
        file::replace(&path, json.as_bytes())?;
        note(&format!("wrote {}", path.display()));
        Ok(())
    }

    fn provenance(&self, group: &FitGroup) -> CalibrationProvenance {
        let left_out = &self.observations.left_out;
        CalibrationProvenance {
            release: self.release.to_owned(),
            rows_where: self.args.select.filter.as_ref().map(ToString::to_string),
            beyond_datasheet: self.args.beyond_datasheet,
            left_out: LeftOut::by_reason(
                left_out.iter().filter(|out| group.holds(&out.row.identity)),
            ),
        }
    }

    fn fitted_rows(&self) -> Vec<&Observation> {
        self.observations.rows.iter().collect()
    }

    /// Whether a row of the group has a layer of this dtype.
    fn is_used(&self, group: &FitGroup, dtype: &str) -> bool {
        let Observations { rows, dtypes, .. } = self.observations;
        rows.iter().any(|row| {
            group.holds(&row.row.identity)
                && row.prefill.iter().chain(&row.decode).any(|work| dtypes[work.dtype] == dtype)
        })
    }
}

/// Refuses to replace a configuration that the rows of another model ask for.
fn check_others(root: &Path, models: &[RecordedModel], better: &[&Proof]) -> Result<()> {
    for name in model::list(root)? {
        if models.iter().any(|recorded| recorded.model.name == name) {
            continue;
        }
        let Some(written) = written(&model::by_model(root).join(&name))? else { continue };
        for id in better.iter().map(|proof| proof.hardware_id()) {
            if written.hardware_ids().any(|other| other == id) {
                let path = model::by_model(root).join(&name).join(calibration::FILE_NAME);
                let message =
                    format!("the rows of {name} also ask for {id}, but they are not fitted");
                return Err(Error::content(Place::file(&path), message)
                    .with_help(format!("calibrate both models together: add --model {name}")));
            }
        }
    }
    Ok(())
}
