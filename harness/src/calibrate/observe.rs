//! The rows to calibrate with, gathered from models and their recorded answers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Latencies, Observation, Work};
use crate::audit::{self, Severity, audit};
use crate::base::error::{self, Error, Place};
use crate::mantile::breakdown::LayerTime;
use crate::mantile::recording::Recording;
use crate::mantile::{LayerTable, PhaseRequest, dtype_bytes};
use crate::predict::mapping::{self, Recorded};
use crate::row::{Identity, Layout, Row};
use crate::rules::calibration::FitGroup;
use crate::rules::config::{CalibrationConfig, Config, Precision, Treatment};

/// The rows to calibrate with.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// The rows that fits can be made to.
    pub rows: Vec<Observation>,
    /// Mantile's names of the dtypes of their layers.
    pub dtypes: Vec<String>,
    /// The rows that are left out of all fits.
    pub left_out: Vec<LeftOut>,
}

/// A row that is left out of all fits.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The row as it was measured.
    pub row: Row,
    /// The reason.
    pub reason: String,
    /// The observation, where Mantile is asked for the row nevertheless.
    pub observation: Option<Observation>,
}

/// The rows of a group.
#[derive(Debug, Clone, Default)]
pub struct Members<'a> {
    /// The rows that the parameters are fitted to.
    pub rows: Vec<&'a Observation>,
    /// The rows that are left out of the fit, although Mantile is asked for them.
    pub left_out: Vec<&'a Observation>,
}

impl LeftOut {
    /// The number of rows by the reason why they are left out.
    #[must_use]
    pub fn by_reason<'a>(rows: impl IntoIterator<Item = &'a Self>) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for row in rows {
            *reasons.entry(row.reason.clone()).or_default() += 1;
        }
        reasons
    }
}

impl Observations {
    /// The groups that have rows. `group` gives the group of a row by its identity.
    pub fn groups(&self, group: impl Fn(&Identity) -> FitGroup) -> BTreeMap<FitGroup, Members<'_>> {
        let mut groups: BTreeMap<FitGroup, Members<'_>> = BTreeMap::new();
        for row in &self.rows {
            groups.entry(group(&row.row.identity)).or_default().rows.push(row);
        }
        for out in &self.left_out {
            if let Some(members) = groups.get_mut(&group(&out.row.identity)) {
                members.left_out.extend(&out.observation);
            }
        }
        groups
    }

    /// Adds a model's rows with their recorded answers. It is an error if the configuration names a layer class
    /// that the model does not have.
    pub fn add(
        &mut self,
        rows: &[Row],
        config: &Config,
        recording: &Recording,
    ) -> error::Result<()> {
        let layers = recording.layers()?;
        check_layer_classes(config, &layers)
            .map_err(|fault| Error::content(Place::file(&config.path), fault))?;
        let subject = audit::AuditSubject { rows, peers: &[], config, recording: Some(recording) };
        let impossible: Vec<String> = audit(subject)
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.subject)
            .collect();
        for row in rows {
            let observed = self.observe(row, config, recording, &layers);
            let (reason, observation) = match observed {
                _ if impossible.contains(&row.name()) => {
                    ("the row has an audit error".to_owned(), None)
                }
                Err(reason) => (reason, None),
                Ok(observation) => match unfit(&observation, config) {
                    Some(reason) => (reason.to_owned(), Some(observation)),
                    None => {
                        self.rows.push(observation);
                        continue;
                    }
                },
            };
            self.left_out.push(LeftOut { row: row.clone(), reason, observation });
        }
        Ok(())
    }

    /// Reads a row's recorded answer. The error is the reason why the row cannot be used.
    fn observe(
        &mut self,
        row: &Row,
        config: &Config,
        recording: &Recording,
        layers: &LayerTable,
    ) -> Result<Observation, String> {
        let concurrency = row
            .identity
            .concurrency
            .fixed()
            .ok_or("a peak row, which bounds Mantile from one side only")?;
        let mapped = mapping::map(row, config)
            .map_err(|unmapped| format!("unmapped: {}", unmapped.reason))?;
        let Recorded { question, answer, breakdown } = mapped.recorded(recording, layers)?;
        let precision = config.calibration.precision.get(&row.identity.precision);
        let mut work = |layers: &[LayerTime], phase: &PhaseRequest| {
            let work =
                layers.iter().map(|layer| self.work(layer, phase, precision, &config.calibration));
            work.collect::<Result<Vec<Work>, String>>()
        };
        let prefill = &question.request.prefill_req;
        let observation = Observation {
            model: config.model_id.clone(),
            row: row.clone(),
            lengths: mapped.lengths,
            concurrency,
            prefill_batch: f64::from(prefill.batch_size),
            separate_pools: matches!(row.identity.layout, Layout::Disaggregated { .. }),
            prefill: work(&breakdown.prefill, prefill)?,
            decode: work(&breakdown.decode, &question.request.decode_req)?,
            answered: Latencies {
                ttft: answer.ttft_ms.to_seconds().0,
                tpot: answer.tpot_ms.to_seconds().0,
            },
            approximations: mapped.approximations,
            breakdown,
        };
        if observation.measured_e2e().is_none() {
            return Err("neither E2E nor both TTFT and TPOT are measured".to_owned());
        }
        Ok(observation)
    }

    /// The work of a layer, in the dtype that the layer really has.
    fn work(
        &mut self,
        layer: &LayerTime,
        phase: &PhaseRequest,
        precision: Option<&Precision>,
        calibration: &CalibrationConfig,
    ) -> Result<Work, String> {
        let dtype = precision.map_or(layer.dtype.as_str(), |real| real.dtype_of(&layer.class));
        let bytes = dtype_bytes(dtype).ok_or_else(|| format!("the dtype {dtype} is unknown"))?;
        let scale = bytes / layer.package.dtype_bytes;
        let is_undivided = calibration.undivided_layer_classes.contains(&layer.class);
        let divisor = if is_undivided { tensor_parallel(layer, phase) } else { 1.0 };
        let load = |divisor: f64| {
            scale * (layer.package.weight_bytes_read / divisor + layer.package.kv_bytes)
        };
        Ok(Work {
            count: layer.count,
            dtype: self.dtype(dtype),
            flops: layer.package.flops,
            load_bytes: load(1.0),
            divided_load_bytes: load(divisor),
            communication_bytes: scale * layer.package.communication_bytes,
            kernels: layer.package.kernels,
        })
    }

    /// The index of a dtype, which is added if it is new.
    fn dtype(&mut self, name: &str) -> usize {
        self.dtypes.iter().position(|dtype| dtype == name).unwrap_or_else(|| {
            self.dtypes.push(name.to_owned());
            self.dtypes.len() - 1
        })
    }
}

/// The tensor parallelism that Mantile was asked for in a layer.
fn tensor_parallel(layer: &LayerTime, phase: &PhaseRequest) -> f64 {
    let layer = phase.layers.get(&layer.name);
    let degree = layer.and_then(|layer| layer.parallelism.get("tensor_parallel"));
    f64::from(degree.copied().unwrap_or(1))
}

/// The reason why no fit is made to a row that Mantile can be asked for.
fn unfit(observation: &Observation, config: &Config) -> Option<&'static str> {
    if let Treatment::Approximation(name) = &config.features.dp_attention
        && observation.approximations.contains(name)
    {
        return Some("data-parallel attention, whose work Mantile does not count");
    }
    let waits = observation.row.waits_outside(observation.measured_e2e()?);
    waits.then_some("requests wait outside the engine for most of their time")
}

/// Checks that the layer classes named under `[calibration]` exist in the model.
fn check_layer_classes(config: &Config, layers: &LayerTable) -> Result<(), String> {
    let calibration = &config.calibration;
    let in_precisions = calibration.precision.values().flat_map(|real| real.layer_class.keys());
    let known: BTreeSet<&str> = layers.layers.iter().map(|layer| layer.class.as_str()).collect();
    for class in in_precisions.chain(&calibration.undivided_layer_classes) {
        if !known.contains(class.as_str()) {
            let known: Vec<&str> = known.into_iter().collect();
            return Err(format!(
                "[calibration] names the layer class {class}, which the model does not have; it has {}",
                known.join(", ")
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;
    use std::sync::LazyLock;

    use super::super::Load;
    use super::*;
    use crate::judge::model;
    use crate::mantile::hardware::Hardware;
    use crate::mantile::recording;
    use crate::row::metric::{Metric, PerMetric};
    use crate::rules::config::CalibrationConfig;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");
    const NAME: &str = "inferencemax::h100::vllm::fp4::1024x1024::tp4_ep1::c32";

    /// The observations of a model's rows that are wanted, with the calibration settings changed.
    pub(crate) fn observations(
        model: &str,
        is_wanted: impl Fn(&Row) -> bool,
        change: impl Fn(&mut CalibrationConfig),
    ) -> Observations {
        let root = Path::new(ROOT);
        let mut model = model::load(root, model).unwrap();
        let recording = recording::load(root, "72ff84e", &model.config.model_id).unwrap();
        // As this release was asked, whether or not a calibration is adopted.
        model.config = model.config.for_release(&recording.hardware_ids());
        change(&mut model.config.calibration);
        model.rows.retain(|row| is_wanted(row));
        let mut observations = Observations::default();
        observations.add(&model.rows, &model.config, &recording).unwrap();
        observations
    }

    /// A row that was measured at these times, in s.
    pub(crate) fn observation(ttft: f64, tpot: f64) -> Observation {
        static READ: LazyLock<Observation> = LazyLock::new(|| {
            observations("openai_GPT-OSS-120B", |row| row.name() == NAME, |_| ()).rows.remove(0)
        });
        let mut found = READ.clone();
        let means = &mut found.row.measured.means;
        *means = PerMetric::default();
        means[Metric::Ttft] = Some(ttft);
        means[Metric::Tpot] = Some(tpot);
        found
    }

    #[test]
    fn with_the_requested_dtypes_the_work_gives_the_answer_of_mantile() {
        for model in ["openai_GPT-OSS-120B", "mistralai_Mistral-7B-v0.1"] {
            let plain =
                |calibration: &mut CalibrationConfig| *calibration = CalibrationConfig::default();
            let found = observations(model, |_| true, plain);
            assert!(found.rows.len() > 50);
            let root = Path::new(ROOT);
            let recording = recording::load(root, "72ff84e", model).unwrap();
            let config = model::load_config(root, model).unwrap();
            let config = config.for_release(&recording.hardware_ids());
            for row in &found.rows {
                let (gpu, framework) = row.pool();
                let id = config.gpu(gpu, framework).unwrap().hardware_id.clone().unwrap();
                let page = &recording.pages[&format!("/hardware/{id}")];
                let hardware = Hardware::parse(page.body.get()).unwrap();
                let pflops = |dtype: &String| hardware.compute_pflops.get(dtype).copied();
                let pflops: Vec<f64> =
                    found.dtypes.iter().map(|dtype| pflops(dtype).unwrap_or(f64::NAN)).collect();
                let Latencies { ttft, tpot } = row.on(&hardware, &pflops, Load::Counted);
                let name = row.row.name();
                assert!((ttft / row.answered.ttft - 1.0).abs() < 1e-9, "{name}");
                assert!((tpot / row.answered.tpot - 1.0).abs() < 1e-9, "{name}");
            }
        }
    }

    #[test]
    fn the_layers_own_dtypes_scale_their_bytes_and_undivided_weights_are_divided() {
        let observed = |change: &dyn Fn(&mut CalibrationConfig)| {
            let name = "inferencemax::h100::vllm::fp8::1024x1024::tp4_ep1::c32";
            let model = "meta-llama_Llama-3.3-70B-Instruct";
            observations(model, |row| row.name() == name, change).rows.remove(0)
        };
        let load = |row: &Observation| {
            let loads = |work: &Work| (work.load_bytes, work.divided_load_bytes);
            row.decode.iter().map(loads).collect::<Vec<_>>()
        };
        let plain = observed(&|calibration| *calibration = CalibrationConfig::default());
        let wide = observed(&|calibration| {
            *calibration = CalibrationConfig::default();
            let bf16 = crate::rules::config::Precision {
                dtype: "bf16".to_owned(),
                layer_class: BTreeMap::new(),
                approximation: None,
            };
            calibration.precision.insert("fp8".to_owned(), bf16);
        });
        for ((plain, _), (wide, _)) in load(&plain).iter().zip(load(&wide)) {
            assert!((wide / plain - 2.0 / (8.25 / 8.0)).abs() < 1e-12);
        }
        let divided = observed(&|calibration| calibration.precision.clear());
        let differs = |(counted, divided): &(f64, f64)| (counted / divided - 1.0).abs() > 1e-12;
        assert!(!load(&plain).iter().any(differs));
        let ratios: Vec<f64> =
            load(&divided).iter().map(|(counted, divided)| counted / divided).collect();
        // attention, embedding, feedforward, norm: the third at TP = 4.
        assert_eq!(ratios, [1.0, 1.0, 4.0, 1.0]);
        let counted = |row| load(row).into_iter().map(|(counted, _)| counted).collect::<Vec<_>>();
        assert_eq!(counted(&divided), counted(&plain), "Mantile counts them whole nevertheless");
    }

    #[test]
    fn an_unknown_layer_class_is_an_error_that_lists_the_known_ones() {
        let root = Path::new(ROOT);
        let mut model = model::load(root, "openai_GPT-OSS-120B").unwrap();
        let recording = recording::load(root, "72ff84e", &model.config.model_id).unwrap();
        model.config.calibration.undivided_layer_classes.push("MoeLayer".to_owned());
        let mut found = Observations::default();
        let fault = found.add(&model.rows, &model.config, &recording).unwrap_err().to_string();
        assert!(
            fault.contains("reconcile.toml: [calibration] names the layer class MoeLayer"),
            "{fault}"
        );
        assert!(fault.contains("MoELayer, "), "{fault}");
    }

    #[test]
    fn rows_that_are_left_out_have_a_reason() {
        let found = observations("openai_GPT-OSS-120B", |_| true, |_| ());
        let model = model::load(Path::new(ROOT), "openai_GPT-OSS-120B").unwrap();
        assert_eq!(found.rows.len() + found.left_out.len(), model.rows.len());
        let counts = LeftOut::by_reason(&found.left_out);
        let is_observed = |out: &&LeftOut| out.observation.is_some();
        let observed = LeftOut::by_reason(found.left_out.iter().filter(is_observed));
        // Mantile is asked for the rows with data-parallel attention and for those whose requests wait.
        let asked = [
            "data-parallel attention, whose work Mantile does not count",
            "requests wait outside the engine for most of their time",
        ];
        assert_eq!(observed.keys().collect::<Vec<_>>(), asked);
        assert!(asked.iter().all(|reason| counts[*reason] == observed[*reason]), "{counts:?}");
        assert!(counts["the row has an audit error"] > 0, "{counts:?}");
        let peaks = observations("meta-llama_Llama-3.1-405B-Instruct", |_| true, |_| ());
        assert!(peaks.rows.is_empty());
        let counts = LeftOut::by_reason(&peaks.left_out);
        let peak = "a peak row, which bounds Mantile from one side only";
        assert_eq!(counts[peak], peaks.left_out.len());
    }
}
