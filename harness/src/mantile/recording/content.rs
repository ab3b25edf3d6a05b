//! The content of a recording: pages and answers, by what was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{RecordedAnswer, RecordedReply};
use crate::base::error::{Error, Place, Result};
use crate::mantile::{LayerTable, layers_path};

/// The answers of one release of Mantile about one model.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// The release, as it was given to `record`; the API does not report it.
    pub release: String,
    /// The model, as Mantile names it.
    pub model_id: String,
    /// The time at which it was finished, RFC 3339.
    pub recorded_at: String,
    /// The answers to GET, by path.
    pub pages: BTreeMap<String, RecordedReply>,
    /// The answers to `POST /config/system-metrics`, by the request's key.
    pub entries: BTreeMap<String, RecordedAnswer>,
    /// The keys of the entries that the file only refers to, with the release whose file holds them whole.
    pub shared: BTreeMap<String, String>,
}

impl Recording {
    /// The recorded layers of the model.
    pub fn layers(&self) -> Result<LayerTable> {
        let path = layers_path(&self.model_id);
        let fault = |message: String| {
            Error::content(Place::file(&self.path), message).with_help(format!(
                "record the release again: {}",
                record_command(&self.model_id, &self.release, false)
            ))
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

    /// The ids of the hardware configurations that the release has: those that it lists or, for a release that
    /// has no list yet, those whose pages were recorded.
    #[must_use]
    pub fn hardware_ids(&self) -> BTreeSet<String> {
        #[derive(serde::Deserialize)]
        struct ListedId {
            id: String,
        }
        let listed = self.pages.get("/hardware").and_then(|page| {
            let listed: Vec<ListedId> = serde_json::from_str(page.body.get()).ok()?;
            Some(listed.into_iter().map(|hardware| hardware.id).collect())
        });
        listed.unwrap_or_else(|| {
            let pages = self.pages.iter().filter(|(_, page)| page.status == 200);
            pages
                .filter_map(|(path, _)| path.strip_prefix("/hardware/").map(str::to_owned))
                .collect()
        })
    }

    /// The pages and entries that were changed after they were recorded, by name.
    #[must_use]
    pub fn tampered(&self) -> Vec<String> {
        let pages = self.pages.iter().filter(|(_, reply)| !reply.is_intact());
        let entries = self.entries.iter().filter(|(_, entry)| !entry.reply.is_intact());
        pages
            .map(|(path, _)| format!("GET {path}"))
            .chain(entries.map(|(key, _)| format!("entry {key}")))
            .collect()
    }

    /// The number of answers that differ from an earlier recording's answers to the same requests.
    #[must_use]
    pub fn count_changed(&self, earlier: &Self) -> usize {
        let entries = self.entries.iter();
        let differ = entries.filter(|(key, entry)| {
            let earlier = earlier.entries.get(*key);
            earlier.is_some_and(|earlier| earlier.reply.digest != entry.reply.digest)
        });
        differ.count()
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

    use crate::mantile::recording::load;

    #[test]
    fn the_hardware_of_a_release_that_does_not_list_it_is_known_from_its_pages() {
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
