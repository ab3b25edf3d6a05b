//! The models that are calibrated, with their recorded answers.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::args::CalibrateArgs;
use super::super::output::note;
use super::super::rows::load_picked;
use crate::base::error::Result;
use crate::base::file;
use crate::calibrate::Observations;
use crate::judge::model::{self, Model};
use crate::mantile::hardware::Hardware;
use crate::mantile::recording::{self, Recording};
use crate::rules::calibration::{self, CalibrationFile, FitGroup};

/// A model with its recorded answers.
pub(super) struct RecordedModel {
    pub model: Model,
    pub recording: Recording,
    /// The model's `calibration.toml` before anything is written; `None` unless something is to be written.
    pub written: Option<CalibrationFile>,
}

impl RecordedModel {
    /// The model as its accepted release was asked. If a calibration is adopted but cannot be read, a warning
    /// is printed and the model is calibrated without it.
    fn new(root: &Path, mut model: Model, written: Option<CalibrationFile>) -> Result<Self> {
        let recording = recording::load(root, &model.release, &model.config.model_id)?;
        if let Err(error) = model::adopt(&mut model.config) {
            note(&format!("warning: {error}\ncalibrating as if it were not adopted"));
        }
        model.config = model.config.for_release(&recording.hardware_ids());
        Ok(Self { model, recording, written })
    }
}

/// Loads the models that the arguments name, each once, with their selected rows.
pub(super) fn load(root: &Path, args: &CalibrateArgs) -> Result<Vec<RecordedModel>> {
    let mut names = model::named(root, &args.models)?;
    // The rows of a model that is named twice must not count twice.
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let filter = args.select.filter.as_ref();
    let mut models = Vec::new();
    for (_, model) in load_picked(root, &names, filter, model::load_unadopted)? {
        let model = model?;
        let written = if args.output.is_some() {
            written(&model::by_model(root).join(&model.name))?
        } else {
            None
        };
        models.push(RecordedModel::new(root, model, written)?);
    }
    Ok(models)
}

/// The `calibration.toml` of a model's folder, if there is one.
pub(in crate::cli) fn written(folder: &Path) -> Result<Option<CalibrationFile>> {
    let path = folder.join(calibration::FILE_NAME);
    if !path.exists() {
        return Ok(None);
    }
    calibration::read(&path, &file::read_text(&path)?).map(Some)
}

/// The rows of all models, with the work that Mantile counts for them.
pub(super) fn observe(models: &[RecordedModel]) -> Result<Observations> {
    let mut observations = Observations::default();
    for RecordedModel { model, recording, .. } in models {
        observations.add(&model.rows, &model.config, recording)?;
    }
    Ok(observations)
}

/// Mantile's configuration for a group today, as it was recorded.
pub(super) struct Configured {
    pub hardware: Hardware,
    /// The configuration's whole file; `None` if it is borrowed from another GPU.
    pub own: Option<serde_json::Value>,
}

pub(super) fn configured(models: &[RecordedModel], group: &FitGroup) -> Option<Configured> {
    models.iter().find_map(|RecordedModel { model, recording, .. }| {
        let row = model.rows.iter().find(|row| group.holds(&row.identity))?;
        let gpu = model.config.gpu(&row.identity.gpu_model, &row.identity.framework)?;
        let page = recording.pages.get(&format!("/hardware/{}", gpu.hardware_id.as_ref()?))?;
        let text = page.body.get();
        let is_own = gpu.approximation.is_none();
        Some(Configured {
            hardware: Hardware::parse(text).ok()?,
            own: serde_json::from_str(text).ok().filter(|_| is_own),
        })
    })
}
