//! The row itself.

use super::Identity;
use super::measured::{Lengths, Measured, Repeatability};
use super::metric::Metric;

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

    /// True if its requests mostly wait outside the engine, given its mean E2E latency in s: then fewer of them
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
