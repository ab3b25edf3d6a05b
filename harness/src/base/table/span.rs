//! The place of a cell in the text of a CSV file.

use std::ops::Range;

/// The bytes of a cell in `text`, in the record that begins at `start` or after blank lines there.
pub(super) fn cell(text: &str, start: usize, index: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let rest = rest.trim_start_matches(['\n', '\r', '\u{feff}']);
    let start = text.len() - rest.len();
    let (mut begin, mut left, mut is_quoted) = (start, index, false);
    for (offset, c) in rest.char_indices() {
        let offset = start + offset;
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted && left == 0 => return begin..offset,
            ',' if !is_quoted => (begin, left) = (offset + 1, left - 1),
            '\n' if !is_quoted => return if left == 0 { begin..offset } else { offset..offset },
            _ => {}
        }
    }
    begin..text.len()
}

/// The byte at which a record begins; 0 of an unknown position.
pub(super) fn start(position: Option<&csv::Position>) -> usize {
    position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default()
}

/// The line on which a record begins, without the blank lines at its position.
pub(super) fn line(text: &str, position: &csv::Position) -> u64 {
    let rest = text.bytes().skip(start(Some(position)));
    let blank = rest.take_while(|byte| matches!(byte, b'\n' | b'\r'));
    position.line() + blank.filter(|&byte| byte == b'\n').count() as u64
}
