//! The keys of a result, and the generation of the schema that introduced each.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::base::tally::Tally;

/// A result object as published. All latencies are seconds, throughputs tokens/s/GPU.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ResultObject {
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
    /// All other keys.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

impl ResultObject {
    /// The names of the model, the short name of the sweeps first.
    pub(super) fn model_names(&self) -> Vec<&str> {
        [&self.infmax_model_prefix, &self.model].into_iter().flatten().map(String::as_str).collect()
    }

    /// Counts the keys that belong to no known generation.
    pub(super) fn count_unknown(&self, unknown: &mut Tally<String>) {
        for key in self.rest.keys().filter(|key| !is_known(key)) {
            unknown.add(key.clone(), 1);
        }
    }

    /// The energy per output token over all GPUs, J. Before the schema had a version, the figure of several
    /// nodes was sometimes that of one pool and sometimes that of all, without saying which.
    pub(super) fn joules_per_output_token(&self) -> Option<f64> {
        let several_nodes = self.num_decode_gpu.is_some();
        let is_whole = !several_nodes || self.power_metric_schema_version.is_some_and(|v| v >= 2);
        self.joules_per_output_token.filter(|_| is_whole && self.power_valid != Some(0))
    }
}

/// Keys of known generations that are not read.
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

/// The statistics of the latencies. Only some of them are read.
const STATISTICS: [&str; 7] = ["mean", "median", "std", "p90", "p95", "p99", "p99.9"];
const LATENCIES: [&str; 5] = ["ttft", "tpot", "itl", "e2el", "intvty"];

/// Whether a key that is not read belongs to a known generation.
fn is_known(key: &str) -> bool {
    let is_statistic = key.split_once('_').is_some_and(|(statistic, latency)| {
        STATISTICS.contains(&statistic) && LATENCIES.contains(&latency)
    });
    is_statistic || LEFT_ALONE.contains(&key)
}

/// The generations of the schema, newest first, each with keys that it introduced.
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

/// The generation of the schema that a result follows.
pub(super) fn generation(value: &Value) -> &'static str {
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
