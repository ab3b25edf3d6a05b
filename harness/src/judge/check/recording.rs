//! The checks of the recording: complete, used, fresh and intact.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::base::text::plural;
use crate::judge::check::CheckSubject;
use crate::judge::check::listing::none_of;
use crate::mantile::recording::{Recording, record_command};
use crate::predict::mapping;
use crate::row::Row;

const SECONDS_PER_DAY: i64 = 86_400;

/// A request that a row needs.
struct NeededRequest {
    /// The key of the request in the recording.
    key: String,
    /// The name of the row.
    row: String,
}

/// The requests that the rows of the model need, with the layers that the recording names.
fn needed_requests(subject: CheckSubject<'_>) -> Result<Vec<NeededRequest>, String> {
    let layers = subject.recording.layers().map_err(|error| error.to_string())?;
    let requests = |row: &Row| {
        let questions = mapping::map(row, &subject.model.config)
            .map(|mapped| mapped.questions(&layers))
            .unwrap_or_default();
        let name = row.name();
        questions
            .into_iter()
            .map(move |question| NeededRequest { key: question.request.key(), row: name.clone() })
    };
    Ok(subject.model.rows.iter().flat_map(requests).collect())
}

/// Checks that every needed request is recorded.
pub(super) fn complete(subject: CheckSubject<'_>) -> Result<(), String> {
    let recording = subject.recording;
    let needed = needed_requests(subject)?;
    let missing: Vec<&NeededRequest> =
        needed.iter().filter(|request| !recording.entries.contains_key(&request.key)).collect();
    none_of(
        &missing,
        |request| format!("{} for {}", request.key, request.row),
        || {
            format!(
                "{} of {} requests are missing from {}; record them: {}",
                missing.len(),
                needed.len(),
                recording.path.display(),
                recording.record_command()
            )
        },
    )
}

/// Checks that every recorded request is needed.
pub(super) fn used(subject: CheckSubject<'_>) -> Result<(), String> {
    let recording = subject.recording;
    let needed: BTreeSet<String> =
        needed_requests(subject)?.into_iter().map(|request| request.key).collect();
    let unused: Vec<&String> =
        recording.entries.keys().filter(|key| !needed.contains(*key)).collect();
    none_of(
        &unused,
        |key| (*key).clone(),
        || {
            format!(
                "{} unused entr{} of {} in {}; re-record to remove {}: {}",
                unused.len(),
                if unused.len() == 1 { "y" } else { "ies" },
                recording.entries.len(),
                recording.path.display(),
                if unused.len() == 1 { "it" } else { "them" },
                record_command(&recording.model_id, &recording.release, false)
            )
        },
    )
}

/// Checks that the recording is not older than `max_recording_age_days`.
pub(super) fn fresh(subject: CheckSubject<'_>) -> Result<(), String> {
    let recording = subject.recording;
    let recorded: Timestamp = recording
        .recorded_at
        .parse()
        .map_err(|_| format!("recorded_at `{}` is not a time", recording.recorded_at))?;
    let days = subject.now.duration_since(recorded).as_secs() / SECONDS_PER_DAY;
    let most = i64::from(subject.model.config.max_recording_age_days);
    if days <= most {
        return Ok(());
    }
    Err(format!(
        "{} is {days} days old, and max_recording_age_days is {most}; record the current release: {}",
        recording.path.display(),
        record_command(&recording.model_id, "<release>", false)
    ))
}

/// Checks that no recorded answer was changed.
pub(super) fn intact(recording: &Recording) -> Result<(), String> {
    let tampered = recording.tampered();
    none_of(&tampered, Clone::clone, || {
        format!(
            "{} answer{} in {} changed after being recorded; restore the file or re-record",
            tampered.len(),
            plural(tampered.len()),
            recording.path.display()
        )
    })
}
