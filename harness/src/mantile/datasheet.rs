//! The peak performance of GPUs, by their makers' datasheets.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::mantile::dtype_bytes;
use crate::mantile::hardware::{Hardware, Overlap};

/// The peak performance of a GPU.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datasheet {
    /// The GPU's name.
    pub name: String,
    /// Its manufacturer.
    pub manufacturer: String,
    /// Dense peak by the format that the units compute in (`bf16`, `fp8`, `fp4`), 10¹⁵ FLOP/s.
    compute_pflops: BTreeMap<String, f64>,
    /// Memory capacity, GB.
    pub capacity_gb: f64,
    /// Memory bandwidth, GB/s.
    pub bandwidth_gb_per_s: f64,
    /// Bandwidth to the other GPUs, one direction, GB/s.
    pub interconnect_gb_per_s: f64,
    /// The source of the figures.
    pub source: String,
}

/// The known datasheets, by the rows' `gpu_model`.
static KNOWN: LazyLock<BTreeMap<String, Datasheet>> =
    LazyLock::new(|| toml::from_str(include_str!("datasheets.toml")).expect("a test reads it"));

/// The datasheet of a GPU, by the rows' `gpu_model`.
#[must_use]
pub fn of(gpu_model: &str) -> Option<&'static Datasheet> {
    KNOWN.get(gpu_model)
}

/// The GPUs that have a datasheet, as the rows name them.
pub fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.keys().map(String::as_str)
}

impl Datasheet {
    /// Hardware that always runs at its peaks, without latency or overhead: a bound for every engine.
    #[must_use]
    pub fn peaks<'a>(&self, dtypes: impl IntoIterator<Item = &'a str>) -> Hardware {
        let peak = |dtype: &str| Some((dtype.to_owned(), self.peak_pflops(dtype)?));
        Hardware {
            compute_pflops: dtypes.into_iter().filter_map(peak).collect(),
            bandwidth_gb_per_s: self.bandwidth_gb_per_s,
            interconnect_gb_per_s: self.interconnect_gb_per_s,
            interconnect_latency_us: 0.0,
            kernel_overhead_us: 0.0,
            overlap: Overlap { load: true, communication: true },
        }
    }

    /// The dense peak for weights of one of Mantile's dtypes, 10¹⁵ FLOP/s; `None` for an unknown dtype. It is the
    /// peak of the units of the dtype's width. A GPU that has no such units computes in 16 bits after widening the
    /// weights: mixed-precision kernels do this for 4 bits on Hopper (Frantar et al. 2024, "MARLIN: mixed-precision
    /// auto-regressive parallel inference on large language models").
    #[must_use]
    pub fn peak_pflops(&self, dtype: &str) -> Option<f64> {
        let bytes = dtype_bytes(dtype)?;
        let units = if bytes > 1.1 {
            "bf16"
        } else if bytes > 0.6 {
            "fp8"
        } else {
            "fp4"
        };
        self.compute_pflops.get(units).or_else(|| self.compute_pflops.get("bf16")).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_datasheet_reads_and_its_peaks_are_in_order() {
        assert!(known().count() >= 5);
        for gpu in known() {
            let sheet = of(gpu).unwrap();
            let peak = |dtype| sheet.peak_pflops(dtype).unwrap();
            assert!(peak("bf16") < peak("nvfp8"), "{gpu}");
            assert!(sheet.interconnect_gb_per_s < sheet.bandwidth_gb_per_s, "{gpu}");
            assert!(!sheet.source.is_empty(), "{gpu}");
        }
    }

    #[test]
    fn four_bits_are_computed_in_16_bits_where_the_gpu_has_no_narrower_units() {
        let peak = |gpu, dtype| of(gpu).unwrap().peak_pflops(dtype);
        assert_eq!(peak("b200", "mxfp4"), Some(9.0));
        assert_eq!(peak("h100", "mxfp4"), Some(0.989), "Hopper has no 4-bit units");
        assert_eq!(peak("h100", "nvfp8"), Some(1.979));
        assert_eq!(peak("h100", "fp3"), None);
        assert_eq!(of("mi355x"), None);
    }
}
