//! Results of NVIDIA's AIPerf and its forerunner genai-perf: a file of statistics a metric, as JSON or
//! as CSV. `inter_token_latency` of both *is* TPOT: (latency − TTFT) / (output tokens − 1) a request.

use std::collections::BTreeMap;

use super::draft::{Draft, Fields};
use super::{Artifact, GivenFacts, Reading, SourceReader};
use crate::base::error::{Error, Place, Result};

/// One of the two.
pub(super) struct PerfAnalyzer {
    name: &'static str,
    about: &'static str,
    /// What of the JSON only this one has.
    mark: &'static str,
    /// Where it holds the concurrency.
    concurrency: &'static str,
    /// Where it holds the model's name.
    model: &'static str,
    /// Where it holds the nominal lengths.
    lengths: [&'static str; 2],
    /// A metric of the CSV that only this one names so.
    csv_mark: &'static str,
}

/// AIPerf's.
pub(super) const AIPERF: PerfAnalyzer = PerfAnalyzer {
    name: "aiperf",
    about: "AIPerf, profile_export_aiperf.json or .csv",
    mark: "/input_config/loadgen",
    concurrency: "/input_config/loadgen/concurrency",
    model: "/input_config/endpoint/model_names/0",
    lengths: [
        "/input_config/input/prompt/input_tokens/mean",
        "/input_config/input/prompt/output_tokens/mean",
    ],
    csv_mark: "Benchmark Duration (sec)",
};

/// genai-perf's.
pub(super) const GENAI_PERF: PerfAnalyzer = PerfAnalyzer {
    name: "genai-perf",
    about: "genai-perf, profile_export_genai_perf.json or .csv",
    mark: "/input_config/perf_analyzer",
    concurrency: "/input_config/perf_analyzer/stimulus/concurrency",
    model: "/input_config/model_names/0",
    lengths: [
        "/input_config/input/synthetic_tokens/mean",
        "/input_config/input/output_tokens/mean",
    ],
    csv_mark: "Request Throughput (per sec)",
};

const TTFT: &str = "time_to_first_token";
const TPOT: &str = "inter_token_latency";
const E2E: &str = "request_latency";
const OUTPUT_RATE: &str = "output_token_throughput";
const INPUT_LENGTH: &str = "input_sequence_length";
const OUTPUT_LENGTH: &str = "output_sequence_length";

impl SourceReader for PerfAnalyzer {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        let json = artifact
            .sniff()
            .is_some_and(|value| value.pointer(self.mark).is_some() && value.get(E2E).is_some());
        let csv = is_csv(artifact) && artifact.text.contains(self.csv_mark);
        json || csv || (self.name == AIPERF.name && is_request_by_request(artifact))
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let place = Place::file(&artifact.path);
        if is_csv(artifact) {
            let statistics = csv_statistics(artifact)?;
            reading.unended(artifact);
            reading.unnamed(&place);
            let draft = draft(&statistics);
            reading.take(self.name, draft.finish(artifact, &place, given)?);
            return Ok(reading);
        }
        if is_request_by_request(artifact) {
            reading.skip(
                self.name,
                "requests one by one: read the profile_export_aiperf.json that lies beside it",
            );
            return Ok(reading);
        }
        artifact.not_empty()?;
        if !artifact.text.trim_start().starts_with('{') {
            return Err(
                artifact.error("neither a JSON object nor a table that begins with `Metric,avg`")
            );
        }
        let fields = Fields { value: artifact.json()?, place: &place };
        match fields.text(self.model)? {
            Some(model) if !reading.wants(self.name, &[model], given) => return Ok(reading),
            Some(_) => {}
            None => reading.unnamed(&place),
        }
        if fields.get("/was_cancelled").is_some_and(|cancelled| cancelled == true) {
            reading.skip(self.name, "the run was cancelled");
            return Ok(reading);
        }
        let mut draft = draft(&json_statistics(fields)?);
        draft.concurrency = fields.count(self.concurrency)?;
        draft.input_seq_len = fields.count(self.lengths[0])?;
        draft.output_seq_len = fields.count(self.lengths[1])?;
        draft.date = fields.text("/start_time")?.and_then(|time| time.get(..10)).map(str::to_owned);
        reading.take(self.name, draft.finish(artifact, &place, given)?);
        Ok(reading)
    }
}

/// Whether it is the table of statistics.
fn is_csv(artifact: &Artifact) -> bool {
    artifact.text.starts_with("Metric,avg")
}

/// Whether it is AIPerf's other file, a line a request.
fn is_request_by_request(artifact: &Artifact) -> bool {
    artifact.text.lines().next().is_some_and(|line| line.contains("\"request_start_ns\""))
}

/// The statistics of a metric: seconds, tokens, or tokens/s.
type Statistics = BTreeMap<(String, String), f64>;

fn draft(statistics: &Statistics) -> Draft {
    let get = |metric: &str, statistic: &str| {
        statistics.get(&(metric.to_owned(), statistic.to_owned())).copied()
    };
    Draft {
        mean_input_tokens: get(INPUT_LENGTH, "avg"),
        mean_output_tokens: get(OUTPUT_LENGTH, "avg"),
        output_tokens_per_s: get(OUTPUT_RATE, "avg"),
        ttft: get(TTFT, "avg"),
        p90_ttft: get(TTFT, "p90"),
        p99_ttft: get(TTFT, "p99"),
        tpot: get(TPOT, "avg"),
        e2e_latency: get(E2E, "avg"),
        median_e2e_latency: get(E2E, "p50"),
        ..Draft::default()
    }
}

const WANTED: [&str; 6] = [TTFT, TPOT, E2E, OUTPUT_RATE, INPUT_LENGTH, OUTPUT_LENGTH];

/// The statistics that something is made of; a metric of one value has it as `Value`.
const USED: [&str; 5] = ["avg", "p50", "p90", "p99", "Value"];

fn json_statistics(fields: Fields<'_>) -> Result<Statistics> {
    let mut statistics = Statistics::new();
    for metric in WANTED {
        let unit = fields.text(&format!("/{metric}/unit"))?.unwrap_or_default();
        for statistic in &USED[..4] {
            let pointer = format!("/{metric}/{statistic}");
            if let Some(value) = fields.number(&pointer)? {
                let divisor = divisor(unit)
                    .ok_or_else(|| fields.error(&pointer, format!("unknown unit `{unit}`")))?;
                statistics.insert((metric.to_owned(), (*statistic).to_owned()), value / divisor);
            }
        }
    }
    Ok(statistics)
}

/// What a value in a unit is to be divided by.
fn divisor(unit: &str) -> Option<f64> {
    match unit {
        "s" | "sec" | "tokens" | "tokens/sec" | "tokens/s" => Some(1.0),
        "ms" => Some(1e3),
        "us" => Some(1e6),
        "ns" => Some(1e9),
        _ => None,
    }
}

/// Two tables with a blank line between: statistics of metrics, then metrics of one value.
fn csv_statistics(artifact: &Artifact) -> Result<Statistics> {
    let mut statistics = Statistics::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(artifact.text.as_bytes());
    let mut header: Vec<String> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| artifact.error(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let place = || Place::line(&artifact.path, line);
        let Some(name) = record.get(0) else { continue };
        if name == "Metric" {
            header = record.iter().map(str::to_owned).collect();
            continue;
        }
        if record.len() != header.len() {
            let message = format!("{} cells where the header has {}", record.len(), header.len());
            return Err(Error::content(place(), message));
        }
        let (title, unit) = match name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")) {
            Some((title, unit)) => (title, Some(unit)),
            None => (name, None),
        };
        let metric = title.to_lowercase().replace(' ', "_");
        let Some(metric) = WANTED.into_iter().find(|wanted| *wanted == metric) else { continue };
        let unit = unit
            .ok_or_else(|| Error::content(place(), format!("`{name}` is not <metric> (<unit>)")))?;
        let divisor = divisor(unit)
            .ok_or_else(|| Error::content(place(), format!("unknown unit `{unit}`")))?;
        for (column, cell) in header.iter().zip(record.iter()).skip(1) {
            if !USED.contains(&column.as_str()) {
                continue;
            }
            // genai-perf groups thousands.
            let number =
                cell.replace(',', "").parse().ok().filter(|number: &f64| number.is_finite());
            let number = number.ok_or_else(|| {
                Error::content(
                    place().in_column(column.as_str()),
                    format!("`{cell}` is not a number"),
                )
            })?;
            let statistic = if column == "Value" { "avg" } else { column };
            statistics.insert((metric.to_owned(), statistic.to_owned()), number / divisor);
        }
    }
    // It stands in the second table, so that a file without it is not whole.
    if !statistics.contains_key(&(OUTPUT_RATE.to_owned(), "avg".to_owned())) {
        return Err(artifact
            .error("no line `Output Token Throughput (tokens/sec)`")
            .with_help("the file may be cut short: make or fetch it again"));
    }
    Ok(statistics)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
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
}
