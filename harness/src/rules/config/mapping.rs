//! How the rows of a model are expressed in Mantile's terms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
