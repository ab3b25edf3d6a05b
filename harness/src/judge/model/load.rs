//! Reading the folder of a model.

use std::path::{Path, PathBuf};

use super::consistency;
use super::names::{by_model, unknown_model};
use crate::base::error::{Error, Place, Result};
use crate::base::file;
use crate::base::transaction;
use crate::mantile::releases;
use crate::predict::rivals;
use crate::row::{self, Row};
use crate::rules::Rules;
use crate::rules::calibration;
use crate::rules::config::{self, Config};
use crate::rules::deviation::{self, Deviations};

/// Everything that the project's files say about a model.
#[derive(Debug, Clone)]
pub struct Model {
    /// The name of the folder, which is Mantile's name of the model.
    pub name: String,
    /// The accepted release of Mantile.
    pub release: String,
    /// The content of `reconcile.toml`.
    pub config: Config,
    /// The content of `known_deviations.toml`.
    pub deviations: Deviations,
    /// The rows of all sources, in the order of their files.
    pub rows: Vec<Row>,
    /// The predictions of other estimators, in the order of `reconcile.toml`.
    pub estimators: Vec<rivals::EstimatorFile>,
}

impl Model {
    /// The rules that the rows are judged by.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        Rules { config: &self.config, deviations: &self.deviations }
    }
}

/// Reads the configuration of a model, without its rows.
pub fn load_config(root: &Path, name: &str) -> Result<Config> {
    load_config_by(root, name, read_config)
}

fn load_config_by(
    root: &Path,
    name: &str,
    read: fn(&Path, &str) -> Result<Config>,
) -> Result<Config> {
    let folder = by_model(root).join(name);
    if !folder.is_dir() {
        return Err(unknown_model(root, name)?);
    }

    let path = folder.join("reconcile.toml");
    let config = read(&path, &file::read_text(&path)?)?;
    if config.model_id != name {
        return Err(Error::content(
            Place::file(&path),
            format!("model_id `{}` differs from the folder's name `{name}`", config.model_id),
        ));
    }
    Ok(config)
}

/// Reads the text of a `reconcile.toml`, and the calibration beside it if it is adopted.
pub fn read_config(path: &Path, text: &str) -> Result<Config> {
    let mut config = config::parse(path, text)?;
    adopt(&mut config)?;
    Ok(config)
}

/// Adds the hardware of the model's calibration to the configuration, if the calibration is adopted.
pub fn adopt(config: &mut Config) -> Result<()> {
    if !config.calibration.adopted {
        return Ok(());
    }
    let path = config.path.with_file_name(calibration::FILE_NAME);
    if !path.exists() {
        return Err(Error::content(
            Place::file(&config.path),
            format!("[calibration] is adopted, but {} does not exist", path.display()),
        )
        .with_help(format!(
            "generate it: mantile-reconcile calibrate --model {} --output <folder>",
            config.model_id
        )));
    }
    let mut gpus = calibration::read_gpus(&path, &file::read_text(&path)?)?;
    gpus.append(&mut config.gpus);
    config.gpus = gpus;
    Ok(())
}

/// Reads the folder of a model, and checks that its files agree with each other.
///
/// ```
/// use std::path::Path;
///
/// use mantile_reconcile::judge::model;
///
/// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
/// let model = model::load(root, "openai_GPT-OSS-120B")?;
/// assert!(model.rows.iter().all(|row| row.name().contains("::")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load(root: &Path, name: &str) -> Result<Model> {
    let mut model = load_unadopted(root, name)?;
    adopt(&mut model.config)?;
    Ok(model)
}

/// Reads the folder of a model without its calibration, so that a calibration that is adopted but does not exist
/// yet can be generated.
pub fn load_unadopted(root: &Path, name: &str) -> Result<Model> {
    if transaction::is_pending(root) {
        return Err(Error::usage("the acceptance of a release was interrupted")
            .with_help("any other command completes it, such as: mantile-reconcile history"));
    }
    let config = load_config_by(root, name, config::parse)?;
    let folder = by_model(root).join(name);
    let model = Model {
        name: name.to_owned(),
        rows: load_rows(&folder, name, &config)?,
        estimators: load_estimators(&folder, &config)?,
        deviations: load_deviations(folder.join("known_deviations.toml"))?,
        release: releases::load(root)?.accepted,
        config,
    };
    consistency::check(&model)?;
    Ok(model)
}

/// Reads the rows of all sources.
fn load_rows(folder: &Path, name: &str, config: &Config) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for source in &config.sources {
        let path = folder.join(&source.file);
        if !path.exists() {
            let message = format!("the rows of source {} do not exist", source.name);
            return Err(Error::content(Place::file(&path), message).with_help(format!(
                "extract them: mantile-reconcile extract --model {name} --source {} <result files>",
                source.name
            )));
        }
        rows.extend(read_rows(&path, source)?);
    }
    Ok(rows)
}

/// Reads the predictions of the estimators that the configuration names, and those of the calibration.
fn load_estimators(folder: &Path, config: &Config) -> Result<Vec<rivals::EstimatorFile>> {
    let mut estimators = Vec::new();
    for entry in &config.estimators {
        estimators.push(load_estimator(folder.join(&entry.file), entry.clone())?);
    }
    for entry in calibration::entries() {
        let path = folder.join(&entry.file);
        let is_named = config.estimators.iter().any(|other| other.name == entry.name);
        if path.exists() && !is_named {
            let help = "generated by `calibrate`; delete and regenerate it";
            estimators.push(load_estimator(path, entry).map_err(|error| error.with_help(help))?);
        }
    }
    Ok(estimators)
}

/// Reads the known deviations; a missing file has none.
fn load_deviations(path: PathBuf) -> Result<Deviations> {
    if path.exists() {
        deviation::parse(&path, &file::read_text(&path)?)
    } else {
        Ok(Deviations { path, entries: Vec::new() })
    }
}

/// Reads the rows of a source from a file.
pub fn read_rows(path: &Path, source: &config::SourceConfig) -> Result<Vec<Row>> {
    let extra: Vec<&str> = source.extra_columns.iter().map(String::as_str).collect();
    row::read(path, &file::read_text(path)?, &source.name, &extra)
}

/// Reads the predictions of another estimator from a file.
pub fn load_estimator(
    path: PathBuf,
    entry: config::EstimatorConfig,
) -> Result<rivals::EstimatorFile> {
    let predictions = rivals::read(&path, &file::read_text(&path)?)?;
    Ok(rivals::EstimatorFile { entry, path, predictions })
}
