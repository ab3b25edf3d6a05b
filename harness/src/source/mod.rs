//! Providers' artifacts, read into rows.

pub mod inferencemax;

use std::collections::BTreeMap;

use crate::row::Row;

/// What came of reading artifacts: the rows, and an account of everything that is not a row.
#[derive(Debug, Clone, Default)]
pub struct Extraction {
    /// The rows, newest result of each configuration.
    pub rows: Vec<Row>,
    /// Files read.
    pub files: usize,
    /// Result objects read.
    pub results: usize,
    /// Results not taken, by reason.
    pub skipped: BTreeMap<String, usize>,
    /// What a person should know, one sentence each.
    pub warnings: Vec<String>,
}

impl Extraction {
    /// Counts a result that is not taken.
    pub fn skip(&mut self, reason: impl Into<String>) {
        *self.skipped.entry(reason.into()).or_default() += 1;
    }
}
