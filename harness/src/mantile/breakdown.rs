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

use crate::base::units::Milliseconds;
use crate::mantile::LayerTable;
use crate::mantile::hardware::{Hardware, Overlap};

/// A step of inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPhase {
    /// Reads the prompt; its time is TTFT.
    Prefill,
    /// Makes a token a sequence; its time is TPOT.
    Decode,
}

/// Both phases of an answer, layer by layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerBreakdown {
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
    /// Mantile's class of it, such as `MoELayer`.
    pub class: String,
    /// Mantile's dtype of its weights, activations and KV cache.
    pub dtype: String,
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
    pub package: PackageWork,
    /// What hides behind what in decode.
    pub overlap: Overlap,
}

/// The figures of one package (a GPU) in one layer and phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PackageWork {
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
    /// What it computes, FLOP.
    pub flops: f64,
    /// What it exchanges with the others, bytes.
    pub communication_bytes: f64,
    /// Kernels that it starts.
    pub kernels: f64,
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

    /// The same work on hardware with these parameters: what Mantile would answer with them as its
    /// configuration. The error says which dtype the hardware lacks.
    pub fn on(&self, hardware: &Hardware) -> Result<Self, String> {
        let phase = |layers: &[LayerTime]| {
            layers.iter().map(|layer| layer.on(hardware)).collect::<Result<Vec<_>, String>>()
        };
        Ok(Self { prefill: phase(&self.prefill)?, decode: phase(&self.decode)? })
    }

    /// The layers of a phase.
    #[must_use]
    pub fn layers(&self, phase: RequestPhase) -> &[LayerTime] {
        match phase {
            RequestPhase::Prefill => &self.prefill,
            RequestPhase::Decode => &self.decode,
        }
    }

    /// What share of a phase's time a part of its layers' times is, 0 to 1; of parts that hide behind each
    /// other the sum may be more.
    #[must_use]
    pub fn share(&self, phase: RequestPhase, part: fn(&LayerTime) -> f64) -> f64 {
        let parts: f64 = self.layers(phase).iter().map(|layer| layer.count * part(layer)).sum();
        parts / self.time(phase).0
    }

    /// A phase's time, by Mantile's formula: TTFT or TPOT.
    #[must_use]
    pub fn time(&self, phase: RequestPhase) -> Milliseconds {
        let layers = self.layers(phase).iter();
        Milliseconds(layers.map(|layer| layer.count * layer.time_ms(phase)).sum())
    }

    /// TTFT, by Mantile's formula.
    #[must_use]
    pub fn ttft(&self) -> Milliseconds {
        self.time(RequestPhase::Prefill)
    }

    /// TPOT, by Mantile's formula.
    #[must_use]
    pub fn tpot(&self) -> Milliseconds {
        self.time(RequestPhase::Decode)
    }
}

impl LayerTime {
    /// The time of one such layer in a phase, ms.
    #[must_use]
    pub fn time_ms(&self, phase: RequestPhase) -> f64 {
        let Self { compute_ms, load_ms, communication_ms, overhead_ms, .. } = *self;
        phase.layer_time([compute_ms, load_ms, communication_ms, overhead_ms], self.overlap)
    }

    /// The same layer on hardware with these parameters; the error says which dtype it lacks.
    pub fn on(&self, hardware: &Hardware) -> Result<Self, String> {
        let PackageWork {
            weight_bytes_read, kv_bytes, flops, communication_bytes, kernels, ..
        } = self.package;
        let peak = hardware.compute_pflops.get(&self.dtype).ok_or_else(|| {
            format!("the hardware has no compute_per_package_PFlops of {}", self.dtype)
        })?;
        let load_bytes = weight_bytes_read + kv_bytes;
        let [compute_ms, load_ms, communication_ms, overhead_ms] =
            hardware.times_ms(flops / peak, load_bytes, communication_bytes, kernels);
        let mut layer = self.clone();
        layer.package.bandwidth_bytes_per_s = hardware.bandwidth_gb_per_s * 1e9;
        layer.overlap = hardware.overlap;
        Ok(Self { compute_ms, load_ms, communication_ms, overhead_ms, ..layer })
    }
}

impl RequestPhase {
    /// The time of a layer from the times of its compute, load, communication and overhead, in their
    /// unit: Mantile's rule (`compute_metrics`, as above).
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
        class: layer.class.clone(),
        dtype: inputs.dtype.clone(),
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
        package: PackageWork {
            count: inputs.num_packages,
            bandwidth_bytes_per_s: hardware_params.mem_bw_bytes_per_sec,
            weight_bytes: bytes.weight_mem_per_package,
            weight_bytes_read: bytes.weight_bytes_read,
            kv_bytes: bytes.kv_cache_per_package,
            flops: bytes.flops_per_package,
            communication_bytes: bytes.comm_bytes,
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
    use std::path::Path;

    use super::*;
    use crate::mantile::Answer;
    use crate::mantile::recording;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    fn assert_equal(breakdown: &LayerBreakdown, ttft_ms: f64, tpot_ms: f64, what: &str) {
        for (ours, theirs) in [(breakdown.ttft().0, ttft_ms), (breakdown.tpot().0, tpot_ms)] {
            let difference = (ours / theirs - 1.0).abs();
            assert!(difference < 1e-9, "{what}: {ours} against {theirs}");
        }
    }

    #[test]
    fn the_formula_gives_mantiles_own_answers_on_every_recorded_row() {
        let root = Path::new(ROOT);
        let mut compared = 0;
        for release in ["95eb60b", "72ff84e"] {
            for model in crate::testing::models() {
                if !recording::path(root, release, &model).exists() {
                    continue;
                }
                let recording = recording::load(root, release, &model).unwrap();
                let layers = recording.layers().unwrap();
                for (key, entry) in &recording.entries {
                    let body = entry.reply.text();
                    let Ok(answer) = serde_json::from_str::<Answer>(&body) else { continue };
                    let breakdown = LayerBreakdown::parse(&body, &layers).unwrap();
                    let (ttft, tpot) = (answer.ttft_ms.0, answer.tpot_ms.0);
                    let what = format!("{release} {model} {key}");
                    assert_equal(&breakdown, ttft, tpot, &what);
                    // And again from the work alone, over the configuration that it was asked of.
                    let id = &entry.request.decode_req.hardware_id;
                    let page = recording.pages.get(&format!("/hardware/{id}")).expect(id);
                    let hardware = Hardware::parse(page.body.get()).unwrap();
                    assert_equal(&breakdown.on(&hardware).unwrap(), ttft, tpot, &what);
                    compared += 1;
                }
            }
        }
        assert!(compared > 1000, "{compared}");
    }

    #[test]
    fn at_changed_parameters_the_formula_gives_what_mantile_answers_with_them() {
        #[derive(Deserialize)]
        struct Changed {
            answers: Vec<ChangedAnswer>,
        }
        #[derive(Deserialize)]
        struct ChangedAnswer {
            model_id: String,
            key: String,
            hardware: Box<serde_json::value::RawValue>,
            ttft_ms: f64,
            tpot_ms: f64,
        }
        let root = Path::new(ROOT);
        let text =
            crate::base::file::read_text(&root.join("fixtures/calibration/changed_hardware.json"));
        let changed: Changed = serde_json::from_str(&text.unwrap()).unwrap();
        assert_eq!(changed.answers.len(), 16);
        let mut recordings = BTreeMap::new();
        for ChangedAnswer { model_id, key, hardware, ttft_ms, tpot_ms } in changed.answers {
            let recording = recordings
                .entry(model_id.clone())
                .or_insert_with(|| recording::load(root, "72ff84e", &model_id).unwrap());
            let body = recording.entries[&key].reply.text();
            let breakdown = LayerBreakdown::parse(&body, &recording.layers().unwrap()).unwrap();
            let hardware = Hardware::parse(hardware.get()).unwrap();
            assert_equal(&breakdown.on(&hardware).unwrap(), ttft_ms, tpot_ms, &key);
        }
    }

    #[test]
    fn hardware_without_a_layers_dtype_is_told() {
        let recording = recording::load(Path::new(ROOT), "72ff84e", "openai_GPT-OSS-120B").unwrap();
        let body = recording.entries.values().next().unwrap().reply.text();
        let breakdown = LayerBreakdown::parse(&body, &recording.layers().unwrap()).unwrap();
        let sheet = crate::mantile::datasheet::of("h100").unwrap();
        let told = breakdown.on(&sheet.peaks(["int8"])).unwrap_err();
        assert!(told.contains("no compute_per_package_PFlops of nv"), "{told}");
    }

    #[test]
    fn a_body_without_a_breakdown_is_told() {
        let layers = LayerTable { layers: vec![] };
        let body = r#"{"debug":{"prefill_layer_details":null,"decode_layer_details":null}}"#;
        assert!(LayerBreakdown::parse(body, &layers).unwrap_err().contains("without debug"));
        assert!(
            LayerBreakdown::parse("{}", &layers).unwrap_err().contains("missing field `debug`")
        );
    }
}
