//! A measured row with the work that Mantile counts for it: what a fit is made of.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{self, Severity, audit};
use crate::base::error::{self, Error, Place};
use crate::base::units::Seconds;
use crate::mantile::breakdown::{LayerBreakdown, LayerTime, RequestPhase};
use crate::mantile::hardware::Hardware;
use crate::mantile::recording::Recording;
use crate::mantile::{LayerTable, PhaseRequest, dtype_bytes};
use crate::predict::mapping::{self, Recorded};
use crate::predict::prediction::{derive, e2e_latency};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Layout, Lengths, Row};
use crate::rules::calibration::FitGroup;
use crate::rules::config::{Config, Treatment};

/// A row that parameters are fitted to.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The model, as Mantile names it.
    pub model: String,
    /// As it was measured.
    pub row: Row,
    /// Mean lengths, tokens.
    pub lengths: Lengths,
    /// Requests in flight.
    pub concurrency: u32,
    /// Requests that Mantile's prefill step is for: of separate pools those of a worker.
    pub prefill_batch: f64,
    /// Whether a prefill keeps no decode step waiting, being done elsewhere.
    pub separate_pools: bool,
    /// The prefill step's work, layer by layer.
    pub prefill: Vec<Work>,
    /// A decode step's work, layer by layer.
    pub decode: Vec<Work>,
    /// What the prediction glosses over, by name.
    pub approximations: Vec<String>,
    /// What Mantile answers, as recorded.
    pub answered: Latencies,
    /// The parts of that, by Mantile's formula.
    pub breakdown: LayerBreakdown,
}

/// What a package does in each layer of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// How many of it the model has.
    pub count: f64,
    /// The index of its dtype among those of all observations.
    pub dtype: usize,
    /// FLOP.
    pub flops: f64,
    /// Bytes of weights and KV cache that it reads or writes, as Mantile counts them …
    pub load_bytes: f64,
    /// … and with weights divided that Mantile counts whole on every package.
    pub divided_load_bytes: f64,
    /// Bytes that it exchanges with the others.
    pub communication_bytes: f64,
    /// Kernels that it starts.
    pub kernels: f64,
}

/// Which bytes a package loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Those that Mantile counts: what it answers.
    Counted,
    /// Those with weights divided as tensor parallelism divides them: what hardware really does.
    Divided,
}

/// TTFT and TPOT, s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latencies {
    /// Time to first token.
    pub ttft: f64,
    /// Time per output token.
    pub tpot: f64,
}

/// What is there to calibrate with.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// The rows.
    pub rows: Vec<Observation>,
    /// Mantile's dtypes in them.
    pub dtypes: Vec<String>,
    /// The rows that are left out.
    pub left_out: Vec<LeftOut>,
}

/// A row that no fit is made to.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// As it was measured.
    pub row: Row,
    /// Why.
    pub reason: String,
    /// What it would be, where Mantile is asked for it all the same.
    pub observation: Option<Observation>,
}

/// What a group's parameters are fitted to.
#[derive(Debug, Clone, Default)]
pub struct Members<'a> {
    /// Its rows.
    pub rows: Vec<&'a Observation>,
    /// Those that are left out, but that Mantile is asked for all the same.
    pub left_out: Vec<&'a Observation>,
}

impl LeftOut {
    /// How many rows are left out for each reason.
    #[must_use]
    pub fn by_reason<'a>(rows: impl IntoIterator<Item = &'a Self>) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for row in rows {
            *reasons.entry(row.reason.clone()).or_default() += 1;
        }
        reasons
    }
}

impl Observation {
    /// Its GPU and framework.
    #[must_use]
    pub fn pool(&self) -> (&str, &str) {
        (&self.row.identity.gpu_model, &self.row.identity.framework)
    }

    /// What makes rows one workload: the model, the lengths and the width.
    #[must_use]
    pub fn workload(&self) -> (&str, u32, u32, u32) {
        let identity = &self.row.identity;
        let width = match &identity.layout {
            Layout::Aggregated(parallelism) => parallelism.tensor_parallel,
            Layout::Disaggregated { decode, .. } => decode.parallelism.tensor_parallel,
        };
        (&self.model, identity.input_seq_len, identity.output_seq_len, width)
    }

    /// Whether it measures a request's parts, as serving terms need it: a static batch's E2E does not.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        let means = &self.row.measured.means;
        means[Metric::Ttft].is_some() && means[Metric::Tpot].is_some()
    }

    /// The row's metrics at these latencies.
    #[must_use]
    pub fn metrics(&self, latencies: Latencies) -> PerMetric<f64> {
        let Latencies { ttft, tpot } = latencies;
        derive(Seconds(ttft), Seconds(tpot), &self.row.identity, self.concurrency, self.lengths)
    }

    /// One of these metrics.
    #[must_use]
    pub fn metric(&self, latencies: Latencies, metric: Metric) -> f64 {
        match metric {
            Metric::Ttft => latencies.ttft,
            Metric::Tpot => latencies.tpot,
            Metric::E2eLatency => e2e_latency(latencies.ttft, latencies.tpot, self.lengths),
            Metric::Throughput | Metric::OutputThroughput => self.metrics(latencies)[metric],
        }
    }

    /// The measured E2E, s: published, or TTFT + TPOT × (O − 1).
    #[must_use]
    pub fn measured_e2e(&self) -> Option<f64> {
        let means = &self.row.measured.means;
        means[Metric::E2eLatency]
            .or_else(|| Some(e2e_latency(means[Metric::Ttft]?, means[Metric::Tpot]?, self.lengths)))
    }

    /// The steps' times with these parameters: the same formula as [`LayerBreakdown::on`], with the compute of
    /// each dtype by its index, 10¹⁵ FLOP/s.
    #[must_use]
    pub fn on(&self, hardware: &Hardware, pflops: &[f64], load: Load) -> Latencies {
        let phase = |phase: RequestPhase, layers: &[Work]| {
            let mut sum = 0.0;
            for work in layers {
                let times = hardware.times_ms(
                    work.flops / pflops[work.dtype],
                    match load {
                        Load::Counted => work.load_bytes,
                        Load::Divided => work.divided_load_bytes,
                    },
                    work.communication_bytes,
                    work.kernels,
                );
                sum += work.count * phase.layer_time(times, hardware.overlap);
            }
            sum / 1e3
        };
        Latencies {
            ttft: phase(RequestPhase::Prefill, &self.prefill),
            tpot: phase(RequestPhase::Decode, &self.decode),
        }
    }
}

impl Observations {
    /// The groups that have rows, by the identity of a row.
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

    /// Adds a model's rows with their recorded answers. Names of layer classes that the model has not are an
    /// error.
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
            let out = |reason, observation| LeftOut { row: row.clone(), reason, observation };
            match self.observe(row, config, recording, &layers) {
                _ if impossible.contains(&row.name()) => {
                    self.left_out.push(out("the audit finds an error in it".to_owned(), None));
                }
                Err(reason) => self.left_out.push(out(reason, None)),
                Ok(observation) => match unfit(&observation, config) {
                    Some(reason) => {
                        self.left_out.push(out(reason.to_owned(), Some(observation)));
                    }
                    None => self.rows.push(observation),
                },
            }
        }
        Ok(())
    }

    /// Reads a row's recorded answer, or says why there is none to be read.
    fn observe(
        &mut self,
        row: &Row,
        config: &Config,
        recording: &Recording,
        layers: &LayerTable,
    ) -> Result<Observation, String> {
        let concurrency =
            row.identity.concurrency.fixed().ok_or("a peak, which bounds from one side")?;
        let mapped = mapping::map(row, config)
            .map_err(|unmapped| format!("unmapped: {}", unmapped.reason))?;
        let Recorded { question, answer, breakdown } = mapped.recorded(recording, layers)?;
        let precision = config.calibration.precision.get(&row.identity.precision);
        let undivided = &config.calibration.undivided_layer_classes;
        let tensor_parallel = |layer: &LayerTime, phase: &PhaseRequest| {
            let layer = phase.layers.get(&layer.name);
            let degree = layer.and_then(|layer| layer.parallelism.get("tensor_parallel"));
            f64::from(degree.copied().unwrap_or(1))
        };
        let mut work = |layer: &LayerTime, phase: &PhaseRequest| {
            let dtype = precision.map_or(layer.dtype.as_str(), |real| real.dtype_of(&layer.class));
            let bytes = dtype_bytes(dtype).ok_or_else(|| format!("no dtype {dtype} is known"))?;
            let scale = bytes / layer.package.dtype_bytes;
            let divisor =
                if undivided.contains(&layer.class) { tensor_parallel(layer, phase) } else { 1.0 };
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
        };
        let prefill = &question.request.prefill_req;
        let observation = Observation {
            model: config.model_id.clone(),
            row: row.clone(),
            lengths: mapped.lengths,
            concurrency,
            prefill_batch: f64::from(prefill.batch_size),
            separate_pools: matches!(row.identity.layout, Layout::Disaggregated { .. }),
            prefill: breakdown
                .prefill
                .iter()
                .map(|layer| work(layer, prefill))
                .collect::<Result<_, String>>()?,
            decode: breakdown
                .decode
                .iter()
                .map(|layer| work(layer, &question.request.decode_req))
                .collect::<Result<_, String>>()?,
            answered: Latencies {
                ttft: answer.ttft_ms.to_seconds().0,
                tpot: answer.tpot_ms.to_seconds().0,
            },
            approximations: mapped.approximations,
            breakdown,
        };
        if observation.measured_e2e().is_none() {
            return Err("neither TTFT and TPOT nor E2E is measured".to_owned());
        }
        Ok(observation)
    }

    fn dtype(&mut self, name: &str) -> usize {
        self.dtypes.iter().position(|dtype| dtype == name).unwrap_or_else(|| {
            self.dtypes.push(name.to_owned());
            self.dtypes.len() - 1
        })
    }
}

/// Why no fit is made to a row that Mantile is asked for all the same.
fn unfit(observation: &Observation, config: &Config) -> Option<&'static str> {
    if let Treatment::Approximation(name) = &config.features.dp_attention
        && observation.approximations.contains(name)
    {
        return Some("data-parallel attention, which Mantile's work is not of");
    }
    let waits = observation.row.waits_outside(observation.measured_e2e()?);
    waits.then_some("requests wait outside the engine for most of their time")
}

/// Refuses names of layer classes under `[calibration]` that no layer of the model has.
fn check_layer_classes(config: &Config, layers: &LayerTable) -> Result<(), String> {
    let calibration = &config.calibration;
    let of_precisions = calibration.precision.values().flat_map(|real| real.layer_class.keys());
    let known: BTreeSet<&str> = layers.layers.iter().map(|layer| layer.class.as_str()).collect();
    for class in of_precisions.chain(&calibration.undivided_layer_classes) {
        if !known.contains(class.as_str()) {
            let known: Vec<&str> = known.into_iter().collect();
            return Err(format!(
                "[calibration] names the layer class {class}; the model's are {}",
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

    use super::*;
    use crate::judge::model;
    use crate::mantile::recording;
    use crate::rules::config::CalibrationConfig;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");
    const NAME: &str = "inferencemax::h100::vllm::fp4::1024x1024::tp4_ep1::c32";

    /// The rows of a model of this name, or of all, with what calibration is told changed.
    pub(crate) fn observations(
        model: &str,
        rows_of: impl Fn(&Row) -> bool,
        change: impl Fn(&mut CalibrationConfig),
    ) -> Observations {
        let root = Path::new(ROOT);
        let mut model = model::load(root, model).unwrap();
        let recording = recording::load(root, "72ff84e", &model.config.model_id).unwrap();
        // As this release was asked, whatever is adopted.
        model.config = model.config.for_release(&recording.hardware_ids());
        change(&mut model.config.calibration);
        model.rows.retain(|row| rows_of(row));
        let mut observations = Observations::default();
        observations.add(&model.rows, &model.config, &recording).unwrap();
        observations
    }

    /// A row that was measured at these times.
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
    fn with_the_dtypes_as_asked_the_work_gives_what_mantile_answers() {
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
        let one = |change: &dyn Fn(&mut CalibrationConfig)| {
            let name = "inferencemax::h100::vllm::fp8::1024x1024::tp4_ep1::c32";
            let model = "meta-llama_Llama-3.3-70B-Instruct";
            observations(model, |row| row.name() == name, change).rows.remove(0)
        };
        let load = |row: &Observation| {
            let of = |work: &Work| (work.load_bytes, work.divided_load_bytes);
            row.decode.iter().map(of).collect::<Vec<_>>()
        };
        let plain = one(&|calibration| *calibration = CalibrationConfig::default());
        let wide = one(&|calibration| {
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
        let divided = one(&|calibration| calibration.precision.clear());
        let differs = |(counted, divided): &(f64, f64)| (counted / divided - 1.0).abs() > 1e-12;
        assert!(!load(&plain).iter().any(differs));
        let ratios: Vec<f64> =
            load(&divided).iter().map(|(counted, divided)| counted / divided).collect();
        // attention, embedding, feedforward, norm: the third at TP = 4.
        assert_eq!(ratios, [1.0, 1.0, 4.0, 1.0]);
        let counted = |row| load(row).into_iter().map(|(counted, _)| counted).collect::<Vec<_>>();
        assert_eq!(counted(&divided), counted(&plain), "Mantile counts them whole all the same");
    }

    #[test]
    fn a_layer_class_that_no_layer_has_is_told() {
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
    fn what_is_left_out_says_why() {
        let found = observations("openai_GPT-OSS-120B", |_| true, |_| ());
        assert_eq!(found.rows.len() + found.left_out.len(), 616);
        let reasons = LeftOut::by_reason(&found.left_out);
        assert_eq!(reasons.len(), 4, "{reasons:?}");
        assert_eq!(reasons["the audit finds an error in it"], 5);
        let asked = |out: &&LeftOut| out.observation.is_some();
        // Data-parallel attention and requests that wait: Mantile is asked for these all the same.
        assert_eq!(found.left_out.iter().filter(asked).count(), 38 + 5);
        let peaks = observations("meta-llama_Llama-3.1-405B-Instruct", |_| true, |_| ());
        assert!(peaks.rows.is_empty());
        let reasons = LeftOut::by_reason(&peaks.left_out);
        assert_eq!(reasons["a peak, which bounds from one side"], 53);
    }
}
