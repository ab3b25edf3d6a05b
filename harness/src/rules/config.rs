//! `reconcile.toml`: what a model's rows are compared by.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::base::error::{Error, Place, Result};
use crate::base::text::is_identifier;
use crate::base::toml_file::{self, check_version};
use crate::row::group::Group;
use crate::row::metric::{Metric, PerMetric};
use crate::row::property::Field;
use crate::rules::audit_check::{AcceptedFinding, AuditCheck};
use crate::rules::band::{Band, Interval, MetricTable, WrittenAt};
use crate::rules::names;

/// A model's `reconcile.toml`, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file.
    pub path: PathBuf,
    /// The model as Mantile names it.
    pub model_id: String,
    /// The files of rows.
    pub sources: Vec<SourceConfig>,
    /// Other estimators to set beside Mantile.
    pub estimators: Vec<EstimatorConfig>,
    /// How old a recording may grow, days.
    pub max_recording_age_days: u32,
    /// What each GPU model becomes; of those for a row the first holds.
    pub gpus: Vec<GpuConfig>,
    /// What calibration is to know.
    pub calibration: CalibrationConfig,
    /// Mantile's classes of layers that hold experts: expert parallelism goes to these only.
    pub expert_layer_classes: Vec<String>,
    /// What Mantile cannot express, and what is done about it.
    pub features: Features,
    /// Each approximation's name with its explanation.
    pub approximations: BTreeMap<String, String>,
    /// How far the same configuration measured twice lies apart, as a ratio ≥ 1.
    pub noise_floor: PerMetric<f64>,
    /// The smallest share of rows with a prediction, percent.
    pub min_coverage_percent: f64,
    /// How bands are proposed.
    pub band_rule: BandRule,
    /// When bands were loosened, and why.
    pub loosened: Vec<Loosened>,
    /// The accuracy bands.
    pub bands: Vec<Band>,
    /// The gates on groups.
    pub gates: Vec<GroupGate>,
    /// Errors of the audit that are accepted.
    pub audit_accepted: Vec<AcceptedFinding>,
}

/// A file of rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// The provider; part of every row's name.
    pub name: String,
    /// The CSV, beside `reconcile.toml`.
    pub file: String,
    /// Mean over nominal length of prompts and outputs: 1 where lengths are exact.
    pub mean_length_ratio: f64,
    /// Approximations that hold for every row of this provider.
    #[serde(default)]
    pub approximations: Vec<String>,
    /// Columns beyond the documented ones that the file may hold; they are not read.
    #[serde(default)]
    pub extra_columns: Vec<String>,
    /// How the provider's artifacts name this model.
    #[serde(default)]
    pub artifact_models: Vec<String>,
    /// How the `InferenceX` HTTP API names this model: what `extract --api` asks for.
    pub api_model: Option<String>,
    /// The numbers of requests that a peak is sought over: the best of those that fit the memory is its
    /// prediction.
    #[serde(default)]
    pub peak_concurrencies: Vec<u32>,
}

/// Another estimator's predictions, to set beside Mantile's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstimatorConfig {
    /// Its name in reports.
    pub name: String,
    /// Its predictions, beside `reconcile.toml`.
    pub file: String,
    /// What it is, with its version.
    #[serde(default)]
    pub about: String,
    /// Where it is had.
    pub source: Option<String>,
    /// The licence of it or of the figures.
    pub licence: Option<String>,
    /// What to know before reading its figures.
    #[serde(default)]
    pub caveats: Vec<String>,
}

/// What a GPU model becomes in Mantile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuConfig {
    /// The rows' `gpu_model`.
    pub model: String,
    /// Their framework; any without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Mantile's hardware configuration.
    pub hardware_id: Option<String>,
    /// The approximation that this is, if it is not the same GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approximation: Option<String>,
    /// Why there is no configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<String>,
    /// What each of the rows' precisions becomes.
    #[serde(default)]
    pub precision: BTreeMap<String, Precision>,
    /// Whether it is of `calibration.toml`.
    #[serde(skip)]
    pub calibrated: bool,
}

/// What a precision becomes on a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precision {
    /// Mantile's dtype for every layer.
    pub dtype: String,
    /// Another dtype for layers of a class, by Mantile's class name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layer_class: BTreeMap<String, String>,
    /// The approximation that this is, if the GPU computes otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approximation: Option<String>,
}

impl Precision {
    /// Mantile's dtype for a layer of this class.
    #[must_use]
    pub fn dtype_of(&self, layer_class: &str) -> &str {
        self.layer_class.get(layer_class).unwrap_or(&self.dtype)
    }
}

/// What calibration is to know of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationConfig {
    /// Whether rows are asked for as `calibration.toml` says: its `[[gpu]]` come before those here.
    #[serde(default)]
    pub adopted: bool,
    /// The dtypes that the model's layers really have, by the rows' precision; of others, those asked for.
    #[serde(default)]
    pub precision: BTreeMap<String, Precision>,
    /// Mantile's classes of layers whose weights it counts whole on every package although tensor
    /// parallelism divides them. CalibrationConfig divides them, so that no parameter makes up for it.
    #[serde(default)]
    pub undivided_layer_classes: Vec<String>,
}

/// What is done about each thing that Mantile cannot express.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Attention data-parallel: predicted as tensor-parallel.
    pub dp_attention: Treatment,
    /// Separate pools: predicted without the KV transfer between them.
    pub disaggregation: Treatment,
    /// Concurrency that does not divide by the workers of a pool: rounded up to the fullest worker.
    pub uneven_batch: Treatment,
    /// More than one token a step: predicted as one.
    pub spec_decoding: Treatment,
    /// Layers cut into stages: predicted as one stage.
    #[serde(default = "no_pipeline")]
    pub pipeline_parallel: Treatment,
    /// Tokens of a sequence spread over GPUs: predicted without.
    #[serde(default = "no_context")]
    pub context_parallel: Treatment,
}

fn no_pipeline() -> Treatment {
    Treatment::Unmapped("Mantile has no pipeline parallelism".to_owned())
}

fn no_context() -> Treatment {
    Treatment::Unmapped("context parallelism is not mapped to Mantile's".to_owned())
}

/// Whether rows with a feature are predicted approximately or not at all.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Predicted, under this named approximation.
    Approximation(String),
    /// Not predicted, for this reason.
    Unmapped(String),
}

/// How bands are proposed, unless the command line says otherwise.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandRule {
    /// The share of rows that a band may leave out.
    pub alpha: f64,
    /// The fields that make the groups, coarsest first.
    pub by: Vec<Field>,
}

impl Default for BandRule {
    fn default() -> Self {
        Self { alpha: 0.05, by: vec![Field::GpuModel, Field::Framework] }
    }
}

/// A loosening of bands, for the record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loosened {
    /// The release that was accepted with it.
    pub release: String,
    /// When.
    pub day: String,
    /// Why.
    pub reason: String,
}

/// A gate on a group's statistics.
#[derive(Debug, Clone)]
pub struct GroupGate {
    /// The rows it is for.
    pub group: Group,
    /// The largest MAPE, percent.
    pub max_mape_percent: PerMetric<Option<WrittenAt<f64>>>,
    /// The interval for the bias exp(mean ln(predicted / measured)).
    pub bias: PerMetric<Option<WrittenAt<Interval>>>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: Spanned<u32>,
    model_id: String,
    #[serde(default)]
    max_recording_age_days: Option<u32>,
    source: Spanned<Vec<Spanned<SourceConfig>>>,
    #[serde(default)]
    estimator: Vec<Spanned<EstimatorConfig>>,
    gpu: Vec<Spanned<GpuConfig>>,
    #[serde(default)]
    calibration: CalibrationConfig,
    #[serde(default)]
    expert_layer_classes: Vec<String>,
    features: Features,
    #[serde(default)]
    approximations: BTreeMap<String, String>,
    noise_floor: MetricTable<f64>,
    min_coverage_percent: Spanned<f64>,
    #[serde(default)]
    band_rule: BandRule,
    #[serde(default)]
    loosened: Vec<Loosened>,
    #[serde(default)]
    band: Vec<Spanned<BandTable>>,
    #[serde(default)]
    gate: Vec<Spanned<GateTable>>,
    #[serde(default)]
    audit_accepted: Vec<Spanned<AcceptedTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedTable {
    row: String,
    check: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandTable {
    #[serde(rename = "where")]
    group: Group,
    #[serde(default)]
    basis: String,
    ratio: MetricTable<Interval>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateTable {
    #[serde(rename = "where")]
    group: Group,
    #[serde(default)]
    max_mape_percent: MetricTable<f64>,
    #[serde(default)]
    bias: MetricTable<Interval>,
}

/// A recording without an age limit of its own may be a year and a quarter old.
const MAX_RECORDING_AGE_DAYS: u32 = 450;

/// Names that a source may not have: they head the trials of a whole model.
pub const RESERVED_SOURCE_NAMES: [&str; 7] =
    ["audit", "gate", "coverage", "snapshot", "recording", "known_deviations", "estimator"];

/// Reads the text of a `reconcile.toml` that came from `path`.
pub fn parse(path: &Path, text: &str) -> Result<Config> {
    let file: File = toml_file::parse(path, text)?;
    let at =
        |offset: usize, message: String| Error::content(Place::offset(path, text, offset), message);
    check_version(path, text, &file.schema_version)?;
    if file.source.get_ref().is_empty() {
        return Err(at(file.source.span().start, "no source: the model has no rows".to_owned()));
    }
    for source in file.source.get_ref() {
        check_source(source.get_ref()).map_err(|fault| at(source.span().start, fault))?;
    }
    for estimator in &file.estimator {
        names::check_estimator(&estimator.get_ref().name)
            .map_err(|fault| at(estimator.span().start, fault))?;
    }
    for gpu in &file.gpu {
        check_gpu(gpu.get_ref()).map_err(|fault| at(gpu.span().start, fault))?;
    }
    let noise_floor = noise_floor(path, &file.noise_floor.with_lines(text))?;
    let coverage = *file.min_coverage_percent.get_ref();
    if !(0.0..=100.0).contains(&coverage) {
        let fault = format!("{coverage} is not a percentage from 0 to 100");
        return Err(at(file.min_coverage_percent.span().start, fault));
    }
    let mut bands: Vec<Band> = Vec::with_capacity(file.band.len());
    for spanned in &file.band {
        let table = spanned.get_ref();
        let band = Band {
            group: table.group.clone(),
            ratio: table.ratio.with_lines(text),
            basis: table.basis.clone(),
        };
        check_band(path, &band, &noise_floor)?;
        bands.push(band);
    }
    let mut gates = Vec::with_capacity(file.gate.len());
    for spanned in &file.gate {
        let table = spanned.get_ref();
        let gate = GroupGate {
            group: table.group.clone(),
            max_mape_percent: table.max_mape_percent.with_lines(text),
            bias: table.bias.with_lines(text),
        };
        if gates.iter().any(|other: &GroupGate| other.group == gate.group) {
            return Err(at(
                spanned.span().start,
                format!("the group {} has a gate already", gate.group),
            ));
        }
        check_gate(path, &gate)?;
        gates.push(gate);
    }
    let audit_accepted = audit_accepted(path, text, &file.audit_accepted)?;
    let config = Config {
        path: path.to_path_buf(),
        model_id: file.model_id,
        sources: file.source.into_inner().into_iter().map(Spanned::into_inner).collect(),
        estimators: file.estimator.into_iter().map(Spanned::into_inner).collect(),
        max_recording_age_days: file.max_recording_age_days.unwrap_or(MAX_RECORDING_AGE_DAYS),
        gpus: file.gpu.into_iter().map(Spanned::into_inner).collect(),
        calibration: file.calibration,
        expert_layer_classes: file.expert_layer_classes,
        features: file.features,
        approximations: file.approximations,
        noise_floor,
        min_coverage_percent: coverage,
        band_rule: file.band_rule,
        loosened: file.loosened,
        bands,
        gates,
        audit_accepted,
    };
    check_uniqueness(&config)?;
    check_approximations(&config)?;
    Ok(config)
}

impl Config {
    /// What rows of this GPU and framework become: the entry that names the framework, else the one for
    /// any; of several the first.
    #[must_use]
    pub fn gpu(&self, model: &str, framework: &str) -> Option<&GpuConfig> {
        let of_model = || self.gpus.iter().filter(|gpu| gpu.model == model);
        of_model()
            .find(|gpu| gpu.framework.as_deref() == Some(framework))
            .or_else(|| of_model().find(|gpu| gpu.framework.is_none()))
    }

    /// This configuration for a release that has these hardware configurations: where it lacks a calibrated
    /// one, rows ask as without calibration.
    #[must_use]
    pub fn for_release(&self, hardware_ids: &BTreeSet<String>) -> Self {
        let mut config = self.clone();
        config.gpus.retain(|gpu| {
            let has = gpu.hardware_id.as_ref().is_some_and(|id| hardware_ids.contains(id));
            !gpu.calibrated || has
        });
        config
    }
}

/// What of the audit is accepted: each entry with a check that there is, and a reason, once.
fn audit_accepted(
    path: &Path,
    text: &str,
    written: &[Spanned<AcceptedTable>],
) -> Result<Vec<AcceptedFinding>> {
    let mut accepted: Vec<AcceptedFinding> = Vec::with_capacity(written.len());
    for spanned in written {
        let AcceptedTable { row, check, reason } = spanned.get_ref();
        let start = spanned.span().start;
        let at = |message: String| Err(Error::content(Place::offset(path, text, start), message));
        let Some(known) = AuditCheck::from_name(check) else {
            let checks = AuditCheck::ALL.map(AuditCheck::name).join(", ");
            return at(format!("`{check}` is none of {checks}"));
        };
        if reason.trim().is_empty() {
            return at(format!("the acceptance of {check} of {row} has no reason"));
        }
        if accepted.iter().any(|other| other.row == *row && other.check == known) {
            return at(format!("{check} of {row} is accepted already"));
        }
        let line = text[..start].matches('\n').count() + 1;
        accepted.push(AcceptedFinding {
            row: row.clone(),
            check: known,
            reason: reason.clone(),
            line,
        });
    }
    Ok(accepted)
}

fn check_source(source: &SourceConfig) -> Result<(), String> {
    if !is_identifier(&source.name) {
        return Err(format!(
            "the source name `{}` is not made of letters, digits, _ and -",
            source.name
        ));
    }
    if RESERVED_SOURCE_NAMES.contains(&source.name.as_str()) {
        return Err(format!("the source name `{}` is taken by a check of the suite", source.name));
    }
    if !(source.mean_length_ratio > 0.0 && source.mean_length_ratio <= 1.0) {
        return Err(format!("mean_length_ratio {} is not in (0, 1]", source.mean_length_ratio));
    }
    if let Some(zero) = source.peak_concurrencies.iter().find(|&&requests| requests == 0) {
        return Err(format!("peak_concurrencies holds {zero}: a peak has requests in flight"));
    }
    Ok(())
}

fn check_gpu(gpu: &GpuConfig) -> Result<(), String> {
    match (&gpu.hardware_id, &gpu.unmapped) {
        (Some(_), None) if gpu.precision.is_empty() => {
            Err(format!("{} has a hardware_id and no precision", gpu.model))
        }
        (Some(_), None) | (None, Some(_)) => Ok(()),
        _ => Err(format!("{} needs either hardware_id or unmapped", gpu.model)),
    }
}

fn noise_floor(path: &Path, written: &PerMetric<Option<WrittenAt<f64>>>) -> Result<PerMetric<f64>> {
    let mut floor = PerMetric::from_fn(|_| 1.0);
    for (metric, value) in written.iter() {
        let Some(WrittenAt { value, line }) = *value else {
            return Err(Error::content(
                Place::file(path),
                format!("noise_floor lacks {}", metric.name()),
            ));
        };
        if !(1.0..=10.0).contains(&value) {
            return Err(Error::content(
                Place::line(path, line as u64),
                format!("a noise floor is a ratio from 1 to 10, not {value}"),
            ));
        }
        floor[metric] = value;
    }
    Ok(floor)
}

/// A band must be an interval, and wide enough not to gate measurement noise.
fn check_band(path: &Path, band: &Band, noise_floor: &PerMetric<f64>) -> Result<()> {
    for (metric, written) in band.ratio.iter() {
        let Some(WrittenAt { value, line }) = *written else { continue };
        let fault = |message| Err(Error::content(Place::line(path, line as u64), message));
        if let Some(message) = value.fault() {
            return fault(message);
        }
        // Both ends are rounded when they are written, so allow the last digit. A band without a lower
        // end is one of peaks.
        let floor = noise_floor[metric];
        let tight = if value.low > 0.0 {
            value.high / value.low < floor * floor * 0.999
        } else {
            value.high < floor * 0.999
        };
        if tight {
            return fault(format!(
                "the {} band {value} is tighter than the noise floor [{:.4}, {floor:.4}]: it would gate noise",
                metric.name(),
                1.0 / floor
            ));
        }
    }
    Ok(())
}

fn check_gate(path: &Path, gate: &GroupGate) -> Result<()> {
    for metric in Metric::ALL {
        if let Some(WrittenAt { value, line }) = gate.max_mape_percent[metric]
            && !(value.is_finite() && value >= 0.0)
        {
            let message = format!("a MAPE is a percentage, not {value}");
            return Err(Error::content(Place::line(path, line as u64), message));
        }
        if let Some(WrittenAt { value, line }) = gate.bias[metric]
            && let Some(message) = value.fault()
        {
            return Err(Error::content(Place::line(path, line as u64), message));
        }
    }
    Ok(())
}

fn check_uniqueness(config: &Config) -> Result<()> {
    let mut seen = BTreeSet::new();
    let names = config.sources.iter().map(|source| ("source", &source.name));
    let names = names.chain(config.estimators.iter().map(|other| ("estimator", &other.name)));
    let names = names.map(|(kind, name)| (kind, name.clone()));
    let gpus = config.gpus.iter().map(|gpu| match &gpu.framework {
        Some(framework) => ("gpu", format!("{} / {framework}", gpu.model)),
        None => ("gpu", gpu.model.clone()),
    });
    for (kind, name) in names.chain(gpus) {
        let message = format!("{kind} `{name}` comes twice");
        if !seen.insert((kind, name)) {
            return Err(Error::content(Place::file(&config.path), message));
        }
    }
    Ok(())
}

/// Every approximation in use is explained, and every explained one is in use.
fn check_approximations(config: &Config) -> Result<()> {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for source in &config.sources {
        used.extend(source.approximations.iter().map(String::as_str));
    }
    for gpu in &config.gpus {
        used.extend(gpu.approximation.as_deref());
        used.extend(
            gpu.precision.values().filter_map(|precision| precision.approximation.as_deref()),
        );
    }
    let Features {
        dp_attention,
        disaggregation,
        uneven_batch,
        spec_decoding,
        pipeline_parallel,
        context_parallel,
    } = &config.features;
    for treatment in [
        dp_attention,
        disaggregation,
        uneven_batch,
        spec_decoding,
        pipeline_parallel,
        context_parallel,
    ] {
        if let Treatment::Approximation(name) = treatment {
            used.insert(name);
        }
    }
    let fault = |message: String| Err(Error::content(Place::file(&config.path), message));
    if let Some(name) = used.iter().find(|name| !config.approximations.contains_key(**name)) {
        return fault(format!(
            "the approximation `{name}` is not explained under [approximations]"
        ));
    }
    if let Some(name) = config.approximations.keys().find(|name| !used.contains(name.as_str())) {
        return fault(format!("the approximation `{name}` is explained and never used"));
    }
    Ok(())
}
