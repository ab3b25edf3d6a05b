//! A measured row with the work that Mantile counts for it.

use crate::base::units::Seconds;
use crate::mantile::breakdown::{LayerBreakdown, RequestPhase};
use crate::mantile::hardware::Hardware;
use crate::predict::prediction::{derive, e2e_latency};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Layout, Lengths, Row};

/// A row that parameters are fitted to.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The model, as Mantile names it.
    pub model: String,
    /// The row as it was measured.
    pub row: Row,
    /// Mean lengths, tokens.
    pub lengths: Lengths,
    /// Requests in flight.
    pub concurrency: u32,
    /// Requests in Mantile's prefill step; with separate pools, those of one worker.
    pub prefill_batch: f64,
    /// Whether prefills run on other GPUs, so that no decode step waits for them.
    pub separate_pools: bool,
    /// The prefill step's work, layer by layer.
    pub prefill: Vec<Work>,
    /// A decode step's work, layer by layer.
    pub decode: Vec<Work>,
    /// The names of the approximations in the prediction.
    pub approximations: Vec<String>,
    /// Mantile's recorded answer.
    pub answered: Latencies,
    /// The parts of the answer, by Mantile's formula.
    pub breakdown: LayerBreakdown,
}

/// The work of a package in each layer of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The number of such layers in the model.
    pub count: f64,
    /// The index of the dtype among those of all observations.
    pub dtype: usize,
    /// Floating-point operations.
    pub flops: f64,
    /// Bytes of weights and KV cache that the package reads or writes, as Mantile counts them.
    pub load_bytes: f64,
    /// The same bytes, with the weights divided that Mantile counts whole on every package.
    pub divided_load_bytes: f64,
    /// Bytes that the package exchanges with others.
    pub communication_bytes: f64,
    /// Kernels that the package starts.
    pub kernels: f64,
}

/// The bytes that a package loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// The bytes that Mantile counts, and that its answer is made of.
    Counted,
    /// The bytes with weights divided as tensor parallelism divides them, which real hardware loads.
    Divided,
}

/// TTFT and TPOT, s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latencies {
    /// Time to first token.
    pub ttft: f64,
    /// Time per output token.
    pub tpot: f64,
}

impl Observation {
    /// The GPU and the framework.
    #[must_use]
    pub fn pool(&self) -> (&str, &str) {
        (&self.row.identity.gpu_model, &self.row.identity.framework)
    }

    /// The workload: the model, the ISL, the OSL and the tensor parallelism.
    #[must_use]
    pub fn workload(&self) -> (&str, u32, u32, u32) {
        let identity = &self.row.identity;
        let width = match &identity.layout {
            Layout::Aggregated(parallelism) => parallelism.tensor_parallel,
            Layout::Disaggregated { decode, .. } => decode.parallelism.tensor_parallel,
        };
        (&self.model, identity.input_seq_len, identity.output_seq_len, width)
    }

    /// Whether the row measures TTFT and TPOT, which the serving terms need. A static batch measures E2E only.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        let means = &self.row.measured.means;
        means[Metric::Ttft].is_some() && means[Metric::Tpot].is_some()
    }

    /// The row's metrics at these latencies.
    #[must_use]
    pub fn metrics(&self, latencies: Latencies) -> PerMetric<f64> {
        let Latencies { ttft, tpot } = latencies;
        derive(Seconds(ttft), Seconds(tpot), &self.row.identity, self.concurrency, self.lengths)
    }

    /// One of the row's metrics at these latencies, in the metric's unit.
    #[must_use]
    pub fn metric(&self, latencies: Latencies, metric: Metric) -> f64 {
        match metric {
            Metric::Ttft => latencies.ttft,
            Metric::Tpot => latencies.tpot,
            Metric::E2eLatency => e2e_latency(latencies.ttft, latencies.tpot, self.lengths),
            Metric::Throughput | Metric::OutputThroughput => self.metrics(latencies)[metric],
        }
    }

    /// The measured E2E, s: published, or TTFT + TPOT × (O − 1).
    #[must_use]
    pub fn measured_e2e(&self) -> Option<f64> {
        let means = &self.row.measured.means;
        means[Metric::E2eLatency]
            .or_else(|| Some(e2e_latency(means[Metric::Ttft]?, means[Metric::Tpot]?, self.lengths)))
    }

    /// The times of Mantile's steps with these parameters, by the same formula as [`LayerBreakdown::on`].
    /// `pflops` is the compute of each dtype by its index, 10¹⁵ FLOP/s.
    #[must_use]
    pub fn on(&self, hardware: &Hardware, pflops: &[f64], load: Load) -> Latencies {
        let phase = |phase: RequestPhase, layers: &[Work]| {
            let mut sum = 0.0;
            for work in layers {
                let times = hardware.times_ms(
                    work.flops / pflops[work.dtype],
                    match load {
                        Load::Counted => work.load_bytes,
                        Load::Divided => work.divided_load_bytes,
                    },
                    work.communication_bytes,
                    work.kernels,
                );
                sum += work.count * phase.layer_time(times, hardware.overlap);
            }
            sum / 1e3
        };
        Latencies {
            ttft: phase(RequestPhase::Prefill, &self.prefill),
            tpot: phase(RequestPhase::Decode, &self.decode),
        }
    }
}
