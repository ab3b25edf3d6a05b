//! A row: one measured benchmark configuration with its metrics.

pub mod filter;
pub mod group;
pub mod metric;
pub mod property;
pub mod value;

mod csv;
mod identity;

pub use csv::{
    COLUMNS, cells, identity_cells, identity_columns, names_providers, read, read_identity,
    read_metrics, read_of, read_record, required_identity_columns, write,
};
pub use identity::{Concurrency, Identity, Layout, Parallelism, Pool};

#[cfg(test)]
pub(crate) use identity::tests as identity_tests;

use crate::row::metric::{Metric, PerMetric};

/// One measured configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The publisher, as the model's `reconcile.toml` names the source.
    pub provider: String,
    /// The configuration that was measured; unique within a file.
    pub identity: Identity,
    /// The measured figures.
    pub measured: Measured,
    /// The origin of the measurement.
    pub provenance: Provenance,
    /// The spread of repeated measurements, where it was measured more than once.
    pub repeatability: Option<Repeatability>,
}

impl Row {
    /// The row's name within its model: `inferencemax::b200::vllm::fp4::1024x1024::tp4_ep1::c64`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}::{}", self.provider, self.identity)
    }

    /// The mean lengths of the run: as published with the row, else the nominal ones times the provider's
    /// mean length ratio.
    #[must_use]
    pub fn lengths(&self, mean_length_ratio: f64) -> Lengths {
        self.measured.mean_lengths.unwrap_or(Lengths {
            input: mean_length_ratio * f64::from(self.identity.input_seq_len),
            output: mean_length_ratio * f64::from(self.identity.output_seq_len),
        })
    }

    /// The largest over the smallest of its measurements of a metric; 1 where it was measured once.
    #[must_use]
    pub fn max_min_ratio(&self, metric: Metric) -> f64 {
        self.repeatability.map_or(1.0, |repeated| repeated.max_min_ratio(metric))
    }

    /// Whether its requests mostly wait outside the engine, given its mean E2E latency in s: then fewer of them
    /// run than its concurrency says, and TPOT is that of a smaller batch.
    #[must_use]
    pub fn waits_outside(&self, e2e: f64) -> bool {
        let waits = self.measured.means[Metric::Ttft].is_some_and(|ttft| ttft > MOST_WAITING * e2e);
        waits && self.identity.output_seq_len >= LONG_OUTPUT
    }

    /// The key that joins it with its prediction.
    #[must_use]
    pub fn key(&self) -> (&str, &Identity) {
        (&self.provider, &self.identity)
    }
}

/// The largest share of E2E latency that TTFT has while all requests run. Beyond it, the engine runs fewer
/// requests than the row's concurrency says …
const MOST_WAITING: f64 = 0.5;
/// … unless the output is so short that TTFT is most of the latency anyway, tokens.
const LONG_OUTPUT: u32 = 128;

/// The measured figures; `None` where the provider publishes none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// The compared means, in the units of [`crate::row::metric::Metric`].
    pub means: PerMetric<Option<f64>>,
    /// 99th percentile of TTFT over requests, s.
    pub p99_ttft: Option<f64>,
    /// Median E2E latency over requests, s.
    pub median_e2e_latency: Option<f64>,
    /// 90th percentile of TTFT over requests, s.
    pub p90_ttft: Option<f64>,
    /// 99.9th percentile of TTFT over requests, s.
    pub p99_9_ttft: Option<f64>,
    /// Mean power of a GPU while it served, W.
    pub average_power_watts_per_gpu: Option<f64>,
    /// Energy of all GPUs per output token, J.
    pub joules_per_output_token: Option<f64>,
    /// Whether each mean was not published, but derived from others that were.
    pub derived: PerMetric<bool>,
    /// The mean lengths of the run, where the provider publishes them.
    pub mean_lengths: Option<Lengths>,
}

/// Mean lengths of prompts and outputs, tokens, not rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// The prompt's length.
    pub input: f64,
    /// The output's length.
    pub output: f64,
}

/// The origin of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// The day or time of the run, RFC 3339; `None` where the artifacts do not say.
    pub benchmark_date: Option<String>,
    /// The provider's id of the run.
    pub run_id: String,
    /// The container image that served, as published.
    pub image: Option<String>,
}

/// The spread of repeated measurements of one configuration on one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeatability {
    /// The number of runs that measured it, with this row's run; at least 2.
    pub repeats: u32,
    /// Largest over smallest total throughput, ≥ 1.
    pub throughput_max_min_ratio: f64,
    /// Largest over smallest mean TTFT, ≥ 1.
    pub ttft_max_min_ratio: f64,
    /// Largest over smallest mean TPOT, ≥ 1.
    pub tpot_max_min_ratio: f64,
    /// Largest over smallest mean E2E latency, ≥ 1.
    pub e2e_latency_max_min_ratio: f64,
}

impl Repeatability {
    /// Largest over smallest result of a metric, ≥ 1.
    #[must_use]
    pub fn max_min_ratio(&self, metric: Metric) -> f64 {
        match metric {
            // Output tokens are a fixed share of all tokens.
            Metric::Throughput | Metric::OutputThroughput => self.throughput_max_min_ratio,
            Metric::Ttft => self.ttft_max_min_ratio,
            Metric::Tpot => self.tpot_max_min_ratio,
            Metric::E2eLatency => self.e2e_latency_max_min_ratio,
        }
    }
}
