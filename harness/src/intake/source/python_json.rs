//! JSON that Python wrote, which may hold bare words for non-finite numbers.

use serde_json::Value;

use crate::base::error::{Error, Place, Result};

/// The reason why a text is not JSON, and its place in the text.
#[derive(Debug)]
pub(super) struct NotJson {
    line: u64,
    column: usize,
    message: String,
}

impl NotJson {
    /// The line of the text, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The error at this line of a file.
    pub(super) fn at(&self, line: Place) -> Error {
        Error::content(
            line.in_column(self.column.to_string()),
            format!("not JSON: {}", self.message),
        )
        .with_help("the file may be cut short: make or fetch it again")
    }
}

/// Parses JSON as Python writes it. A bare `Infinity`, `-Infinity` or `NaN` becomes text, so that only a
/// reader that needs a number there complains.
pub(super) fn parse_json(text: &str) -> Result<Value, NotJson> {
    serde_json::from_str(text).or_else(|_| {
        let (quoted, added) = quote_words(text);
        serde_json::from_str(&quoted).map_err(|error| {
            // The error's only text ends with the place, which is of the quoted text.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let line_start: usize = quoted
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1))
                .map(str::len)
                .sum();
            let end = line_start + error.column();
            let shift = added.iter().filter(|quote| (line_start..end).contains(quote)).count();
            NotJson { line: error.line() as u64, column: error.column() - shift, message }
        })
    })
}

/// The text with Python's bare words for non-finite numbers in quotes, and the offsets of these quotes.
fn quote_words(text: &str) -> (String, Vec<usize>) {
    let mut quoted = String::with_capacity(text.len());
    let mut added = Vec::new();
    let (mut rest, mut in_string) = (text, false);
    while let Some(c) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| rest.starts_with(word));
        let taken = match (in_string, word) {
            (false, Some(word)) => {
                added.extend([quoted.len(), quoted.len() + 1 + word.len()]);
                quoted.extend(["\"", word, "\""]);
                word.len()
            }
            (true, _) if c == '\\' => {
                let escape: usize = rest.chars().take(2).map(char::len_utf8).sum();
                quoted.push_str(&rest[..escape]);
                escape
            }
            _ => {
                in_string ^= c == '"';
                quoted.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    (quoted, added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_finite_numbers_become_text_and_nothing_else_changes() {
        let value =
            parse_json(r#"{"a": [-Infinity, NaN], "b": "NaN \" Infinity", "ü": 1}"#).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "a": ["-Infinity", "NaN"], "b": "NaN \" Infinity", "ü": 1
            })
        );
        let fault = parse_json("{\"a\": 1,\n \"b\": NaN, \"c\" 2}").unwrap_err();
        assert_eq!((fault.line, fault.column, fault.message.as_str()), (2, 16, "expected `:`"));
    }
}
