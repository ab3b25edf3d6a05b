//! The identity of a row: the configuration that was measured.

use super::layout::Layout;

/// The configuration that was measured; two rows with the same identity measured the same one.
///
/// Displayed as `b200::vllm::fp4::1024x1024::tp4_ep1::c64`, which parses back:
///
/// ```
/// use mantile_reconcile::row::Identity;
///
/// let identity: Identity = "b200::vllm::fp4::1024x1024::tp4_ep1::c64".parse()?;
/// assert_eq!(identity.gpus(), 4);
/// assert_eq!(identity.concurrency.fixed(), Some(64));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// GPU model in lower case, without runner suffixes: `b200`.
    pub gpu_model: String,
    /// Serving engine: `vllm`, `trt`, `dynamo-trt`.
    pub framework: String,
    /// Weight precision as published: `fp4`.
    pub precision: String,
    /// Nominal input length, tokens.
    pub input_seq_len: u32,
    /// Nominal output length, tokens.
    pub output_seq_len: u32,
    /// The model's distribution over GPUs.
    pub layout: Layout,
    /// The number of requests in flight.
    pub concurrency: Concurrency,
    /// The method of speculative decoding, or `none`.
    pub spec_decoding: String,
    /// True if the GPUs are in more than one node.
    pub is_multinode: bool,
}

/// The number of requests in flight.
///
/// Displayed as `c64` or `peak`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concurrency {
    /// A fixed number: a closed loop, or a static batch.
    Fixed(u32),
    /// The number with the most throughput, which was not published: the row is the best that the
    /// configuration reaches, and an upper bound for any number.
    Peak,
}

impl Concurrency {
    /// The number of requests, where it is known.
    #[must_use]
    pub fn fixed(self) -> Option<u32> {
        match self {
            Self::Fixed(requests) => Some(requests),
            Self::Peak => None,
        }
    }
}

impl Identity {
    /// GPUs that serve the row, of all pools together.
    #[must_use]
    pub fn gpus(&self) -> u32 {
        match &self.layout {
            Layout::Aggregated(parallelism) => parallelism.gpus(),
            Layout::Disaggregated { prefill, decode } => prefill.gpus + decode.gpus,
        }
    }

    /// GPUs by which output throughput is divided: of a disaggregated row, providers count only the decode
    /// pool.
    #[must_use]
    pub fn output_gpus(&self) -> u32 {
        match &self.layout {
            Layout::Aggregated(parallelism) => parallelism.gpus(),
            Layout::Disaggregated { decode, .. } => decode.gpus,
        }
    }

    /// ISL and OSL as `1024x8192`.
    #[must_use]
    pub fn context(&self) -> String {
        format!("{}x{}", self.input_seq_len, self.output_seq_len)
    }
}
