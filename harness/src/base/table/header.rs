//! The header of a CSV file, checked against the columns that it may have.

use std::collections::HashMap;
use std::path::Path;

use super::span::cell;
use crate::base::error::{Error, Place, Result};
use crate::base::text::{neighbours, plural};

/// Checks the header; returns each column's index.
pub(super) fn check_header(
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
            suggestion(name, &missing, &absent(&known, &columns)),
        ),
    };
    Err(Error::content(place, faults.join("; ")).with_help(help))
}

/// The columns that the file may have and does not have.
fn absent<'a>(known: &[&'a str], columns: &HashMap<String, usize>) -> Vec<&'a str> {
    known.iter().copied().filter(|name| !columns.contains_key(*name)).collect()
}

/// The columns that an unknown one may mean: those that are missing, else any that are absent.
fn suggestion(name: &str, missing: &[&str], absent: &[&str]) -> String {
    let alike = neighbours(name, missing);
    let alike = if alike.is_empty() { neighbours(name, absent) } else { alike };
    if alike.is_empty() {
        return format!("the columns that the file may have as well are: {}", absent.join(","));
    }
    let names: Vec<String> = alike.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}?", names.join(" or "))
}
