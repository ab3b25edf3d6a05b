//! Rows of the InferenceX HTTP API, `GET /api/v1/benchmarks?model=…`: the keys of an artifact's result, some of them
//! renamed, with the figures under `metrics`. The GPU counts are right only for separate pools; those of a
//! single node are not read.

use serde::Deserialize;
use serde_json::Value;

use super::super::SkipReason;
use super::schema::{Flag, ResultObject};
use super::{CompleteResult, deserialize};

/// Keys that only a row of the API has.
pub(super) const SIGNATURE: [&str; 3] = ["hardware", "spec_method", "metrics"];

/// The generation that rows of the API are counted under.
pub(super) const GENERATION: &str = "api v1";

/// The keys of an API row that differ from those of an artifact's result.
#[derive(Debug, Deserialize)]
struct ApiRow {
    hardware: Option<String>,
    spec_method: Option<String>,
    /// A short name, like `infmax_model_prefix` in artifacts.
    model: Option<String>,
    date: Option<String>,
    run_url: Option<String>,
    #[serde(default)]
    metrics: serde_json::Map<String, Value>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

/// Reads a row of the API.
pub(super) fn read(value: &Value) -> Result<CompleteResult, SkipReason> {
    let mut row: ApiRow = deserialize(value)?;
    row.rest.append(&mut row.metrics);
    let mut object: ResultObject = deserialize(&row.rest.into())?;
    object.hw = row.hardware;
    object.spec_decoding = row.spec_method;
    object.infmax_model_prefix = row.model;
    let several_nodes = Flag::get(object.is_multinode.as_ref())?;
    if !Flag::get(object.disagg.as_ref())? && !several_nodes {
        // One engine, which the API writes as both pools.
        object.tp = object.prefill_tp;
        object.ep = object.prefill_ep;
        object.pp = object.prefill_pp;
        object.pcp_size = object.prefill_pcp_size;
        object.dcp_size = object.prefill_dcp_size;
        object.dp_attention.clone_from(&object.prefill_dp_attention);
        object.num_prefill_gpu = None;
        object.num_decode_gpu = None;
    }
    let run_id = row.run_url.as_deref().and_then(run_of).ok_or("no run in run_url".to_owned())?;
    Ok(CompleteResult { object, run_id, benchmark_date: row.date })
}

/// The id of the run in `https://github.com/…/actions/runs/27213443242/attempts/1`.
fn run_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("/runs/")?;
    let id = rest.split('/').next()?;
    id.parse::<u64>().ok().map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::intake::source::inferencemax::InferenceMax;
    use crate::intake::source::{Artifact, GivenFacts, Reading, SourceReader as _};

    fn api_row() -> Value {
        json!({
            "hardware": "b200", "framework": "trt", "model": "gptoss", "precision": "fp4",
            "spec_method": "none", "disagg": false, "is_multinode": false, "prefill_tp": 4,
            "prefill_ep": 4, "prefill_dp_attention": false, "prefill_num_workers": 0,
            "decode_tp": 4, "decode_ep": 4, "decode_dp_attention": false, "decode_num_workers": 0,
            "num_prefill_gpu": 16, "num_decode_gpu": 16, "isl": 1024, "osl": 1024, "conc": 64,
            "image": "engine:1", "workers": null, "date": "2026-06-11",
            "run_url": "https://github.com/o/r/actions/runs/27213443242/attempts/1",
            "metrics": { "mean_ttft": 0.1, "p99.9_ttft": 0.9, "mean_tpot": 0.01,
                         "mean_e2el": 9.4, "tput_per_gpu": 900.0, "avg_power_w": 600.0 }
        })
    }

    fn read(rows: &Value) -> Reading {
        let artifact = Artifact::new(Path::new("benchmarks.json"), rows.to_string());
        assert!(InferenceMax.recognises(&artifact));
        InferenceMax.read(&artifact, &GivenFacts::default()).unwrap()
    }

    #[test]
    fn a_single_nodes_gpus_are_its_parallelism_not_its_counts() {
        let reading = read(&json!([api_row()]));
        let row = &reading.rows[0];
        assert_eq!(row.identity.to_string(), "b200::trt::fp4::1024x1024::tp4_ep4::c64");
        assert_eq!(row.identity.gpus(), 4);
        assert_eq!(row.provenance.run_id, "27213443242");
        assert_eq!(row.provenance.benchmark_date.as_deref(), Some("2026-06-11"));
        assert_eq!(row.measured.p99_9_ttft, Some(0.9));
        assert!(reading.unknown_keys.is_empty(), "{:?}", reading.unknown_keys);
    }

    #[test]
    fn pools_keep_their_counts() {
        let mut row = api_row();
        for (key, value) in [("prefill_num_workers", 4), ("decode_num_workers", 2)] {
            row[key] = value.into();
        }
        row["disagg"] = true.into();
        row["num_decode_gpu"] = 8.into();
        let reading = read(&json!([row]));
        assert_eq!(reading.rows[0].identity.output_gpus(), 8);
    }
}
