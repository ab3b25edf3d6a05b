//! The contents of a `reconcile.toml` after validation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use super::mapping::{CalibrationConfig, Features, GpuConfig};
use crate::row::group::Group;
use crate::row::metric::PerMetric;
use crate::row::property::Field;
use crate::rules::audit_check::AcceptedFinding;
use crate::rules::band::{Band, Interval, WrittenAt};

/// A model's validated `reconcile.toml`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Path of the file.
    pub path: PathBuf,
    /// Mantile's name of the model.
    pub model_id: String,
    /// The files of measured rows, at least one.
    pub sources: Vec<SourceConfig>,
    /// Other estimators to compare with Mantile.
    pub estimators: Vec<EstimatorConfig>,
    /// The greatest age of a recording, days.
    pub max_recording_age_days: u32,
    /// How each GPU model is mapped to Mantile's hardware. The first entry that fits a row counts.
    pub gpus: Vec<GpuConfig>,
    /// Facts that calibration needs.
    pub calibration: CalibrationConfig,
    /// Mantile's layer classes with experts. Only these are asked for with expert parallelism.
    pub expert_layer_classes: Vec<String>,
    /// The treatment of rows with features that Mantile cannot express.
    pub features: Features,
    /// The explanation of each approximation, by name.
    pub approximations: BTreeMap<String, String>,
    /// Largest over smallest result of one configuration that is measured twice, from 1 to 10.
    pub noise_floor: PerMetric<f64>,
    /// The least share of rows that must have a prediction, percent.
    pub min_coverage_percent: f64,
    /// How bands are proposed.
    pub band_rule: BandRule,
    /// The record of loosened bands.
    pub loosened: Vec<Loosened>,
    /// The accuracy bands.
    pub bands: Vec<Band>,
    /// The gates on groups.
    pub gates: Vec<GroupGate>,
    /// Audit errors that are accepted.
    pub audit_accepted: Vec<AcceptedFinding>,
}

/// A file of measured rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// The provider. It is the first part of every row's name.
    pub name: String,
    /// The CSV file, in the folder of `reconcile.toml`.
    pub file: String,
    /// Mean over nominal length of prompts and outputs, above 0 and at most 1. It is 1 where every request
    /// has the nominal length.
    pub mean_length_ratio: f64,
    /// Approximations that apply to every row of this provider.
    #[serde(default)]
    pub approximations: Vec<String>,
    /// Undocumented columns that the file may have. They are not read.
    #[serde(default)]
    pub extra_columns: Vec<String>,
    /// The names of this model in the provider's artifacts.
    #[serde(default)]
    pub artifact_models: Vec<String>,
    /// The name of this model in the `InferenceX` HTTP API, which `extract --api` asks for.
    pub api_model: Option<String>,
    /// The concurrencies to try for a row that gives only a peak. The best throughput among those that fit
    /// into memory is the prediction.
    #[serde(default)]
    pub peak_concurrencies: Vec<u32>,
}

/// Another estimator whose predictions are compared with Mantile's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstimatorConfig {
    /// The name in reports.
    pub name: String,
    /// The CSV file of predictions, in the folder of `reconcile.toml`.
    pub file: String,
    /// A description with the version.
    #[serde(default)]
    pub about: String,
    /// Where to obtain it.
    pub source: Option<String>,
    /// The licence of the estimator or of its figures.
    pub licence: Option<String>,
    /// Warnings to the reader of its figures.
    #[serde(default)]
    pub caveats: Vec<String>,
}

/// How `bands` proposes bands, unless its options say otherwise.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandRule {
    /// The share of rows that may lie outside a band, between 0 and 1.
    pub alpha: f64,
    /// The fields that define the groups, the coarsest first.
    pub by: Vec<Field>,
}

impl Default for BandRule {
    fn default() -> Self {
        Self { alpha: 0.05, by: vec![Field::GpuModel, Field::Framework] }
    }
}

/// A record of bands that were loosened when a release was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loosened {
    /// The accepted release.
    pub release: String,
    /// The day of the acceptance.
    pub day: String,
    /// The reason.
    pub reason: String,
}

/// Limits on the statistics of a group.
#[derive(Debug, Clone)]
pub struct GroupGate {
    /// The rows that the gate applies to.
    pub group: Group,
    /// The largest MAPE per metric, percent.
    pub max_mape_percent: PerMetric<Option<WrittenAt<f64>>>,
    /// The interval of the bias per metric. The bias is exp(mean ln(predicted / measured)).
    pub bias: PerMetric<Option<WrittenAt<Interval>>>,
}

impl Config {
    /// The source of this name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&SourceConfig> {
        source_named(&self.sources, name)
    }

    /// The names of all sources, separated by commas.
    #[must_use]
    pub fn source_names(&self) -> String {
        let names: Vec<&str> = self.sources.iter().map(|source| source.name.as_str()).collect();
        names.join(", ")
    }

    /// The entry for this GPU and framework: the first that names the framework, or else the first that
    /// applies to all frameworks.
    #[must_use]
    pub fn gpu(&self, model: &str, framework: &str) -> Option<&GpuConfig> {
        let entries = || self.gpus.iter().filter(|gpu| gpu.model == model);
        entries()
            .find(|gpu| gpu.framework.as_deref() == Some(framework))
            .or_else(|| entries().find(|gpu| gpu.framework.is_none()))
    }

    /// The configuration for a release with these hardware configurations. It leaves out calibrated GPUs
    /// whose configuration the release lacks.
    #[must_use]
    pub fn for_release(&self, hardware_ids: &BTreeSet<String>) -> Self {
        let mut config = self.clone();
        config.gpus.retain(|gpu| {
            let exists = gpu.hardware_id.as_ref().is_some_and(|id| hardware_ids.contains(id));
            !gpu.calibrated || exists
        });
        config
    }
}

/// The source of this name.
#[must_use]
pub fn source_named<'a>(sources: &'a [SourceConfig], name: &str) -> Option<&'a SourceConfig> {
    sources.iter().find(|source| source.name == name)
}
