//! The files of recordings: their paths, and how they are read and replaced as a whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::{ParsedFile, SharedEntry, parse, to_text};
use super::{Recording, record_command};
use crate::base::error::{Error, Place, Result};
use crate::base::file;

/// The file of the recording of a release and model, under the project's folder.
#[must_use]
pub fn path(root: &Path, release: &str, model_id: &str) -> PathBuf {
    root.join("fixtures").join("mantile").join(release).join(format!("{model_id}.json"))
}

/// Reads the recording of a release and model, and the entries that it shares with other releases.
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
    let ParsedFile { mut recording, references } = load_file(root, release, model_id)?;
    let mut owners: BTreeMap<&str, Recording> = BTreeMap::new();
    for SharedEntry { key, owner, digest } in &references {
        if !owners.contains_key(owner.as_str()) {
            owners.insert(owner, load(root, owner, model_id)?);
        }
        let entry =
            owners[owner.as_str()].entries.get(key).filter(|entry| entry.reply.digest == *digest);
        let Some(entry) = entry else {
            let message =
                format!("entry {key} refers to the answer of release {owner}, which differs");
            return Err(Error::content(Place::file(&recording.path), message)
                .with_help("restore both files, or record this release again"));
        };
        recording.shared.insert(key.clone(), owner.clone());
        recording.entries.insert(key.clone(), entry.clone());
    }
    Ok(recording)
}

/// Reads the recording of a release and model; `None` if there is no file of it.
pub fn load_if_any(root: &Path, release: &str, model_id: &str) -> Result<Option<Recording>> {
    path(root, release, model_id).exists().then(|| load(root, release, model_id)).transpose()
}

/// The other releases of which the model has a recording, sorted by name.
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

/// Reads and checks a recording's file without resolving its references.
fn load_file(root: &Path, release: &str, model_id: &str) -> Result<ParsedFile> {
    let path = path(root, release, model_id);
    if !path.exists() {
        return Err(Error::unavailable(format!(
            "no recording of {model_id} by release {release}: {} does not exist",
            path.display()
        ))
        .with_help(format!("record it: {}", record_command(model_id, release, false))));
    }
    let text = file::read_text(&path)?;
    let parsed = parse(&path, &text).map_err(|error| match error {
        help @ Error::Content { help: Some(_), .. } => help,
        error => error.with_help(format!(
            "restore the file, or record it again: {}",
            record_command(model_id, release, false)
        )),
    })?;
    let fault = |message: String| Error::content(Place::file(&path), message);
    let Recording { release: file_release, model_id: file_model, .. } = &parsed.recording;
    if (file_release.as_str(), file_model.as_str()) != (release, model_id) {
        return Err(fault(format!("the file holds {file_model} by release {file_release}"))
            .with_help("its folder must have the release's name, and the file the model's"));
    }
    if parsed.references.iter().any(|shared| shared.owner == release) {
        return Err(fault("an entry refers to its own release".to_owned()));
    }
    Ok(parsed)
}

/// Writes a recording to its path, every entry whole.
pub fn save(recording: &Recording) -> Result<()> {
    save_sharing(recording, &[])
}

/// Writes a recording to its path. An entry that one of `others` holds whole, with the same answer, becomes a
/// reference to that release.
pub fn save_sharing(recording: &Recording, others: &[Recording]) -> Result<()> {
    file::replace(&recording.path, to_text(recording, others).as_bytes())
}

/// Writes a recording next to those of the model's other releases: the accepted release's with every entry whole,
/// another release's with references to the entries that it shares. Returns the releases whose recordings cannot be read, with the
/// reason; their files stay as they are.
///
/// Other releases may refer to entries of this one. They are written whole first, so that every release keeps its
/// answers whenever this is interrupted.
pub fn save_among_others(
    root: &Path,
    recording: &Recording,
    accepted: &str,
) -> Result<Vec<(String, Error)>> {
    let mut readable = Vec::new();
    let mut unreadable = Vec::new();
    for release in others(root, &recording.release, &recording.model_id)? {
        match load(root, &release, &recording.model_id) {
            Ok(other) => readable.push(other),
            // It may refer to entries that this recording has lost and is about to regain.
            Err(error) => unreadable.push((release, error)),
        }
    }
    let refers_to_this =
        |other: &&Recording| other.shared.values().any(|owner| *owner == recording.release);
    for other in readable.iter().filter(refers_to_this) {
        save(other)?;
    }
    let shareable = if recording.release == accepted { &[][..] } else { &readable };
    save_sharing(recording, shareable)?;
    // Entries that are still equal become references again.
    for other in readable.iter().filter(refers_to_this) {
        save_sharing(other, std::slice::from_ref(recording))?;
    }
    Ok(unreadable)
}
