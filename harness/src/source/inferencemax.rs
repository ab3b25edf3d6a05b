//! InferenceMAX (InferenceX since 2026): the results of its sweeps, one object a configuration, alone
//! in a file (until 2025-11) or in an array of all models and GPUs of a run (`agg_bmk.json`).
//!
//! The schema grew; the keys that a result has tell its generation, and what older ones lack stands in
//! the file's name, which the sweep's workflow made as
//!
//! ```text
//! {model}_{isl}k{osl}k_{precision}_{framework}_tp{T}[_ep{E}_dpa_{bool}]_conc{C}[_specdecode_{S}]_{runner}
//! {…}_tp{T}[-pp{P}-dcp{D}-pcp{Q}]-ep{E}-dpa{bool}_disagg-{bool}_spec-{S}_conc{C}_{runner}
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Artifact, Given, Reading, Source};
use crate::error::Result;
use crate::metric::{Metric, PerMetric};
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Pool, Provenance, Row};

/// Results of InferenceMAX sweeps.
pub(super) struct InferenceMax;

impl Source for InferenceMax {
    fn name(&self) -> &'static str {
        "inferencemax"
    }

    fn about(&self) -> &'static str {
        "results of InferenceMAX / InferenceX sweeps, agg_*.json, 2025-08 to 2026-08"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        let is_empty_run = artifact.sniff().and_then(Value::as_array).is_some_and(Vec::is_empty)
            && artifact.stem().starts_with("agg_");
        is_empty_run || artifact.has_keys(&["hw", "conc"])
    }

    fn read(&self, artifact: &Artifact, given: &Given) -> Result<Reading> {
        let mut reading = Reading::default();
        let run = run_id(artifact);
        let objects = artifact.objects()?;
        let name = FileName::parse(&artifact.stem());
        if objects.is_empty() {
            reading.warnings.push(format!("{} has no results", artifact.path.display()));
        }
        for (index, value) in objects.into_iter().enumerate() {
            let generation = generation(value);
            match read_object(value, &name, given) {
                Ok(Found { object, identity, measured }) => {
                    let run_id = run.clone().unwrap_or_else(|| artifact.stem());
                    let benchmark_date =
                        given.run_dates.get(&run_id).or(given.date.as_ref()).cloned();
                    object.count_unknown(&mut reading.unknown_keys);
                    let row = Row {
                        provider: given.provider.clone(),
                        identity,
                        measured,
                        provenance: Provenance { benchmark_date, run_id, image: object.image },
                        repeatability: None,
                    };
                    reading.take(generation, row);
                }
                Err(Skip::OtherModel(reason)) => reading.skip(generation, reason),
                Err(Skip::Unusable(reason)) => {
                    let place = format!("{}: result {}", artifact.path.display(), index + 1);
                    reading.warnings.push(format!("{place} not taken: {reason}"));
                    reading.skip(generation, reason);
                }
            }
        }
        Ok(reading)
    }
}

/// A result object as published. All latencies are seconds, throughputs tokens/s/GPU.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Object {
    pub hw: Option<String>,
    pub prefill_hw: Option<String>,
    pub decode_hw: Option<String>,
    pub infmax_model_prefix: Option<String>,
    pub model: Option<String>,
    pub framework: Option<String>,
    pub precision: Option<String>,
    pub spec_decoding: Option<String>,
    pub mtp: Option<Value>,
    pub scenario_type: Option<String>,
    pub image: Option<String>,
    pub isl: Option<u32>,
    pub osl: Option<u32>,
    pub conc: Option<u32>,
    pub tp: Option<u32>,
    pub ep: Option<u32>,
    pub pp: Option<u32>,
    pub pcp_size: Option<u32>,
    pub dcp_size: Option<u32>,
    pub dp_attention: Option<Flag>,
    pub disagg: Option<Flag>,
    pub is_multinode: Option<Flag>,
    pub prefill_tp: Option<u32>,
    pub prefill_ep: Option<u32>,
    pub prefill_pp: Option<u32>,
    pub prefill_pcp_size: Option<u32>,
    pub prefill_dcp_size: Option<u32>,
    pub prefill_dp_attention: Option<Flag>,
    pub prefill_num_workers: Option<u32>,
    pub num_prefill_gpu: Option<u32>,
    pub decode_tp: Option<u32>,
    pub decode_ep: Option<u32>,
    pub decode_pp: Option<u32>,
    pub decode_pcp_size: Option<u32>,
    pub decode_dcp_size: Option<u32>,
    pub decode_dp_attention: Option<Flag>,
    pub decode_num_workers: Option<u32>,
    pub num_decode_gpu: Option<u32>,
    pub tput_per_gpu: Option<f64>,
    pub output_tput_per_gpu: Option<f64>,
    pub mean_ttft: Option<f64>,
    pub p90_ttft: Option<f64>,
    pub p99_ttft: Option<f64>,
    #[serde(rename = "p99.9_ttft")]
    pub p99_9_ttft: Option<f64>,
    pub mean_tpot: Option<f64>,
    pub mean_e2el: Option<f64>,
    pub median_e2el: Option<f64>,
    pub avg_power_w: Option<f64>,
    pub joules_per_output_token: Option<f64>,
    pub power_valid: Option<u8>,
    pub power_metric_schema_version: Option<u32>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

impl Object {
    /// Counts the keys that no known generation has.
    pub(super) fn count_unknown(&self, unknown: &mut BTreeMap<String, usize>) {
        for key in self.rest.keys().filter(|key| !is_known(key)) {
            *unknown.entry(key.clone()).or_default() += 1;
        }
    }

    /// The energy of a token of output over all GPUs, J. Until the schema was versioned, several
    /// nodes' was now that of one pool, now of all, and the figure does not tell which.
    fn joules_per_output_token(&self) -> Option<f64> {
        let several_nodes = self.num_decode_gpu.is_some();
        let is_whole = !several_nodes || self.power_metric_schema_version.is_some_and(|v| v >= 2);
        self.joules_per_output_token.filter(|_| is_whole && self.power_valid != Some(0))
    }
}

/// Keys that some generation has and that nothing is made of.
const LEFT_ALONE: [&str; 27] = [
    "_artifact",
    "_comment",
    "allocated_cpu_dram_gb",
    "avg_mem_used_mb",
    "avg_temp_c",
    "avg_total_gpu_power_w",
    "avg_util_pct",
    "decode_avg_power_w",
    "decode_gpu_energy_j",
    "decode_joules_per_output_token",
    "input_tput_per_gpu",
    "joules_per_input_token",
    "joules_per_successful_query",
    "joules_per_total_token",
    "kv_offload_backend",
    "kv_offloading",
    "kv_p2p_transfer",
    "num_gpus",
    "power_invalid_reasons",
    "prefill_avg_power_w",
    "prefill_gpu_energy_j",
    "prefill_joules_per_input_token",
    "recipe_fingerprint",
    "router",
    "total_gpu_energy_j",
    "std_intvty",
    "workers",
];

/// The statistics of the latencies, of which only some make a row.
const STATISTICS: [&str; 7] = ["mean", "median", "std", "p90", "p95", "p99", "p99.9"];
const LATENCIES: [&str; 5] = ["ttft", "tpot", "itl", "e2el", "intvty"];

/// Whether a key that nothing is read from belongs to some known generation.
fn is_known(key: &str) -> bool {
    let is_statistic = key.split_once('_').is_some_and(|(statistic, latency)| {
        STATISTICS.contains(&statistic) && LATENCIES.contains(&latency)
    });
    is_statistic || LEFT_ALONE.contains(&key)
}

/// The generations of the schema, newest first, each with keys that came with it.
const GENERATIONS: [(&str, &[&str]); 8] = [
    ("2026-08", &["recipe_fingerprint", "power_metric_schema_version"]),
    ("2026-07", &["pp", "pcp_size", "dcp_size", "prefill_hw", "prefill_pp"]),
    ("2026-05", &["avg_power_w", "joules_per_output_token", "scenario_type"]),
    ("2026-03", &["p90_ttft", "p99.9_ttft"]),
    ("2025-12", &["image", "infmax_model_prefix", "is_multinode"]),
    ("2025-11", &["ep", "dp_attention", "disagg", "isl"]),
    ("2025-10", &["output_tput_per_gpu", "input_tput_per_gpu"]),
    ("2025-09", &["framework", "precision"]),
];

/// The generation of the schema that a result is of.
fn generation(value: &Value) -> &'static str {
    GENERATIONS
        .into_iter()
        .find(|(_, keys)| keys.iter().any(|key| value.get(key).is_some()))
        .map_or("2025-08", |(generation, _)| generation)
}

/// A truth value, which some generations publish as a string.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Bool(bool),
    Text(String),
}

impl Flag {
    pub(super) fn get(flag: Option<&Self>) -> Result<bool, String> {
        match flag {
            None => Ok(false),
            Some(Self::Bool(value)) => Ok(*value),
            Some(Self::Text(text)) => text
                .to_ascii_lowercase()
                .parse()
                .map_err(|_| format!("`{text}` is neither true nor false")),
        }
    }
}

/// What a file's name says of its result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct FileName {
    model: Option<String>,
    isl: Option<u32>,
    osl: Option<u32>,
    framework: Option<String>,
    precision: Option<String>,
    tp: Option<u32>,
    ep: Option<u32>,
    dp_attention: Option<bool>,
    conc: Option<u32>,
    spec_decoding: Option<String>,
}

impl FileName {
    /// Reads a file's name without its extension; what it does not say stays empty.
    fn parse(stem: &str) -> Self {
        let name = stem.strip_prefix("agg_").or(stem.strip_prefix("results_")).unwrap_or(stem);
        let mut parsed = Self::default();
        let mut parts = name.split('_').peekable();
        let mut before_context = Vec::new();
        while let Some(part) = parts.next() {
            if part.starts_with("prefill-") || part.starts_with("decode-") {
                // Several nodes' results hold their pools themselves.
            } else if let Some((isl, osl)) = context(part).filter(|_| parsed.isl.is_none()) {
                (parsed.isl, parsed.osl) = (Some(isl), Some(osl));
                parsed.model = Some(before_context.join("_"));
            } else if parsed.isl.is_none() {
                before_context.push(part);
            } else if part == "dpa" {
                parsed.dp_attention = parts.next().and_then(|flag| flag.parse().ok());
            } else if part == "specdecode" {
                parsed.spec_decoding = parts.next().map(str::to_owned);
            } else if let Some(method) = part.strip_prefix("spec-") {
                parsed.spec_decoding = Some(method.to_owned());
            } else if let Some(conc) = number(part, "conc") {
                // What follows names the runner.
                parsed.conc = Some(conc);
                if parts.peek() != Some(&"specdecode") {
                    break;
                }
            } else if part.split('-').any(|degree| number(degree, "tp").is_some()) {
                for degree in part.split('-') {
                    parsed.tp = parsed.tp.or(number(degree, "tp"));
                    parsed.ep = parsed.ep.or(number(degree, "ep"));
                    let flag = degree.strip_prefix("dpa").and_then(|flag| flag.parse().ok());
                    parsed.dp_attention = parsed.dp_attention.or(flag);
                }
            } else if let Some(ep) = number(part, "ep") {
                parsed.ep = Some(ep);
            } else if PRECISIONS.contains(&part) {
                parsed.precision = Some(part.to_owned());
            } else if parsed.tp.is_none() && parsed.framework.is_none() {
                parsed.framework = Some(part.to_owned());
            }
        }
        parsed
    }
}

const PRECISIONS: [&str; 6] = ["fp4", "fp8", "fp16", "bf16", "int4", "int8"];

/// The nominal lengths of `1k8k`, in tokens: 1024 and 8192.
fn context(part: &str) -> Option<(u32, u32)> {
    let (isl, osl) = part.strip_suffix('k')?.split_once('k')?;
    let tokens = |thousands: &str| thousands.parse::<u32>().ok()?.checked_mul(1024);
    Some((tokens(isl)?, tokens(osl)?))
}

/// The number behind a tag: `tp4` is 4 behind `tp`.
fn number(text: &str, tag: &str) -> Option<u32> {
    text.strip_prefix(tag)?.parse().ok()
}

/// Endings of `hw` that name a pool of runners, not a GPU.
const RUNNER_SUFFIXES: [&str; 13] = [
    "-trt",
    "-multinode-slurm",
    "-multinode",
    "-disagg",
    "-amds",
    "-amd",
    "-nvd",
    "-dgxc",
    "-nb",
    "-nvs",
    "-nv",
    "-cw",
    "-slurm",
];

/// The GPU model behind `hw`: `h200-nb_1` and `cluster:h200-dgxc` are both `h200`.
#[must_use]
pub fn gpu_model(hw: &str) -> String {
    let mut name = hw.rsplit(':').next().unwrap_or(hw).to_ascii_lowercase();
    loop {
        let shorter =
            RUNNER_SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).or_else(|| {
                let (head, tail) = name.rsplit_once('_')?;
                tail.bytes().all(|byte| byte.is_ascii_digit()).then_some(head)
            });
        match shorter {
            Some(shorter) if !shorter.is_empty() => name = shorter.to_owned(),
            _ => return name,
        }
    }
}

/// The run that an artifact belongs to, by the `run_<id>` in its path.
fn run_id(artifact: &Artifact) -> Option<String> {
    artifact.path.ancestors().find_map(|folder| {
        let id = folder.file_name()?.to_str()?.strip_prefix("run_")?;
        id.parse::<u64>().ok().map(|id| id.to_string())
    })
}

/// Why a result is not taken.
#[derive(Debug)]
pub(super) enum Skip {
    /// It is none of the model's.
    OtherModel(String),
    /// It is the model's and cannot be used.
    Unusable(String),
}

impl From<String> for Skip {
    fn from(reason: String) -> Self {
        Self::Unusable(reason)
    }
}

/// A result that is a row.
struct Found {
    object: Object,
    identity: Identity,
    measured: Measured,
}

fn read_object(value: &Value, name: &FileName, given: &Given) -> Result<Found, Skip> {
    let mut object = Object::deserialize(value)
        .map_err(|error| Skip::Unusable(format!("malformed: {error}")))?;
    complete(&mut object, name, given)?;
    let (identity, measured) = read(&object, given)?;
    Ok(Found { object, identity, measured })
}

/// Fills what older generations left to the file's name. Where both say something, they must agree.
fn complete(object: &mut Object, name: &FileName, given: &Given) -> Result<(), String> {
    fn settle<T: PartialEq + Clone + std::fmt::Display>(
        key: &str,
        held: &mut Option<T>,
        named: Option<&T>,
    ) -> Result<(), String> {
        match (held.as_ref(), named) {
            (Some(held), Some(named)) if held != named => {
                Err(format!("{key} is {held}, and {named} in the file's name"))
            }
            (None, Some(named)) => {
                *held = Some(named.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }
    settle("isl", &mut object.isl, name.isl.as_ref())?;
    settle("osl", &mut object.osl, name.osl.as_ref())?;
    settle("tp", &mut object.tp, name.tp.as_ref())?;
    settle("ep", &mut object.ep, name.ep.as_ref())?;
    settle("conc", &mut object.conc, name.conc.as_ref())?;
    if object.dp_attention.is_none() {
        object.dp_attention = name.dp_attention.map(Flag::Bool);
    }
    if object.infmax_model_prefix.is_none() {
        object.infmax_model_prefix.clone_from(&name.model);
    }
    let off = [Value::Null, Value::Bool(false), "off".into(), "false".into(), "".into()];
    let mtp = object.mtp.as_ref().is_some_and(|mtp| !off.contains(mtp));
    let spec = object.spec_decoding.take().filter(|method| !method.is_empty());
    object.spec_decoding = spec.or(name.spec_decoding.clone()).or(mtp.then(|| "mtp".to_owned()));
    for (held, named, given) in [
        (&mut object.framework, &name.framework, &given.framework),
        (&mut object.precision, &name.precision, &given.precision),
    ] {
        if held.is_none() {
            *held = named.clone().or(given.clone());
        }
    }
    object.isl = object.isl.or(given.input_seq_len);
    object.osl = object.osl.or(given.output_seq_len);
    Ok(())
}

/// The identity and figures of a completed result.
pub(super) fn read(object: &Object, given: &Given) -> Result<(Identity, Measured), Skip> {
    let names: Vec<&str> = [&object.infmax_model_prefix, &object.model]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if !given.wants(&names) {
        let name = names.first().copied().unwrap_or("unnamed");
        return Err(Skip::OtherModel(format!("another model: {name}")));
    }
    if object.scenario_type.as_deref().is_some_and(|kind| kind.contains("agentic")) {
        return Err(Skip::Unusable(
            "agentic scenario: prompts of many turns, of no one length".to_owned(),
        ));
    }
    let identity = identity(object)?;
    let positive = |key: &str, value: Option<f64>| match value {
        Some(value) if !(value.is_finite() && value > 0.0) => Err(format!("{key} is {value}")),
        value => Ok(value),
    };
    let mut means = PerMetric::default();
    means[Metric::Throughput] = positive("tput_per_gpu", object.tput_per_gpu)?;
    means[Metric::OutputThroughput] = positive("output_tput_per_gpu", object.output_tput_per_gpu)?;
    means[Metric::Ttft] = positive("mean_ttft", object.mean_ttft)?;
    means[Metric::Tpot] = positive("mean_tpot", object.mean_tpot)?;
    means[Metric::E2eLatency] = positive("mean_e2el", object.mean_e2el)?;
    if means.iter().all(|(_, value)| value.is_none()) {
        return Err(Skip::Unusable("no metric".to_owned()));
    }
    let measured = Measured {
        means,
        p99_ttft: positive("p99_ttft", object.p99_ttft)?,
        median_e2e_latency: positive("median_e2el", object.median_e2el)?,
        p90_ttft: positive("p90_ttft", object.p90_ttft)?,
        p99_9_ttft: positive("p99.9_ttft", object.p99_9_ttft)?,
        average_power_watts_per_gpu: positive("avg_power_w", object.avg_power_w)?,
        joules_per_output_token: positive(
            "joules_per_output_token",
            object.joules_per_output_token(),
        )?,
        ..Measured::default()
    };
    Ok((identity, measured))
}

fn identity(object: &Object) -> Result<Identity, String> {
    let name = |key: &str, value: &Option<String>| value.clone().ok_or_else(|| format!("no {key}"));
    let gpu_model = match (&object.prefill_hw, &object.decode_hw) {
        (Some(prefill), Some(decode)) if gpu_model(prefill) != gpu_model(decode) => {
            format!("{}+{}", gpu_model(prefill), gpu_model(decode))
        }
        (Some(both), Some(_)) => gpu_model(both),
        _ => gpu_model(&name("hw", &object.hw)?),
    };
    Ok(Identity {
        gpu_model,
        framework: name("framework", &object.framework)?,
        precision: name("precision", &object.precision)?,
        input_seq_len: above_zero("isl", object.isl)?,
        output_seq_len: above_zero("osl", object.osl)?,
        layout: layout(object)?,
        concurrency: Concurrency::Fixed(above_zero("conc", object.conc)?),
        spec_decoding: object.spec_decoding.clone().unwrap_or_else(|| "none".to_owned()),
        is_multinode: Flag::get(object.is_multinode.as_ref())?,
    })
}

fn layout(object: &Object) -> Result<Layout, String> {
    let prefill = || {
        Ok::<_, String>(Parallelism {
            dp_attention: Flag::get(object.prefill_dp_attention.as_ref())?,
            pipeline_parallel: above_zero("prefill_pp", object.prefill_pp.or(Some(1)))?,
            prefill_context_parallel: above_zero(
                "prefill_pcp_size",
                object.prefill_pcp_size.or(Some(1)),
            )?,
            decode_context_parallel: above_zero(
                "prefill_dcp_size",
                object.prefill_dcp_size.or(Some(1)),
            )?,
            ..Parallelism::new(
                above_zero("prefill_tp", object.prefill_tp)?,
                above_zero("prefill_ep", object.prefill_ep.or(Some(1)))?,
            )
        })
    };
    let prefill_workers = above_zero("prefill_num_workers", object.prefill_num_workers);
    let prefill_gpus = above_zero("num_prefill_gpu", object.num_prefill_gpu);
    // Several nodes without a decode pool: one engine does both, and is called the prefill one.
    if object.num_decode_gpu == Some(0) {
        let (engine, gpus) = (prefill()?, prefill_gpus?);
        return if prefill_workers? == 1 && engine.gpus() == gpus {
            Ok(Layout::Aggregated(engine))
        } else {
            Err(format!("{gpus} GPUs that are not one engine of {engine}"))
        };
    }
    if Flag::get(object.disagg.as_ref())? {
        return Ok(Layout::Disaggregated {
            prefill: Pool {
                parallelism: prefill()?,
                workers: prefill_workers?,
                gpus: prefill_gpus?,
            },
            decode: Pool {
                parallelism: Parallelism {
                    dp_attention: Flag::get(object.decode_dp_attention.as_ref())?,
                    pipeline_parallel: above_zero("decode_pp", object.decode_pp.or(Some(1)))?,
                    prefill_context_parallel: above_zero(
                        "decode_pcp_size",
                        object.decode_pcp_size.or(Some(1)),
                    )?,
                    decode_context_parallel: above_zero(
                        "decode_dcp_size",
                        object.decode_dcp_size.or(Some(1)),
                    )?,
                    ..Parallelism::new(
                        above_zero("decode_tp", object.decode_tp)?,
                        above_zero("decode_ep", object.decode_ep.or(Some(1)))?,
                    )
                },
                workers: above_zero("decode_num_workers", object.decode_num_workers)?,
                gpus: above_zero("num_decode_gpu", object.num_decode_gpu)?,
            },
        });
    }
    Ok(Layout::Aggregated(Parallelism {
        dp_attention: Flag::get(object.dp_attention.as_ref())?,
        pipeline_parallel: above_zero("pp", object.pp.or(Some(1)))?,
        prefill_context_parallel: above_zero("pcp_size", object.pcp_size.or(Some(1)))?,
        decode_context_parallel: above_zero("dcp_size", object.dcp_size.or(Some(1)))?,
        ..Parallelism::new(above_zero("tp", object.tp)?, above_zero("ep", object.ep.or(Some(1)))?)
    }))
}

fn above_zero(key: &str, value: Option<u32>) -> Result<u32, String> {
    match value {
        None => Err(format!("no {key}")),
        Some(0) => Err(format!("{key} is 0")),
        Some(value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::source::Fate;

    #[test]
    fn hw_loses_its_runner_and_keeps_its_gpu() {
        for (hw, gpu) in [
            ("b200-trt", "b200"),
            ("h200-trt", "h200"),
            ("h200-nb_1", "h200"),
            ("cluster:h100-dgxc", "h100"),
            ("gb200-multinode-slurm", "gb200"),
            ("mi355x-amds", "mi355x"),
            ("mi300x-amd_12", "mi300x"),
        ] {
            assert_eq!(gpu_model(hw), gpu);
        }
    }

    /// Figures alone, as the first generation had them.
    fn figures() -> Value {
        json!({
            "hw": "h200-nb", "conc": 16, "model": "m/70b", "tput_per_gpu": 900.0, "mean_ttft": 0.2,
            "p99_ttft": 0.6, "std_ttft": 0.1, "mean_tpot": 0.01, "mean_intvty": 100.0,
            "mean_e2el": 9.4, "median_e2el": 9.3
        })
    }

    fn with(mut object: Value, mut more: Value) -> Value {
        let mut more = std::mem::take(more.as_object_mut().unwrap());
        object.as_object_mut().unwrap().append(&mut more);
        object
    }

    fn read_file(name: &str, content: &Value) -> Reading {
        let path = Path::new("run_7").join(name);
        let artifact = Artifact::new(&path, content.to_string());
        assert!(InferenceMax.recognises(&artifact), "{name}");
        let given = Given { provider: "p".to_owned(), ..Given::default() };
        InferenceMax.read(&artifact, &given).unwrap()
    }

    fn only(reading: &Reading) -> (&'static str, String) {
        assert_eq!(reading.rows.len(), 1, "{:?}", reading.warnings);
        let ((generation, fate), _) = reading.fates.iter().next().unwrap();
        assert_eq!(*fate, Fate::Taken);
        assert_eq!(reading.unknown_keys, BTreeMap::new());
        (generation, reading.rows[0].identity.to_string())
    }

    fn identity_of(name: &str, content: &Value) -> (&'static str, String) {
        only(&read_file(name, content))
    }

    #[test]
    fn generation_2025_08_has_its_identity_in_the_name() {
        let object = with(figures(), json!({ "tp": 4 }));
        let expected = ("2025-08", "h200::vllm::fp8::1024x1024::tp4_ep1::c16".to_owned());
        let name = "agg_70b_1k1k_vllm_fp8_tp4_conc16_h200-nb_1.json";
        assert_eq!(identity_of(name, &object), expected);
        let reading = read_file(name, &object);
        assert_eq!(reading.rows[0].provenance.run_id, "7");
        assert_eq!(reading.rows[0].measured.means[Metric::OutputThroughput], None);
        // Without framework in the name there is none to guess.
        let reading = read_file("agg_70b_1k1k_tp4_conc16_h200-nb_1.json", &object);
        assert_eq!(reading.rows.len(), 0);
        assert!(reading.warnings[0].ends_with("no framework"), "{:?}", reading.warnings);
    }

    #[test]
    fn generation_2025_09_names_framework_and_precision_and_mtp() {
        let object = with(
            figures(),
            json!({ "tp": 2, "framework": "trt", "precision": "fp4", "mtp": "mtp1" }),
        );
        let name = "agg_70b_8k1k_fp4_trt_tp2_conc16_b200-nv_0.json";
        let (generation, identity) = identity_of(name, &object);
        assert_eq!(generation, "2025-09");
        assert_eq!(identity, "h200::trt::fp4::8192x1024::tp2_ep1::c16::spec-mtp");
    }

    #[test]
    fn generation_2025_10_gives_output_throughput_alone_or_in_an_aggregate() {
        let object = with(
            figures(),
            json!({
                "tp": 2, "framework": "trt", "precision": "fp4", "output_tput_per_gpu": 450.0,
                "input_tput_per_gpu": 450.0
            }),
        );
        let expected = ("2025-10", "h200::trt::fp4::1024x8192::tp2_ep1::c16".to_owned());
        let name = "agg_70b_1k8k_fp4_trt_tp2_conc16_h200-nv_0.json";
        assert_eq!(identity_of(name, &object), expected);
        let reading = read_file("agg_70b_1k8k.json", &json!([object]));
        assert_eq!(only(&reading), expected);
        assert_eq!(reading.rows[0].measured.means[Metric::OutputThroughput], Some(450.0));
    }

    #[test]
    fn generation_2025_11_has_experts_and_attention() {
        let object = with(
            figures(),
            json!({
                "tp": 4, "ep": 4, "dp_attention": "true", "framework": "trt", "precision": "fp4",
                "isl": 1024, "osl": 1024
            }),
        );
        let expected = ("2025-11", "h200::trt::fp4::1024x1024::tp4_ep4_dpa::c16".to_owned());
        let name = "agg_gptoss_1k1k_fp4_trt_tp4_ep4_dpa_true_conc16_h200-nv_0.json";
        assert_eq!(identity_of(name, &object), expected);
        let mut old = object;
        for key in ["isl", "osl", "ep", "dp_attention"] {
            old.as_object_mut().unwrap().remove(key);
        }
        let old = with(old, json!({ "disagg": false }));
        assert_eq!(identity_of(name, &old), expected, "from the name alone");
        let name = "agg_gptoss_1k1k_fp4_trt_tp4_ep4_dpa_true_conc16_specdecode_mtp_h200-nv_0.json";
        assert!(identity_of(name, &old).1.ends_with("c16::spec-mtp"));
        let name =
            "agg_gptoss_1k1k_fp4_trt_tp4-ep4-dpatrue_disagg-false_spec-none_conc16_h200.json";
        assert_eq!(identity_of(name, &old), expected);
        let contradiction = read_file("agg_70b_1k1k_fp4_trt_tp8_conc16_h200.json", &old);
        assert!(contradiction.warnings[0].contains("tp is 4, and 8 in the file's name"));
    }

    /// A result of several nodes, two pools.
    fn pools() -> Value {
        with(
            figures(),
            json!({
                "hw": "gb200", "framework": "dynamo-trt", "precision": "fp4", "isl": 8192,
                "osl": 1024, "image": "engine:1", "infmax_model_prefix": "70b",
                "spec_decoding": "none", "is_multinode": true, "disagg": true, "prefill_tp": 1,
                "prefill_ep": 1, "prefill_dp_attention": "false", "prefill_num_workers": 2,
                "num_prefill_gpu": 2, "decode_tp": 4, "decode_ep": 4,
                "decode_dp_attention": "true", "decode_num_workers": 1, "num_decode_gpu": 4
            }),
        )
    }

    #[test]
    fn generation_2025_12_has_pools() {
        let pooled = "gb200::dynamo-trt::fp4::8192x1024::\
                      prefill-2w2g_tp1_ep1+decode-1w4g_tp4_ep4_dpa::c16::multinode";
        let expected = ("2025-12", pooled.to_owned());
        assert_eq!(identity_of("agg_bmk.json", &json!([pools()])), expected);
        let name = "agg_70b_8k1k_fp4_dynamo-trt_prefill-tp1-pp1-ep1-dpfalse-nw2_\
                    decode-tp4-pp1-ep4-dptrue-nw1_disagg-true_spec-none_conc16x32_gb200.json";
        assert_eq!(identity_of(name, &pools()), expected);
        // Several nodes with one engine are called prefill, and zeros decode.
        let one = with(
            pools(),
            json!({
                "disagg": false, "prefill_tp": 16, "prefill_num_workers": 1, "num_prefill_gpu": 16,
                "decode_tp": 0, "decode_ep": 0, "decode_num_workers": 0, "num_decode_gpu": 0
            }),
        );
        let (_, identity) = identity_of("agg_bmk.json", &json!([one]));
        assert_eq!(identity, "gb200::dynamo-trt::fp4::8192x1024::tp16_ep1::c16::multinode");
    }

    #[test]
    fn generation_2026_03_adds_percentiles() {
        let object = with(pools(), json!({ "p90_ttft": 0.4, "p99.9_ttft": 0.7, "p99.9_itl": 0.1 }));
        let reading = read_file("agg_bmk.json", &json!([object]));
        assert_eq!(only(&reading).0, "2026-03");
        let measured = &reading.rows[0].measured;
        assert_eq!((measured.p90_ttft, measured.p99_9_ttft), (Some(0.4), Some(0.7)));
    }

    #[test]
    fn generation_2026_05_adds_power_and_agents() {
        let object = with(pools(), json!({ "avg_power_w": 700.0, "joules_per_output_token": 2.0 }));
        let reading = read_file("agg_bmk.json", &json!([object]));
        assert_eq!(only(&reading).0, "2026-05");
        let measured = &reading.rows[0].measured;
        assert_eq!(measured.average_power_watts_per_gpu, Some(700.0));
        assert_eq!(measured.joules_per_output_token, None, "of one pool or of all?");
        let agent = json!({
            "hw": "cluster:h100-dgxc", "conc": 4, "model": "m", "framework": "sglang",
            "scenario_type": "agentic-coding", "request_metrics": { "latency": {} }
        });
        let reading = read_file("agg_bmk.json", &json!([agent]));
        let fate =
            Fate::Skipped("agentic scenario: prompts of many turns, of no one length".into());
        assert_eq!(reading.fates[&("2026-05", fate)], 1);
    }

    #[test]
    fn generation_2026_07_adds_stages_and_context_parallelism() {
        let object = with(
            figures(),
            json!({
                "hw": "cluster:h200-dgxc", "framework": "vllm", "precision": "fp8", "isl": 1024,
                "osl": 1024, "tp": 4, "ep": 1, "pp": 2, "pcp_size": 2, "dcp_size": 4,
                "dp_attention": "false", "disagg": false, "is_multinode": false
            }),
        );
        let reading = read_file("agg_bmk.json", &json!([object]));
        let (generation, identity) = only(&reading);
        assert_eq!(generation, "2026-07");
        assert_eq!(identity, "h200::vllm::fp8::1024x1024::tp4_ep1_pp2_pcp2_dcp4::c16");
        assert_eq!(reading.rows[0].identity.gpus(), 16);
        let mixed = with(pools(), json!({ "prefill_hw": "h200-nb", "decode_hw": "b200" }));
        let (_, identity) = identity_of("agg_bmk.json", &json!([mixed]));
        assert!(identity.starts_with("h200+b200::"), "{identity}");
    }

    #[test]
    fn generation_2026_08_says_what_its_energy_is_of() {
        let object = with(
            pools(),
            json!({
                "recipe_fingerprint": "abc", "power_metric_schema_version": 2, "power_valid": 1,
                "avg_power_w": 700.0, "joules_per_output_token": 2.0
            }),
        );
        let reading = read_file("agg_bmk.json", &json!([object.clone()]));
        assert_eq!(only(&reading).0, "2026-08");
        assert_eq!(reading.rows[0].measured.joules_per_output_token, Some(2.0));
        let reading =
            read_file("agg_bmk.json", &json!([with(object, json!({ "power_valid": 0 }))]));
        assert_eq!(reading.rows[0].measured.joules_per_output_token, None);
    }

    #[test]
    fn keys_of_tomorrow_are_counted_and_named() {
        let object = with(pools(), json!({ "a_key_of_tomorrow": [1, 2] }));
        let reading = read_file("agg_bmk.json", &json!([object.clone(), object]));
        assert_eq!(reading.unknown_keys["a_key_of_tomorrow"], 2);
    }
}
