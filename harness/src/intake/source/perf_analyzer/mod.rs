//! Results of NVIDIA's AIPerf and its predecessor genai-perf: a file with statistics of each metric, as JSON or
//! as CSV. `inter_token_latency` of both *is* TPOT: (latency − TTFT) / (output tokens − 1) of each request.

mod csv_table;
mod statistics;
#[cfg(test)]
mod tests;

use super::json_fields::JsonFields;
use super::{Artifact, GivenFacts, Reading, SkipReason, SourceReader};
use crate::base::error::{Place, Result};
use statistics::{E2E, Statistics};

/// One of the two tools.
pub(super) struct PerfAnalyzer {
    name: &'static str,
    about: &'static str,
    /// The JSON pointer to an object that only this tool writes.
    mark: &'static str,
    /// The JSON pointer to the concurrency.
    concurrency: &'static str,
    /// The JSON pointer to the model's name.
    model: &'static str,
    /// The JSON pointers to the nominal input and output lengths.
    lengths: [&'static str; 2],
    /// A line of the CSV that only this tool writes.
    csv_mark: &'static str,
}

/// AIPerf.
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

/// genai-perf.
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
            let draft = csv_table::read(artifact)?.draft();
            reading.warn_of_unended_table(artifact);
            reading.warn_of_unnamed_model(&place);
            reading.take(self.name, draft.finish(artifact, &place, given)?);
            return Ok(reading);
        }
        if is_request_by_request(artifact) {
            let (items, summary) = ("requests", "profile_export_aiperf.json");
            reading.skip(self.name, SkipReason::SingleRequests { items, summary });
            return Ok(reading);
        }
        artifact.not_empty()?;
        if !artifact.text.trim_start().starts_with('{') {
            return Err(
                artifact.error("neither a JSON object nor a table that begins with `Metric,avg`")
            );
        }
        let fields = JsonFields { value: artifact.json()?, place: &place };
        if !reading.wants_model(self.name, fields.text(self.model)?, given, &place) {
            return Ok(reading);
        }
        if fields.get("/was_cancelled").is_some_and(|cancelled| cancelled == true) {
            reading.skip(self.name, SkipReason::Cancelled);
            return Ok(reading);
        }
        let mut draft = Statistics::of_json(fields)?.draft();
        draft.concurrency = fields.count(self.concurrency)?;
        draft.input_seq_len = fields.count(self.lengths[0])?;
        draft.output_seq_len = fields.count(self.lengths[1])?;
        draft.date =
            fields.text("/start_time")?.and_then(crate::base::day::day_of).map(str::to_owned);
        reading.take(self.name, draft.finish(artifact, &place, given)?);
        Ok(reading)
    }
}

/// Whether the file is the table of statistics.
fn is_csv(artifact: &Artifact) -> bool {
    artifact.text.starts_with("Metric,avg")
}

/// Whether the file is AIPerf's other one, with one line per request.
fn is_request_by_request(artifact: &Artifact) -> bool {
    artifact.text.lines().next().is_some_and(|line| line.contains("\"request_start_ns\""))
}
