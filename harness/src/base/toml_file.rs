//! TOML files with a `schema_version`: parsed with the place of each fault, refused when another version wrote them.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::base::error::{Error, Place, Result};

/// The version of the formats that this program reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Parses TOML; an error names line and column.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let place = match error.span() {
            Some(span) => Place::offset(path, text, span.start),
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
        Place::offset(path, text, version.span().start),
        format!("schema_version {} is not {SCHEMA_VERSION}", version.get_ref()),
    )
    .with_help("use the mantile-reconcile that wrote it, or rewrite the file by the README"))
}
