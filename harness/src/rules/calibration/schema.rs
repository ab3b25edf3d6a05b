//! The tables of `calibration.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::FitGroup;
use crate::mantile::hardware::Overlap;
use crate::rules::config::GpuConfig;

/// The whole file, without its comment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationFile {
    /// The version of the format.
    pub schema_version: Spanned<u32>,
    /// One table for each group that was calibrated.
    #[serde(default)]
    pub calibration: Vec<CalibratedGroup>,
    /// How rows ask for the calibrated configurations.
    #[serde(default)]
    pub gpu: Vec<GpuConfig>,
}

/// The calibration of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibratedGroup {
    /// The `gpu_model` of the rows.
    pub gpu_model: String,
    /// The framework of the rows; `None` where all frameworks are pooled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The configuration that holds the parameters of `alone`; `None` where none was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_id: Option<String>,
    /// The reason why no configuration was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_written: Option<String>,
    /// The models whose rows were fitted to.
    pub models: Vec<String>,
    /// The number of rows.
    pub rows: usize,
    /// The number of distinct workloads (model, ISL, OSL, tensor parallelism).
    pub workloads: usize,
    /// The first day on which a row was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<String>,
    /// The last day on which a row was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// The first day of the rows that were held out as the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_since: Option<String>,
    /// Where the calibration comes from.
    pub provenance: CalibrationProvenance,
    /// The fit of Mantile's own parameters.
    pub alone: FittedParameters,
    /// The fit of Mantile's own parameters together with the serving terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_correction: Option<FittedParameters>,
}

/// Where a calibration comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationProvenance {
    /// The release whose recorded answers give the work of each layer.
    pub release: String,
    /// The filter expression that selected the rows, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_where: Option<String>,
    /// Whether parameters could exceed the datasheet.
    pub beyond_datasheet: bool,
    /// The number of rows that were left out, by reason.
    pub left_out: BTreeMap<String, usize>,
}

/// The result of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedParameters {
    /// The overlap of load, compute and communication in a decode step.
    pub overlap: Overlap,
    /// The fitted values by name; the name ends with the unit.
    pub parameters: BTreeMap<String, f64>,
    /// The parameters that ended at a bound.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub at_bound: Vec<String>,
    /// The parameters that are not identifiable from the rows.
    #[serde(rename = "not_told", skip_serializing_if = "Vec::is_empty", default)]
    pub not_identifiable: Vec<String>,
    /// The condition number of the fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition_number: Option<f64>,
    /// The errors by what was held out, then by metric.
    pub mape: BTreeMap<String, BTreeMap<String, FittedErrors>>,
}

/// MAPE in percent and its changes, each the lower and upper end of the 95% interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedErrors {
    /// The number of rows.
    pub rows: usize,
    /// The MAPE of Mantile's recorded answers, percent.
    pub before: f64,
    /// The MAPE of Mantile asked for the layers' own dtypes, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_dtypes: Option<f64>,
    /// The MAPE of the calibrated predictions, percent.
    pub after: f64,
    /// The 95% interval of after - before, percentage points.
    pub change: [f64; 2],
    /// The 95% interval of after - `own_dtypes`, percentage points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_from_own_dtypes: Option<[f64; 2]>,
}

impl CalibrationFile {
    /// The file without the groups that share rows with any of these.
    #[must_use]
    pub fn without(mut self, groups: &[FitGroup]) -> Self {
        let is_met = |group: &FitGroup| groups.iter().any(|other| other.meets(group));
        self.calibration.retain(|calibrated| !is_met(&calibrated.group()));
        self.gpu.retain(|gpu| !is_met(&group_of(gpu)));
        self
    }

    /// Both files in one, in the order of their groups. They must have no group in common.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.calibration.extend(other.calibration);
        self.calibration.sort_by_key(CalibratedGroup::group);
        self.gpu.extend(other.gpu);
        self.gpu.sort_by_key(group_of);
        self
    }

    /// The groups in the file.
    pub fn groups(&self) -> impl Iterator<Item = FitGroup> + use<'_> {
        self.calibration.iter().map(CalibratedGroup::group)
    }

    /// The configurations that rows ask for.
    pub fn hardware_ids(&self) -> impl Iterator<Item = &str> {
        self.gpu.iter().filter_map(|gpu| gpu.hardware_id.as_deref())
    }
}

impl CalibratedGroup {
    /// The group that was fitted.
    #[must_use]
    pub fn group(&self) -> FitGroup {
        FitGroup { gpu_model: self.gpu_model.clone(), framework: self.framework.clone() }
    }
}

/// The group whose rows ask for a configuration.
pub(super) fn group_of(gpu: &GpuConfig) -> FitGroup {
    FitGroup { gpu_model: gpu.model.clone(), framework: gpu.framework.clone() }
}
