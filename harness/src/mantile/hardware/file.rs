//! The JSON of a hardware configuration, read and written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Hardware, Overlap};

/// The keys of a configuration that the formula reads.
#[derive(Deserialize)]
struct ConfigurationFile {
    #[serde(rename = "compute_per_package_PFlops")]
    compute: BTreeMap<String, f64>,
    memory_per_package: Vec<MemoryEntry>,
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
struct MemoryEntry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "bandwidth_GBs")]
    bandwidth_gb_per_s: f64,
}

/// A configuration as it is written: Mantile's keys, in the order of its template.
#[derive(Debug, Serialize)]
struct WrittenConfiguration<'a> {
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

/// The fields of a configuration that the formula does not read.
#[derive(Debug, Clone, PartialEq)]
pub struct HardwareDescription {
    /// The name, for people.
    pub name: String,
    /// The origin of its figures.
    pub description: String,
    /// The manufacturer of the hardware.
    pub manufacturer: String,
    /// Memory per package, GB.
    pub capacity_gb: f64,
}

impl Hardware {
    /// Reads a configuration. Where it lists several memories, the first HBM is used, otherwise the first memory, as
    /// in Mantile.
    pub fn parse(json: &str) -> Result<Self, String> {
        let file: ConfigurationFile =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        let memories = &file.memory_per_package;
        let memory = memories
            .iter()
            .find(|memory| memory.kind.contains("HBM"))
            .or(memories.first())
            .ok_or("memory_per_package is empty")?;
        Ok(Self {
            bandwidth_gb_per_s: memory.bandwidth_gb_per_s,
            compute_pflops: file.compute,
            interconnect_gb_per_s: file.interconnect_gb_per_s,
            interconnect_latency_us: file.interconnect_latency_us,
            kernel_overhead_us: file.fixed_overhead_per_kernel_us,
            overlap: Overlap {
                load: file.decode_load_overlap,
                communication: file.decode_comms_overlap,
            },
        })
    }

    /// The JSON of a configuration with these parameters. The size of a domain is copied from the configuration
    /// `base`, and so are power and cost, provided that `base` describes one package and not a rack.
    #[must_use]
    pub fn to_json(&self, about: &HardwareDescription, base: &Value) -> String {
        let whole = |key: &str| base.get(key).and_then(Value::as_u64).unwrap_or(1);
        let is_single = whole("packages_per_domain") * whole("domains_per_cluster") == 1;
        let single_only = |key: &str| base.get(key).and_then(Value::as_f64).filter(|_| is_single);
        let written = WrittenConfiguration {
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
            power_kw: single_only("power_kw"),
            tco_sec_usd: single_only("tco_sec_usd"),
            packages_per_domain: whole("packages_per_domain"),
            domains_per_cluster: whole("domains_per_cluster"),
        };
        serde_json::to_string_pretty(&written).expect("strings and numbers are JSON") + "\n"
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
    fn a_written_configuration_reads_back_and_keeps_the_size_of_its_domain() {
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
        assert_eq!(single.get("tco_sec_usd"), None, "the base does not have it");
    }
}
