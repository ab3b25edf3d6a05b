//! One parameter: its kind, where it may lie, and where a fit starts.

use crate::mantile::hardware::Hardware;

/// A parameter that is fitted; its logarithm is what the fit moves.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The kind.
    pub kind: ParameterKind,
    /// Where a fit starts, and where the parameter stays if the rows say nothing about it.
    pub center: f64,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound; for compute and bandwidths the datasheet's peak.
    pub upper: f64,
    /// The likely distance from the centre, as a factor.
    pub spread: f64,
}

/// The kind of a parameter, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParameterKind {
    /// Compute of a dtype, by its index, 10¹⁵ FLOP/s.
    Compute(usize),
    /// Memory bandwidth, GB/s.
    Bandwidth,
    /// Bandwidth between GPUs, GB/s.
    Interconnect,
    /// Latency of an exchange, µs.
    InterconnectLatency,
    /// Overhead of a kernel, µs.
    KernelOverhead,
    /// [`super::super::Correction::prefill_share`].
    PrefillShare,
    /// [`super::super::Correction::host_ms`].
    Host,
    /// [`super::super::Correction::wait_steps`].
    WaitSteps,
    /// [`super::super::Correction::burst_share`].
    BurstShare,
}

impl ParameterKind {
    /// The name in tables and files, with the unit.
    #[must_use]
    pub fn name(self, dtypes: &[String]) -> String {
        match self {
            Self::Compute(dtype) => format!("compute_pflops.{}", dtypes[dtype]),
            Self::Bandwidth => "bandwidth_gb_per_s".to_owned(),
            Self::Interconnect => "interconnect_gb_per_s".to_owned(),
            Self::InterconnectLatency => "interconnect_latency_us".to_owned(),
            Self::KernelOverhead => "kernel_overhead_us".to_owned(),
            Self::PrefillShare => "prefill_share".to_owned(),
            Self::Host => "host_ms".to_owned(),
            Self::WaitSteps => "wait_steps".to_owned(),
            Self::BurstShare => "burst_share".to_owned(),
        }
    }

    /// The value in a hardware configuration; `None` if the configuration does not have it.
    #[must_use]
    pub fn value_in(self, hardware: &Hardware, dtypes: &[String]) -> Option<f64> {
        match self {
            Self::Compute(dtype) => hardware.compute_pflops.get(&dtypes[dtype]).copied(),
            Self::Bandwidth => Some(hardware.bandwidth_gb_per_s),
            Self::Interconnect => Some(hardware.interconnect_gb_per_s),
            Self::InterconnectLatency => Some(hardware.interconnect_latency_us),
            Self::KernelOverhead => Some(hardware.kernel_overhead_us),
            Self::PrefillShare | Self::Host | Self::WaitSteps | Self::BurstShare => None,
        }
    }
}

/// Whether parameters may exceed the datasheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physics {
    /// Nothing is faster than the datasheet says.
    Bounded,
    /// Compute and bandwidths may be up to twice as fast as the datasheet says.
    BeyondDatasheet,
}
