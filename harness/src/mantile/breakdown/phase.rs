//! The two phases of inference, and the rule for a layer's time in each.

use crate::mantile::hardware::Overlap;

/// A phase of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPhase {
    /// Reads the prompt; its time is TTFT.
    Prefill,
    /// Makes one token of each sequence; its time is TPOT.
    Decode,
}

impl RequestPhase {
    /// The time of a layer from the times of its compute, load, communication and overhead, in the same unit: Mantile's
    /// rule (`compute_metrics` of `backend/layers/base.py`, at release 72ff84e).
    #[must_use]
    pub fn layer_time(self, times: [f64; 4], overlap: Overlap) -> f64 {
        let [compute, load, communication, overhead] = times;
        let work = match self {
            Self::Prefill => compute.max(load).max(communication),
            Self::Decode => {
                let local = if overlap.load { compute.max(load) } else { compute + load };
                if overlap.communication { local.max(communication) } else { local + communication }
            }
        };
        work + overhead
    }
}
