//! The contents of a `reconcile.toml` after validation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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

/// The mapping of a GPU model to Mantile's hardware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuConfig {
    /// The `gpu_model` of the rows that it applies to.
    pub model: String,
    /// The framework of the rows that it applies to; `None` applies to all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The name of Mantile's hardware configuration; `None` for an unmapped GPU.
    pub hardware_id: Option<String>,
    /// The approximation under which another GPU stands in for this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approximation: Option<String>,
    /// Why Mantile has no configuration for the GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<String>,
    /// The dtypes for each precision of the rows.
    #[serde(default)]
    pub precision: BTreeMap<String, Precision>,
    /// Whether the entry comes from `calibration.toml`.
    #[serde(skip)]
    pub calibrated: bool,
}

/// Mantile's dtypes for a precision on a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precision {
    /// The dtype of every layer.
    pub dtype: String,
    /// Other dtypes for single layer classes, by Mantile's name of the class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layer_class: BTreeMap<String, String>,
    /// The approximation under which these dtypes stand in for those that the GPU computes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approximation: Option<String>,
}

impl Precision {
    /// The dtype of a layer of this class.
    #[must_use]
    pub fn dtype_of(&self, layer_class: &str) -> &str {
        self.layer_class.get(layer_class).unwrap_or(&self.dtype)
    }
}

/// Facts about a model that calibration needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationConfig {
    /// Whether the `[[gpu]]` entries of `calibration.toml` take precedence over those of this file.
    #[serde(default)]
    pub adopted: bool,
    /// The dtypes that the layers of the checkpoint really have, by the precision of the rows. For a precision
    /// that is missing here, the dtypes of the request.
    #[serde(default)]
    pub precision: BTreeMap<String, Precision>,
    /// Mantile's layer classes whose weights it counts whole on every package although tensor parallelism
    /// divides them. Calibration divides them, so that no fitted parameter has to compensate for the
    /// difference.
    #[serde(default)]
    pub undivided_layer_classes: Vec<String>,
}

/// The treatment of each feature that Mantile cannot express.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Data-parallel attention. It can be predicted as tensor-parallel attention.
    pub dp_attention: Treatment,
    /// Separate pools for prefill and decode. They can be predicted without the KV transfer between them.
    pub disaggregation: Treatment,
    /// A concurrency that does not divide evenly among the workers of a pool. The batch of the fullest worker
    /// can be predicted.
    pub uneven_batch: Treatment,
    /// Speculative decoding. It can be predicted as one token per step.
    pub spec_decoding: Treatment,
    /// Pipeline parallelism. It can be predicted as one stage.
    #[serde(default = "no_pipeline")]
    pub pipeline_parallel: Treatment,
    /// Context parallelism. It can be predicted without it.
    #[serde(default = "no_context")]
    pub context_parallel: Treatment,
}

impl Features {
    /// The treatment of each feature.
    #[must_use]
    pub fn treatments(&self) -> [&Treatment; 6] {
        let Self {
            dp_attention,
            disaggregation,
            uneven_batch,
            spec_decoding,
            pipeline_parallel,
            context_parallel,
        } = self;
        [
            dp_attention,
            disaggregation,
            uneven_batch,
            spec_decoding,
            pipeline_parallel,
            context_parallel,
        ]
    }
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
    /// Predicted under the approximation of this name.
    Approximation(String),
    /// Not predicted, for this reason.
    Unmapped(String),
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
