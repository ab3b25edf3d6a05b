//! Small pieces of text that several rooms need: suggestions, plural endings, lines, excerpts and names.

use std::fmt::Write as _;

/// The length, in characters, at which [`excerpt`] cuts.
const EXCERPT_CHARS: usize = 120;

/// The candidate closest to `name` by Levenshtein distance, if it is close enough to be a typing mistake: at
/// most a third of the candidate's length, or two edits.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    candidates
        .iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), *candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(2))
        .map(|(_, candidate)| candidate)
}

/// The candidates that a mistaken name may mean: those that it begins or that begin it, such as an
/// abbreviation, else the [`nearest`] one.
#[must_use]
pub fn neighbours<'a>(name: &str, candidates: &[&'a str]) -> Vec<&'a str> {
    let begins = |candidate: &&str| candidate.starts_with(name) || name.starts_with(candidate);
    let alike: Vec<&str> = candidates.iter().copied().filter(begins).collect();
    if name.len() < 2 || alike.is_empty() {
        nearest(name, candidates).into_iter().collect()
    } else {
        alike
    }
}

/// The plural ending for a count: "1 row", "2 rows".
#[must_use]
pub fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// The beginning of a long text, such as a service's answer, on one line.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The line of a byte offset in `text`, from 1; the last one of an offset beyond the end.
#[must_use]
pub fn line_at(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    before.split(|&byte| byte == b'\n').count()
}

/// True if `text` is an identifier: one or more ASCII letters, digits, `_` and `-`.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !text.is_empty() && text.chars().all(fits)
}

/// True if `text` can stand in a row's name: one or more ASCII letters, digits, `.`, `_`, `-` and `+`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    !text.is_empty() && text.chars().all(fits)
}

/// Bytes in lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_candidate_is_suggested_only_when_it_is_close() {
        assert_eq!(nearest("framwork", &["framework", "gpu_model"]), Some("framework"));
        assert_eq!(nearest("colour", &["framework", "gpu_model"]), None);
    }

    #[test]
    fn an_abbreviation_means_what_it_begins() {
        let names = ["input_seq_len", "output_seq_len", "output_throughput"];
        assert_eq!(neighbours("output", &names), names[1..]);
        assert_eq!(neighbours("input_sq_len", &names), names[..1]);
        assert!(neighbours("o", &names).is_empty());
    }

    #[test]
    fn a_line_is_counted_by_the_newlines_before() {
        assert_eq!([0, 3, 4, 99].map(|offset| line_at("one\ntwo", offset)), [1, 1, 2, 2]);
    }

    #[test]
    fn an_excerpt_is_one_line_and_at_most_120_characters() {
        assert_eq!(excerpt("a\n  b\tc"), "a b c");
        assert_eq!(excerpt(&"é".repeat(121)), format!("{}…", "é".repeat(120)));
    }
}
