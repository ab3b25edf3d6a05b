//! The text of a model's TOML file, which names the place of each fault in it.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::base::error::{Error, Place, Result};
use crate::base::toml_file;

/// What is wrong with a value, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    message: String,
    help: String,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// A file's text with its path.
#[derive(Debug, Clone, Copy)]
pub(super) struct TomlText<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl TomlText<'_> {
    /// Reads the file. An error names line and column, and where the keys are described.
    pub(super) fn parse<T: DeserializeOwned>(self) -> Result<T> {
        toml_file::parse(self.path, self.text).map_err(|error| {
            error.or_help("the reference of files in harness/docs describes every key")
        })
    }

    /// The error of a fault at a byte offset.
    pub(super) fn error(self, offset: usize, fault: Fault) -> Error {
        Error::content(Place::offset(self.path, self.text, offset), fault.message)
            .with_help(fault.help)
    }

    /// The error of a fault on a line, from 1.
    pub(super) fn error_on_line(self, line: usize, fault: Fault) -> Error {
        Error::content(Place::line(self.path, line as u64), fault.message).with_help(fault.help)
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line(self, offset: usize) -> usize {
        line_of(self.text, offset)
    }
}

/// The line of a byte offset, from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    crate::base::text::line_at(text, offset)
}
