//! The file of a recording: JSON with one line an entry, sorted by key, replaced all at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{RecordedAnswer, RecordedReply, Recording, record_command};
use crate::base::error::{Error, Place, Result};
use crate::base::file;
use crate::mantile::SystemMetricsRequest;

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

/// An entry: whole, or the same as another release's.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
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

/// A file as it is, its shared entries not looked up: key, release and digest.
struct Parsed {
    recording: Recording,
    shared: Vec<(String, String, String)>,
}

/// Reads the recording of a release and model, looking up entries that it shares with others.
///
/// ```
/// use std::path::Path;
///
/// use mantile_reconcile::judge::model;
/// use mantile_reconcile::mantile::recording;
/// use mantile_reconcile::predict::mapping;
///
/// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
/// let model = model::load(root, "openai_GPT-OSS-120B")?;
/// let recording = recording::load(root, &model.release, &model.config.model_id)?;
/// let layers = recording.layers()?;
/// let mut mapped = model.rows.iter().filter_map(|row| mapping::map(row, &model.config).ok());
/// let recorded = mapped.next().expect("some rows are mapped").recorded(&recording, &layers)?;
/// assert!(recorded.answer.ttft_ms.0 > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load(root: &Path, release: &str, model_id: &str) -> Result<Recording> {
    let Parsed { mut recording, shared } = load_own(root, release, model_id)?;
    let mut owners: BTreeMap<&str, Recording> = BTreeMap::new();
    for (key, owner, digest) in &shared {
        if !owners.contains_key(owner.as_str()) {
            owners.insert(owner, load(root, owner, model_id)?);
        }
        let entry =
            owners[owner.as_str()].entries.get(key).filter(|entry| entry.reply.digest == *digest);
        let Some(entry) = entry else {
            let message =
                format!("entry {key} is said to be the same as release {owner}'s, which differs");
            return Err(Error::content(Place::file(&recording.path), message)
                .with_help("restore both files, or record this release anew"));
        };
        recording.shared.insert(key.clone(), owner.clone());
        recording.entries.insert(key.clone(), entry.clone());
    }
    Ok(recording)
}

/// The releases that a model is recorded of, but for one, by name.
pub fn others(root: &Path, release: &str, model_id: &str) -> Result<Vec<String>> {
    let folder = root.join("fixtures").join("mantile");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|source| Error::io("read", &folder, source))? {
        let entry = entry.map_err(|source| Error::io("read", &folder, source))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    names.retain(|name| name != release && path(root, name, model_id).exists());
    Ok(names)
}

fn load_own(root: &Path, release: &str, model_id: &str) -> Result<Parsed> {
    let path = path(root, release, model_id);
    if !path.exists() {
        return Err(Error::unavailable(format!(
            "no recording of {model_id} by release {release}: {} is not there",
            path.display()
        ))
        .with_help(format!("record it: {}", record_command(model_id, release, false))));
    }
    let text = file::read_text(&path)?;
    let parsed = parse(&path, &text).map_err(|error| match error {
        help @ Error::Content { help: Some(_), .. } => help,
        error => error.with_help(format!(
            "restore the file, or record anew: {}",
            record_command(model_id, release, false)
        )),
    })?;
    let Recording { release: holds, model_id: of, .. } = &parsed.recording;
    if (holds.as_str(), of.as_str()) != (release, model_id) {
        return Err(Error::content(
            Place::file(&path),
            format!("it holds {of} by release {holds}"),
        )
        .with_help("the folder is the release and the file is the model"));
    }
    if parsed.shared.iter().any(|(_, owner, _)| owner == release) {
        return Err(Error::content(
            Place::file(&path),
            "an entry is said to be the same as its own",
        ));
    }
    Ok(parsed)
}

fn parse(path: &Path, text: &str) -> Result<Parsed> {
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
    let mut shared: Vec<(String, String, String)> = Vec::new();
    for Line { key, request, reply, same_as, digest } in file.entries {
        let twice = entries.contains_key(&key) || shared.iter().any(|(other, ..)| *other == key);
        if twice {
            return Err(Error::content(Place::file(path), format!("entry {key} comes twice")));
        }
        match (request, reply, same_as, digest) {
            (Some(request), Some(reply), None, None) => {
                let request: SystemMetricsRequest =
                    serde_json::from_str(request.get()).map_err(|error| fault(&error))?;
                if request.key() != key {
                    let message = format!(
                        "entry {key}: the request was changed, its key is {}",
                        request.key()
                    );
                    return Err(Error::content(Place::file(path), message));
                }
                entries.insert(key, RecordedAnswer { request, reply });
            }
            (None, None, Some(owner), Some(digest)) => shared.push((key, owner, digest)),
            _ => {
                let message =
                    format!("entry {key} has neither request and reply nor same_as and digest");
                return Err(Error::content(Place::file(path), message));
            }
        }
    }
    let recording = Recording {
        path: path.to_path_buf(),
        release: file.release,
        model_id: file.model_id,
        recorded_at: file.recorded_at,
        pages: file.pages.into_iter().map(|page| (page.path, page.reply)).collect(),
        entries,
        shared: BTreeMap::new(),
    };
    Ok(Parsed { recording, shared })
}

/// Writes a recording to its path, whole.
pub fn save(recording: &Recording) -> Result<()> {
    save_sharing(recording, &[])
}

/// Writes a recording to its path. An entry that one of `others` holds whole, with the same answer,
/// is only named.
pub fn save_sharing(recording: &Recording, others: &[Recording]) -> Result<()> {
    file::replace(&recording.path, to_text(recording, others).as_bytes())
}

/// The text of a recording's file; an entry that one of `others` holds whole, with the same answer, is
/// only named.
#[must_use]
pub fn to_text(recording: &Recording, others: &[Recording]) -> String {
    let pages: Vec<String> = recording
        .pages
        .iter()
        .map(|(path, reply)| line(&Page { path: path.clone(), reply: reply.clone() }))
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
            other.entries.get(key).is_some_and(|held| held.reply.digest == entry.reply.digest);
        same && !other.shared.contains_key(key)
    };
    let key = key.to_owned();
    line(&match others.iter().find(holds_whole) {
        Some(owner) => Line {
            key,
            request: None,
            reply: None,
            same_as: Some(owner.release.clone()),
            digest: Some(entry.reply.digest.clone()),
        },
        None => {
            let request = serde_json::value::to_raw_value(&entry.request.canonical());
            let request = Some(request.expect("a request is plain JSON"));
            Line { key, request, reply: Some(entry.reply.clone()), same_as: None, digest: None }
        }
    })
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a recorded reply is plain JSON")
}
