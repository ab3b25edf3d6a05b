//! CSV files read strictly: every cell is typed where it enters, and every error names and shows the file, the
//! line and the column.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::base::error::{Error, Place, Result};
use crate::base::text::{is_name, neighbours, plural};

/// A CSV file in memory, with its header checked against the columns that may appear.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    text: String,
    columns: HashMap<String, usize>,
    records: Vec<csv::StringRecord>,
}

impl Table {
    /// Parses `text`, which came from `path`.
    ///
    /// Columns may come in any order. The `required` ones must be there, the `optional` ones may be, and any
    /// other is an error: a column that nobody reads is a lost measurement.
    pub fn parse(path: &Path, text: &str, required: &[&str], optional: &[&str]) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::content(Place::file(path), "the file is empty")
                .with_help(format!("its first line must be the header: {}", required.join(","))));
        }
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| csv_error(path, text, &error))?.clone();
        let columns = check_header(path, text, &header, required, optional)?;
        let mut records = Vec::new();
        for record in reader.records() {
            records.push(record.map_err(|error| csv_error(path, text, &error))?);
        }
        if !text.ends_with('\n') {
            let place = Place::line(path, text.lines().count() as u64);
            let place = place.showing(text, text.len()..text.len());
            return Err(Error::content(place, "the last line does not end")
                .with_help("the file may be cut short; if it is whole, end it with a newline"));
        }
        Ok(Self { path: path.to_path_buf(), text: text.to_owned(), columns, records })
    }

    /// The records with their places.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.records.iter().map(|record| Record {
            table: self,
            cells: record,
            line: self.line_of(record),
        })
    }

    /// The line on which a record begins: the position of its reader, without blank lines there.
    fn line_of(&self, record: &csv::StringRecord) -> u64 {
        let Some(position) = record.position() else { return 0 };
        let rest = self.text.bytes().skip(position.byte() as usize);
        let blank = rest.take_while(|byte| matches!(byte, b'\n' | b'\r'));
        position.line() + blank.filter(|&byte| byte == b'\n').count() as u64
    }

    /// The number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether the file holds a header and nothing else.
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
    /// The line on which it begins, from 1.
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
        let place = self.place().in_column(column);
        let index = self.table.columns.get(column);
        let start = self.cells.position().map(|position| position.byte() as usize);
        let cell = index.zip(start).map(|(&index, start)| cell(&self.table.text, start, index));
        let place = match cell {
            Some(cell) => place.showing(&self.table.text, cell),
            None => place,
        };
        Error::content(place, message)
    }

    /// An error at this line.
    pub fn line_error(self, message: impl Into<String>) -> Error {
        let start = self.cells.position().map_or(0, |position| position.byte() as usize);
        let start = cell(&self.table.text, start, 0).start;
        Error::content(self.place().showing(&self.table.text, start..start), message)
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

/// Checks the header; returns each column's index.
fn check_header(
    path: &Path,
    text: &str,
    header: &csv::StringRecord,
    required: &[&str],
    optional: &[&str],
) -> Result<HashMap<String, usize>> {
    let known: Vec<&str> = required.iter().chain(optional).copied().collect();
    let mut columns = HashMap::new();
    let mut unknown = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let name = name.trim().trim_start_matches('\u{feff}');
        if !known.contains(&name) {
            unknown.push((index, name));
        } else if columns.insert(name.to_owned(), index).is_some() {
            let place = Place::line(path, 1).showing(text, cell(text, 0, index));
            return Err(Error::content(place, format!("column `{name}` comes twice")));
        }
    }
    let missing: Vec<&str> =
        required.iter().copied().filter(|name| !columns.contains_key(*name)).collect();
    let mut faults = Vec::new();
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().map(|(_, name)| format!("`{name}`")).collect();
        faults.push(format!("unknown column{} {}", plural(names.len()), names.join(", ")));
    }
    if !missing.is_empty() {
        faults.push(format!("missing column{} {}", plural(missing.len()), missing.join(", ")));
    }
    let (place, help) = match unknown.first() {
        None if missing.is_empty() => return Ok(columns),
        None => (
            Place::line(path, 1),
            "the columns of the standard format are listed in the README".to_owned(),
        ),
        Some(&(index, name)) => (
            Place::line(path, 1).showing(text, cell(text, 0, index)),
            suggestion(name, &missing, &known),
        ),
    };
    Err(Error::content(place, faults.join("; ")).with_help(help))
}

/// The columns that an unknown one may mean, first of those that are missing.
fn suggestion(name: &str, missing: &[&str], known: &[&str]) -> String {
    let alike = neighbours(name, missing);
    let alike = if alike.is_empty() { neighbours(name, known) } else { alike };
    if alike.is_empty() {
        return format!("the columns are: {}", known.join(","));
    }
    let names: Vec<String> = alike.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}?", names.join(" or "))
}

/// The bytes of a cell in `text`, in the record that begins at `start` or after blank lines there.
fn cell(text: &str, start: usize, index: usize) -> Range<usize> {
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

fn csv_error(path: &Path, text: &str, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let start = error.position().map_or(0, csv::Position::byte) as usize;
    let place = Place::line(path, line);
    let (place, message) = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let surplus = cell(text, start, *expected_len as usize);
            (
                place.showing(text, surplus),
                format!("{len} cell{} where the header has {expected_len}", plural(*len as usize)),
            )
        }
        _ => (place, error.to_string()),
    };
    Error::content(place, message)
        .with_help("the line may be cut short, or contain a stray comma or quote")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Table> {
        Table::parse(Path::new("t.csv"), text, &["name", "count"], &["extra"])
    }

    #[test]
    fn an_unknown_column_is_refused_with_the_nearest_one_and_with_what_is_missing() {
        let message = |text| parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(message("name,cuont\na,1\n"), @"
        t.csv:1: unknown column `cuont`; missing column count
          |
        1 | name,cuont
          |      ^^^^^
          help: did you mean `count`?
        ");
        insta::assert_snapshot!(message("colour,name,extra,shape\nred,a,1,round\n"), @"
        t.csv:1: unknown columns `colour`, `shape`; missing column count
          |
        1 | colour,name,extra,shape
          | ^^^^^^
          help: the columns are: name,count,extra
        ");
    }

    #[test]
    fn every_error_names_the_line_and_the_column_and_shows_the_cell() {
        let text = "count,name\n1.0,a\n\n1.5,b\n-2,c\nNaN,d\n1,\"a, \"\"b\"\"\"\n";
        let table = parse(text).unwrap();
        let read: Vec<_> = table.records().map(|record| record.whole("count", 1..=9)).collect();
        assert_eq!(*read[0].as_ref().unwrap(), Some(1));
        let message = |index: usize| read[index].as_ref().unwrap_err().to_string();
        insta::assert_snapshot!(message(1), @"
        t.csv:4, column `count`: `1.5` is not a whole number
          |
        4 | 1.5,b
          | ^^^
        ");
        insta::assert_snapshot!(message(2), @"
        t.csv:5, column `count`: -2 is outside the possible range 1 to 9
          |
        5 | -2,c
          | ^^
        ");
        insta::assert_snapshot!(message(3), @"
        t.csv:6, column `count`: `NaN` is not a whole number
          |
        6 | NaN,d
          | ^^^
        ");
        let quoted = table.records().nth(4).unwrap().name("name").unwrap_err().to_string();
        insta::assert_snapshot!(quoted, @r#"
        t.csv:7, column `name`: `a, "b"` is not a name: use letters, digits and . _ - +
          |
        7 | 1,"a, ""b"""
          |   ^^^^^^^^^^
        "#);
    }

    #[test]
    fn a_stray_cell_is_shown() {
        insta::assert_snapshot!(parse("name,count\na,1,2,3\n").unwrap_err(), @"
        t.csv:2: 4 cells where the header has 2
          |
        2 | a,1,2,3
          |     ^
          help: the line may be cut short, or contain a stray comma or quote
        ");
        insta::assert_snapshot!(parse("name,count\na\n").unwrap_err(), @"
        t.csv:2: 1 cell where the header has 2
          |
        2 | a
          |  ^
          help: the line may be cut short, or contain a stray comma or quote
        ");
    }

    #[test]
    fn a_file_that_is_cut_short_is_refused() {
        assert!(parse("name,count\na,1\nb\n").unwrap_err().to_string().contains("t.csv:3"));
        assert!(parse("name,count\na,1\nb,2").unwrap_err().to_string().contains("does not end"));
        assert!(parse("").unwrap_err().to_string().contains("empty"));
        assert!(parse("name\na\n").unwrap_err().to_string().contains("missing column count"));
    }
}
