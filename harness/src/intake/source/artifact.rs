//! A file as a source reads it: as text, as JSON or as a table.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Reading;
use super::python_json::{NotJson, parse_json};
use crate::base::error::{Error, Place, Result};
use crate::base::table::Table;
use crate::base::text::plural;

/// A file that a source reads.
#[derive(Debug)]
pub struct Artifact {
    /// The file.
    pub path: PathBuf,
    /// The text of the file, without a byte order mark.
    pub text: String,
    /// The text as JSON.
    json: Result<Value, NotJson>,
}

impl Artifact {
    /// A file with this text.
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

    /// The JSON of the file; `None` when it is not JSON.
    #[must_use]
    pub fn sniff(&self) -> Option<&Value> {
        self.json.as_ref().ok()
    }

    /// The JSON of the file; the error names line and column. A non-finite number, which Python writes as
    /// a bare word, is text here: `"Infinity"`.
    pub fn json(&self) -> Result<&Value> {
        self.not_empty()?;
        self.json.as_ref().map_err(|fault| fault.at(Place::line(&self.path, fault.line())))
    }

    /// Fails when the file is empty, or begins as JSON and is cut short. JSON may be one value per line.
    pub fn well_formed(&self) -> Result<()> {
        self.not_empty()?;
        let is_json = self.text.trim_start().starts_with(['{', '[']);
        if is_json && self.text.lines().next().is_none_or(|line| parse_json(line).is_err()) {
            self.json()?;
        }
        Ok(())
    }

    /// Fails when the file is empty.
    pub(super) fn not_empty(&self) -> Result<()> {
        if self.text.trim().is_empty() {
            return Err(self.error("the file is empty").with_help("make or fetch it again"));
        }
        Ok(())
    }

    /// The JSON objects of the file, which holds one object or an array.
    pub fn objects(&self) -> Result<Vec<&Value>> {
        match self.json()? {
            Value::Array(values) => Ok(values.iter().collect()),
            object => Ok(vec![object]),
        }
    }

    /// Whether the JSON object, or the first one of the array, has all these keys.
    #[must_use]
    pub fn has_keys(&self, keys: &[&str]) -> bool {
        let object = match self.sniff() {
            Some(Value::Array(values)) => values.first(),
            other => other,
        };
        object.is_some_and(|object| keys.iter().all(|key| object.get(key).is_some()))
    }

    /// The columns that the first line names when the file is a CSV.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let first = self.text.lines().next().unwrap_or_default();
        first.split(',').map(|name| name.trim().trim_matches('"')).collect()
    }

    /// The file as a CSV with these columns. Other columns are counted as unknown keys. A last line without
    /// a newline is read with a warning, because published files are not as strict as ours.
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
        reading.warn_of_unended_table(self);
        // An empty last cell cannot be distinguished from a missing one.
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
            reading.unknown_keys.add(name.to_owned(), table.len());
        }
        Ok(table)
    }

    /// An error about the whole file.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::content(Place::file(&self.path), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(text: &str) -> Artifact {
        Artifact::new(Path::new("a.csv"), text.to_owned())
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
        assert_eq!(reading.unknown_keys.count(&"c".to_owned()), 2);
        assert_eq!(reading.warnings.len(), 1, "{:?}", reading.warnings);
    }

    #[test]
    fn an_empty_file_and_a_missing_column_are_errors() {
        let message = |text: &str| {
            artifact(text).table(&["a", "b"], &[], &mut Reading::default()).unwrap_err().to_string()
        };
        assert!(message(" \n").starts_with("a.csv: the file is empty"));
        assert!(message("a,c\n1,2\n").starts_with("a.csv:1: missing column b"));
        assert!(message("a,b\n1,2\n3,").starts_with("a.csv:3: the last line does not end"));
    }
}
