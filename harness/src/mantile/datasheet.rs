//! What a GPU can do at most, by its maker's datasheet.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::mantile::dtype_bytes;
use crate::mantile::hardware::{Hardware, Overlap};

/// The peaks of a GPU.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datasheet {
    /// Its name.
    pub name: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Dense peak by what the units compute in (`bf16`, `fp8`, `fp4`), 10¹⁵ FLOP/s.
    compute_pflops: BTreeMap<String, f64>,
    /// Memory, GB.
    pub capacity_gb: f64,
    /// Memory bandwidth, GB/s.
    pub bandwidth_gb_per_s: f64,
    /// Bandwidth to the other GPUs, one direction, GB/s.
    pub interconnect_gb_per_s: f64,
    /// Where the figures are from.
    pub source: String,
}

/// The known ones, by the rows' `gpu_model`.
static KNOWN: LazyLock<BTreeMap<String, Datasheet>> =
    LazyLock::new(|| toml::from_str(include_str!("datasheets.toml")).expect("a test reads it"));

/// The datasheet of a GPU, by the rows' `gpu_model`.
#[must_use]
pub fn of(gpu_model: &str) -> Option<&'static Datasheet> {
    KNOWN.get(gpu_model)
}

/// The GPUs that there is one of.
pub fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.keys().map(String::as_str)
}

impl Datasheet {
    /// Hardware that is as fast as its peaks and loses nothing between: what bounds any engine.
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

    /// The dense peak for weights of a dtype of Mantile's, 10¹⁵ FLOP/s: that of the narrowest units that the
    /// GPU has for it. Where it has none so narrow, weights are widened and the next wider units compute:
    /// 4 bits on Hopper by those of 16 bits, as kernels for mixed precision do (Frantar et al. 2024,
    /// "MARLIN: mixed-precision auto-regressive parallel inference on large language models").
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
    fn four_bits_are_computed_by_the_units_that_there_are() {
        let peak = |gpu, dtype| of(gpu).unwrap().peak_pflops(dtype);
        assert_eq!(peak("b200", "mxfp4"), Some(9.0));
        assert_eq!(peak("h100", "mxfp4"), Some(0.989), "Hopper has no such units");
        assert_eq!(peak("h100", "nvfp8"), Some(1.979));
        assert_eq!(peak("h100", "fp3"), None);
        assert_eq!(of("mi355x"), None);
    }
}
