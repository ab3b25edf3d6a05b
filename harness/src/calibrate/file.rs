//! The `calibration.toml` that proofs make for a model.

use std::collections::BTreeMap;

use toml::Spanned;

use super::hardware::rounded;
use super::{
    FoundParameters, MetricErrorChange, ModelJudgement, Observation, ParameterFound, Proof,
};
use crate::base::statistics::Interval95;
use crate::base::toml_file;
use crate::rules::calibration::{
    CalibratedGroup, CalibrationFile, CalibrationProvenance, FitGroup, FittedErrors,
    FittedParameters,
};
use crate::rules::config::{Config, GpuConfig, Precision};

/// The `calibration.toml` of a model: every proved group of its rows, and how the rows of the better ones ask
/// for the calibrated configurations. `rows` are the rows that were fitted.
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
        let Some(model) = proof.models.iter().find(|model| model.model == config.model_id) else {
            continue;
        };
        calibration.push(calibrated_group(proof, &model.alone, provenance(group)));
        if model.alone.verdict.is_ok() {
            gpu.push(GpuConfig {
                model: group.gpu_model.clone(),
                framework: group.framework.clone(),
                hardware_id: Some(proof.hardware_id()),
                approximation: None,
                unmapped: None,
                precision: precisions(group, config, rows),
                calibrated: true,
            });
        }
    }
    let schema_version = Spanned::new(0..0, toml_file::SCHEMA_VERSION);
    CalibrationFile { schema_version, calibration, gpu }
}

/// The real dtypes of the precisions that a group's rows have, by the precision's name.
fn precisions(
    group: &FitGroup,
    config: &Config,
    rows: &[&Observation],
) -> BTreeMap<String, Precision> {
    let mut precisions: BTreeMap<String, Precision> = BTreeMap::new();
    let is_own =
        |row: &&&Observation| row.model == config.model_id && group.holds(&row.row.identity);
    for row in rows.iter().filter(is_own) {
        let name = &row.row.identity.precision;
        let (model, framework) = row.pool();
        let asked = config.gpu(model, framework).and_then(|gpu| gpu.precision.get(name));
        let real = config.calibration.precision.get(name).or(asked);
        if let Some(real) = real {
            precisions.entry(name.clone()).or_insert_with(|| real.clone());
        }
    }
    precisions
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
        not_written: judged.verdict.as_ref().err().map(|worse| worse.reason.clone()),
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
    let by_kind = found.errors.iter().filter_map(|(held_out, errors)| {
        let errors = errors.as_ref().ok()?;
        Some((held_out.name(), errors))
    });
    let if_divided = found.if_divided.iter().map(|errors| ("workload_out_if_divided", errors));
    let left_out = Some(("left_out", &found.left_out)).filter(|(_, errors)| !errors.is_empty());
    let mape = by_kind
        .chain(if_divided)
        .chain(left_out)
        .map(|(kind, errors)| {
            let written =
                errors.iter().map(|(metric, errors)| ((*metric).to_owned(), fitted_errors(errors)));
            (kind.to_owned(), written.collect())
        })
        .collect();
    let parameters = &found.parameters;
    let names = |is_wanted: fn(&ParameterFound) -> bool| {
        let wanted = parameters.iter().filter(|found| is_wanted(found));
        wanted.map(|found| found.name.clone()).collect()
    };
    FittedParameters {
        overlap: found.setting.hardware.overlap,
        parameters: parameters
            .iter()
            .map(|found| (found.name.clone(), rounded(found.value)))
            .collect(),
        at_bound: names(|found| found.at_bound),
        not_identifiable: names(|found| !found.is_identifiable),
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

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
