//! The file format of a recording: JSON with one entry per line, sorted by key.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{RecordedAnswer, RecordedReply, Recording};
use crate::base::error::{Error, Place, Result};
use crate::mantile::SystemMetricsRequest;

/// The version of the format that this program reads and writes.
const SCHEMA_VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordingFile {
    schema_version: u32,
    release: String,
    model_id: String,
    recorded_at: String,
    pages: Vec<RecordedPage>,
    entries: Vec<EntryLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedPage {
    path: String,
    reply: RecordedReply,
}

/// An entry: either whole, or a reference to the release that gave the same answer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    request: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reply: Option<RecordedReply>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    same_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    digest: Option<String>,
}

/// A file's content before its references to other releases are resolved.
pub(super) struct ParsedFile {
    /// The recording with the entries that the file holds whole.
    pub(super) recording: Recording,
    /// The entries that another release's file holds.
    pub(super) references: Vec<SharedEntry>,
}

/// A reference to an entry that another release's file holds.
pub(super) struct SharedEntry {
    pub(super) key: String,
    pub(super) owner: String,
    pub(super) digest: String,
}

/// Parses a file's text; `path` is named in errors.
pub(super) fn parse(path: &Path, text: &str) -> Result<ParsedFile> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let Version { schema_version } =
        serde_json::from_str(text).map_err(|error| json_error(path, &error))?;
    if schema_version != SCHEMA_VERSION {
        return Err(Error::content(
            Place::file(path),
            format!("schema_version {schema_version} is not {SCHEMA_VERSION}"),
        ));
    }
    let file: RecordingFile =
        serde_json::from_str(text).map_err(|error| json_error(path, &error))?;
    debug_assert_eq!(file.schema_version, SCHEMA_VERSION);
    let (entries, references) = read_entries(path, file.entries)?;
    let recording = Recording {
        path: path.to_path_buf(),
        release: file.release,
        model_id: file.model_id,
        recorded_at: file.recorded_at,
        pages: file.pages.into_iter().map(|page| (page.path, page.reply)).collect(),
        entries,
        shared: BTreeMap::new(),
    };
    Ok(ParsedFile { recording, references })
}

/// The entries that the file holds whole, and its references to other releases. No key may come twice.
fn read_entries(
    path: &Path,
    lines: Vec<EntryLine>,
) -> Result<(BTreeMap<String, RecordedAnswer>, Vec<SharedEntry>)> {
    let fault = |message: String| Error::content(Place::file(path), message);
    let mut entries = BTreeMap::new();
    let mut references: Vec<SharedEntry> = Vec::new();
    for EntryLine { key, request, reply, same_as, digest } in lines {
        if entries.contains_key(&key) || references.iter().any(|shared| shared.key == key) {
            return Err(fault(format!("entry {key} appears twice")));
        }
        match (request, reply, same_as, digest) {
            (Some(request), Some(reply), None, None) => {
                let request: SystemMetricsRequest = serde_json::from_str(request.get())
                    .map_err(|error| json_error(path, &error))?;
                if request.key() != key {
                    return Err(fault(format!(
                        "entry {key}: the request was changed, its key is {}",
                        request.key()
                    )));
                }
                entries.insert(key, RecordedAnswer { request, reply });
            }
            (None, None, Some(owner), Some(digest)) => {
                references.push(SharedEntry { key, owner, digest });
            }
            _ => {
                return Err(fault(format!(
                    "entry {key} has neither request and reply nor same_as and digest"
                )));
            }
        }
    }
    Ok((entries, references))
}

fn json_error(path: &Path, error: &serde_json::Error) -> Error {
    let place = Place::line(path, error.line() as u64).in_column(error.column().to_string());
    Error::content(place, format!("not a recording: {error}"))
}

/// The text of a recording's file. An entry that one of `others` holds whole, with the same answer, becomes a
/// reference to that release.
#[must_use]
pub fn to_text(recording: &Recording, others: &[Recording]) -> String {
    let pages: Vec<String> = recording
        .pages
        .iter()
        .map(|(path, reply)| line(&RecordedPage { path: path.clone(), reply: reply.clone() }))
        .collect();
    let entries: Vec<String> =
        recording.entries.iter().map(|(key, entry)| entry_line(key, entry, others)).collect();
    let header = |name: &str, value: &str| format!("{}:{}", quoted(name), quoted(value));
    format!(
        "{{\n\"schema_version\":{SCHEMA_VERSION},\n{},\n{},\n{},\n\"pages\":[\n{}\n],\n\"entries\":[\n{}\n]\n}}\n",
        header("release", &recording.release),
        header("model_id", &recording.model_id),
        header("recorded_at", &recording.recorded_at),
        pages.join(",\n"),
        entries.join(",\n"),
    )
}

fn entry_line(key: &str, entry: &RecordedAnswer, others: &[Recording]) -> String {
    let holds_whole = |other: &&Recording| {
        let same =
            other.entries.get(key).is_some_and(|theirs| theirs.reply.digest == entry.reply.digest);
        same && !other.shared.contains_key(key)
    };
    let key = key.to_owned();
    line(&match others.iter().find(holds_whole) {
        Some(owner) => EntryLine {
            key,
            request: None,
            reply: None,
            same_as: Some(owner.release.clone()),
            digest: Some(entry.reply.digest.clone()),
        },
        None => {
            let request = serde_json::value::to_raw_value(&entry.request.canonical());
            let request = Some(request.expect("a request is plain JSON"));
            EntryLine {
                key,
                request,
                reply: Some(entry.reply.clone()),
                same_as: None,
                digest: None,
            }
        }
    })
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a recorded reply is plain JSON")
}
