//! Reports of TensorRT-LLM's `trtllm-bench throughput|latency --report_json`
//! (`tensorrt_llm/bench/dataclasses/reporting.py`): milliseconds, tokens/s of the whole system.

use super::draft::Draft;
use super::json_fields::{JsonFields, ms, whole};
use super::{Artifact, GivenFacts, Reading, SourceReader};
use crate::base::error::{Place, Result};

/// Reports of `trtllm-bench`.
pub(super) struct TrtllmBench;

const NAME: &str = "trtllm-bench";

impl SourceReader for TrtllmBench {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "trtllm-bench --report_json"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        artifact.has_keys(&["engine", "world_info", "request_info", "performance"])
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let place = Place::file(&artifact.path);
        let fields = JsonFields { value: artifact.json()?, place: &place };
        if !reading.wants_model(NAME, fields.text("/engine/model")?, given, &place) {
            return Ok(reading);
        }
        // The report holds the mean number of requests in flight, which is what Little's law needs.
        let in_flight = fields.number("/request_info/avg_num_concurrent_requests")?.and_then(whole);
        if fields.get("/streaming_metrics").is_none() {
            reading
                .warnings
                .push(format!("{place} was run without --streaming: it holds no TTFT and no TPOT"));
        }
        let quantization = fields.text("/engine/quantization")?.or(fields.text("/engine/dtype")?);
        let draft = Draft {
            framework: Some("trt".to_owned()),
            precision: quantization.map(precision),
            tensor_parallel: fields.count("/world_info/tp_size")?,
            pipeline_parallel: fields.count("/world_info/pp_size")?,
            expert_parallel: fields.count("/world_info/ep_size")?,
            concurrency: in_flight,
            mean_input_tokens: fields.number("/request_info/avg_input_length")?,
            mean_output_tokens: fields.number("/request_info/avg_output_length")?,
            total_tokens_per_s: fields.number("/performance/system_total_throughput_tok_s")?,
            output_tokens_per_s: fields.number("/performance/system_output_throughput_tok_s")?,
            ttft: ms(fields.number("/streaming_metrics/avg_ttft_ms")?),
            p90_ttft: ms(fields.number("/streaming_metrics/ttft_percentiles/p90")?),
            p99_ttft: ms(fields.number("/streaming_metrics/ttft_percentiles/p99")?),
            tpot: ms(fields.number("/streaming_metrics/avg_tpot_ms")?),
            e2e_latency: ms(fields.number("/performance/avg_request_latency_ms")?),
            median_e2e_latency: ms(
                fields.number("/performance/request_latency_percentiles_ms/p50")?
            ),
            ..Draft::default()
        };
        reading.take(NAME, draft.finish(artifact, &place, given)?);
        Ok(reading)
    }
}

/// The project's name of a quantization: `NVFP4` is `fp4`, `FP8` is `fp8`, `bfloat16` is `bf16`.
fn precision(quantization: &str) -> String {
    match quantization.to_ascii_lowercase().as_str() {
        "nvfp4" | "fp4" | "w4a8_mxfp4_fp8" | "mxfp4" => "fp4".to_owned(),
        "bfloat16" => "bf16".to_owned(),
        "float16" => "fp16".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::row::metric::Metric;

    #[test]
    fn a_report_is_a_row_at_its_mean_concurrency() {
        let report = json!({
            "engine": { "model": "m", "dtype": "bfloat16", "quantization": "FP8" },
            "world_info": { "tp_size": 2, "pp_size": 2, "ep_size": null, "world_size": 4 },
            "request_info": { "num_requests": 30, "avg_num_concurrent_requests": 14.6,
                              "avg_input_length": 1024.0, "avg_output_length": 512.0 },
            "performance": { "avg_request_latency_ms": 9000.0, "system_output_throughput_tok_s": 800.0,
                             "system_total_throughput_tok_s": 2400.0 },
            "streaming_metrics": { "avg_ttft_ms": 80.0, "avg_tpot_ms": 17.4 }
        });
        let artifact = Artifact::new(Path::new("report.json"), report.to_string());
        assert!(TrtllmBench.recognises(&artifact));
        let given = GivenFacts { gpu: Some("h100".to_owned()), ..GivenFacts::default() };
        let row = TrtllmBench.read(&artifact, &given).unwrap().rows.remove(0);
        assert_eq!(row.identity.to_string(), "h100::trt::fp8::1024x512::tp2_ep1_pp2::c15");
        assert_eq!(row.measured.means[Metric::Throughput], Some(600.0));
        assert_eq!(row.measured.means[Metric::E2eLatency], Some(9.0));
        let other = GivenFacts { models: vec!["x".to_owned()], ..given };
        assert!(TrtllmBench.read(&artifact, &other).unwrap().rows.is_empty());
    }
}
