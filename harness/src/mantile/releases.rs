//! `fixtures/mantile/releases.toml`, the index of releases: the recorded ones by date, and the accepted one.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::base::error::{Error, Place, Result};
use crate::base::file;
use crate::base::text::nearest;
use crate::base::toml_file::{self, check_version};

/// The index of releases.
#[derive(Debug, Clone)]
pub struct Releases {
    /// The file.
    pub path: PathBuf,
    /// The release whose predictions are the reference.
    pub accepted: String,
    /// The recorded releases, oldest first.
    pub releases: Vec<Release>,
}

/// One release of Mantile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its name, such as a commit; also the name of the folder with its recordings.
    pub name: String,
    /// The day on which it was made, as `2026-01-28`.
    pub made: String,
    /// The day on which it was first recorded.
    pub recorded: String,
    /// A remark for people.
    #[serde(default)]
    pub note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleasesFile {
    schema_version: Spanned<u32>,
    accepted: Spanned<String>,
    release: Vec<Spanned<Release>>,
}

/// The path of the index, under the project's folder.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join("fixtures").join("mantile").join("releases.toml")
}

/// Reads the index.
pub fn load(root: &Path) -> Result<Releases> {
    let path = path(root);
    if !path.exists() {
        return Err(Error::unavailable(format!(
            "no index of releases: {} does not exist",
            path.display()
        ))
        .with_help("it names the accepted release; the README describes the file"));
    }
    parse(&path, &file::read_text(&path)?)
}

fn parse(path: &Path, text: &str) -> Result<Releases> {
    let file: ReleasesFile = toml_file::parse(path, text)?;
    check_version(path, text, &file.schema_version)?;
    let at =
        |offset: usize, message: String| Error::content(Place::offset(path, text, offset), message);
    let mut releases: Vec<Release> = Vec::with_capacity(file.release.len());
    for spanned in &file.release {
        let release = spanned.get_ref();
        let start = spanned.span().start;
        if releases.iter().any(|other| other.name == release.name) {
            return Err(at(start, format!("release `{}` is listed twice", release.name)));
        }
        for day in [&release.made, &release.recorded] {
            if day.parse::<Date>().is_err() {
                return Err(at(
                    start,
                    format!("`{day}` is not a date; write made = \"2026-01-28\""),
                ));
            }
        }
        releases.push(release.clone());
    }
    let accepted = file.accepted.get_ref().clone();
    if !releases.iter().any(|release| release.name == accepted) {
        let names: Vec<&str> = releases.iter().map(|release| release.name.as_str()).collect();
        let error = at(
            file.accepted.span().start,
            format!("the accepted release `{accepted}` is not listed"),
        );
        return Err(match nearest(&accepted, &names) {
            Some(near) => error.with_help(format!("did you mean {near}?")),
            None => error.with_help(format!("the releases are: {}", names.join(", "))),
        });
    }
    Ok(Releases { path: path.to_path_buf(), accepted, releases })
}

/// The text of the index with a release added in the order of dates, unless it is listed already. Comments and
/// everything else stay.
pub fn add(
    text: &str,
    name: &str,
    made: Date,
    recorded: Date,
) -> Result<String, toml_edit::TomlError> {
    let mut document: toml_edit::DocumentMut = text.parse()?;
    let empty = toml_edit::Item::ArrayOfTables(toml_edit::ArrayOfTables::new());
    if let Some(releases) = document["release"].or_insert(empty).as_array_of_tables_mut() {
        let field = |table: &toml_edit::Table, key: &str| {
            table.get(key).and_then(toml_edit::Item::as_str).unwrap_or_default().to_owned()
        };
        if releases.iter().any(|release| field(release, "name") == name) {
            return Ok(document.to_string());
        }
        let mut added = toml_edit::Table::new();
        added.decor_mut().set_prefix("\n");
        added["name"] = toml_edit::value(name);
        added["made"] = toml_edit::value(made.to_string());
        added["recorded"] = toml_edit::value(recorded.to_string());
        let mut tables: Vec<toml_edit::Table> = releases.iter().cloned().collect();
        let place =
            tables.iter().take_while(|release| field(release, "made") <= made.to_string()).count();
        tables.insert(place, added);
        // Tables with a position are written in its order, so none may keep one.
        *releases = tables
            .into_iter()
            .map(|mut table| {
                table.set_position(None);
                table
            })
            .collect();
    }
    Ok(document.to_string())
}

/// The text of the index with another accepted release. Everything else stays.
pub fn accept(text: &str, name: &str) -> Result<String, toml_edit::TomlError> {
    let mut document: toml_edit::DocumentMut = text.parse()?;
    if let Some(accepted) = document.get_mut("accepted").and_then(toml_edit::Item::as_value_mut) {
        let decor = accepted.decor().clone();
        *accepted = name.into();
        *accepted.decor_mut() = decor;
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "schema_version = 1\naccepted = 'a' # since then\n\n\
        [[release]]\nname = 'a'\nmade = '2026-01-01'\nrecorded = '2026-02-01'\n";

    fn parse_text(text: &str) -> Result<Releases> {
        parse(Path::new("releases.toml"), text)
    }

    #[test]
    fn the_accepted_release_is_one_of_those_listed() {
        assert_eq!(parse_text(INDEX).unwrap().accepted, "a");
        let message =
            parse_text(&INDEX.replace("accepted = 'a'", "accepted = 'b'")).unwrap_err().to_string();
        assert!(message.starts_with("releases.toml:2:12: the accepted release `b`"), "{message}");
        let message = parse_text(&INDEX.replace("2026-02-01", "soon")).unwrap_err().to_string();
        assert!(message.contains("`soon` is not a date"), "{message}");
    }

    #[test]
    fn a_release_is_added_once_in_the_order_of_dates_and_accepted_separately() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let added = add(INDEX, "c", day("2026-03-01"), day("2026-03-02")).unwrap();
        let added = add(&added, "b", day("2026-02-01"), day("2026-03-02")).unwrap();
        let index = parse_text(&added).unwrap();
        let names: Vec<&str> = index.releases.iter().map(|release| release.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(add(&added, "b", day("2026-02-01"), day("2026-03-02")).unwrap(), added);
        let accepted = accept(&added, "c").unwrap();
        assert!(accepted.contains("accepted = \"c\" # since then"), "{accepted}");
        assert_eq!(parse_text(&accepted).unwrap().accepted, "c");
    }
}
