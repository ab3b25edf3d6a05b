//! GuideLLM's benchmark reports: one benchmark per load, metrics with statistics over the successful
//! requests. TPOT is its `inter_token_latency_ms`; its `time_per_output_token_ms` includes the first token.

use super::draft::Draft;
use super::json_fields::{JsonFields, ms, requests};
use super::{Artifact, GivenFacts, Reading, SkipReason, SourceReader};
use crate::base::error::{Error, Place, Result};
use crate::row::metric::Metric;

/// Reports of GuideLLM.
pub(super) struct GuideLlm;

const NAME: &str = "guidellm";

impl SourceReader for GuideLlm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "GuideLLM's benchmarks.json"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        let first = artifact.sniff().and_then(|value| value.pointer("/benchmarks/0/metrics"));
        first.is_some_and(|metrics| metrics.get("inter_token_latency_ms").is_some())
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let benchmarks = artifact
            .json()?
            .get("benchmarks")
            .and_then(|benchmarks| benchmarks.as_array())
            .ok_or_else(|| artifact.error("no array `benchmarks`"))?;
        for (index, value) in benchmarks.iter().enumerate() {
            let place = Place::file(&artifact.path).in_column(format!("/benchmarks/{index}"));
            let fields = JsonFields { value, place: &place };
            read_benchmark(fields, artifact, given, &mut reading)?;
        }
        Ok(reading)
    }
}

/// Reads the benchmark of one load.
fn read_benchmark(
    fields: JsonFields<'_>,
    artifact: &Artifact,
    given: &GivenFacts,
    reading: &mut Reading,
) -> Result<()> {
    let place = fields.place;
    let model = match fields.text("/config/backend/model")? {
        None => fields.text("/config/backend/model_name")?,
        model => model,
    };
    if !reading.wants_model(NAME, model, given, place) {
        return Ok(());
    }
    let Some(concurrency) = concurrency(fields)?.or(given.concurrency) else {
        let kind = fields.text("/config/strategy/type_")?.unwrap_or("unnamed");
        reading.skip(NAME, SkipReason::NoConcurrency(kind.to_owned()));
        return Ok(());
    };
    for (kind, happened) in [("errored", "failed"), ("incomplete", "did not finish")] {
        let count = fields.number(&format!("/metrics/request_totals/{kind}"))?;
        if let Some(count) = count.filter(|count| *count > 0.0) {
            reading.warnings.push(format!("{place}: {}", requests(count, happened)));
        }
    }
    let draft = Draft { concurrency: Some(concurrency), ..figures(fields)? };
    let given = GivenFacts { concurrency: None, ..given.clone() };
    reading.take(NAME, draft.finish(artifact, place, &given)?);
    Ok(())
}

/// The figures of a benchmark.
fn figures(fields: JsonFields<'_>) -> Result<Draft> {
    let statistic =
        |metric: &str, name: &str| fields.number(&format!("/metrics/{metric}/successful/{name}"));
    let mean = |metric: &str| statistic(metric, "mean");
    let duration = fields.number("/duration")?.filter(|seconds| *seconds > 0.0);
    // The rates of the report are means over moments, not tokens over time.
    let rate = |metric: &str| {
        let tokens = statistic(metric, "total_sum")?;
        Ok::<_, Error>(tokens.zip(duration).map(|(tokens, seconds)| tokens / seconds))
    };
    Ok(Draft {
        mean_input_tokens: mean("prompt_token_count")?,
        mean_output_tokens: mean("output_token_count")?,
        total_tokens_per_s: rate("total_token_count")?,
        output_tokens_per_s: rate("output_token_count")?,
        ttft: ms(mean("time_to_first_token_ms")?),
        p99_ttft: ms(statistic("time_to_first_token_ms", "percentiles/p99")?),
        tpot: ms(mean("inter_token_latency_ms")?),
        e2e_latency: mean("request_latency")?,
        median_e2e_latency: statistic("request_latency", "median")?,
        derived: vec![Metric::Throughput, Metric::OutputThroughput],
        ..Draft::default()
    })
}

/// The requests in flight of a closed loop; `None` when requests arrive at a rate.
fn concurrency(fields: JsonFields<'_>) -> Result<Option<u32>> {
    Ok(match fields.text("/config/strategy/type_")? {
        Some("synchronous") => Some(1),
        Some("concurrent") => match fields.count("/config/strategy/streams")? {
            None => fields.count("/config/strategy/max_concurrency")?,
            streams => streams,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::intake::source::Fate;

    fn benchmark(strategy: &Value) -> Value {
        let metric = |mean: f64, sum: f64| json!({ "successful": { "mean": mean, "median": mean, "total_sum": sum, "percentiles": { "p99": 2.0 * mean } } });
        json!({
            "config": { "strategy": strategy, "backend": { "model": "m" } }, "duration": 10.0,
            "metrics": {
                "request_totals": { "successful": 20, "errored": 1, "incomplete": 0 },
                "request_latency": metric(4.0, 80.0), "prompt_token_count": metric(100.0, 2000.0),
                "output_token_count": metric(50.0, 1000.0), "total_token_count": metric(150.0, 3000.0),
                "time_to_first_token_ms": metric(200.0, 1.0), "inter_token_latency_ms": metric(77.5, 1.0),
                "time_per_output_token_ms": metric(80.0, 1.0)
            }
        })
    }

    #[test]
    fn each_closed_loop_is_a_row_and_a_rate_is_none() {
        let report = json!({ "benchmarks": [
            benchmark(&json!({ "type_": "concurrent", "streams": 8 })),
            benchmark(&json!({ "type_": "constant", "rate": 2.0, "max_concurrency": 10240 })),
        ] });
        let artifact = Artifact::new(Path::new("benchmarks.json"), report.to_string());
        assert!(GuideLlm.recognises(&artifact));
        let given = GivenFacts {
            gpu: Some("h100".to_owned()),
            framework: Some("vllm".to_owned()),
            precision: Some("fp8".to_owned()),
            tensor_parallel: Some(2),
            ..GivenFacts::default()
        };
        let reading = GuideLlm.read(&artifact, &given).unwrap();
        assert_eq!(reading.rows.len(), 1);
        let row = &reading.rows[0];
        assert_eq!(row.identity.to_string(), "h100::vllm::fp8::100x50::tp2_ep1::c8");
        assert_eq!(row.measured.means[Metric::Tpot], Some(0.0775));
        assert_eq!(row.measured.means[Metric::Throughput], Some(150.0));
        assert!(row.measured.derived[Metric::Throughput]);
        let skipped = Fate::Skipped(SkipReason::NoConcurrency("constant".to_owned()));
        assert_eq!(reading.fates.count(&(NAME, skipped)), 1);
        assert!(reading.warnings[0].contains("1 request failed"));
    }
}
