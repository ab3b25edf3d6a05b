//! The breakdown of an answer by layer, and Mantile's formula for a phase's time over again.
//!
//! With `debug`, Mantile answers for each layer the time of compute, of loading weights and KV cache,
//! of communication, and the overhead of its kernels. From those it makes a layer's time
//! (`backend/layers/base.py`, `compute_metrics`, at release 72ff84e): in prefill the largest of
//! compute, load and communication; in decode compute and load, the larger or their sum by
//! `decode_load_overlap`, then communication, added or overlapped by `decode_comms_overlap`; and in
//! both the kernels' overhead on top. A phase is the sum over layers, each as often as it comes.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::mantile::LayerTable;
use crate::units::Milliseconds;

/// A step of inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reads the prompt; its time is TTFT.
    Prefill,
    /// Makes a token a sequence; its time is TPOT.
    Decode,
}

/// Both phases of an answer, layer by layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// In the order of their names.
    pub prefill: Vec<LayerTime>,
    /// In the order of their names.
    pub decode: Vec<LayerTime>,
}

/// The times of one kind of layer in a phase, ms for one of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerTime {
    /// Its name.
    pub name: String,
    /// How many of it the model has.
    pub count: f64,
    /// FLOP over peak FLOP/s.
    pub compute_ms: f64,
    /// Bytes of weights and KV cache over memory bandwidth.
    pub load_ms: f64,
    /// Latency, and bytes between packages over interconnect bandwidth.
    pub communication_ms: f64,
    /// Kernels times the overhead of one.
    pub overhead_ms: f64,
    /// The share of the loaded bytes that is KV cache, 0 to 1.
    pub kv_share: f64,
    /// What a package moves and works with.
    pub package: Package,
    /// Whether load hides behind compute in decode.
    pub decode_load_overlap: bool,
    /// Whether communication hides in decode.
    pub decode_comms_overlap: bool,
}

/// The figures of one package (a GPU) in one layer and phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Package {
    /// Packages that the layer is spread over.
    pub count: f64,
    /// Peak memory bandwidth, bytes/s.
    pub bandwidth_bytes_per_s: f64,
    /// Weights that it holds, bytes.
    pub weight_bytes: f64,
    /// Weights that it reads in the phase, bytes; of experts those that tokens go to.
    pub weight_bytes_read: f64,
    /// KV cache that it reads or writes, bytes.
    pub kv_bytes: f64,
    /// Weights of the whole layer, a number, of which Mantile does not tell every model's.
    pub parameters: Option<f64>,
    /// Bytes of a weight.
    pub dtype_bytes: f64,
    /// Sequences that are processed.
    pub batch_size: f64,
}

#[derive(Deserialize)]
struct Body {
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
    hardware_params: Hardware,
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
struct Hardware {
    mem_bw_bytes_per_sec: f64,
    decode_load_overlap: bool,
    decode_comms_overlap: bool,
}

#[derive(Deserialize)]
struct Intermediate {
    kv_cache_per_package: f64,
    load_bytes: f64,
    weight_mem_per_package: f64,
    weight_bytes_read: f64,
}

#[derive(Deserialize)]
struct Inputs {
    batch_size: f64,
    dtype_bytes: f64,
    num_packages: f64,
}

#[derive(Deserialize)]
struct LayerParameters {
    parameter_count: Option<f64>,
}

impl Breakdown {
    /// Reads the breakdown of an answer's body; the error says what it lacks.
    pub fn parse(body: &str, layers: &LayerTable) -> Result<Self, String> {
        let Body { debug } = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let phase = |details: Option<BTreeMap<String, Details>>, name: &str| {
            let details =
                details.ok_or_else(|| format!("no {name}: it was asked without debug"))?;
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

    /// TTFT, by Mantile's formula.
    #[must_use]
    pub fn ttft(&self) -> Milliseconds {
        Milliseconds(
            self.prefill.iter().map(|layer| layer.count * layer.time_ms(Phase::Prefill)).sum(),
        )
    }

    /// TPOT, by Mantile's formula.
    #[must_use]
    pub fn tpot(&self) -> Milliseconds {
        Milliseconds(
            self.decode.iter().map(|layer| layer.count * layer.time_ms(Phase::Decode)).sum(),
        )
    }
}

impl LayerTime {
    /// The time of one such layer in a phase, ms.
    #[must_use]
    pub fn time_ms(&self, phase: Phase) -> f64 {
        let Self { compute_ms, load_ms, communication_ms, .. } = *self;
        let work = match phase {
            Phase::Prefill => compute_ms.max(load_ms).max(communication_ms),
            Phase::Decode => {
                let local = if self.decode_load_overlap {
                    compute_ms.max(load_ms)
                } else {
                    compute_ms + load_ms
                };
                if self.decode_comms_overlap {
                    local.max(communication_ms)
                } else {
                    local + communication_ms
                }
            }
        };
        work + self.overhead_ms
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
        intermediate_calculations: bytes,
        inputs,
        layer_params,
    } = details;
    Ok(LayerTime {
        count: f64::from(layer.count),
        compute_ms: timing.compute_time_ms,
        load_ms: timing.load_time_ms,
        communication_ms: timing.comm_time_ms,
        overhead_ms: timing.layer_kernel_overhead_ms,
        kv_share: if bytes.load_bytes > 0.0 {
            bytes.kv_cache_per_package / bytes.load_bytes
        } else {
            0.0
        },
        package: Package {
            count: inputs.num_packages,
            bandwidth_bytes_per_s: hardware_params.mem_bw_bytes_per_sec,
            weight_bytes: bytes.weight_mem_per_package,
            weight_bytes_read: bytes.weight_bytes_read,
            kv_bytes: bytes.kv_cache_per_package,
            parameters: layer_params.parameter_count,
            dtype_bytes: inputs.dtype_bytes,
            batch_size: inputs.batch_size,
        },
        decode_load_overlap: hardware_params.decode_load_overlap,
        decode_comms_overlap: hardware_params.decode_comms_overlap,
        name,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::mantile::Answer;
    use crate::recording;

    #[test]
    fn the_formula_gives_mantiles_own_answers_on_every_recorded_row() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for release in ["95eb60b", "72ff84e"] {
            let recording = recording::load(root, release, "openai_GPT-OSS-120B").unwrap();
            let layers = recording.layers().unwrap();
            assert!(recording.entries.len() > 100);
            for (key, entry) in &recording.entries {
                let body = entry.reply.text();
                let answer: Answer = serde_json::from_str(&body).unwrap();
                let breakdown = Breakdown::parse(&body, &layers).unwrap();
                for (ours, theirs) in
                    [(breakdown.ttft(), answer.ttft_ms), (breakdown.tpot(), answer.tpot_ms)]
                {
                    let difference = (ours.0 / theirs.0 - 1.0).abs();
                    assert!(difference < 1e-9, "{release} {key}: {ours:?} against {theirs:?}");
                }
            }
        }
    }

    #[test]
    fn a_body_without_a_breakdown_is_told() {
        let layers = LayerTable { layers: vec![] };
        let body = r#"{"debug":{"prefill_layer_details":null,"decode_layer_details":null}}"#;
        assert!(Breakdown::parse(body, &layers).unwrap_err().contains("without debug"));
        assert!(Breakdown::parse("{}", &layers).unwrap_err().contains("missing field `debug`"));
    }
}
