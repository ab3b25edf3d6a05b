//! The times of an answer by layer.

use super::{PackageWork, RequestPhase};
use crate::base::units::Milliseconds;
use crate::mantile::hardware::{Hardware, Overlap};

/// The layers of both phases of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerBreakdown {
    /// The layers of prefill, sorted by name.
    pub prefill: Vec<LayerTime>,
    /// The layers of decode, sorted by name.
    pub decode: Vec<LayerTime>,
}

/// The times of one kind of layer in a phase; times are of a single layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerTime {
    /// The layer's name.
    pub name: String,
    /// Mantile's class, such as `MoELayer`.
    pub class: String,
    /// Mantile's dtype of the weights, activations and KV cache.
    pub dtype: String,
    /// The number of such layers in the model.
    pub count: f64,
    /// FLOP over peak FLOP/s, ms.
    pub compute_ms: f64,
    /// Bytes of weights and KV cache over memory bandwidth, ms.
    pub load_ms: f64,
    /// Latency plus bytes between packages over interconnect bandwidth, ms.
    pub communication_ms: f64,
    /// Kernels times the overhead of one kernel, ms.
    pub overhead_ms: f64,
    /// The share of KV cache in the loaded bytes, 0 to 1.
    pub kv_share: f64,
    /// The work of one package.
    pub package: PackageWork,
    /// The overlaps in decode.
    pub overlap: Overlap,
}

impl LayerBreakdown {
    /// The same work on other hardware: the breakdown that Mantile would answer with this configuration. The error
    /// says which dtype the hardware lacks.
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

    /// The share of a part, such as compute, in a phase's time, 0 to 1. The shares of overlapping parts may sum to
    /// more than 1.
    #[must_use]
    pub fn share(&self, phase: RequestPhase, part: fn(&LayerTime) -> f64) -> f64 {
        let parts: f64 = self.layers(phase).iter().map(|layer| layer.count * part(layer)).sum();
        parts / self.time(phase).0
    }

    /// The time of a phase by Mantile's formula: TTFT or TPOT.
    #[must_use]
    pub fn time(&self, phase: RequestPhase) -> Milliseconds {
        let layers = self.layers(phase).iter();
        Milliseconds(layers.map(|layer| layer.count * layer.time_ms(phase)).sum())
    }

    /// TTFT by Mantile's formula.
    #[must_use]
    pub fn ttft(&self) -> Milliseconds {
        self.time(RequestPhase::Prefill)
    }

    /// TPOT by Mantile's formula.
    #[must_use]
    pub fn tpot(&self) -> Milliseconds {
        self.time(RequestPhase::Decode)
    }
}

impl LayerTime {
    /// The time of a single layer in a phase, ms.
    #[must_use]
    pub fn time_ms(&self, phase: RequestPhase) -> f64 {
        let Self { compute_ms, load_ms, communication_ms, overhead_ms, .. } = *self;
        phase.layer_time([compute_ms, load_ms, communication_ms, overhead_ms], self.overlap)
    }

    /// The same layer on other hardware. The error says which dtype the hardware lacks.
    pub fn on(&self, hardware: &Hardware) -> Result<Self, String> {
        let PackageWork {
            weight_bytes_read, kv_bytes, flops, communication_bytes, kernels, ..
        } = self.package;
        let peak = hardware.compute_pflops.get(&self.dtype).ok_or_else(|| {
            format!("the hardware has no compute_per_package_PFlops for {}", self.dtype)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use serde::Deserialize;

    use super::*;
    use crate::mantile::Answer;
    use crate::mantile::recording;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    fn assert_equal(breakdown: &LayerBreakdown, ttft_ms: f64, tpot_ms: f64, what: &str) {
        for (ours, theirs) in [(breakdown.ttft().0, ttft_ms), (breakdown.tpot().0, tpot_ms)] {
            let difference = (ours / theirs - 1.0).abs();
            assert!(difference < 1e-9, "{what}: {ours}, not {theirs}");
        }
    }

    #[test]
    fn the_formula_gives_mantiles_answers_for_every_recorded_request() {
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
                    // The same from the work alone, on the configuration that was asked for.
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
    fn with_changed_hardware_the_formula_gives_mantiles_answers() {
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
    fn hardware_without_a_layers_dtype_is_an_error() {
        let recording = recording::load(Path::new(ROOT), "72ff84e", "openai_GPT-OSS-120B").unwrap();
        let body = recording.entries.values().next().unwrap().reply.text();
        let breakdown = LayerBreakdown::parse(&body, &recording.layers().unwrap()).unwrap();
        let sheet = crate::mantile::datasheet::of("h100").unwrap();
        let error = breakdown.on(&sheet.peaks(["int8"])).unwrap_err();
        assert!(error.contains("no compute_per_package_PFlops for nv"), "{error}");
    }
}
