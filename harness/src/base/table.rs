//! CSV files read strictly: every cell is typed where it enters, every complaint names file, line
//! and column.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::base::error::{Error, Place, Result};
use crate::base::text::{is_name, nearest, plural};

/// A CSV file in memory, with its header checked against the columns that may appear.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    columns: HashMap<String, usize>,
    records: Vec<csv::StringRecord>,
}

impl Table {
    /// Parses `text`, which came from `path`.
    ///
    /// Columns may come in any order. Each of `required` must be there, each of `optional` may be,
    /// and any other is an error: a column that nobody reads is a measurement lost.
    pub fn parse(path: &Path, text: &str, required: &[&str], optional: &[&str]) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::content(Place::file(path), "the file is empty")
                .with_help(format!("its first line must be the header: {}", required.join(","))));
        }
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| csv_error(path, &error))?.clone();
        let columns = check_header(path, &header, required, optional)?;
        let mut records = Vec::new();
        for record in reader.records() {
            records.push(record.map_err(|error| csv_error(path, &error))?);
        }
        if !text.ends_with('\n') {
            let line = text.lines().count() as u64;
            return Err(Error::content(Place::line(path, line), "the last line does not end")
                .with_help("the file may be cut short; if it is whole, end it with a newline"));
        }
        Ok(Self { path: path.to_path_buf(), columns, records })
    }

    /// The records with their places.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.records.iter().map(|record| Record {
            table: self,
            cells: record,
            line: record.position().map_or(0, csv::Position::line),
        })
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is a header and nothing else.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// One line of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    table: &'a Table,
    cells: &'a csv::StringRecord,
    line: u64,
}

impl<'a> Record<'a> {
    /// The line that it begins on, from 1.
    #[must_use]
    pub fn line(self) -> u64 {
        self.line
    }

    /// This line of the file.
    #[must_use]
    pub fn place(self) -> Place {
        Place::line(&self.table.path, self.line)
    }

    /// The cell without surrounding blanks; `None` when it is empty or its column absent.
    #[must_use]
    pub fn text(self, column: &str) -> Option<&'a str> {
        let index = *self.table.columns.get(column)?;
        let cell = self.cells.get(index)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    /// An error at this line and column.
    pub fn error(self, column: &str, message: impl Into<String>) -> Error {
        Error::content(self.place().in_column(column), message)
    }

    /// A cell that must not be empty.
    pub fn required<T>(self, column: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(column, "the cell is empty; a value is required"))
    }

    /// A name that can stand in a test name: letters, digits and `. _ - +`.
    pub fn name(self, column: &str) -> Result<Option<String>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        if is_name(text) {
            Ok(Some(text.to_owned()))
        } else {
            Err(self
                .error(column, format!("`{text}` is not a name: use letters, digits and . _ - +")))
        }
    }

    /// A whole number in `range`; `4.0`, as spreadsheets write it, is 4.
    pub fn whole(self, column: &str, range: RangeInclusive<u32>) -> Result<Option<u32>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let number = f64::from_str(text)
            .ok()
            .filter(|number| number.is_finite() && number.fract() == 0.0)
            .ok_or_else(|| self.error(column, format!("`{text}` is not a whole number")))?;
        if (f64::from(*range.start())..=f64::from(*range.end())).contains(&number) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and in range"
            )]
            Ok(Some(number as u32))
        } else {
            Err(self.out_of_range(column, text, range.start(), range.end()))
        }
    }

    /// A finite number in `range`.
    pub fn number(self, column: &str, range: RangeInclusive<f64>) -> Result<Option<f64>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let number = f64::from_str(text)
            .map_err(|_| self.error(column, format!("`{text}` is not a number")))?;
        if !number.is_finite() {
            return Err(self.error(column, format!("`{text}` is not a finite number")).with_help(
                "a metric that was not measured is an empty cell, never 0, NaN or infinity",
            ));
        }
        if range.contains(&number) {
            Ok(Some(number))
        } else {
            Err(self.out_of_range(column, text, range.start(), range.end()))
        }
    }

    /// `true` or `false` in any case.
    pub fn flag(self, column: &str) -> Result<Option<bool>> {
        match self.text(column) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) => Err(self.error(column, format!("`{text}` is neither true nor false"))),
        }
    }

    fn out_of_range(
        self,
        column: &str,
        text: &str,
        low: &impl std::fmt::Display,
        high: &impl std::fmt::Display,
    ) -> Error {
        self.error(column, format!("{text} is outside the possible range {low} to {high}"))
    }
}

/// Looks the header over; gives each column's index.
fn check_header(
    path: &Path,
    header: &csv::StringRecord,
    required: &[&str],
    optional: &[&str],
) -> Result<HashMap<String, usize>> {
    let at = |message: String| Error::content(Place::line(path, 1), message);
    let mut columns = HashMap::new();
    for (index, name) in header.iter().enumerate() {
        let name = name.trim().trim_start_matches('\u{feff}');
        if !required.contains(&name) && !optional.contains(&name) {
            let known: Vec<&str> = required.iter().chain(optional).copied().collect();
            return Err(at(format!("unknown column `{name}`")).with_help(
                match nearest(name, &known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the columns are: {}", known.join(",")),
                },
            ));
        }
        if columns.insert(name.to_owned(), index).is_some() {
            return Err(at(format!("column `{name}` comes twice")));
        }
    }
    let missing: Vec<&str> =
        required.iter().copied().filter(|name| !columns.contains_key(*name)).collect();
    if missing.is_empty() {
        Ok(columns)
    } else {
        Err(at(format!("missing column{} {}", plural(missing.len()), missing.join(", ")))
            .with_help("the columns of the standard format are listed in the README"))
    }
}

fn csv_error(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells where the header has {expected_len}")
        }
        _ => error.to_string(),
    };
    Error::content(Place::line(path, line), message)
        .with_help("the line may be cut short or hold a stray comma or quote")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Table> {
        Table::parse(Path::new("t.csv"), text, &["name", "count"], &["extra"])
    }

    #[test]
    fn an_unknown_column_is_refused_with_the_nearest_known_one() {
        let message = parse("name,cuont\na,1\n").unwrap_err().to_string();
        assert_eq!(message, "t.csv:1: unknown column `cuont`\n  help: did you mean `count`?");
    }

    #[test]
    fn every_complaint_names_line_and_column() {
        let table = parse("count,name\n1.0,a\n1.5,b\n-2,c\nNaN,d\n").unwrap();
        let read: Vec<_> = table.records().map(|record| record.whole("count", 1..=9)).collect();
        assert_eq!(*read[0].as_ref().unwrap(), Some(1));
        let message = |index: usize| read[index].as_ref().unwrap_err().to_string();
        assert_eq!(message(1), "t.csv:3, column `count`: `1.5` is not a whole number");
        assert_eq!(message(2), "t.csv:4, column `count`: -2 is outside the possible range 1 to 9");
        assert_eq!(message(3), "t.csv:5, column `count`: `NaN` is not a whole number");
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        assert!(parse("name,count\na,1\nb\n").unwrap_err().to_string().contains("t.csv:3"));
        assert!(parse("name,count\na,1\nb,2").unwrap_err().to_string().contains("does not end"));
        assert!(parse("").unwrap_err().to_string().contains("empty"));
        assert!(parse("name\na\n").unwrap_err().to_string().contains("missing column count"));
    }
}
