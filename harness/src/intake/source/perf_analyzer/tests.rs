//! Both tools, both formats.

use std::path::Path;

use serde_json::json;

use super::{AIPERF, GENAI_PERF};
use crate::intake::source::{Artifact, GivenFacts, Reading, SourceReader as _};
use crate::row::metric::Metric;

fn given() -> GivenFacts {
    GivenFacts {
        gpu: Some("h100".to_owned()),
        framework: Some("vllm".to_owned()),
        precision: Some("fp8".to_owned()),
        tensor_parallel: Some(2),
        ..GivenFacts::default()
    }
}

fn aiperf() -> serde_json::Value {
    json!({
        "request_latency": { "unit": "ms", "avg": 10120.0, "p50": 10090.0, "p99": 11800.0 },
        "time_to_first_token": { "unit": "ms", "avg": 118.0, "p99": 780.0 },
        "inter_token_latency": { "unit": "ms", "avg": 10.8 },
        "output_token_throughput": { "unit": "tokens/sec", "avg": 2900.0 },
        "output_sequence_length": { "unit": "tokens", "avg": 924.0 },
        "input_sequence_length": { "unit": "tokens", "avg": 921.0 },
        "input_config": {
            "endpoint": { "model_names": ["m"] },
            "loadgen": { "concurrency": 32 },
            "input": { "prompt": { "input_tokens": { "mean": 1024 }, "output_tokens": { "mean": 1024 } } }
        },
        "was_cancelled": false, "start_time": "2026-06-01T12:00:00"
    })
}

fn read(text: String) -> Reading {
    let artifact = Artifact::new(Path::new("p.json"), text);
    assert!(AIPERF.recognises(&artifact) != GENAI_PERF.recognises(&artifact));
    let source = if AIPERF.recognises(&artifact) { AIPERF } else { GENAI_PERF };
    source.read(&artifact, &given()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn aiperf_json_is_a_row_whose_total_throughput_is_derived() {
    let reading = read(aiperf().to_string());
    let row = &reading.rows[0];
    assert_eq!(row.identity.to_string(), "h100::vllm::fp8::1024x1024::tp2_ep1::c32");
    assert_eq!(row.measured.means[Metric::Tpot], Some(0.0108));
    assert_eq!(row.measured.means[Metric::OutputThroughput], Some(1450.0));
    let total = row.measured.means[Metric::Throughput].unwrap();
    assert!((total - 1450.0 * (921.0 + 924.0) / 924.0).abs() < 1e-9);
    assert!(row.measured.derived[Metric::Throughput]);
    assert_eq!(row.provenance.benchmark_date.as_deref(), Some("2026-06-01"));
    let mut cancelled = aiperf();
    cancelled["was_cancelled"] = true.into();
    assert!(read(cancelled.to_string()).rows.is_empty());
}

#[test]
fn genai_perf_csv_groups_thousands_and_lacks_the_concurrency() {
    let text = "Metric,avg,min,p99,p50\nTime To First Token (ms),118.40,40.00,780.20,92.00\n\
                Request Latency (ms),\"10,120.00\",8.0,\"11,800.00\",\"10,090.00\"\n\
                Inter Token Latency (ms),10.71,9.90,11.05,10.74\n\
                Output Sequence Length (tokens),923.70,1,1,1\nInput Sequence Length (tokens),920.60,1,1,1\n\
                \nMetric,Value\nRequest Count,320.00\nOutput Token Throughput (tokens/sec),\"2,900.70\"\n\
                Request Throughput (per sec),3.14\n";
    let artifact = Artifact::new(Path::new("p.csv"), text.to_owned());
    assert!(GENAI_PERF.recognises(&artifact) && !AIPERF.recognises(&artifact));
    let message = GENAI_PERF.read(&artifact, &given()).unwrap_err().to_string();
    assert!(message.contains("the concurrency is not in the file"), "{message}");
    let given = GivenFacts { concurrency: Some(32), ..given() };
    let row = GENAI_PERF.read(&artifact, &given).unwrap().rows.remove(0);
    assert_eq!(row.identity.to_string(), "h100::vllm::fp8::921x924::tp2_ep1::c32");
    assert_eq!(row.measured.means[Metric::E2eLatency], Some(10.12));
    let artifact = Artifact::new(Path::new("p.csv"), text.replace("10.71", "fast"));
    let message = GENAI_PERF.read(&artifact, &given).unwrap_err().to_string();
    assert_eq!(message, "p.csv:4, column `avg`: `fast` is not a number");
}
