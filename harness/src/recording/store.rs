//! The file of a recording: JSON with one line an entry, sorted by key, replaced all at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Entry, RecordedReply, Recording, record_command};
use crate::error::{Error, Place, Result};
use crate::file;

/// The version of the file's format that this program reads and writes.
const SCHEMA_VERSION: u32 = 1;

/// Where the recording of a release and model is, under the project's folder.
#[must_use]
pub fn path(root: &Path, release: &str, model_id: &str) -> PathBuf {
    root.join("fixtures").join("mantile").join(release).join(format!("{model_id}.json"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: u32,
    release: String,
    model_id: String,
    recorded_at: String,
    pages: Vec<Page>,
    entries: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    path: String,
    reply: RecordedReply,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    request: Box<RawValue>,
    reply: RecordedReply,
}

/// Reads the recording of a release and model.
pub fn load(root: &Path, release: &str, model_id: &str) -> Result<Recording> {
    let path = path(root, release, model_id);
    if !path.exists() {
        return Err(Error::unavailable(format!(
            "no recording of {model_id} by release {release}: {} is not there",
            path.display()
        ))
        .with_help(format!("record it: {}", record_command(model_id, release, false))));
    }
    let text = file::read_text(&path)?;
    let recording = parse(&path, &text).map_err(|error| match error {
        help @ Error::Content { help: Some(_), .. } => help,
        error => error.with_help(format!(
            "restore the file, or record anew: {}",
            record_command(model_id, release, false)
        )),
    })?;
    if (recording.release.as_str(), recording.model_id.as_str()) != (release, model_id) {
        return Err(Error::content(
            Place::file(&path),
            format!("it holds {} by release {}", recording.model_id, recording.release),
        )
        .with_help("the folder is the release and the file is the model"));
    }
    Ok(recording)
}

fn parse(path: &Path, text: &str) -> Result<Recording> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let fault = |error: &serde_json::Error| {
        let place = Place::line(path, error.line() as u64).in_column(error.column().to_string());
        Error::content(place, format!("not a recording: {error}"))
    };
    let Version { schema_version } = serde_json::from_str(text).map_err(|error| fault(&error))?;
    if schema_version != SCHEMA_VERSION {
        return Err(Error::content(
            Place::file(path),
            format!("schema_version {schema_version} is not {SCHEMA_VERSION}"),
        ));
    }
    let file: File = serde_json::from_str(text).map_err(|error| fault(&error))?;
    debug_assert_eq!(file.schema_version, SCHEMA_VERSION);
    let mut entries = BTreeMap::new();
    for Line { key, request, reply } in file.entries {
        let request: crate::mantile::SystemMetricsRequest =
            serde_json::from_str(request.get()).map_err(|error| fault(&error))?;
        if request.key() != key {
            let message =
                format!("entry {key}: the request was changed, its key is {}", request.key());
            return Err(Error::content(Place::file(path), message));
        }
        if entries.insert(key.clone(), Entry { request, reply }).is_some() {
            return Err(Error::content(Place::file(path), format!("entry {key} comes twice")));
        }
    }
    Ok(Recording {
        path: path.to_path_buf(),
        release: file.release,
        model_id: file.model_id,
        recorded_at: file.recorded_at,
        pages: file.pages.into_iter().map(|page| (page.path, page.reply)).collect(),
        entries,
    })
}

/// Writes a recording to its path.
pub fn save(recording: &Recording) -> Result<()> {
    file::replace(&recording.path, to_text(recording).as_bytes())
}

fn to_text(recording: &Recording) -> String {
    let pages: Vec<String> = recording
        .pages
        .iter()
        .map(|(path, reply)| line(&Page { path: path.clone(), reply: reply.clone() }))
        .collect();
    let entries: Vec<String> = recording
        .entries
        .iter()
        .map(|(key, entry)| {
            let request = serde_json::value::to_raw_value(&entry.request.canonical());
            line(&Line {
                key: key.clone(),
                request: request.expect("a request is plain JSON"),
                reply: entry.reply.clone(),
            })
        })
        .collect();
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

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a recorded reply is plain JSON")
}
