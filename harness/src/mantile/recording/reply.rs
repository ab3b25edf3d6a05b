//! A recorded answer: its body number for number, with a digest that shows later changes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::base::text::hex;
use crate::mantile::{Reply, SystemMetricsRequest};

/// A request with its answer.
#[derive(Debug, Clone)]
pub struct RecordedAnswer {
    /// The request, without `debug`.
    pub request: SystemMetricsRequest,
    /// The answer, with the breakdown by layer.
    pub reply: RecordedReply,
}

/// A reply as the recording's file holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReply {
    /// The HTTP status.
    pub status: u16,
    /// The content type without parameters.
    pub content_type: String,
    /// The body: verbatim if it was JSON, otherwise as a JSON string.
    pub body: Box<RawValue>,
    /// The SHA-256 of the three fields above, which shows whether the recording was changed.
    pub digest: String,
}

impl RecordedReply {
    /// Makes a reply into a recorded one. Numbers in a JSON body keep their exact value.
    #[must_use]
    pub fn new(reply: &Reply) -> Self {
        let body = match serde_json::from_str::<Value>(&reply.body) {
            Ok(mut value) => {
                drop_prompts(&mut value);
                value
            }
            Err(_) => Value::String(reply.body.clone()),
        };
        let body = serde_json::value::to_raw_value(&body).expect("a JSON value is JSON");
        Self::seal(reply.status, reply.content_type.clone(), body)
    }

    /// A reply with the digest that belongs to it.
    #[must_use]
    pub fn seal(status: u16, content_type: String, body: Box<RawValue>) -> Self {
        let digest = digest(status, &content_type, &body);
        Self { status, content_type, body, digest }
    }

    /// Whether the digest belongs to the content.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        digest(self.status, &self.content_type, &self.body) == self.digest
    }

    /// The body as it is sent over HTTP.
    #[must_use]
    pub fn text(&self) -> String {
        if self.content_type == "application/json" {
            return self.body.get().to_owned();
        }
        serde_json::from_str(self.body.get()).unwrap_or_else(|_| self.body.get().to_owned())
    }
}

fn digest(status: u16, content_type: &str, body: &RawValue) -> String {
    hex(&Sha256::digest(format!("{status}\n{content_type}\n{}", body.get())))
}

/// Drops the `prompt` of each layer's breakdown: a kilobyte of constant text, ten times as long as the rest.
fn drop_prompts(answer: &mut Value) {
    for phase in ["prefill_layer_details", "decode_layer_details"] {
        let details = answer.get_mut("debug").and_then(|debug| debug.get_mut(phase));
        for (_, layer) in details.and_then(Value::as_object_mut).into_iter().flatten() {
            if let Some(layer) = layer.as_object_mut() {
                layer.remove("prompt");
            }
        }
    }
}
