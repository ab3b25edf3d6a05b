//! The body of `POST /config/system-metrics`, and the canonical form by which recordings find it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base::text::hex;

/// A request for a prefill and a decode step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemMetricsRequest {
    /// The step that reads the prompt; its time is TTFT.
    pub prefill_req: PhaseRequest,
    /// The step that makes one token of each sequence; its time is TPOT.
    pub decode_req: PhaseRequest,
}

/// The request for one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseRequest {
    /// The model, as Mantile names it.
    pub model_id: String,
    /// The hardware configuration, as Mantile names it.
    pub hardware_id: String,
    /// The number of sequences that are processed together.
    pub batch_size: u32,
    /// The tokens of each sequence that the step processes: the prompt in prefill, **1** in decode.
    pub seq_len: u32,
    /// The tokens of each sequence in the KV cache, in decode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_len: Option<u32>,
    /// Whether the answer breaks the times down by layer.
    #[serde(default)]
    pub debug: bool,
    /// Every layer by name. Mantile silently leaves out a layer that is not named.
    pub layers: BTreeMap<String, LayerRequest>,
}

/// The dtype and parallelism of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRequest {
    /// Mantile's dtype: `nvfp4`, `nvfp8`, `bf16`.
    pub dtype: String,
    /// The degrees of parallelism by name, such as `tensor_parallel`. Mantile ignores a name that it does not know.
    #[serde(flatten)]
    pub parallelism: BTreeMap<String, u32>,
}

impl SystemMetricsRequest {
    /// The same request with or without the breakdown by layer.
    #[must_use]
    pub fn with_debug(mut self, debug: bool) -> Self {
        self.prefill_req.debug = debug;
        self.decode_req.debug = debug;
        self
    }

    /// The request as sorted JSON, without `debug`, which does not affect the figures.
    #[must_use]
    pub fn canonical(&self) -> Value {
        let mut value = serde_json::to_value(self).expect("a request is plain JSON");
        for phase in ["prefill_req", "decode_req"] {
            if let Some(phase) = value.get_mut(phase).and_then(Value::as_object_mut) {
                phase.remove("debug");
            }
        }
        value
    }

    /// The key of its recording: the first 16 hexadecimal digits of the SHA-256 of
    /// [`canonical`](Self::canonical).
    #[must_use]
    pub fn key(&self) -> String {
        hex(&Sha256::digest(self.canonical().to_string()))[..16].to_owned()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn request(batch_size: u32) -> SystemMetricsRequest {
        let layers = [(
            "MoE".to_owned(),
            LayerRequest {
                dtype: "nvfp4".to_owned(),
                parallelism: [("tensor_parallel".to_owned(), 2)].into(),
            },
        )];
        let phase = PhaseRequest {
            model_id: "m".to_owned(),
            hardware_id: "h".to_owned(),
            batch_size,
            seq_len: 1,
            context_len: None,
            debug: false,
            layers: layers.into(),
        };
        SystemMetricsRequest { prefill_req: phase.clone(), decode_req: phase }
    }

    #[test]
    fn the_key_does_not_depend_on_debug() {
        assert_eq!(request(1).key(), request(1).with_debug(true).key());
        assert_ne!(request(1).key(), request(2).key());
        assert_eq!(request(1).key().len(), 16);
    }

    #[test]
    fn the_body_has_the_shape_that_mantile_takes() {
        insta::assert_snapshot!(request(3).canonical(), @r#"{"decode_req":{"batch_size":3,"hardware_id":"h","layers":{"MoE":{"dtype":"nvfp4","tensor_parallel":2}},"model_id":"m","seq_len":1},"prefill_req":{"batch_size":3,"hardware_id":"h","layers":{"MoE":{"dtype":"nvfp4","tensor_parallel":2}},"model_id":"m","seq_len":1}}"#);
    }
}
