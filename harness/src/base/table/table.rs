//! A CSV file with its records.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::header::check_header;
use super::record::Record;
use super::span::{cell, line, start};
use crate::base::error::{Error, Place, Result};
use crate::base::text::plural;

/// A CSV file in memory, with its header checked against the columns that may appear.
#[derive(Debug)]
pub struct Table {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) columns: HashMap<String, usize>,
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
        self.records.iter().map(|record| {
            Record::new(
                self,
                record,
                record.position().map_or(0, |position| line(&self.text, position)),
            )
        })
    }

    /// The number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True if the file holds a header and nothing else.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

fn csv_error(path: &Path, text: &str, error: &csv::Error) -> Error {
    let place = Place::line(path, error.position().map_or(1, |position| line(text, position)));
    let (place, message) = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let count = |len: u64| usize::try_from(len).unwrap_or(usize::MAX);
            let surplus = cell(text, start(error.position()), count(*expected_len));
            let s = plural(count(*len));
            let message = format!("{len} cell{s} where the header has {expected_len}");
            (place.showing(text, surplus), message)
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
          help: the columns that the file may have as well are: count
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
