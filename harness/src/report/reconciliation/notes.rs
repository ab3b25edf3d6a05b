//! The notes that a person writes into the file; they survive each new version of it.

/// The marks before and after the notes.
pub(super) const MARKS: [&str; 2] = ["<!-- notes: kept as they are -->", "<!-- end of notes -->"];

/// Whether both marks of the notes are there, in their order. Without them the notes would be lost.
#[must_use]
pub fn notes_are_whole(text: &str) -> bool {
    let [start, end] = MARKS.map(|mark| text.find(mark));
    start.zip(end).is_some_and(|(start, end)| start < end)
}

/// The notes of the old file between their marks; empty without an old file.
pub(super) fn kept_notes(old: Option<&str>) -> String {
    let notes = old.and_then(|old| {
        let start = old.find(MARKS[0])? + MARKS[0].len();
        let end = start + old[start..].find(MARKS[1])?;
        Some(old[start..end].trim_matches('\n'))
    });
    format!("{}\n{}\n{}", MARKS[0], notes.unwrap_or_default(), MARKS[1])
}
