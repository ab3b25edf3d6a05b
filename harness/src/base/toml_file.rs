//! TOML files with a `schema_version`: an error names its place, and a file of another version is refused.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::base::error::{Error, Place, Result};

/// The version of the formats that this program reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Parses TOML; an error names and shows the line and the column.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let place = match error.span() {
            Some(span) => Place::span(path, text, span),
            None => Place::file(path),
        };
        Error::content(place, error.message().trim_end())
    })
}

/// Refuses a file of another version.
pub fn check_version(path: &Path, text: &str, version: &Spanned<u32>) -> Result<()> {
    if *version.get_ref() == SCHEMA_VERSION {
        return Ok(());
    }
    Err(Error::content(
        Place::span(path, text, version.span()),
        format!("schema_version {} is not {SCHEMA_VERSION}", version.get_ref()),
    )
    .with_help("use the version of mantile-reconcile that wrote it, or rewrite the file as the README says"))
}
