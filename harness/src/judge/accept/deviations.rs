//! The entries of `known_deviations.toml`, removed and added.

use std::collections::BTreeMap;

use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, TomlError,
};

use crate::judge::compare::Comparison;
use crate::judge::evaluation::Evaluation;
use crate::judge::verdict::{QuantityVerdict, RowVerdict, Standing};
use crate::row::Row;
use crate::row::metric::Quantity;
use crate::rules::band::Interval;

/// The factor by which the ratio of a new known deviation may still change in either direction.
pub const DEVIATION_SPARE: f64 = 1.1;

/// The quantities outside their bands that no known deviation excuses, with their rows.
pub fn unexcused(evaluation: &Evaluation) -> impl Iterator<Item = (&Comparison, &QuantityVerdict)> {
    evaluation.comparisons.iter().zip(&evaluation.verdicts).flat_map(|(comparison, verdict)| {
        let outside = verdict.outside().filter(|judged| judged.standing == Standing::Outside);
        outside.map(move |judged| (comparison, judged))
    })
}

/// Removes the entries whose quantity is inside its band from the text of a `known_deviations.toml`. Everything
/// else, comments included, stays.
pub fn remove_dead(text: &str, rows: &[(&Row, &RowVerdict)]) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let verdicts: BTreeMap<String, &RowVerdict> =
        rows.iter().map(|(row, verdict)| (row.name(), *verdict)).collect();
    let is_dead = |row: &str, quantity: &str| {
        let judged = verdicts.get(row).and_then(|verdict| {
            let quantity = Quantity::from_name(quantity)?;
            verdict.quantities.iter().find(|judged| judged.quantity == quantity)
        });
        judged.is_some_and(|judged| judged.standing == Standing::Inside)
    };
    if let Some(deviations) = document.get_mut("deviation").and_then(Item::as_array_of_tables_mut) {
        remove_quantities(deviations, is_dead);
    }
    Ok(document.to_string())
}

/// Adds an entry for these rows and quantities, each with its bound, to the text of a `known_deviations.toml`.
/// Older bounds of the same rows and quantities are removed.
pub fn add_deviations(
    text: &str,
    outside: &[(String, Quantity, Interval)],
    reason: &str,
    expires: jiff::civil::Date,
) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    if outside.is_empty() {
        return Ok(document.to_string());
    }
    let empty = Item::ArrayOfTables(ArrayOfTables::new());
    if let Some(deviations) = document.entry("deviation").or_insert(empty).as_array_of_tables_mut()
    {
        remove_quantities(deviations, |row, quantity| {
            outside.iter().any(|(name, added, _)| name == row && added.name() == quantity)
        });
        let mut rows = Table::new();
        for (row, quantity, bound) in outside {
            let bounds = rows.entry(row).or_insert(toml_edit::value(InlineTable::new()));
            if let Some(bounds) = bounds.as_inline_table_mut() {
                let ends: Array = [bound.low, bound.high].into_iter().collect();
                bounds.insert(quantity.name(), ends.into());
            }
        }
        let mut entry = Table::new();
        entry["reason"] = toml_edit::value(reason);
        entry["expires"] = toml_edit::value(expires.to_string());
        entry["rows"] = Item::Table(rows);
        deviations.push(entry);
    }
    Ok(document.to_string())
}

/// Removes the quantities of rows that `is_removed` picks, then the rows and the deviations that are empty.
fn remove_quantities(deviations: &mut ArrayOfTables, is_removed: impl Fn(&str, &str) -> bool) {
    for deviation in deviations.iter_mut() {
        let Some(rows) = deviation.get_mut("rows").and_then(Item::as_table_like_mut) else {
            continue;
        };
        for row in keys(rows) {
            let Some(bounds) = rows.get_mut(&row).and_then(Item::as_table_like_mut) else {
                continue;
            };
            for quantity in keys(bounds).iter().filter(|quantity| is_removed(&row, quantity)) {
                bounds.remove(quantity);
            }
            if bounds.is_empty() {
                rows.remove(&row);
            }
        }
    }
    deviations.retain(|deviation| {
        deviation.get("rows").and_then(Item::as_table_like).is_none_or(|rows| !rows.is_empty())
    });
}

fn keys(table: &dyn TableLike) -> Vec<String> {
    table.iter().map(|(key, _)| key.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::judge;
    use crate::row::metric::Metric;
    use crate::testing::{NAME, comparison, model};

    #[test]
    fn a_deviation_that_no_longer_deviates_is_removed_and_the_rest_stays() {
        let bands = "[[band]]\nwhere = 'all'\nratio.tpot = [0.5, 2.0]\n";
        let deviations = format!(
            "schema_version = 1 # kept\n[[deviation]]\nreason = 'x'\nexpires = '2027-01-01'\n[deviation.rows]\n\
             \"p::{NAME}\" = {{ tpot = [2.0, 3.0], memory = [1.0, 2.0] }}\n"
        );
        let model = model(bands, "");
        let row = comparison(1.0);
        let verdict = judge(&row, model.rules(), "2026-06-01".parse().unwrap());
        let text = remove_dead(&deviations, &[(&row.row, &verdict)]).unwrap();
        assert_eq!(text.trim(), "schema_version = 1 # kept");
        let row = comparison(2.5);
        let verdict = judge(&row, model.rules(), "2026-06-01".parse().unwrap());
        let text = remove_dead(&deviations, &[(&row.row, &verdict)]).unwrap();
        assert!(text.contains("tpot = [2.0, 3.0]") && !text.contains("memory"), "{text}");
    }

    #[test]
    fn a_row_that_is_outside_is_listed_once_with_its_new_bound() {
        let old = "schema_version = 1\n[[deviation]]\nreason = 'old'\nexpires = '2027-01-01'\n\
            [deviation.rows]\n\"p::a\" = { tpot = [2.0, 3.0], ttft = [0.1, 0.2] }\n";
        let outside =
            [("p::a".to_owned(), Quantity::Metric(Metric::Tpot), Interval { low: 3.0, high: 4.0 })];
        let text = add_deviations(old, &outside, "new", "2027-06-01".parse().unwrap()).unwrap();
        let parsed = crate::rules::deviation::parse(std::path::Path::new("k.toml"), &text).unwrap();
        let entries: Vec<_> = parsed
            .entries
            .iter()
            .map(|e| (e.quantity.name(), e.reason.as_str(), e.bound.value.high))
            .collect();
        assert_eq!(entries, [("ttft", "old", 0.2), ("tpot", "new", 4.0)]);
    }
}
