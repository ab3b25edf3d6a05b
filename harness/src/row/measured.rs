//! The measured figures of a row, and how well they repeat.

use super::metric::{Metric, PerMetric};

/// The measured figures; `None` where the provider publishes none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// The compared means, in the units of [`Metric`].
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
    /// True of each mean that was not published, but derived from others that were.
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
