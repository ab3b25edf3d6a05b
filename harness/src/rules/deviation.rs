//! `known_deviations.toml`: rows allowed outside their band, each with a reason, a bound and an end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::base::error::{Error, Place, Result};
use crate::base::toml_file::{self, check_version};
use crate::row::Row;
use crate::row::metric::Quantity;
use crate::rules::band::{Interval, WrittenAt};

/// One quantity of one row that is known to lie outside.
#[derive(Debug, Clone)]
pub struct Deviation {
    /// The row's name within its model.
    pub row: String,
    /// What lies outside.
    pub quantity: Quantity,
    /// How far outside it may lie, and the line that says so.
    pub bound: WrittenAt<Interval>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day that it is accepted on.
    pub expires: Date,
}

/// The file, with where it is.
#[derive(Debug, Clone, Default)]
pub struct Deviations {
    /// The file; it need not exist.
    pub path: PathBuf,
    /// Its entries, a row and quantity each.
    pub entries: Vec<Deviation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: Spanned<u32>,
    #[serde(default)]
    deviation: Vec<Spanned<Entry>>,
}

/// A reason with the rows that it is for, and the bound of each quantity.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    reason: String,
    expires: String,
    rows: BTreeMap<String, BTreeMap<Spanned<String>, Interval>>,
}

/// Reads the text of a `known_deviations.toml` that came from `path`.
pub fn parse(path: &Path, text: &str) -> Result<Deviations> {
    let file: File = toml_file::parse(path, text)?;
    check_version(path, text, &file.schema_version)?;
    let mut entries: Vec<Deviation> = Vec::new();
    for spanned in &file.deviation {
        let Entry { reason, expires, rows } = spanned.get_ref();
        let at = |offset: usize, message: String| {
            Err(Error::content(Place::offset(path, text, offset), message))
        };
        let start = spanned.span().start;
        if reason.trim().is_empty() {
            return at(start, "a deviation has no reason".to_owned());
        }
        let Ok(expires) = expires.parse::<Date>() else {
            return at(start, format!("`{expires}` is not a day; write expires = \"2027-06-30\""));
        };
        if rows.values().all(BTreeMap::is_empty) {
            return at(start, "a deviation names no row and metric".to_owned());
        }
        for (row, bounds) in rows {
            for (name, &value) in bounds {
                let offset = name.span().start;
                let Some(quantity) = Quantity::from_name(name.get_ref()) else {
                    let known = Quantity::all().map(Quantity::name).collect::<Vec<_>>().join(", ");
                    return at(offset, format!("`{}` is none of {known}", name.get_ref()));
                };
                if let Some(message) = value.fault() {
                    return at(offset, message);
                }
                if entries.iter().any(|other| other.row == *row && other.quantity == quantity) {
                    return at(
                        offset,
                        format!("{} of {row} has a deviation already", quantity.name()),
                    );
                }
                let line = text[..offset].matches('\n').count() + 1;
                entries.push(Deviation {
                    row: row.clone(),
                    quantity,
                    bound: WrittenAt { value, line },
                    reason: reason.clone(),
                    expires,
                });
            }
        }
    }
    Ok(Deviations { path: path.to_path_buf(), entries })
}

impl Deviations {
    /// What is listed for this row's quantity.
    #[must_use]
    pub fn of(&self, row: &Row, quantity: Quantity) -> Option<&Deviation> {
        let name = row.name();
        self.entries.iter().find(|entry| entry.row == name && entry.quantity == quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::metric::Metric;

    const ENTRY: &str = "schema_version = 1\n[[deviation]]\n\
        rows.'p::b200' = { ttft = [0.1, 0.2], memory = [1.0, 2.0] }\n";

    fn parse_entry(rest: &str) -> Result<Deviations> {
        parse(Path::new("k.toml"), &format!("{ENTRY}{rest}"))
    }

    #[test]
    fn an_entry_needs_reason_and_expiry() {
        let good = parse_entry("reason = 'queueing'\nexpires = '2027-06-30'\n").unwrap();
        assert_eq!(good.entries.len(), 2);
        assert_eq!(good.entries[0].quantity, Quantity::Memory);
        assert_eq!(good.entries[1].quantity, Quantity::Metric(Metric::Ttft));
        assert_eq!(good.entries[1].bound.line, 3);
        let message = |rest| parse_entry(rest).unwrap_err().to_string();
        assert!(message("reason = ' '\nexpires = '2027-06-30'\n").contains("no reason"));
        assert!(message("reason = 'x'\nexpires = 'never'\n").contains("`never` is not a day"));
        assert!(message("reason = 'x'\n").contains("missing field `expires`"));
        let unknown = message("reason = 'x'\nexpires = '2027-06-30'\nowner = 'me'\n");
        assert!(unknown.starts_with("k.toml:6:1: unknown field `owner`"), "{unknown}");
    }

    #[test]
    fn an_unknown_metric_is_named_with_its_place() {
        let text = ENTRY.replace("ttft", "tfft") + "reason = 'x'\nexpires = '2027-06-30'\n";
        let message = parse(Path::new("k.toml"), &text).unwrap_err().to_string();
        assert!(message.starts_with("k.toml:3:20: `tfft` is none of throughput, "), "{message}");
    }
}
