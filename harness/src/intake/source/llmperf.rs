//! Summaries of LLMPerf's `token_benchmark_ray.py`, in seconds. Its `inter_token_latency_s` is the mean time
//! per token of a request including the first token, so TPOT is computed from the latencies.

use super::draft::Draft;
use super::json_fields::{JsonFields, requests};
use super::{Artifact, GivenFacts, Reading, SkipReason, SourceReader};
use crate::base::error::{Place, Result};
use crate::row::metric::Metric;

/// Summaries of LLMPerf.
pub(super) struct LlmPerf;

const NAME: &str = "llmperf";

impl SourceReader for LlmPerf {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "LLMPerf's *_summary.json"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        artifact.has_keys(&["results_ttft_s_mean", "num_concurrent_requests"])
            || artifact.has_keys(&["request_output_throughput_token_per_s", "ttft_s"])
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let place = Place::file(&artifact.path);
        let value = artifact.json()?;
        if value.is_array() {
            let (items, summary) = ("responses", "*_summary.json");
            reading.skip(NAME, SkipReason::SingleRequests { items, summary });
            return Ok(reading);
        }
        let fields = JsonFields { value, place: &place };
        if !reading.wants_model(NAME, fields.text("/model")?, given, &place) {
            return Ok(reading);
        }
        if let Some(errors) = fields.number("/results_number_errors")?.filter(|n| *n > 0.0) {
            reading.warnings.push(format!("{place}: {}", requests(errors, "failed")));
        }
        let output = fields.number("/results_number_output_tokens_mean")?;
        let ttft = fields.number("/results_ttft_s_mean")?;
        let e2e_latency = fields.number("/results_end_to_end_latency_s_mean")?;
        let tpot = match (ttft, e2e_latency, output) {
            (Some(ttft), Some(e2e), Some(output)) if output > 1.0 => {
                Some((e2e - ttft) / (output - 1.0))
            }
            _ => None,
        };
        let time = fields.number("/timestamp")?;
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        let date = time.and_then(|time| jiff::Timestamp::from_second(time as i64).ok());
        let draft = Draft {
            input_seq_len: fields.count("/mean_input_tokens")?,
            output_seq_len: fields.count("/mean_output_tokens")?,
            concurrency: fields.count("/num_concurrent_requests")?,
            mean_input_tokens: fields.number("/results_number_input_tokens_mean")?,
            mean_output_tokens: output,
            output_tokens_per_s: fields.number("/results_mean_output_throughput_token_per_s")?,
            ttft,
            p99_ttft: fields.number("/results_ttft_s_quantiles_p99")?,
            tpot,
            e2e_latency,
            median_e2e_latency: fields.number("/results_end_to_end_latency_s_quantiles_p50")?,
            derived: vec![Metric::Tpot],
            date: date.map(|time| time.to_string()),
            ..Draft::default()
        };
        reading.take(NAME, draft.finish(artifact, &place, given)?);
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_is_a_row_whose_tpot_follows_from_its_latencies() {
        let summary = json!({
            "model": "m", "mean_input_tokens": 1024, "mean_output_tokens": 1024,
            "num_concurrent_requests": 16, "results_ttft_s_mean": 0.25,
            "results_inter_token_latency_s_mean": 0.0201, "results_end_to_end_latency_s_mean": 20.65,
            "results_number_input_tokens_mean": 1000, "results_number_output_tokens_mean": 1021,
            "results_mean_output_throughput_token_per_s": 770.0, "results_number_errors": 0,
            "timestamp": 1_780_000_000
        });
        let artifact = Artifact::new(Path::new("summary.json"), summary.to_string());
        assert!(LlmPerf.recognises(&artifact));
        let given = GivenFacts {
            gpu: Some("h100".to_owned()),
            framework: Some("vllm".to_owned()),
            precision: Some("fp8".to_owned()),
            tensor_parallel: Some(2),
            ..GivenFacts::default()
        };
        let row = LlmPerf.read(&artifact, &given).unwrap().rows.remove(0);
        assert_eq!(row.identity.to_string(), "h100::vllm::fp8::1024x1024::tp2_ep1::c16");
        approx::assert_relative_eq!(row.measured.means[Metric::Tpot].unwrap(), 0.02);
        assert!(row.measured.derived[Metric::Tpot] && row.measured.derived[Metric::Throughput]);
        assert_eq!(row.provenance.benchmark_date.as_deref(), Some("2026-05-28T20:26:40Z"));
        let responses = Artifact::new(
            Path::new("individual_responses.json"),
            json!([{ "ttft_s": 0.2, "request_output_throughput_token_per_s": 49.2 }]).to_string(),
        );
        let reading = LlmPerf.read(&responses, &given).unwrap();
        assert!(reading.rows.is_empty() && reading.fates.len() == 1, "{:?}", reading.fates);
    }
}
