//! Reading the breakdown out of an answer's body.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{LayerBreakdown, LayerTime, PackageWork};
use crate::mantile::LayerTable;
use crate::mantile::hardware::Overlap;

#[derive(Deserialize)]
struct AnswerBody {
    debug: Debug,
}

#[derive(Deserialize)]
struct Debug {
    prefill_layer_details: Option<BTreeMap<String, Details>>,
    decode_layer_details: Option<BTreeMap<String, Details>>,
}

#[derive(Deserialize)]
struct Details {
    timing_breakdown: Timing,
    hardware_params: HardwareParameters,
    intermediate_calculations: Intermediate,
    inputs: Inputs,
    layer_params: LayerParameters,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are Mantile's")]
struct Timing {
    compute_time_ms: f64,
    load_time_ms: f64,
    comm_time_ms: f64,
    layer_kernel_overhead_ms: f64,
}

#[derive(Deserialize)]
struct HardwareParameters {
    mem_bw_bytes_per_sec: f64,
    decode_load_overlap: bool,
    decode_comms_overlap: bool,
}

#[derive(Deserialize)]
struct Intermediate {
    comm_bytes: f64,
    flops_per_package: f64,
    kv_cache_per_package: f64,
    load_bytes: f64,
    weight_mem_per_package: f64,
    weight_bytes_read: f64,
}

#[derive(Deserialize)]
struct Inputs {
    batch_size: f64,
    default_kernel_count: f64,
    dtype: String,
    dtype_bytes: f64,
    num_packages: f64,
}

#[derive(Deserialize)]
struct LayerParameters {
    parameter_count: Option<f64>,
}

impl LayerBreakdown {
    /// Reads the breakdown from an answer's body. The error says what is missing.
    pub fn parse(body: &str, layers: &LayerTable) -> Result<Self, String> {
        let AnswerBody { debug } = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let phase = |details: Option<BTreeMap<String, Details>>, name: &str| {
            let details =
                details.ok_or_else(|| format!("no {name}: the request was sent without debug"))?;
            details
                .into_iter()
                .map(|(name, details)| layer_time(name, &details, layers))
                .collect::<Result<Vec<_>, String>>()
        };
        Ok(Self {
            prefill: phase(debug.prefill_layer_details, "prefill_layer_details")?,
            decode: phase(debug.decode_layer_details, "decode_layer_details")?,
        })
    }
}

fn layer_time(name: String, details: &Details, layers: &LayerTable) -> Result<LayerTime, String> {
    let layer = layers
        .layers
        .iter()
        .find(|layer| layer.name == name)
        .ok_or_else(|| format!("layer {name} is not one of the model's"))?;
    let Details {
        timing_breakdown: timing,
        hardware_params,
        intermediate_calculations: work,
        inputs,
        layer_params,
    } = details;
    Ok(LayerTime {
        class: layer.class.clone(),
        dtype: inputs.dtype.clone(),
        count: f64::from(layer.count),
        compute_ms: timing.compute_time_ms,
        load_ms: timing.load_time_ms,
        communication_ms: timing.comm_time_ms,
        overhead_ms: timing.layer_kernel_overhead_ms,
        kv_share: if work.load_bytes > 0.0 {
            work.kv_cache_per_package / work.load_bytes
        } else {
            0.0
        },
        package: PackageWork {
            count: inputs.num_packages,
            bandwidth_bytes_per_s: hardware_params.mem_bw_bytes_per_sec,
            weight_bytes: work.weight_mem_per_package,
            weight_bytes_read: work.weight_bytes_read,
            kv_bytes: work.kv_cache_per_package,
            flops: work.flops_per_package,
            communication_bytes: work.comm_bytes,
            kernels: inputs.default_kernel_count,
            parameters: layer_params.parameter_count,
            dtype_bytes: inputs.dtype_bytes,
            batch_size: inputs.batch_size,
        },
        overlap: Overlap {
            load: hardware_params.decode_load_overlap,
            communication: hardware_params.decode_comms_overlap,
        },
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_without_a_breakdown_is_an_error() {
        let layers = LayerTable { layers: vec![] };
        let body = r#"{"debug":{"prefill_layer_details":null,"decode_layer_details":null}}"#;
        assert!(LayerBreakdown::parse(body, &layers).unwrap_err().contains("without debug"));
        assert!(
            LayerBreakdown::parse("{}", &layers).unwrap_err().contains("missing field `debug`")
        );
    }
}
