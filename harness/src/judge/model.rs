//! A model's folder: `by_model/<org>_<model>/` with its configuration, known deviations and rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Place, Result};
use crate::base::file;
use crate::base::text::nearest;
use crate::base::transaction;
use crate::mantile::releases;
use crate::predict::rivals;
use crate::row::filter::Filter;
use crate::row::group::Group;
use crate::row::metric::Metric;
use crate::row::property::Property;
use crate::row::{self, Row};
use crate::rules::Rules;
use crate::rules::band::Band;
use crate::rules::calibration;
use crate::rules::config::{self, Config};
use crate::rules::deviation::{self, Deviations};

/// Everything that is written down about one model.
#[derive(Debug, Clone)]
pub struct Model {
    /// The folder's name, which is Mantile's name of the model.
    pub name: String,
    /// The accepted release of Mantile.
    pub release: String,
    /// `reconcile.toml`.
    pub config: Config,
    /// `known_deviations.toml`.
    pub deviations: Deviations,
    /// The rows of all sources, in the order of their files.
    pub rows: Vec<Row>,
    /// The predictions of other estimators, in the order of `reconcile.toml`.
    pub estimators: Vec<rivals::EstimatorFile>,
}

impl Model {
    /// What its rows are judged by.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        Rules { config: &self.config, deviations: &self.deviations }
    }
}

/// The folder of all models, under the project's folder.
#[must_use]
pub fn by_model(root: &Path) -> PathBuf {
    root.join("by_model")
}

/// The names of all models, sorted. None at all is an error: nothing would be checked.
pub fn list(root: &Path) -> Result<Vec<String>> {
    let folder = by_model(root);
    let help = "run it in the project's folder, or name that with --root";
    if !folder.is_dir() {
        return Err(Error::usage(format!("no folder {}", folder.display())).with_help(help));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|source| Error::io("read", &folder, source))? {
        let entry = entry.map_err(|source| Error::io("read", &folder, source))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(Error::usage(format!("no model in {}", folder.display())).with_help(help));
    }
    names.sort();
    Ok(names)
}

/// The models of these names, each once; all of them without.
pub fn named(root: &Path, names: &[String]) -> Result<Vec<String>> {
    if names.is_empty() {
        return list(root);
    }
    let mut seen = BTreeSet::new();
    Ok(names.iter().filter(|name| seen.insert(*name)).cloned().collect())
}

/// Reads a model's configuration alone.
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
        let models = list(root)?;
        let models: Vec<&str> = models.iter().map(String::as_str).collect();
        let help = match nearest(name, &models).or_else(|| containing(name, &models)) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the models are: {}", models.join(", ")),
        };
        return Err(Error::usage(format!("no model `{name}` in {}", by_model(root).display()))
            .with_help(help));
    }
    let path = folder.join("reconcile.toml");
    let config = read(&path, &file::read_text(&path)?)?;
    if config.model_id != name {
        return Err(Error::content(
            Place::file(&path),
            format!("model_id `{}` is not the folder's name `{name}`", config.model_id),
        ));
    }
    Ok(config)
}

/// The only model whose name contains `part`, in any case.
fn containing<'a>(part: &str, models: &[&'a str]) -> Option<&'a str> {
    let part = part.to_lowercase();
    let mut matching = models.iter().filter(|model| model.to_lowercase().contains(&part));
    match (matching.next(), matching.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// Reads the text of a model's `reconcile.toml`, and of its calibration what is adopted.
pub fn read_config(path: &Path, text: &str) -> Result<Config> {
    let mut config = config::parse(path, text)?;
    adopt(&mut config)?;
    Ok(config)
}

/// Makes rows ask as the model's calibration says, if that is adopted.
pub fn adopt(config: &mut Config) -> Result<()> {
    if !config.calibration.adopted {
        return Ok(());
    }
    let path = config.path.with_file_name(calibration::FILE_NAME);
    if !path.exists() {
        return Err(Error::content(
            Place::file(&config.path),
            format!("[calibration] is adopted, and there is no {}", path.display()),
        )
        .with_help(format!(
            "make it: mantile-reconcile calibrate --model {} --output <folder>",
            config.model_id
        )));
    }
    let mut gpus = calibration::read_gpus(&path, &file::read_text(&path)?)?;
    gpus.append(&mut config.gpus);
    config.gpus = gpus;
    Ok(())
}

/// Reads a model's folder, and holds its parts against each other.
pub fn load(root: &Path, name: &str) -> Result<Model> {
    let mut model = load_unadopted(root, name)?;
    adopt(&mut model.config)?;
    Ok(model)
}

/// The same with rows that ask as without calibration, so that a calibration that is adopted need not be
/// there to be made.
pub fn load_unadopted(root: &Path, name: &str) -> Result<Model> {
    if transaction::is_pending(root) {
        return Err(Error::usage("the acceptance of a release was cut off midway")
            .with_help("finish it with any run of the program: mantile-reconcile history"));
    }
    let config = load_config_by(root, name, config::parse)?;
    let folder = by_model(root).join(name);
    let mut rows = Vec::new();
    for source in &config.sources {
        let path = folder.join(&source.file);
        if !path.exists() {
            let message = format!("the rows of source {} are not there", source.name);
            return Err(Error::content(Place::file(&path), message).with_help(format!(
                "make them: mantile-reconcile extract --model {name} --source {} <result files>",
                source.name
            )));
        }
        rows.extend(read_rows(&path, source)?);
    }
    let mut estimators = Vec::new();
    for entry in &config.estimators {
        estimators.push(load_estimator(folder.join(&entry.file), entry.clone())?);
    }
    for entry in calibration::entries() {
        let path = folder.join(&entry.file);
        let named = config.estimators.iter().any(|other| other.name == entry.name);
        if path.exists() && !named {
            let help = "calibrate makes it: remove it, and make it anew";
            estimators.push(load_estimator(path, entry).map_err(|error| error.with_help(help))?);
        }
    }
    let path = folder.join("known_deviations.toml");
    let deviations = if path.exists() {
        deviation::parse(&path, &file::read_text(&path)?)?
    } else {
        Deviations { path, entries: Vec::new() }
    };
    let release = releases::load(root)?.accepted;
    let model = Model { name: name.to_owned(), release, config, deviations, rows, estimators };
    check_groups(&model)?;
    check_clashes(&model)?;
    check_deviations(&model)?;
    Ok(model)
}

/// Reads a file of a source's rows.
pub fn read_rows(path: &Path, source: &config::SourceConfig) -> Result<Vec<Row>> {
    let extra: Vec<&str> = source.extra_columns.iter().map(String::as_str).collect();
    row::read(path, &file::read_text(path)?, &source.name, &extra)
}

/// Reads the predictions of another estimator.
pub fn load_estimator(
    path: PathBuf,
    entry: config::EstimatorConfig,
) -> Result<rivals::EstimatorFile> {
    let predictions = rivals::read(&path, &file::read_text(&path)?)?;
    Ok(rivals::EstimatorFile { entry, path, predictions })
}

/// A group that holds no row checks nothing.
fn check_groups(model: &Model) -> Result<()> {
    let bands = model.config.bands.iter().map(|band| {
        let line =
            Metric::ALL.iter().find_map(|&metric| band.ratio[metric].map(|written| written.line));
        ("band", &band.group, line)
    });
    let gates = model.config.gates.iter().map(|gate| {
        let line = Metric::ALL.iter().find_map(|&metric| {
            gate.max_mape_percent[metric].map(|w| w.line).or(gate.bias[metric].map(|w| w.line))
        });
        ("gate", &gate.group, line)
    });
    for (kind, group, line) in bands.chain(gates) {
        let place = |line: usize| Place::line(&model.config.path, line as u64);
        let place = line.map_or_else(|| Place::file(&model.config.path), place);
        if line.is_none() {
            return Err(Error::content(place, format!("the {kind} of {group} sets nothing")));
        }
        if !model.rows.iter().any(|row| group.holds(row)) {
            return Err(Error::content(
                place,
                format!("the {kind} of {group} holds no row of {}", model.name),
            )
            .with_help(format!("the values are: {}", values(group, &model.rows))));
        }
    }
    Ok(())
}

/// Of two equally specific bands for the same row and metric, neither could be chosen.
fn check_clashes(model: &Model) -> Result<()> {
    let bands = &model.config.bands;
    for row in &model.rows {
        let holding: Vec<&Band> = bands.iter().filter(|band| band.group.holds(row)).collect();
        for (index, one) in holding.iter().enumerate() {
            for other in &holding[index + 1..] {
                if one.group.specificity() != other.group.specificity() {
                    continue;
                }
                let both = Metric::ALL
                    .into_iter()
                    .find_map(|metric| Some((metric, one.ratio[metric]?, other.ratio[metric]?)));
                let Some((metric, _, written)) = both else { continue };
                return Err(Error::content(
                    Place::line(&model.config.path, written.line as u64),
                    format!(
                        "the bands of {} and {} both give {} for {} and neither is more specific",
                        one.group,
                        other.group,
                        metric.name(),
                        row.name()
                    ),
                )
                .with_help("name one more field in one of them"));
            }
        }
    }
    Ok(())
}

/// The values that the rows have in the properties of a group.
fn values(group: &Group, rows: &[Row]) -> String {
    let of_property = |property: Property| {
        let values: Vec<String> = property.values(rows).into_iter().collect();
        format!("{} {}", property.name(), values.join("|"))
    };
    let properties = group.filter().map(Filter::properties).unwrap_or_default();
    properties.into_iter().map(of_property).collect::<Vec<_>>().join("; ")
}

/// A deviation of a row that is not there excuses nothing.
fn check_deviations(model: &Model) -> Result<()> {
    let names: Vec<String> = model.rows.iter().map(Row::name).collect();
    for entry in &model.deviations.entries {
        if names.contains(&entry.row) {
            continue;
        }
        let place = Place::line(&model.deviations.path, entry.bound.line as u64);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = Error::content(place, format!("no row `{}` in {}", entry.row, model.name));
        return Err(match nearest(&entry.row, &names) {
            Some(near) => error.with_help(format!("did you mean {near}?")),
            None => error.with_help("a row's name is its test's name without the model"),
        });
    }
    Ok(())
}
