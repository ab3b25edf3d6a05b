//! The TOML of a `reconcile.toml` as it is written, and its conversion.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::check;
use super::mapping::{CalibrationConfig, Features, GpuConfig, Treatment};
use super::schema::{BandRule, Config, EstimatorConfig, GroupGate, Loosened, SourceConfig};
use crate::base::error::Result;
use crate::base::toml_file::check_version;
use crate::row::group::Group;
use crate::row::metric::{Metric, PerMetric};
use crate::rules::audit_check::AcceptedFinding;
use crate::rules::band::{Band, Interval, MetricTable, WrittenAt};
use crate::rules::toml_text::{Fault, TomlText};

/// The greatest age of a recording where the file gives none, days: a year and a quarter.
pub(super) const MAX_RECORDING_AGE_DAYS: u32 = 450;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
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
    features: Spanned<Features>,
    #[serde(default)]
    approximations: BTreeMap<Spanned<String>, String>,
    noise_floor: Spanned<MetricTable<f64>>,
    min_coverage_percent: Spanned<f64>,
    #[serde(default)]
    band_rule: BandRule,
    #[serde(default)]
    loosened: Vec<Loosened>,
    #[serde(default)]
    band: Vec<BandTable>,
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

/// Reads the text of a `reconcile.toml` that came from `path`. An error names the line and the next step.
pub fn parse(path: &Path, text: &str) -> Result<Config> {
    let text = TomlText { path, text };
    let file: ConfigFile = text.parse()?;
    check_version(path, text.text, &file.schema_version)?;
    check_entries(text, &file)?;
    let noise_floor = noise_floor(text, &file.noise_floor)?;
    let min_coverage_percent =
        checked(text, &file.min_coverage_percent, |percent| check::coverage(*percent))?;
    let bands = bands(text, &file.band, &noise_floor)?;
    let gates = gates(text, &file.gate)?;
    let audit_accepted = accepted_findings(text, &file.audit_accepted)?;
    check_names(text, &file)?;
    Ok(Config {
        path: path.to_path_buf(),
        model_id: file.model_id,
        sources: unspanned(file.source.into_inner()),
        estimators: unspanned(file.estimator),
        max_recording_age_days: file.max_recording_age_days.unwrap_or(MAX_RECORDING_AGE_DAYS),
        gpus: unspanned(file.gpu),
        calibration: file.calibration,
        expert_layer_classes: file.expert_layer_classes,
        features: file.features.into_inner(),
        approximations: file
            .approximations
            .into_iter()
            .map(|(name, explanation)| (name.into_inner(), explanation))
            .collect(),
        noise_floor,
        min_coverage_percent: *min_coverage_percent,
        band_rule: file.band_rule,
        loosened: file.loosened,
        bands,
        gates,
        audit_accepted,
    })
}

fn unspanned<T>(entries: Vec<Spanned<T>>) -> Vec<T> {
    entries.into_iter().map(Spanned::into_inner).collect()
}

/// The value, if the check finds no fault in it.
fn checked<'a, T>(
    text: TomlText<'_>,
    value: &'a Spanned<T>,
    check: impl Fn(&T) -> Result<(), Fault>,
) -> Result<&'a T> {
    check(value.get_ref()).map_err(|fault| text.error(value.span().start, fault))?;
    Ok(value.get_ref())
}

/// Checks each source, estimator and GPU by itself.
fn check_entries(text: TomlText<'_>, file: &ConfigFile) -> Result<()> {
    checked(text, &file.source, |sources| check::sources(sources))?;
    for source in file.source.get_ref() {
        checked(text, source, check::source)?;
    }
    for estimator in &file.estimator {
        checked(text, estimator, check::estimator)?;
    }
    for gpu in &file.gpu {
        checked(text, gpu, check::gpu)?;
    }
    Ok(())
}

/// Checks that no name occurs twice, and that the approximations in use are those that are explained.
fn check_names(text: TomlText<'_>, file: &ConfigFile) -> Result<()> {
    let error = |(offset, fault)| text.error(offset, fault);
    check::unique(&names(file)).map_err(error)?;
    let explained: Vec<(usize, &str)> = file
        .approximations
        .keys()
        .map(|name| (name.span().start, name.get_ref().as_str()))
        .collect();
    check::approximations(&used_approximations(file), &explained).map_err(error)
}

/// The offset, the kind and the name of each source, estimator and GPU.
fn names(file: &ConfigFile) -> Vec<(usize, &'static str, String)> {
    let sources = file.source.get_ref().iter();
    let sources =
        sources.map(|source| (source.span().start, "source", source.get_ref().name.clone()));
    let estimators = file.estimator.iter();
    let estimators = estimators
        .map(|estimator| (estimator.span().start, "estimator", estimator.get_ref().name.clone()));
    let gpus = file.gpu.iter().map(|gpu| {
        let GpuConfig { model, framework, .. } = gpu.get_ref();
        let name = framework.as_ref().map(|framework| format!("{model} / {framework}"));
        (gpu.span().start, "gpu", name.unwrap_or_else(|| model.clone()))
    });
    sources.chain(estimators).chain(gpus).collect()
}

/// The offset and the name of each approximation in use.
fn used_approximations(file: &ConfigFile) -> Vec<(usize, &str)> {
    let mut used: Vec<(usize, &str)> = Vec::new();
    for source in file.source.get_ref() {
        let names = source.get_ref().approximations.iter();
        used.extend(names.map(|name| (source.span().start, name.as_str())));
    }
    for gpu in &file.gpu {
        let GpuConfig { approximation, precision, .. } = gpu.get_ref();
        let dtypes = precision.values().filter_map(|dtypes| dtypes.approximation.as_deref());
        let names = approximation.as_deref().into_iter().chain(dtypes);
        used.extend(names.map(|name| (gpu.span().start, name)));
    }
    for treatment in file.features.get_ref().treatments() {
        if let Treatment::Approximation(name) = treatment {
            used.push((file.features.span().start, name));
        }
    }
    used
}

fn noise_floor(text: TomlText<'_>, table: &Spanned<MetricTable<f64>>) -> Result<PerMetric<f64>> {
    let mut floor = PerMetric::from_fn(|_| 1.0);
    for (metric, written) in table.get_ref().with_lines(text.text).iter() {
        let Some(WrittenAt { value, line }) = *written else {
            return Err(text.error(table.span().start, check::missing_noise_floor(metric)));
        };
        check::noise_floor(metric, value).map_err(|fault| text.error_on_line(line, fault))?;
        floor[metric] = value;
    }
    Ok(floor)
}

fn bands(
    text: TomlText<'_>,
    tables: &[BandTable],
    noise_floor: &PerMetric<f64>,
) -> Result<Vec<Band>> {
    let mut bands = Vec::with_capacity(tables.len());
    for table in tables {
        let ratio = table.ratio.with_lines(text.text);
        for (metric, written) in ratio.iter() {
            let Some(WrittenAt { value, line }) = *written else { continue };
            check::band(metric, value, noise_floor[metric])
                .map_err(|fault| text.error_on_line(line, fault))?;
        }
        bands.push(Band { group: table.group.clone(), ratio, basis: table.basis.clone() });
    }
    Ok(bands)
}

fn gates(text: TomlText<'_>, tables: &[Spanned<GateTable>]) -> Result<Vec<GroupGate>> {
    let mut gates: Vec<GroupGate> = Vec::with_capacity(tables.len());
    for table in tables {
        let GateTable { group, max_mape_percent, bias } = table.get_ref();
        if gates.iter().any(|other| other.group == *group) {
            return Err(text.error(table.span().start, check::second_gate(group)));
        }
        let gate = GroupGate {
            group: group.clone(),
            max_mape_percent: max_mape_percent.with_lines(text.text),
            bias: bias.with_lines(text.text),
        };
        check_gate(text, &gate)?;
        gates.push(gate);
    }
    Ok(gates)
}

fn check_gate(text: TomlText<'_>, gate: &GroupGate) -> Result<()> {
    for metric in Metric::ALL {
        if let Some(WrittenAt { value, line }) = gate.max_mape_percent[metric] {
            check::max_mape(metric, value).map_err(|fault| text.error_on_line(line, fault))?;
        }
        if let Some(WrittenAt { value, line }) = gate.bias[metric]
            && let Some(fault) = value.fault()
        {
            return Err(text.error_on_line(line, fault));
        }
    }
    Ok(())
}

fn accepted_findings(
    text: TomlText<'_>,
    tables: &[Spanned<AcceptedTable>],
) -> Result<Vec<AcceptedFinding>> {
    let mut accepted: Vec<AcceptedFinding> = Vec::with_capacity(tables.len());
    for table in tables {
        let AcceptedTable { row, check: name, reason } = table.get_ref();
        let offset = table.span().start;
        let check = check::acceptance(row, name, reason, &accepted)
            .map_err(|fault| text.error(offset, fault))?;
        accepted.push(AcceptedFinding {
            row: row.clone(),
            check,
            reason: reason.clone(),
            line: text.line(offset),
        });
    }
    Ok(accepted)
}
