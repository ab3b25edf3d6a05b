//! A hardware configuration of Mantile: what `GET /hardware/{id}` answers and its data folder holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The parameters of Mantile's formula; a package is one GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Hardware {
    /// Compute by dtype, 10¹⁵ FLOP/s a package.
    pub compute_pflops: BTreeMap<String, f64>,
    /// Memory bandwidth, 10⁹ bytes/s a package.
    pub bandwidth_gb_per_s: f64,
    /// Bandwidth between packages, 10⁹ bytes/s.
    pub interconnect_gb_per_s: f64,
    /// Latency of an exchange between packages, µs.
    pub interconnect_latency_us: f64,
    /// Overhead of a kernel, µs.
    pub kernel_overhead_us: f64,
    /// What hides behind what in decode.
    pub overlap: Overlap,
}

/// What hides behind what in a decode step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// Whether load hides behind compute (`decode_load_overlap`), else they add up.
    pub load: bool,
    /// Whether communication hides behind both (`decode_comms_overlap`), else it adds up.
    pub communication: bool,
}

impl Overlap {
    /// Every combination, the plainest first.
    pub const ALL: [Self; 4] = [
        Self { load: false, communication: false },
        Self { load: true, communication: false },
        Self { load: false, communication: true },
        Self { load: true, communication: true },
    ];
}

/// The keys of a configuration that the formula reads.
#[derive(Deserialize)]
struct Read {
    #[serde(rename = "compute_per_package_PFlops")]
    compute: BTreeMap<String, f64>,
    memory_per_package: Vec<ReadMemory>,
    #[serde(rename = "interconnect_bandwidth_GBs")]
    interconnect_gb_per_s: f64,
    interconnect_latency_us: f64,
    #[serde(default)]
    fixed_overhead_per_kernel_us: f64,
    #[serde(default)]
    decode_load_overlap: bool,
    #[serde(default)]
    decode_comms_overlap: bool,
}

#[derive(Deserialize)]
struct ReadMemory {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "bandwidth_GBs")]
    bandwidth_gb_per_s: f64,
}

/// A configuration as it is written: Mantile's own keys, in the order of its template.
#[derive(Debug, Serialize)]
struct Written<'a> {
    name: &'a str,
    description: &'a str,
    manufacturer: &'a str,
    #[serde(rename = "compute_per_package_PFlops")]
    compute: &'a BTreeMap<String, f64>,
    memory_per_package: [WrittenMemory; 1],
    #[serde(rename = "interconnect_bandwidth_GBs")]
    interconnect_gb_per_s: f64,
    interconnect_latency_us: f64,
    decode_load_overlap: bool,
    decode_comms_overlap: bool,
    fixed_overhead_per_kernel_us: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    power_kw: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tco_sec_usd: Option<f64>,
    packages_per_domain: u64,
    domains_per_cluster: u64,
}

#[derive(Debug, Serialize)]
struct WrittenMemory {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "capacity_GB")]
    capacity_gb: f64,
    #[serde(rename = "bandwidth_GBs")]
    bandwidth_gb_per_s: f64,
}

/// What a configuration says beside the formula's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct HardwareDescription {
    /// For people.
    pub name: String,
    /// Where its figures come from.
    pub description: String,
    /// Of the hardware.
    pub manufacturer: String,
    /// Memory, GB a package.
    pub capacity_gb: f64,
}

impl Hardware {
    /// Reads a configuration, of several memories the one that Mantile reads: the first HBM, else the first.
    pub fn parse(json: &str) -> Result<Self, String> {
        let read: Read = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let memories = &read.memory_per_package;
        let memory = memories
            .iter()
            .find(|memory| memory.kind.contains("HBM"))
            .or(memories.first())
            .ok_or("memory_per_package is empty")?;
        Ok(Self {
            bandwidth_gb_per_s: memory.bandwidth_gb_per_s,
            compute_pflops: read.compute,
            interconnect_gb_per_s: read.interconnect_gb_per_s,
            interconnect_latency_us: read.interconnect_latency_us,
            kernel_overhead_us: read.fixed_overhead_per_kernel_us,
            overlap: Overlap {
                load: read.decode_load_overlap,
                communication: read.decode_comms_overlap,
            },
        })
    }

    /// The file of a configuration with these parameters. The size of a domain is that of the configuration
    /// `base`; so are power and cost, where that is of one package and not of a rack.
    #[must_use]
    pub fn to_json(&self, about: &HardwareDescription, base: &Value) -> String {
        let whole = |key: &str| base.get(key).and_then(Value::as_u64).unwrap_or(1);
        let is_one = whole("packages_per_domain") * whole("domains_per_cluster") == 1;
        let of_one = |key: &str| base.get(key).and_then(Value::as_f64).filter(|_| is_one);
        let written = Written {
            name: &about.name,
            description: &about.description,
            manufacturer: &about.manufacturer,
            compute: &self.compute_pflops,
            memory_per_package: [WrittenMemory {
                kind: "HBM",
                capacity_gb: about.capacity_gb,
                bandwidth_gb_per_s: self.bandwidth_gb_per_s,
            }],
            interconnect_gb_per_s: self.interconnect_gb_per_s,
            interconnect_latency_us: self.interconnect_latency_us,
            decode_load_overlap: self.overlap.load,
            decode_comms_overlap: self.overlap.communication,
            fixed_overhead_per_kernel_us: self.kernel_overhead_us,
            power_kw: of_one("power_kw"),
            tco_sec_usd: of_one("tco_sec_usd"),
            packages_per_domain: whole("packages_per_domain"),
            domains_per_cluster: whole("domains_per_cluster"),
        };
        serde_json::to_string_pretty(&written).expect("strings and numbers are JSON") + "\n"
    }

    /// The times of a package's compute, load, communication and overhead, ms: compute as FLOP over PFLOP/s
    /// of its dtype (that is, in 10⁻¹⁵ s), load and communication as bytes. Who exchanges nothing waits
    /// for nobody (`compute_metrics` of `backend/layers/base.py`, at release 72ff84e).
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

    const H100: &str = r#"{"name":"H100","compute_per_package_PFlops":{"bf16":1.98},
        "memory_per_package":[{"type":"SRAM","capacity_GB":0.05,"bandwidth_GBs":9000.0},
        {"type":"HBM3","capacity_GB":80.0,"bandwidth_GBs":3430.0}],"interconnect_bandwidth_GBs":900.0,
        "interconnect_latency_us":0.3,"decode_load_overlap":true,"decode_comms_overlap":false,
        "fixed_overhead_per_kernel_us":10.0,"power_kw":0.7,"packages_per_domain":8}"#;

    #[test]
    fn what_is_written_reads_back_and_keeps_what_the_formula_does_not_read() {
        let hardware = Hardware::parse(H100).unwrap();
        assert_relative_eq!(hardware.bandwidth_gb_per_s, 3430.0);
        assert_eq!(hardware.overlap, Overlap { load: true, communication: false });
        let about = HardwareDescription {
            name: "n".to_owned(),
            description: "d".to_owned(),
            manufacturer: "m".to_owned(),
            capacity_gb: 80.0,
        };
        let written_on = |base: &str| -> Value {
            let json = hardware.to_json(&about, &serde_json::from_str(base).unwrap());
            assert_eq!(Hardware::parse(&json).unwrap(), hardware);
            serde_json::from_str(&json).unwrap()
        };
        let rack = written_on(H100);
        assert_eq!((rack.get("power_kw"), &rack["packages_per_domain"]), (None, &8.into()));
        let single = H100.replace("\"packages_per_domain\":8", "\"packages_per_domain\":1");
        let single = written_on(&single);
        assert_eq!((&single["power_kw"], &single["packages_per_domain"]), (&0.7.into(), &1.into()));
        assert_eq!(single.get("tco_sec_usd"), None, "the base does not tell it");
    }

    #[test]
    fn who_exchanges_nothing_waits_for_nobody() {
        let hardware = Hardware::parse(H100).unwrap();
        let [compute, load, communication, overhead] = hardware.times_ms(1e12, 3430e6, 0.0, 2.0);
        assert_eq!((compute, load, communication, overhead), (1.0, 1.0, 0.0, 0.02));
        assert_relative_eq!(hardware.times_ms(0.0, 0.0, 900e6, 0.0)[2], 1.0003);
    }
}
