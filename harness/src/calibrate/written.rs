//! `calibration.toml`: what was found, from what, and how rows ask for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{
    Errors, Found, Group, HeldOut, Judged, Mode, Observation, ParameterFound, Proof, Setting,
};
use crate::base::error::Result;
use crate::base::statistics::Interval95;
use crate::base::toml_file;
use crate::config::{self, Config, Gpu, Precision};
use crate::mantile::datasheet;
use crate::mantile::hardware::{About, Hardware, Overlap};
use crate::row::metric::Metric;

/// The file's name in a model's folder.
pub const FILE_NAME: &str = "calibration.toml";
/// Where a calibration comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
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
pub struct Written {
    schema_version: Spanned<u32>,
    #[serde(default)]
    calibration: Vec<Calibrated>,
    #[serde(default)]
    gpu: Vec<Gpu>,
}

/// The calibration of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Calibrated {
    gpu_model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    framework: Option<String>,
    /// The configuration that holds the parameters alone, or why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    hardware_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_written: Option<String>,
    models: Vec<String>,
    rows: usize,
    workloads: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_since: Option<String>,
    provenance: Provenance,
    alone: WrittenFound,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_correction: Option<WrittenFound>,
}

/// What a fit found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFound {
    overlap: Overlap,
    /// By name, with the unit.
    parameters: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    at_bound: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    not_told: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition_number: Option<f64>,
    /// MAPE in percent, by what was held out and metric.
    mape: BTreeMap<String, BTreeMap<String, WrittenErrors>>,
}

/// MAPE in percent and its changes, each the lower and upper end of the interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenErrors {
    rows: usize,
    before: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_dtypes: Option<f64>,
    after: f64,
    change: [f64; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    change_from_own_dtypes: Option<[f64; 2]>,
}

/// The errors of a group's fit on a metric, MAPE in percent.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldErrors {
    /// Whose it is.
    pub group: Group,
    /// Which fit.
    pub mode: Mode,
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

/// A value rounded to five significant digits, which is what files hold and Mantile is given.
#[must_use]
pub(crate) fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

impl Setting {
    /// Mantile's parameters, rounded as they are written, for these dtypes.
    #[must_use]
    pub fn hardware_for(&self, dtypes: &[String], wanted: impl Fn(&str) -> bool) -> Hardware {
        let compute = dtypes.iter().zip(&self.pflops).filter(|(dtype, _)| wanted(dtype));
        let Hardware {
            bandwidth_gb_per_s,
            interconnect_gb_per_s,
            interconnect_latency_us,
            kernel_overhead_us,
            overlap,
            ..
        } = self.hardware;
        Hardware {
            compute_pflops: compute
                .map(|(dtype, value)| (dtype.clone(), rounded(*value)))
                .collect(),
            bandwidth_gb_per_s: rounded(bandwidth_gb_per_s),
            interconnect_gb_per_s: rounded(interconnect_gb_per_s),
            interconnect_latency_us: rounded(interconnect_latency_us),
            kernel_overhead_us: rounded(kernel_overhead_us),
            overlap,
        }
    }
}

impl Proof {
    /// What its hardware configuration is called: the file's name in Mantile's data folder. It names the
    /// model where only one was fitted to, so that another's is another file.
    #[must_use]
    pub fn hardware_id(&self) -> String {
        let maker = datasheet::of(&self.group.gpu_model).map_or("", |sheet| &sheet.manufacturer);
        let framework = self.group.framework.as_deref();
        let model = match &self.models[..] {
            [only] => only.model.split_once('_').map(|(_, name)| name),
            _ => None,
        };
        let parts =
            [Some(maker), Some(&self.group.gpu_model), framework, model, Some("calibrated")];
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let parts: Vec<String> =
            parts.into_iter().flatten().map(|part| part.chars().map(plain).collect()).collect();
        parts.join("_")
    }

    /// What its hardware configuration says of itself.
    #[must_use]
    pub fn about(&self, release: &str, beyond_datasheet: bool) -> About {
        let sheet = datasheet::of(&self.group.gpu_model);
        let name = sheet.map_or(self.group.gpu_model.as_str(), |sheet| &sheet.name);
        let mut description = format!(
            "Effective parameters, fitted by mantile-reconcile to {} measured rows of {}",
            self.rows,
            self.model_names().join(" and ")
        );
        if let Some(framework) = &self.group.framework {
            let _ = write!(description, " served by {framework}");
        }
        if let Some((first, last)) = &self.days {
            let _ = write!(description, ", {first} to {last}");
        }
        let _ = write!(description, ", with the work that release {release} counts.");
        for metric in [Metric::Tpot, Metric::E2eLatency, Metric::Ttft] {
            let errors = self.alone.errors(HeldOut::Workload);
            let Some(errors) = errors.and_then(|errors| errors.get(metric.name())) else {
                continue;
            };
            let _ = write!(
                description,
                " Held-out MAPE of {}: {:.1}%, before {:.1}%.",
                metric.title(),
                errors.after.estimate,
                errors.before.estimate
            );
        }
        if let Some(sheet) = sheet {
            let bound = if beyond_datasheet { "Up to twice what is in" } else { "Bounded by" };
            let _ = write!(description, " {bound} the {}.", sheet.source);
        }
        let not_told = self.alone.parameters.iter().filter(|found| !found.told);
        let not_told: Vec<&str> = not_told.map(|found| found.name.as_str()).collect();
        if !not_told.is_empty() {
            let _ = write!(description, " Hardly told by the rows: {}.", not_told.join(", "));
        }
        description.push_str(" For the dtypes that it lists and no others.");
        About {
            name: format!(
                "{name}, {} (calibrated)",
                self.group.framework.as_deref().unwrap_or("all frameworks")
            ),
            description,
            manufacturer: sheet.map_or(String::new(), |sheet| sheet.manufacturer.clone()),
            capacity_gb: sheet.map_or(0.0, |sheet| sheet.capacity_gb),
        }
    }
}

impl Written {
    /// What is written of these proofs for a model, of which `rows` are among those fitted to: every group
    /// that was calibrated, and how rows ask for those that are better.
    #[must_use]
    pub fn new(
        proofs: &[&Proof],
        provenance: impl Fn(&Group) -> Provenance,
        config: &Config,
        rows: &[&Observation],
    ) -> Self {
        let mut gpu = Vec::new();
        let mut calibration = Vec::new();
        for proof in proofs {
            let group = &proof.group;
            let Some(own) = proof.models.iter().find(|own| own.model == config.model_id) else {
                continue;
            };
            calibration.push(Calibrated::new(proof, &own.alone, provenance(group)));
            if own.alone.verdict.is_err() {
                continue;
            }
            let own = rows
                .iter()
                .filter(|row| row.model == config.model_id && group.holds(&row.row.identity));
            let mut precision: BTreeMap<String, Precision> = BTreeMap::new();
            for row in own {
                let name = &row.row.identity.precision;
                let (model, framework) = row.pool();
                let asked = config.gpu(model, framework).and_then(|gpu| gpu.precision.get(name));
                let real = config.calibration.precision.get(name).or(asked);
                if let Some(real) = real {
                    precision.entry(name.clone()).or_insert_with(|| real.clone());
                }
            }
            gpu.push(Gpu {
                model: group.gpu_model.clone(),
                framework: group.framework.clone(),
                hardware_id: Some(proof.hardware_id()),
                approximation: None,
                unmapped: None,
                precision,
                calibrated: true,
            });
        }
        let schema_version = Spanned::new(0..0, toml_file::SCHEMA_VERSION);
        Self { schema_version, calibration, gpu }
    }

    /// What it holds of groups that meet none of these.
    #[must_use]
    pub fn without(mut self, groups: &[Group]) -> Self {
        let meets = |group: &Group| groups.iter().any(|other| other.meets(group));
        self.calibration.retain(|calibrated| !meets(&calibrated.group()));
        self.gpu.retain(|gpu| !meets(&asking(gpu)));
        self
    }

    /// Both, which must have no group in common, in the order of their groups.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.calibration.extend(other.calibration);
        self.calibration.sort_by_key(Calibrated::group);
        self.gpu.extend(other.gpu);
        self.gpu.sort_by_key(asking);
        self
    }

    /// The groups that it holds.
    pub fn groups(&self) -> impl Iterator<Item = Group> + use<'_> {
        self.calibration.iter().map(Calibrated::group)
    }

    /// The held-out errors that it holds, in its order.
    #[must_use]
    pub fn errors(&self) -> Vec<HeldErrors> {
        let mut all = Vec::new();
        for calibrated in &self.calibration {
            let corrected = calibrated.with_correction.as_ref();
            let fits = [(Mode::Alone, Some(&calibrated.alone)), (Mode::WithCorrection, corrected)];
            for (mode, found) in fits {
                let Some(found) = found else { continue };
                let errors = Metric::ALL.into_iter().filter_map(|metric| {
                    let of = |kind: HeldOut| found.mape.get(kind.name())?.get(metric.name());
                    let held = of(HeldOut::Workload)?;
                    Some(HeldErrors {
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

    /// What a calibration is worse in, on workloads held out, than that which is held for its group.
    #[must_use]
    pub fn worsened(&self, proof: &Proof) -> Option<String> {
        let held = self.errors();
        let mut worse = Vec::new();
        for (mode, name) in [(Mode::Alone, "alone"), (Mode::WithCorrection, "corrected")] {
            let errors = proof.found(mode).and_then(|found| found.errors(HeldOut::Workload));
            let of_mode = held.iter().filter(|held| held.group == proof.group && held.mode == mode);
            for held in of_mode {
                let Some(now) = errors.and_then(|errors| errors.get(held.metric.name())) else {
                    continue;
                };
                // By more than files round away.
                if now.after.estimate > held.held_out + 0.1 {
                    let (metric, was, is) =
                        (held.metric.title(), held.held_out, now.after.estimate);
                    worse.push(format!("{name} {metric} {was:.1}% to {is:.1}%"));
                }
            }
        }
        (!worse.is_empty()).then(|| worse.join(", "))
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
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let key = if key.chars().all(plain) { key.clone() } else { format!("{key:?}") };
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
fn asking(gpu: &Gpu) -> Group {
    Group { gpu_model: gpu.model.clone(), framework: gpu.framework.clone() }
}

impl Calibrated {
    fn group(&self) -> Group {
        Group { gpu_model: self.gpu_model.clone(), framework: self.framework.clone() }
    }

    fn new(proof: &Proof, judged: &Judged, provenance: Provenance) -> Self {
        let (first_day, last_day) = proof.days.clone().unzip();
        Self {
            gpu_model: proof.group.gpu_model.clone(),
            framework: proof.group.framework.clone(),
            hardware_id: judged.verdict.is_ok().then(|| proof.hardware_id()),
            not_written: judged.verdict.clone().err(),
            models: proof.model_names(),
            rows: proof.rows,
            workloads: proof.workloads,
            first_day,
            last_day,
            newest_since: proof.newest_since.clone().ok(),
            provenance,
            alone: WrittenFound::new(&proof.alone),
            with_correction: proof.corrected.as_ref().map(WrittenFound::new),
        }
    }
}

impl WrittenFound {
    fn new(found: &Found) -> Self {
        let of_kind = found.errors.iter().filter_map(|(held_out, errors)| {
            let errors = errors.as_ref().ok()?;
            Some((held_out.name(), errors))
        });
        let if_divided = found.if_divided.iter().map(|errors| ("workload_out_if_divided", errors));
        let left_out = Some(("left_out", &found.left_out)).filter(|(_, errors)| !errors.is_empty());
        let mape = of_kind
            .chain(if_divided)
            .chain(left_out)
            .map(|(kind, errors)| {
                let written = errors
                    .iter()
                    .map(|(metric, errors)| ((*metric).to_owned(), WrittenErrors::new(errors)));
                (kind.to_owned(), written.collect())
            })
            .collect();
        let parameters = &found.parameters;
        let named = |wanted: fn(&ParameterFound) -> bool| {
            let found = parameters.iter().filter(|found| wanted(found));
            found.map(|found| found.name.clone()).collect()
        };
        Self {
            overlap: found.setting.hardware.overlap,
            parameters: parameters
                .iter()
                .map(|found| (found.name.clone(), rounded(found.value)))
                .collect(),
            at_bound: named(|found| found.at_bound),
            not_told: named(|found| !found.told),
            condition_number: found.condition_number.map(|number| rounded(number).round()),
            mape,
        }
    }
}

impl WrittenErrors {
    fn new(errors: &Errors) -> Self {
        let ends = |change: Interval95| [tenth(change.low), tenth(change.high)];
        Self {
            rows: errors.n,
            before: tenth(errors.before.estimate),
            own_dtypes: errors.own_dtypes.map(|own| tenth(own.estimate)),
            after: tenth(errors.after.estimate),
            change: ends(errors.change),
            change_from_own_dtypes: errors.change_from_own_dtypes.map(ends),
        }
    }
}

/// Reads the text of a `calibration.toml` that came from `path`.
pub fn read(path: &Path, text: &str) -> Result<Written> {
    let mut written: Written = toml_file::parse(path, text).map_err(|error| {
        error.with_help("remove it, and make it anew: mantile-reconcile calibrate --output")
    })?;
    toml_file::check_version(path, text, &written.schema_version)?;
    for gpu in &mut written.gpu {
        gpu.calibrated = true;
    }
    Ok(written)
}

/// What rows ask for by the text of a `calibration.toml` that came from `path`.
pub fn read_gpus(path: &Path, text: &str) -> Result<Vec<Gpu>> {
    Ok(read(path, text)?.gpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(model: &str, framework: Option<&str>) -> Gpu {
        let layer_class = [("MoELayer".to_owned(), "mxfp4".to_owned())].into();
        let fp4 = Precision { dtype: "bf16".to_owned(), layer_class, approximation: None };
        Gpu {
            model: model.to_owned(),
            framework: framework.map(str::to_owned),
            hardware_id: Some("nvidia_h200_vllm_calibrated".to_owned()),
            approximation: None,
            unmapped: None,
            precision: [("fp4".to_owned(), fp4)].into(),
            calibrated: true,
        }
    }

    fn written(gpu: Vec<Gpu>) -> Written {
        let found = WrittenFound {
            overlap: Overlap { load: true, communication: false },
            parameters: [("compute_pflops.bf16".to_owned(), 0.4)].into(),
            at_bound: vec![],
            not_told: vec![],
            condition_number: Some(12.0),
            mape: [(
                "workload_out".to_owned(),
                [(
                    "tpot".to_owned(),
                    WrittenErrors {
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
        let calibration = |gpu: &Gpu| Calibrated {
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
            provenance: Provenance {
                release: "72ff84e".to_owned(),
                rows_where: Some("gpu_model = \"h200\"".to_owned()),
                beyond_datasheet: false,
                left_out: [("it's a peak".to_owned(), 2)].into(),
            },
            alone: found.clone(),
            with_correction: Some(found.clone()),
        };
        Written {
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
        let of = |gpu: &Gpu| asking(gpu);
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

    #[test]
    fn values_keep_five_digits() {
        let texts = [0.000_123_456_7, 3027.96, 0.0].map(|value| rounded(value).to_string());
        assert_eq!(texts, ["0.00012346", "3028", "0"]);
    }
}
