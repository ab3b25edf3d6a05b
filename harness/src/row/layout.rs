//! The distribution of a model over GPUs.

/// The model's distribution over GPUs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// One engine does prefill and decode.
    Aggregated(Parallelism),
    /// Separate GPU pools do prefill and decode.
    Disaggregated {
        /// The pool that fills the KV cache.
        prefill: Pool,
        /// The pool that produces tokens.
        decode: Pool,
    },
}

/// The parallelism of one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parallelism {
    /// GPUs that share each layer.
    pub tensor_parallel: u32,
    /// The ways in which the experts are split over those GPUs.
    pub expert_parallel: u32,
    /// True if attention is data-parallel rather than tensor-parallel.
    pub dp_attention: bool,
    /// The stages into which the layers are split; 1 without pipeline parallelism.
    pub pipeline_parallel: u32,
    /// GPUs that share a prompt's tokens in prefill; 1 without context parallelism.
    pub prefill_context_parallel: u32,
    /// Those of the tensor-parallel GPUs that share the KV cache by tokens in decode; 1 without context
    /// parallelism.
    pub decode_context_parallel: u32,
}

impl Parallelism {
    /// Tensor and expert parallelism, and nothing else.
    #[must_use]
    pub fn new(tensor_parallel: u32, expert_parallel: u32) -> Self {
        Self {
            tensor_parallel,
            expert_parallel,
            dp_attention: false,
            pipeline_parallel: 1,
            prefill_context_parallel: 1,
            decode_context_parallel: 1,
        }
    }

    /// GPUs of one engine: tp × pp × pcp, as providers count them (decode context parallelism shares the GPUs
    /// of tensor parallelism).
    #[must_use]
    pub fn gpus(self) -> u32 {
        self.tensor_parallel
            .saturating_mul(self.pipeline_parallel)
            .saturating_mul(self.prefill_context_parallel)
    }
}

/// One side of a disaggregated deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pool {
    /// The parallelism of each worker.
    pub parallelism: Parallelism,
    /// Engines in the pool.
    pub workers: u32,
    /// GPUs in the pool.
    pub gpus: u32,
}
