//! Recordings: Mantile's answers, number for number, so that they can be had again without Mantile.

mod diff;
mod miss;
mod replay;
mod store;

pub use diff::{Difference, differences};
pub use miss::Miss;
pub use replay::ReplayServer;
pub use store::{load, others, path, save, save_sharing, to_text};

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::base::error::{Error, Place, Result};
use crate::base::text::hex;
use crate::mantile::{LayerTable, Reply, SystemMetricsRequest, layers_path};

/// What one release of Mantile answers about one model.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// The release, as it was given to `record`; the API does not say.
    pub release: String,
    /// The model, as Mantile names it.
    pub model_id: String,
    /// When it was finished, RFC 3339.
    pub recorded_at: String,
    /// Answers to GET, by path.
    pub pages: BTreeMap<String, RecordedReply>,
    /// Answers to `POST /config/system-metrics`, by the request's key.
    pub entries: BTreeMap<String, RecordedAnswer>,
    /// Of these, the keys that the file only names, with the release that holds them whole.
    pub shared: BTreeMap<String, String>,
}

/// A request with its answer.
#[derive(Debug, Clone)]
pub struct RecordedAnswer {
    /// What was asked, without `debug`.
    pub request: SystemMetricsRequest,
    /// What was answered, with the breakdown by layer.
    pub reply: RecordedReply,
}

/// An answer as it is kept.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReply {
    /// HTTP status.
    pub status: u16,
    /// Content type without parameters.
    pub content_type: String,
    /// The body: itself if it was JSON, else a string.
    pub body: Box<RawValue>,
    /// SHA-256 of the three fields above, to tell a changed recording.
    pub digest: String,
}

impl RecordedReply {
    /// Keeps a reply. Of a JSON body each number keeps its exact value.
    #[must_use]
    pub fn new(reply: &Reply) -> Self {
        let body = match serde_json::from_str::<serde_json::Value>(&reply.body) {
            Ok(mut value) => {
                drop_prompts(&mut value);
                value
            }
            Err(_) => serde_json::Value::String(reply.body.clone()),
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

    /// The body as it goes over the wire.
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

/// Drops the `prompt` of each layer's breakdown: a kilobyte of constant text, ten times an answer.
fn drop_prompts(answer: &mut serde_json::Value) {
    for phase in ["prefill_layer_details", "decode_layer_details"] {
        let details = answer.get_mut("debug").and_then(|debug| debug.get_mut(phase));
        for layer in details.and_then(serde_json::Value::as_object_mut).into_iter().flatten() {
            if let Some(layer) = layer.1.as_object_mut() {
                layer.remove("prompt");
            }
        }
    }
}

impl Recording {
    /// The recorded layers of the model.
    pub fn layers(&self) -> Result<LayerTable> {
        let path = layers_path(&self.model_id);
        let fault = |message: String| {
            Error::content(Place::file(&self.path), message).with_help("record anew")
        };
        let page =
            self.pages.get(&path).ok_or_else(|| fault(format!("no answer for GET {path}")))?;
        if !page.is_intact() {
            return Err(fault(format!(
                "the answer for GET {path} was changed after it was recorded"
            )));
        }
        serde_json::from_str(page.body.get())
            .map_err(|error| fault(format!("GET {path} is not a table of layers: {error}")))
    }

    /// The hardware configurations that the release has: those it lists, or, where it had no such list yet,
    /// those that were recorded singly.
    #[must_use]
    pub fn hardware_ids(&self) -> BTreeSet<String> {
        #[derive(serde::Deserialize)]
        struct Listed {
            id: String,
        }
        let listed = self.pages.get("/hardware").and_then(|page| {
            let listed: Vec<Listed> = serde_json::from_str(page.body.get()).ok()?;
            Some(listed.into_iter().map(|listed| listed.id).collect())
        });
        listed.unwrap_or_else(|| {
            let single = self.pages.iter().filter(|(_, page)| page.status == 200);
            single
                .filter_map(|(path, _)| path.strip_prefix("/hardware/").map(str::to_owned))
                .collect()
        })
    }

    /// Names everything in it that was changed after it was recorded.
    #[must_use]
    pub fn tampered(&self) -> Vec<String> {
        let pages = self.pages.iter().filter(|(_, reply)| !reply.is_intact());
        let entries = self.entries.iter().filter(|(_, entry)| !entry.reply.is_intact());
        pages
            .map(|(path, _)| format!("GET {path}"))
            .chain(entries.map(|(key, _)| format!("entry {key}")))
            .collect()
    }

    /// The command that records what is missing.
    #[must_use]
    pub fn record_command(&self) -> String {
        record_command(&self.model_id, &self.release, true)
    }
}

/// The command that records a release.
#[must_use]
pub fn record_command(model_id: &str, release: &str, only_missing: bool) -> String {
    let mode = if only_missing { " --mode record-missing" } else { "" };
    format!(
        "mantile-reconcile record --model {model_id} --release {release}{mode} --api-url http://localhost:8000"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_hardware_is_known_also_of_a_release_that_does_not_list_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (release, listed) in [("11a8e89", false), ("72ff84e", true)] {
            let recording = load(root, release, "openai_GPT-OSS-120B").unwrap();
            assert_eq!(recording.pages["/hardware"].status == 200, listed);
            let ids = recording.hardware_ids();
            assert!(
                ids.contains("nvidia_h100_80gb") && ids.contains("nvidia_nvl72_rack"),
                "{ids:?}"
            );
            assert!(!ids.iter().any(|id| id.ends_with("calibrated")), "{ids:?}");
        }
    }
}
