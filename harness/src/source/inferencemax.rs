//! InferenceMAX (InferenceX since 2026): aggregated artifacts, `agg_bmk.json`, a JSON array of
//! result objects for all models and GPUs of a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Extraction;
use crate::error::{Error, Place, Result};
use crate::file;
use crate::metric::{Metric, PerMetric};
use crate::row::{Identity, Layout, Measured, Parallelism, Pool, Provenance, Repeatability, Row};

/// A result object as published. All latencies are seconds, throughputs tokens/s/GPU; unknown keys
/// are ignored.
#[derive(Debug, Deserialize)]
struct Object {
    hw: Option<String>,
    infmax_model_prefix: Option<String>,
    model: Option<String>,
    framework: Option<String>,
    precision: Option<String>,
    spec_decoding: Option<String>,
    scenario_type: Option<String>,
    image: Option<String>,
    isl: Option<u32>,
    osl: Option<u32>,
    conc: Option<u32>,
    tp: Option<u32>,
    ep: Option<u32>,
    dp_attention: Option<Flag>,
    disagg: Option<Flag>,
    is_multinode: Option<Flag>,
    prefill_tp: Option<u32>,
    prefill_ep: Option<u32>,
    prefill_dp_attention: Option<Flag>,
    prefill_num_workers: Option<u32>,
    num_prefill_gpu: Option<u32>,
    decode_tp: Option<u32>,
    decode_ep: Option<u32>,
    decode_dp_attention: Option<Flag>,
    decode_num_workers: Option<u32>,
    num_decode_gpu: Option<u32>,
    tput_per_gpu: Option<f64>,
    output_tput_per_gpu: Option<f64>,
    mean_ttft: Option<f64>,
    p99_ttft: Option<f64>,
    mean_tpot: Option<f64>,
    mean_e2el: Option<f64>,
    median_e2el: Option<f64>,
}

/// A truth value, which some generations publish as a string.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Text(String),
}

impl Flag {
    fn get(flag: Option<&Self>) -> Result<bool, String> {
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

/// Reads every `agg_*.json` below `folder`, and of each configuration of the models named
/// `artifact_models` takes the newest result: run ids grow with time.
///
/// `run_dates` gives runs' dates (RFC 3339) by id; the artifacts do not hold them. Results that
/// measure the same configuration on the same image in other runs become the row's
/// [`Repeatability`].
pub fn extract(
    folder: &Path,
    provider: &str,
    artifact_models: &[String],
    run_dates: &BTreeMap<String, String>,
) -> Result<Extraction> {
    let mut extraction = Extraction::default();
    let mut measurements: BTreeMap<Identity, Vec<(u64, Row)>> = BTreeMap::new();
    for path in aggregates(folder)? {
        let run = run_id(&path)?;
        extraction.files += 1;
        let objects = read_objects(&path)?;
        if objects.is_empty() {
            extraction.warnings.push(format!("run {run} has no results: {}", path.display()));
        }
        for (index, value) in objects.into_iter().enumerate() {
            extraction.results += 1;
            match read_object(value, provider, artifact_models, run, run_dates) {
                Ok(row) => measurements.entry(row.identity.clone()).or_default().push((run, row)),
                Err(Skip::OtherModel(reason)) => extraction.skip(reason),
                Err(Skip::Unusable(reason)) => {
                    let place = format!("{}: result {}", path.display(), index + 1);
                    extraction.warnings.push(format!("{place} not taken: {reason}"));
                    extraction.skip(reason);
                }
            }
        }
    }
    if extraction.files == 0 {
        return Err(Error::usage(format!("no agg_*.json below {}", folder.display()))
            .with_help("name the folder that holds run_<id>/agg_bmk.json"));
    }
    for (identity, mut runs) in measurements {
        runs.sort_by_key(|(run, _)| *run);
        for pair in runs.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            extraction
                .warnings
                .push(format!("run {} holds {identity} twice; the later one counts", pair[0].0));
        }
        for _ in 1..runs.len() {
            extraction.skip("superseded by a newer run of the same configuration");
        }
        let image = runs.last().and_then(|(_, row)| row.provenance.image.clone());
        let same_image: Vec<&Row> =
            runs.iter().map(|(_, row)| row).filter(|row| row.provenance.image == image).collect();
        let repeatability = repeatability(&same_image);
        if let Some((_, row)) = runs.pop() {
            extraction.rows.push(Row { repeatability, ..row });
        }
    }
    if extraction.rows.is_empty() {
        return Err(Error::usage(format!(
            "none of {} results is of {}",
            extraction.results,
            artifact_models.join(" or ")
        ))
        .with_help("artifact_models in reconcile.toml lists the provider's names of the model"));
    }
    Ok(extraction)
}

/// The aggregated artifacts below a folder, sorted by path.
fn aggregates(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|source| Error::io("read", &folder, source))?;
        for entry in entries {
            let path = entry.map_err(|source| Error::io("read", &folder, source))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.starts_with("agg_")
                && path.extension().is_some_and(|extension| extension == "json")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The run that an artifact belongs to, by the `run_<id>` in its path.
fn run_id(path: &Path) -> Result<u64> {
    path.ancestors()
        .find_map(|folder| folder.file_name()?.to_str()?.strip_prefix("run_")?.parse().ok())
        .ok_or_else(|| {
            Error::content(
                Place::file(path),
                "no folder run_<id> in its path: which run it is of is unknown",
            )
            .with_help("keep each run's artifact in a folder run_<id>")
        })
}

fn read_objects(path: &Path) -> Result<Vec<serde_json::Value>> {
    let text = file::read_text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let place = Place::line(path, error.line() as u64).in_column(error.column().to_string());
        Error::content(place, format!("not an array of results: {error}"))
            .with_help("fetch the artifact again; it may be cut short")
    })
}

/// Why a result is not taken.
enum Skip {
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

fn read_object(
    value: serde_json::Value,
    provider: &str,
    artifact_models: &[String],
    run: u64,
    run_dates: &BTreeMap<String, String>,
) -> Result<Row, Skip> {
    let object: Object = serde_json::from_value(value)
        .map_err(|error| Skip::Unusable(format!("malformed: {error}")))?;
    let names = [&object.infmax_model_prefix, &object.model];
    if !names.into_iter().flatten().any(|name| artifact_models.contains(name)) {
        let name = names.into_iter().flatten().next().map_or("unnamed", String::as_str);
        return Err(Skip::OtherModel(format!("another model: {name}")));
    }
    if object.scenario_type.as_deref().is_some_and(|kind| kind.contains("agentic")) {
        return Err(Skip::Unusable("agentic scenario: lengths vary within a request".to_owned()));
    }
    let identity = identity(&object)?;
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
    };
    let run_id = run.to_string();
    let benchmark_date = run_dates.get(&run_id).cloned();
    Ok(Row {
        provider: provider.to_owned(),
        identity,
        measured,
        provenance: Provenance { benchmark_date, run_id, image: object.image },
        repeatability: None,
    })
}

fn identity(object: &Object) -> Result<Identity, String> {
    let parallelism =
        |prefix: &str, tp: Option<u32>, ep: Option<u32>, dp_attention: &Option<Flag>| {
            Ok::<_, String>(Parallelism {
                tensor_parallel: above_zero(&format!("{prefix}tp"), tp)?,
                expert_parallel: above_zero(&format!("{prefix}ep"), ep.or(Some(1)))?,
                dp_attention: Flag::get(dp_attention.as_ref())?,
            })
        };
    let layout = if Flag::get(object.disagg.as_ref())? {
        Layout::Disaggregated {
            prefill: Pool {
                parallelism: parallelism(
                    "prefill_",
                    object.prefill_tp,
                    object.prefill_ep,
                    &object.prefill_dp_attention,
                )?,
                workers: above_zero("prefill_num_workers", object.prefill_num_workers)?,
                gpus: above_zero("num_prefill_gpu", object.num_prefill_gpu)?,
            },
            decode: Pool {
                parallelism: parallelism(
                    "decode_",
                    object.decode_tp,
                    object.decode_ep,
                    &object.decode_dp_attention,
                )?,
                workers: above_zero("decode_num_workers", object.decode_num_workers)?,
                gpus: above_zero("num_decode_gpu", object.num_decode_gpu)?,
            },
        }
    } else {
        Layout::Aggregated(parallelism("", object.tp, object.ep, &object.dp_attention)?)
    };
    let name = |key: &str, value: &Option<String>| value.clone().ok_or_else(|| format!("no {key}"));
    Ok(Identity {
        gpu_model: gpu_model(&name("hw", &object.hw)?),
        framework: name("framework", &object.framework)?,
        precision: name("precision", &object.precision)?,
        input_seq_len: above_zero("isl", object.isl)?,
        output_seq_len: above_zero("osl", object.osl)?,
        layout,
        concurrency: above_zero("conc", object.conc)?,
        spec_decoding: object.spec_decoding.clone().unwrap_or_else(|| "none".to_owned()),
        is_multinode: Flag::get(object.is_multinode.as_ref())?,
    })
}

fn above_zero(key: &str, value: Option<u32>) -> Result<u32, String> {
    match value {
        None => Err(format!("no {key}")),
        Some(0) => Err(format!("{key} is 0")),
        Some(value) => Ok(value),
    }
}

/// How far the measurements of one configuration lie apart; `None` for a single one.
fn repeatability(rows: &[&Row]) -> Option<Repeatability> {
    if rows.len() < 2 {
        return None;
    }
    let max_min = |metric| {
        let values: Vec<f64> = rows.iter().filter_map(|row| row.measured.means[metric]).collect();
        let max = values.iter().copied().fold(f64::MIN, f64::max);
        let min = values.iter().copied().fold(f64::MAX, f64::min);
        if values.is_empty() { 1.0 } else { max / min }
    };
    Some(Repeatability {
        repeats: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        throughput_max_min_ratio: max_min(Metric::Throughput),
        ttft_max_min_ratio: max_min(Metric::Ttft),
        tpot_max_min_ratio: max_min(Metric::Tpot),
        e2e_latency_max_min_ratio: max_min(Metric::E2eLatency),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hw_loses_its_runner_and_keeps_its_gpu() {
        for (hw, gpu) in [
            ("b200-trt", "b200"),
            ("h200-nb_1", "h200"),
            ("cluster:h100-dgxc", "h100"),
            ("gb200-multinode-slurm", "gb200"),
            ("mi355x", "mi355x"),
            ("mi300x-amd_12", "mi300x"),
        ] {
            assert_eq!(gpu_model(hw), gpu);
        }
    }
}
