//! What is written of a calibration: its table of `calibration.toml`, and the hardware configuration that Mantile loads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::Spanned;

use super::{
    FittedSetting, FoundParameters, MetricErrorChange, ModelJudgement, Observation, ParameterFound,
    Proof,
};
use crate::base::statistics::Interval95;
use crate::base::toml_file;
use crate::mantile::datasheet;
use crate::mantile::hardware::{Hardware, HardwareDescription};
use crate::row::metric::Metric;
use crate::rules::calibration::{
    CalibratedGroup, CalibrationFile, CalibrationProvenance, FitGroup, FitMode, FittedErrors,
    FittedParameters, HeldOut,
};
use crate::rules::config::{Config, GpuConfig, Precision};

/// A value rounded to five significant digits, which is what files hold and Mantile is given.
#[must_use]
pub(crate) fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

impl FittedSetting {
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
    pub fn about(&self, release: &str, beyond_datasheet: bool) -> HardwareDescription {
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
        HardwareDescription {
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

/// What is written of these proofs for a model, of which `rows` are among those fitted to: every group
/// that was calibrated, and how rows ask for those that are better.
#[must_use]
pub fn calibration_file(
    proofs: &[&Proof],
    provenance: impl Fn(&FitGroup) -> CalibrationProvenance,
    config: &Config,
    rows: &[&Observation],
) -> CalibrationFile {
    let mut gpu = Vec::new();
    let mut calibration = Vec::new();
    for proof in proofs {
        let group = &proof.group;
        let Some(own) = proof.models.iter().find(|own| own.model == config.model_id) else {
            continue;
        };
        calibration.push(calibrated_group(proof, &own.alone, provenance(group)));
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
        gpu.push(GpuConfig {
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
    CalibrationFile { schema_version, calibration, gpu }
}

/// What a calibration is worse in, on workloads held out, than that which is held for its group.
#[must_use]
pub fn worsened(file: &CalibrationFile, proof: &Proof) -> Option<String> {
    let held = file.errors();
    let mut worse = Vec::new();
    for (mode, name) in [(FitMode::Alone, "alone"), (FitMode::WithCorrection, "corrected")] {
        let errors = proof.found(mode).and_then(|found| found.errors(HeldOut::Workload));
        let of_mode = held.iter().filter(|held| held.group == proof.group && held.mode == mode);
        for held in of_mode {
            let Some(now) = errors.and_then(|errors| errors.get(held.metric.name())) else {
                continue;
            };
            // By more than files round away.
            if now.after.estimate > held.held_out + 0.1 {
                let (metric, was, is) = (held.metric.title(), held.held_out, now.after.estimate);
                worse.push(format!("{name} {metric} {was:.1}% to {is:.1}%"));
            }
        }
    }
    (!worse.is_empty()).then(|| worse.join(", "))
}

fn calibrated_group(
    proof: &Proof,
    judged: &ModelJudgement,
    provenance: CalibrationProvenance,
) -> CalibratedGroup {
    let (first_day, last_day) = proof.days.clone().unzip();
    CalibratedGroup {
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
        alone: fitted_parameters(&proof.alone),
        with_correction: proof.corrected.as_ref().map(fitted_parameters),
    }
}

fn fitted_parameters(found: &FoundParameters) -> FittedParameters {
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
            let written =
                errors.iter().map(|(metric, errors)| ((*metric).to_owned(), fitted_errors(errors)));
            (kind.to_owned(), written.collect())
        })
        .collect();
    let parameters = &found.parameters;
    let named = |wanted: fn(&ParameterFound) -> bool| {
        let found = parameters.iter().filter(|found| wanted(found));
        found.map(|found| found.name.clone()).collect()
    };
    FittedParameters {
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

fn fitted_errors(errors: &MetricErrorChange) -> FittedErrors {
    let ends = |change: Interval95| [tenth(change.low), tenth(change.high)];
    FittedErrors {
        rows: errors.n,
        before: tenth(errors.before.estimate),
        own_dtypes: errors.own_dtypes.map(|own| tenth(own.estimate)),
        after: tenth(errors.after.estimate),
        change: ends(errors.change),
        change_from_own_dtypes: errors.change_from_own_dtypes.map(ends),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_five_digits() {
        let texts = [0.000_123_456_7, 3027.96, 0.0].map(|value| rounded(value).to_string());
        assert_eq!(texts, ["0.00012346", "3028", "0"]);
    }
}
