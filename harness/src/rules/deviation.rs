//! `known_deviations.toml`: rows that may lie outside their band, each with a reason, a bound and a last day.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::base::error::Result;
use crate::base::toml_file::check_version;
use crate::row::Row;
use crate::row::metric::Quantity;
use crate::rules::band::{Interval, WrittenAt};
use crate::rules::toml_text::{Fault, TomlText};

/// A quantity of a row that is known to lie outside its band.
#[derive(Debug, Clone)]
pub struct Deviation {
    /// The row's name within its model.
    pub row: String,
    /// The quantity that lies outside.
    pub quantity: Quantity,
    /// The interval in which predicted / measured is accepted, with its line in the file. For memory the ratio
    /// is needed / available.
    pub bound: WrittenAt<Interval>,
    /// Why the deviation is accepted.
    pub reason: String,
    /// The last day on which it is accepted.
    pub expires: Date,
}

/// The known deviations of a model.
#[derive(Debug, Clone, Default)]
pub struct Deviations {
    /// Path of the file, which need not exist.
    pub path: PathBuf,
    /// One entry per row and quantity.
    pub entries: Vec<Deviation>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviationFile {
    schema_version: Spanned<u32>,
    #[serde(default)]
    deviation: Vec<Spanned<DeviationTable>>,
}

/// A reason with the rows that it explains, and the bound of each quantity.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviationTable {
    reason: String,
    expires: String,
    rows: BTreeMap<String, BTreeMap<Spanned<String>, Interval>>,
}

/// Reads the text of a `known_deviations.toml` that came from `path`. An error names the line and the next
/// step.
pub fn parse(path: &Path, text: &str) -> Result<Deviations> {
    let text = TomlText { path, text };
    let file: DeviationFile = text.parse()?;
    check_version(path, text.text, &file.schema_version)?;
    let mut entries: Vec<Deviation> = Vec::new();
    for table in &file.deviation {
        let DeviationTable { reason, rows, .. } = table.get_ref();
        let expires =
            last_day(table.get_ref()).map_err(|fault| text.error(table.span().start, fault))?;
        let bounds = rows.iter().flat_map(|(row, bounds)| {
            bounds.iter().map(move |(quantity, interval)| (row, quantity, *interval))
        });
        for (row, name, value) in bounds {
            let offset = name.span().start;
            let quantity = checked_quantity(row, name.get_ref(), value, &entries)
                .map_err(|fault| text.error(offset, fault))?;
            entries.push(Deviation {
                row: row.clone(),
                quantity,
                bound: WrittenAt { value, line: text.line(offset) },
                reason: reason.clone(),
                expires,
            });
        }
    }
    Ok(Deviations { path: path.to_path_buf(), entries })
}

/// The last day of a table that has a reason, such a day and at least one bound.
fn last_day(table: &DeviationTable) -> Result<Date, Fault> {
    let DeviationTable { reason, expires, rows } = table;
    if reason.trim().is_empty() {
        let help = "write in reason why the rows lie outside their band";
        return Err(Fault::new("a deviation has no reason", help));
    }
    if rows.values().all(BTreeMap::is_empty) {
        let help = "add a line such as rows.\"<row>\" = { ttft = [0.1, 0.5] }, or remove the table";
        return Err(Fault::new("a deviation has no rows with bounds", help));
    }
    expires.parse().map_err(|_| {
        Fault::new(
            format!("`{expires}` is not a day"),
            "write a day such as expires = \"2027-06-30\"",
        )
    })
}

/// The quantity of a bound: it has a known name and an interval, and no entry before is of the same.
fn checked_quantity(
    row: &str,
    name: &str,
    bound: Interval,
    before: &[Deviation],
) -> Result<Quantity, Fault> {
    let Some(quantity) = Quantity::from_name(name) else {
        let known = Quantity::all().map(Quantity::name).collect::<Vec<_>>().join(", ");
        let help = format!("the metrics are {known}");
        return Err(Fault::new(format!("there is no metric `{name}`"), help));
    };
    if let Some(fault) = bound.fault() {
        return Err(fault);
    }
    if before.iter().any(|other| other.row == row && other.quantity == quantity) {
        let fault = format!("{name} of {row} is listed twice");
        return Err(Fault::new(fault, "remove one of the two bounds"));
    }
    Ok(quantity)
}

impl Deviations {
    /// The entry for this row and quantity.
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
    fn a_deviation_needs_bounds_that_are_intervals_and_listed_once() {
        let message = |rows: &str| {
            let text = format!(
                "schema_version = 1\n[[deviation]]\nreason = 'x'\nexpires = '2027-06-30'\n{rows}\n"
            );
            parse(Path::new("k.toml"), &text).unwrap_err().to_string()
        };
        assert!(message("rows.r = {}").starts_with("k.toml:2:1: a deviation has no rows"));
        let empty = message("rows.r = { ttft = [2.0, 1.0] }");
        assert!(empty.starts_with("k.toml:5:12: the interval [2, 1] is empty"), "{empty}");
        let twice = message(
            "rows.r.ttft = [1.0, 2.0]\n[[deviation]]\nreason = 'y'\nexpires = '2027-06-30'\n\
             rows.r.ttft = [1.0, 2.0]",
        );
        assert!(twice.starts_with("k.toml:9:8: ttft of r is listed twice\n"), "{twice}");
    }

    #[test]
    fn an_unknown_metric_is_named_with_its_place() {
        let text = ENTRY.replace("ttft", "tfft") + "reason = 'x'\nexpires = '2027-06-30'\n";
        let message = parse(Path::new("k.toml"), &text).unwrap_err().to_string();
        assert!(message.starts_with("k.toml:3:20: there is no metric `tfft`"), "{message}");
        assert!(message.contains("help: the metrics are throughput, "), "{message}");
    }
}
