//! A file as a source sees it: its text, and that as JSON or as a table.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Reading;
use crate::base::error::{Error, Place, Result};
use crate::base::table::Table;
use crate::base::text::plural;

/// A file that a source reads.
#[derive(Debug)]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds, without a byte order mark.
    pub text: String,
    /// What it holds as JSON, if it does.
    json: std::result::Result<Value, NotJson>,
}

impl Artifact {
    /// A file of this text.
    #[must_use]
    pub fn new(path: &Path, mut text: String) -> Self {
        if let Some(unmarked) = text.strip_prefix('\u{feff}') {
            text = unmarked.to_owned();
        }
        let json = parse_json(&text);
        Self { path: path.to_path_buf(), text, json }
    }

    /// The file's name without its last extension.
    #[must_use]
    pub fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its JSON, where it is some.
    #[must_use]
    pub fn sniff(&self) -> Option<&Value> {
        self.json.as_ref().ok()
    }

    /// Its JSON; the error names line and column. A number that is not finite, which Python writes
    /// bare, is text here: `"Infinity"`.
    pub fn json(&self) -> Result<&Value> {
        self.not_empty()?;
        self.json.as_ref().map_err(|fault| fault.at(Place::line(&self.path, fault.line)))
    }

    /// An error when nothing is in it, or what begins as JSON is cut short; JSON may come a line a value.
    pub fn well_formed(&self) -> Result<()> {
        self.not_empty()?;
        let is_json = self.text.trim_start().starts_with(['{', '[']);
        if is_json && self.text.lines().next().is_none_or(|line| parse_json(line).is_err()) {
            self.json()?;
        }
        Ok(())
    }

    /// An error when nothing is in it.
    pub(super) fn not_empty(&self) -> Result<()> {
        if self.text.trim().is_empty() {
            return Err(self.error("the file is empty").with_help("make or fetch it again"));
        }
        Ok(())
    }

    /// Its JSON objects: one, or an array of them.
    pub fn objects(&self) -> Result<Vec<&Value>> {
        match self.json()? {
            Value::Array(values) => Ok(values.iter().collect()),
            one => Ok(vec![one]),
        }
    }

    /// Whether its JSON object, or the first of its array, has all these keys.
    #[must_use]
    pub fn has_keys(&self, keys: &[&str]) -> bool {
        let object = match self.sniff() {
            Some(Value::Array(values)) => values.first(),
            other => other,
        };
        object.is_some_and(|object| keys.iter().all(|key| object.get(key).is_some()))
    }

    /// The columns that its first line names, as a CSV.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let first = self.text.lines().next().unwrap_or_default();
        first.split(',').map(|name| name.trim().trim_matches('"')).collect()
    }

    /// It as a CSV with these columns. Others are counted as unknown keys, and a last line without an
    /// end is read with a warning: published files are not as strict as ours.
    pub fn table(
        &self,
        required: &[&str],
        optional: &[&str],
        reading: &mut Reading,
    ) -> Result<Table> {
        self.not_empty()?;
        let columns = self.columns();
        let missing: Vec<&str> =
            required.iter().copied().filter(|name| !columns.contains(name)).collect();
        if !missing.is_empty() {
            let message = format!("missing column{} {}", plural(missing.len()), missing.join(", "));
            return Err(Error::content(Place::line(&self.path, 1), message)
                .with_help("the file may be of another kind or version; see extract --help"));
        }
        let mut text = self.text.clone();
        reading.unended(self);
        // Nobody can tell a last cell that is empty from one that is missing.
        if text.ends_with(',') {
            let line = text.lines().count() as u64;
            return Err(Error::content(
                Place::line(&self.path, line),
                "the last line does not end",
            )
            .with_help("the file may be cut short; if it is whole, end it with a newline"));
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let known = |name: &&str| required.contains(name) || optional.contains(name);
        let unknown: Vec<&str> = columns.into_iter().filter(|name| !known(name)).collect();
        let table = Table::parse(&self.path, &text, required, &[optional, &unknown].concat())?;
        for name in unknown {
            *reading.unknown_keys.entry(name.to_owned()).or_default() += table.len();
        }
        Ok(table)
    }

    /// An error about the whole file.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::content(Place::file(&self.path), message)
    }
}

/// Why a text is no JSON, and where.
#[derive(Debug)]
pub(super) struct NotJson {
    line: u64,
    column: usize,
    message: String,
}

impl NotJson {
    /// The error at this line of a file.
    pub(super) fn at(&self, line: Place) -> Error {
        Error::content(
            line.in_column(self.column.to_string()),
            format!("not JSON: {}", self.message),
        )
        .with_help("the file may be cut short: make or fetch it again")
    }
}

/// JSON as Python writes it: a bare `Infinity`, `-Infinity` or `NaN` becomes text, so that who needs a
/// number there complains of it and who does not never sees it.
pub(super) fn parse_json(text: &str) -> std::result::Result<Value, NotJson> {
    serde_json::from_str(text).or_else(|_| {
        let (quoted, added) = quote_words(text);
        serde_json::from_str(&quoted).map_err(|error| {
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

/// The text with Python's bare words for what is not finite in quotes, and where those quotes are.
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

    fn artifact(text: &str) -> Artifact {
        Artifact::new(Path::new("a.csv"), text.to_owned())
    }

    #[test]
    fn what_is_not_finite_is_text_and_nothing_else_changes() {
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

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_do_not_matter() {
        assert!(artifact("\u{feff}{\"a\": 1}\r\n").has_keys(&["a"]));
        let mut reading = Reading::default();
        let table =
            artifact("\u{feff}a,b,c\r\n1,x,y\r\n2,z,w").table(&["a", "b"], &[], &mut reading);
        let table = table.unwrap();
        let cells: Vec<_> = table.records().map(|record| record.text("b")).collect();
        assert_eq!(cells, [Some("x"), Some("z")]);
        assert_eq!(reading.unknown_keys["c"], 2);
        assert_eq!(reading.warnings.len(), 1, "{:?}", reading.warnings);
    }

    #[test]
    fn an_empty_file_and_a_missing_column_are_said() {
        let message = |text: &str| {
            artifact(text).table(&["a", "b"], &[], &mut Reading::default()).unwrap_err().to_string()
        };
        assert!(message(" \n").starts_with("a.csv: the file is empty"));
        assert!(message("a,c\n1,2\n").starts_with("a.csv:1: missing column b"));
        assert!(message("a,b\n1,2\n3,").starts_with("a.csv:3: the last line does not end"));
    }
}
