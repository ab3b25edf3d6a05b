//! The hardware parameters of Mantile's formula.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The parameters of Mantile's formula; a package is one GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Hardware {
    /// Compute per package by dtype, 10¹⁵ FLOP/s.
    pub compute_pflops: BTreeMap<String, f64>,
    /// Memory bandwidth per package, 10⁹ bytes/s.
    pub bandwidth_gb_per_s: f64,
    /// Bandwidth between packages, 10⁹ bytes/s.
    pub interconnect_gb_per_s: f64,
    /// Latency of one exchange between packages, µs.
    pub interconnect_latency_us: f64,
    /// Overhead per kernel, µs.
    pub kernel_overhead_us: f64,
    /// The overlaps in decode.
    pub overlap: Overlap,
}

/// The times that overlap in a decode step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// Whether load overlaps with compute (`decode_load_overlap`); otherwise they add up.
    pub load: bool,
    /// Whether communication overlaps with both (`decode_comms_overlap`); otherwise it is added.
    pub communication: bool,
}

impl Overlap {
    /// Every combination, beginning with no overlap.
    pub const ALL: [Self; 4] = [
        Self { load: false, communication: false },
        Self { load: true, communication: false },
        Self { load: false, communication: true },
        Self { load: true, communication: true },
    ];
}

impl Hardware {
    /// The times of a package's compute, load, communication and overhead, ms. Compute is given as FLOP over the
    /// dtype's PFLOP/s (that is, in 10⁻¹⁵ s), load and communication as bytes. A package that exchanges nothing has
    /// no latency either (`compute_metrics` of `backend/layers/base.py`, at release 72ff84e).
    #[must_use]
    pub fn times_ms(
        &self,
        flops_per_pflops: f64,
        load_bytes: f64,
        communication_bytes: f64,
        kernels: f64,
    ) -> [f64; 4] {
        let communication = if communication_bytes > 0.0 {
            self.interconnect_latency_us / 1e3
                + communication_bytes / self.interconnect_gb_per_s / 1e6
        } else {
            0.0
        };
        [
            flops_per_pflops / 1e12,
            load_bytes / self.bandwidth_gb_per_s / 1e6,
            communication,
            kernels * self.kernel_overhead_us / 1e3,
        ]
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn a_package_that_exchanges_nothing_does_not_wait() {
        let hardware = Hardware {
            compute_pflops: BTreeMap::new(),
            bandwidth_gb_per_s: 3430.0,
            interconnect_gb_per_s: 900.0,
            interconnect_latency_us: 0.3,
            kernel_overhead_us: 10.0,
            overlap: Overlap::default(),
        };
        let [compute, load, communication, overhead] = hardware.times_ms(1e12, 3430e6, 0.0, 2.0);
        assert_eq!((compute, load, communication, overhead), (1.0, 1.0, 0.0, 0.02));
        assert_relative_eq!(hardware.times_ms(0.0, 0.0, 900e6, 0.0)[2], 1.0003);
    }
}
