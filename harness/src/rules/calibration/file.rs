//! The file: its tables, read and written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{FitGroup, FitMode, HeldOut};
use crate::base::error::Result;
use crate::base::text::is_identifier;
use crate::base::toml_file;
use crate::mantile::hardware::Overlap;
use crate::row::metric::Metric;
use crate::rules::config::GpuConfig;

/// The file's name in a model's folder.
pub const FILE_NAME: &str = "calibration.toml";

/// Where a calibration comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationProvenance {
    /// The release whose recorded answers tell the work.
    pub release: String,
    /// The expression that picked rows, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_where: Option<String>,
    /// Whether parameters could beat the datasheet.
    pub beyond_datasheet: bool,
    /// How many rows were left out, by reason.
    pub left_out: BTreeMap<String, usize>,
}

/// The file, but for its comment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationFile {
    /// The version of the format.
    pub schema_version: Spanned<u32>,
    /// A table for each group that was calibrated.
    #[serde(default)]
    pub calibration: Vec<CalibratedGroup>,
    /// How rows ask for the calibrated configurations.
    #[serde(default)]
    pub gpu: Vec<GpuConfig>,
}

/// The calibration of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibratedGroup {
    /// The rows' `gpu_model`.
    pub gpu_model: String,
    /// Their framework; `None` where all frameworks are pooled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The configuration that holds the parameters alone, or why there is none.
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
    /// The fit of those with the serving terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_correction: Option<FittedParameters>,
}

/// What a fit found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedParameters {
    /// What hides behind what in a decode step.
    pub overlap: Overlap,
    /// By name, with the unit.
    pub parameters: BTreeMap<String, f64>,
    /// The parameters that ended at a bound.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub at_bound: Vec<String>,
    /// The parameters that the rows do not identify.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub not_told: Vec<String>,
    /// The condition number of the fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition_number: Option<f64>,
    /// MAPE in percent, by what was held out and metric.
    pub mape: BTreeMap<String, BTreeMap<String, FittedErrors>>,
}

/// MAPE in percent and its changes, each the lower and upper end of the interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedErrors {
    /// The number of rows.
    pub rows: usize,
    /// MAPE of Mantile's recorded answers, percent.
    pub before: f64,
    /// MAPE of Mantile asked for the layers' own dtypes, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_dtypes: Option<f64>,
    /// MAPE of the calibrated predictions, percent.
    pub after: f64,
    /// The 95% interval of after - before, percentage points.
    pub change: [f64; 2],
    /// The 95% interval of after - own_dtypes, percentage points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_from_own_dtypes: Option<[f64; 2]>,
}

/// The errors of a group's fit on a metric, MAPE in percent.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutErrors {
    /// Whose it is.
    pub group: FitGroup,
    /// Which fit.
    pub mode: FitMode,
    /// Of what.
    pub metric: Metric,
    /// Of how many rows.
    pub rows: usize,
    /// Mantile's as recorded.
    pub before: f64,
    /// Mantile's for the dtypes that layers really have.
    pub own_dtypes: Option<f64>,
    /// Of the rows that were fitted.
    pub in_sample: f64,
    /// Of workloads held out.
    pub held_out: f64,
    /// The change from before to that: its interval's ends.
    pub change: [f64; 2],
    /// Of contexts held out.
    pub context_out: Option<f64>,
}

impl CalibrationFile {
    /// What it holds of groups that meet none of these.
    #[must_use]
    pub fn without(mut self, groups: &[FitGroup]) -> Self {
        let meets = |group: &FitGroup| groups.iter().any(|other| other.meets(group));
        self.calibration.retain(|calibrated| !meets(&calibrated.group()));
        self.gpu.retain(|gpu| !meets(&asking(gpu)));
        self
    }

    /// Both, which must have no group in common, in the order of their groups.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.calibration.extend(other.calibration);
        self.calibration.sort_by_key(CalibratedGroup::group);
        self.gpu.extend(other.gpu);
        self.gpu.sort_by_key(asking);
        self
    }

    /// The groups that it holds.
    pub fn groups(&self) -> impl Iterator<Item = FitGroup> + use<'_> {
        self.calibration.iter().map(CalibratedGroup::group)
    }

    /// The held-out errors that it holds, in its order.
    #[must_use]
    pub fn errors(&self) -> Vec<HeldOutErrors> {
        let mut all = Vec::new();
        for calibrated in &self.calibration {
            let corrected = calibrated.with_correction.as_ref();
            let fits =
                [(FitMode::Alone, Some(&calibrated.alone)), (FitMode::WithCorrection, corrected)];
            for (mode, found) in fits {
                let Some(found) = found else { continue };
                let errors = Metric::ALL.into_iter().filter_map(|metric| {
                    let of = |kind: HeldOut| found.mape.get(kind.name())?.get(metric.name());
                    let held = of(HeldOut::Workload)?;
                    Some(HeldOutErrors {
                        group: calibrated.group(),
                        mode,
                        metric,
                        rows: held.rows,
                        before: held.before,
                        own_dtypes: held.own_dtypes,
                        in_sample: of(HeldOut::Nothing)?.after,
                        held_out: held.after,
                        change: held.change,
                        context_out: of(HeldOut::Context).map(|errors| errors.after),
                    })
                });
                all.extend(errors);
            }
        }
        all
    }

    /// The configurations that rows ask for.
    pub fn hardware_ids(&self) -> impl Iterator<Item = &str> {
        self.gpu.iter().filter_map(|gpu| gpu.hardware_id.as_deref())
    }

    /// The text of the file: a line a figure, each group under its heading.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "# Written by `mantile-reconcile calibrate --output`: made anew, not edited. The README tells how.\n\
             # `adopted = true` under [calibration] of reconcile.toml makes rows ask as [[gpu]] here says.\n\
             # MAPE is in percent, a change the 95% interval of after - before, or - own_dtypes.\n\n\
             schema_version = {}\n",
            self.schema_version.get_ref(),
        );
        for calibrated in &self.calibration {
            let _ = write!(text, "\n[[calibration]]\n{}", lines("", calibrated));
        }
        for gpu in &self.gpu {
            let _ = write!(text, "\n[[gpu]]\n{}", lines("", gpu));
        }
        text
    }
}

/// A table as lines of dotted keys and values; a table that holds no table is one value.
fn lines(prefix: &str, value: &impl Serialize) -> String {
    let value = toml::Value::try_from(value).expect("strings and numbers are TOML");
    let mut text = String::new();
    for (key, value) in value.as_table().into_iter().flatten() {
        let key = if is_identifier(key) { key.clone() } else { format!("{key:?}") };
        let nested = |table: &toml::Table| table.values().any(toml::Value::is_table);
        match value {
            toml::Value::Table(table) if nested(table) => {
                text.push_str(&lines(&format!("{prefix}{key}."), table));
            }
            _ => {
                let _ = writeln!(text, "{prefix}{key} = {value}");
            }
        }
    }
    text
}

/// Whose rows ask for it.
fn asking(gpu: &GpuConfig) -> FitGroup {
    FitGroup { gpu_model: gpu.model.clone(), framework: gpu.framework.clone() }
}

impl CalibratedGroup {
    /// What it was fitted for.
    #[must_use]
    pub fn group(&self) -> FitGroup {
        FitGroup { gpu_model: self.gpu_model.clone(), framework: self.framework.clone() }
    }
}

/// Reads the text of a `calibration.toml` that came from `path`.
pub fn read(path: &Path, text: &str) -> Result<CalibrationFile> {
    let mut written: CalibrationFile = toml_file::parse(path, text).map_err(|error| {
        error.with_help("remove it, and make it anew: mantile-reconcile calibrate --output")
    })?;
    toml_file::check_version(path, text, &written.schema_version)?;
    for gpu in &mut written.gpu {
        gpu.calibrated = true;
    }
    Ok(written)
}

/// What rows ask for by the text of a `calibration.toml` that came from `path`.
pub fn read_gpus(path: &Path, text: &str) -> Result<Vec<GpuConfig>> {
    Ok(read(path, text)?.gpu)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::rules::config::Precision;

    fn gpu(model: &str, framework: Option<&str>) -> GpuConfig {
        let layer_class = [("MoELayer".to_owned(), "mxfp4".to_owned())].into();
        let fp4 = Precision { dtype: "bf16".to_owned(), layer_class, approximation: None };
        GpuConfig {
            model: model.to_owned(),
            framework: framework.map(str::to_owned),
            hardware_id: Some("nvidia_h200_vllm_calibrated".to_owned()),
            approximation: None,
            unmapped: None,
            precision: [("fp4".to_owned(), fp4)].into(),
            calibrated: true,
        }
    }

    fn written(gpu: Vec<GpuConfig>) -> CalibrationFile {
        let found = FittedParameters {
            overlap: Overlap { load: true, communication: false },
            parameters: [("compute_pflops.bf16".to_owned(), 0.4)].into(),
            at_bound: vec![],
            not_told: vec![],
            condition_number: Some(12.0),
            mape: [(
                "workload_out".to_owned(),
                [(
                    "tpot".to_owned(),
                    FittedErrors {
                        rows: 3,
                        before: 9.5,
                        own_dtypes: Some(5.0),
                        after: 4.0,
                        change: [-6.0, -5.0],
                        change_from_own_dtypes: Some([f64::NEG_INFINITY, 1.0]),
                    },
                )]
                .into(),
            )]
            .into(),
        };
        let calibration = |gpu: &GpuConfig| CalibratedGroup {
            gpu_model: gpu.model.clone(),
            framework: gpu.framework.clone(),
            hardware_id: gpu.hardware_id.clone(),
            not_written: None,
            models: vec!["m".to_owned()],
            rows: 3,
            workloads: 3,
            first_day: None,
            last_day: None,
            newest_since: None,
            provenance: CalibrationProvenance {
                release: "72ff84e".to_owned(),
                rows_where: Some("gpu_model = \"h200\"".to_owned()),
                beyond_datasheet: false,
                left_out: [("it's a peak".to_owned(), 2)].into(),
            },
            alone: found.clone(),
            with_correction: Some(found.clone()),
        };
        CalibrationFile {
            schema_version: Spanned::new(0..0, toml_file::SCHEMA_VERSION),
            calibration: gpu.iter().map(calibration).collect(),
            gpu,
        }
    }

    #[test]
    fn what_rows_ask_for_reads_back_as_it_was_written() {
        let gpus = vec![gpu("h200", Some("vllm")), gpu("h100", None)];
        let text = written(gpus.clone()).to_text();
        let path = Path::new("calibration.toml");
        assert_eq!(read_gpus(path, &text).unwrap(), gpus, "{text}");
        assert_eq!(read(path, &text).unwrap().to_text(), text, "all of it reads back");
        let line = "alone.mape.workload_out.tpot = { after = 4.0, before = 9.5, change = [-6.0, -5.0], \
                    change_from_own_dtypes = [-inf, 1.0], own_dtypes = 5.0, rows = 3 }";
        assert!(text.lines().any(|found| found == line), "{text}");
    }

    #[test]
    fn groups_that_are_not_calibrated_anew_stay() {
        let (old, new) = (gpu("h200", Some("vllm")), gpu("h100", Some("vllm")));
        let both = written(vec![old.clone(), gpu("h100", None)]);
        let of = |gpu: &GpuConfig| asking(gpu);
        let kept = both.without(&[of(&new)]);
        assert_eq!(kept.groups().collect::<Vec<_>>(), [of(&old)], "that of all frameworks is met");
        let all = written(vec![new.clone()]).and(kept);
        assert_eq!(all.groups().collect::<Vec<_>>(), [of(&new), of(&old)]);
        assert_eq!(all.gpu, [new, old]);
    }

    #[test]
    fn a_strange_key_or_version_is_refused_with_its_place() {
        let text = written(vec![gpu("h200", None)]).to_text();
        let fault = |text: &str| read(Path::new("calibration.toml"), text).unwrap_err().to_string();
        let strange = text.replace("workloads = 3", "workload = 3");
        assert!(fault(&strange).starts_with("calibration.toml:"), "{}", fault(&strange));
        assert!(fault(&strange).contains("unknown field `workload`"), "{}", fault(&strange));
        let newer = text.replace("schema_version = 1", "schema_version = 9");
        assert!(fault(&newer).contains("schema_version 9 is not 1"), "{}", fault(&newer));
    }
}
