//! The facts and figures of one result, and the row that they become.

use super::super::{Artifact, GivenFacts};
use crate::base::error::{Error, Place, Result};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Lengths, Measured, Provenance, Row};

/// The facts and figures that the result file of a benchmark tool holds about a row. Latencies are in
/// seconds; throughputs are those of the whole system, in tokens/s.
#[derive(Debug, Default)]
pub(in crate::intake::source) struct Draft {
    pub gpu: Option<String>,
    pub framework: Option<String>,
    pub precision: Option<String>,
    pub tensor_parallel: Option<u32>,
    pub pipeline_parallel: Option<u32>,
    pub expert_parallel: Option<u32>,
    pub input_seq_len: Option<u32>,
    pub output_seq_len: Option<u32>,
    pub concurrency: Option<u32>,
    pub mean_input_tokens: Option<f64>,
    pub mean_output_tokens: Option<f64>,
    pub total_tokens_per_s: Option<f64>,
    pub output_tokens_per_s: Option<f64>,
    pub ttft: Option<f64>,
    pub p90_ttft: Option<f64>,
    pub p99_ttft: Option<f64>,
    pub p99_9_ttft: Option<f64>,
    pub tpot: Option<f64>,
    pub e2e_latency: Option<f64>,
    pub median_e2e_latency: Option<f64>,
    /// The metrics above that the file does not hold but that follow from its other figures.
    pub derived: Vec<Metric>,
    pub date: Option<String>,
}

impl Draft {
    /// The row, with what the file lacks taken from `given`. It is an error when the file and `given`
    /// differ, and when neither says something that a row needs. `place` is that of the result in the artifact.
    pub(in crate::intake::source) fn finish(
        mut self,
        artifact: &Artifact,
        place: &Place,
        given: &GivenFacts,
    ) -> Result<Row> {
        let mean_lengths = match (self.mean_input_tokens, self.mean_output_tokens) {
            (Some(input), Some(output)) => Some(Lengths { input, output }),
            _ => None,
        };
        self.derive(mean_lengths);
        let mut measured = self.measured(mean_lengths).map_err(|fault| {
            Error::content(place.clone(), fault)
                .with_help("leave out a metric that was not measured; it is never 0 or infinite")
        })?;
        let identity = self.identity(place, given)?;
        for metric in [Metric::Throughput, Metric::OutputThroughput] {
            let rate = &mut measured.means[metric];
            *rate = rate.map(|rate| rate / f64::from(identity.gpus()));
        }
        Ok(Row {
            provider: given.provider.clone(),
            identity,
            measured,
            provenance: Provenance {
                benchmark_date: given.date.clone().or(self.date),
                run_id: given.run_id.clone().unwrap_or_else(|| artifact.stem()),
                image: given.image.clone(),
            },
            repeatability: None,
        })
    }

    /// Fills in the figures that follow from others: E2E latency as TTFT + TPOT × (O − 1), and total
    /// throughput as output throughput times (I + O) / O, with the mean lengths I and O.
    fn derive(&mut self, lengths: Option<Lengths>) {
        let Some(Lengths { input, output }) = lengths else { return };
        if let (None, Some(ttft), Some(tpot)) = (self.e2e_latency, self.ttft, self.tpot) {
            self.e2e_latency = Some(ttft + tpot * (output - 1.0).max(0.0));
            self.derived.push(Metric::E2eLatency);
        }
        if let (None, Some(rate)) = (self.total_tokens_per_s, self.output_tokens_per_s) {
            self.total_tokens_per_s = Some(rate * (input + output) / output);
            self.derived.push(Metric::Throughput);
        }
    }

    /// The figures, with throughputs of the whole system.
    fn measured(&self, mean_lengths: Option<Lengths>) -> Result<Measured, String> {
        let mut means = PerMetric::default();
        means[Metric::Throughput] = self.total_tokens_per_s;
        means[Metric::OutputThroughput] = self.output_tokens_per_s;
        means[Metric::Ttft] = self.ttft;
        means[Metric::Tpot] = self.tpot;
        means[Metric::E2eLatency] = self.e2e_latency;
        let others = [
            ("p90 ttft", self.p90_ttft),
            ("p99 ttft", self.p99_ttft),
            ("p99.9 ttft", self.p99_9_ttft),
            ("median e2e_latency", self.median_e2e_latency),
            ("mean input length", self.mean_input_tokens),
            ("mean output length", self.mean_output_tokens),
        ];
        let figures = means.iter().map(|(metric, value)| (metric.name(), *value)).chain(others);
        for (name, value) in figures {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value > 0.0)) {
                return Err(format!("{name} is {value}"));
            }
        }
        if means.iter().all(|(_, value)| value.is_none()) {
            return Err("the result holds no metric".to_owned());
        }
        let mut derived = PerMetric::default();
        for &metric in &self.derived {
            derived[metric] = means[metric].is_some();
        }
        Ok(Measured {
            means,
            p99_ttft: self.p99_ttft,
            p90_ttft: self.p90_ttft,
            p99_9_ttft: self.p99_9_ttft,
            median_e2e_latency: self.median_e2e_latency,
            derived,
            mean_lengths,
            ..Measured::default()
        })
    }
}
