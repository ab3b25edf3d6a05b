//! A record of a CSV file: its cells, typed where they are read.

use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Table;
use super::span::{cell, start};
use crate::base::error::{Error, Place, Result};
use crate::base::text::is_name;

/// One line of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    table: &'a Table,
    cells: &'a csv::StringRecord,
    line: u64,
}

impl<'a> Record<'a> {
    pub(super) fn new(table: &'a Table, cells: &'a csv::StringRecord, line: u64) -> Self {
        Self { table, cells, line }
    }

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
        let start = start(self.cells.position());
        let place = match index {
            Some(&index) => place.showing(&self.table.text, cell(&self.table.text, start, index)),
            None => place,
        };
        Error::content(place, message)
    }

    /// An error at this line.
    pub fn line_error(self, message: impl Into<String>) -> Error {
        let start = start(self.cells.position());
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
