//! What accepting a release does to a model's files: bands and gates tighten, known deviations that
//! no longer deviate go. Pure: texts in, texts out.

use toml_edit::{Array, DocumentMut, Item, TableLike};

use crate::judge::compare::{Comparison, in_group};
use crate::judge::propose::Proposal;
use crate::judge::verdict::{RowVerdict, Standing};
use crate::row::Row;
use crate::row::group::Group;
use crate::row::metric::{Metric, Quantity};
use crate::rules::band::Interval;
use crate::rules::config::Config;

/// The text of a `reconcile.toml` with its bands and gates tightened towards the proposals.
///
/// A band never widens, never goes below what the proposal says, and never below what the rows that
/// are inside it need: accepting a release must not fail its own rows.
pub fn tighten(
    text: &str,
    config: &Config,
    comparisons: &[Comparison],
    proposals: &[Proposal],
) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let proposal = |group: &Group| {
        let name = group.to_string();
        proposals.iter().find(move |proposal| proposal.group.to_string() == name)
    };
    if let Some(bands) = document.get_mut("band").and_then(Item::as_array_of_tables_mut) {
        for (band, table) in config.bands.iter().zip(bands.iter_mut()) {
            let Some(proposal) = proposal(&band.group) else { continue };
            for metric in Metric::ALL {
                let (Some(old), Some(new)) = (band.ratio[metric], proposal.ratio[metric]) else {
                    continue;
                };
                let inside: Vec<f64> = in_group(comparisons, &band.group)
                    .filter_map(|comparison| Some(comparison.pair(metric)?.ratio()))
                    .filter(|&ratio| old.value.holds(ratio))
                    .collect();
                let tightened = narrower(old.value, new, &inside);
                if tightened != old.value {
                    set(table.get_mut("ratio"), metric, tightened);
                }
            }
        }
    }
    if let Some(gates) = document.get_mut("gate").and_then(Item::as_array_of_tables_mut) {
        for (gate, table) in config.gates.iter().zip(gates.iter_mut()) {
            let Some(proposal) = proposal(&gate.group) else { continue };
            for metric in Metric::ALL {
                if let (Some(old), Some(new)) = (gate.bias[metric], proposal.bias[metric]) {
                    let tightened = narrower(old.value, new, &[]);
                    if tightened != old.value && tightened.is_valid() {
                        set(table.get_mut("bias"), metric, tightened);
                    }
                }
                if let (Some(old), Some(new)) =
                    (gate.max_mape_percent[metric], proposal.max_mape_percent[metric])
                    && new < old.value
                    && let Some(limits) =
                        table.get_mut("max_mape_percent").and_then(Item::as_table_like_mut)
                {
                    limits.insert(metric.name(), toml_edit::value(new));
                }
            }
        }
    }
    Ok(document.to_string())
}

/// The old interval cut towards the new one, and kept wide enough for `inside`.
fn narrower(old: Interval, new: Interval, inside: &[f64]) -> Interval {
    let low = inside.iter().copied().fold(new.low, f64::min);
    let high = inside.iter().copied().fold(new.high, f64::max);
    // The new ends are rounded outwards already; a row's own ratio is not.
    let rounded = crate::judge::propose::outwards(low, high);
    Interval { low: old.low.max(rounded.low), high: old.high.min(rounded.high) }
}

fn set(table: Option<&mut Item>, metric: Metric, interval: Interval) {
    if let Some(table) = table.and_then(Item::as_table_like_mut) {
        let ends: Array = [interval.low, interval.high].into_iter().collect();
        table.insert(metric.name(), toml_edit::value(ends));
    }
}

/// The text of a `reconcile.toml` with a note that and why its bands were loosened.
pub fn note_loosening(
    text: &str,
    release: &str,
    day: jiff::civil::Date,
    reason: &str,
) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let empty = Item::ArrayOfTables(toml_edit::ArrayOfTables::new());
    if let Some(loosened) = document.entry("loosened").or_insert(empty).as_array_of_tables_mut() {
        let mut entry = toml_edit::Table::new();
        entry["release"] = toml_edit::value(release);
        entry["day"] = toml_edit::value(day.to_string());
        entry["reason"] = toml_edit::value(reason);
        loosened.push(entry);
    }
    Ok(document.to_string())
}

/// The text of a `known_deviations.toml` without the entries whose quantity is inside now; all else,
/// comments included, stays.
pub fn remove_dead(
    text: &str,
    rows: &[(&Row, &RowVerdict)],
) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let is_dead = |row: &str, quantity: &str| {
        let verdict =
            rows.iter().find(|(known, _)| known.name() == row).map(|(_, verdict)| verdict);
        let judged = verdict.and_then(|verdict| {
            let quantity = Quantity::from_name(quantity)?;
            verdict.quantities.iter().find(|judged| judged.quantity == quantity)
        });
        judged.is_some_and(|judged| judged.standing == Standing::Inside)
    };
    if let Some(deviations) = document.get_mut("deviation").and_then(Item::as_array_of_tables_mut) {
        for deviation in deviations.iter_mut() {
            let Some(listed) = deviation.get_mut("rows").and_then(Item::as_table_like_mut) else {
                continue;
            };
            let names: Vec<String> = listed.iter().map(|(name, _)| name.to_owned()).collect();
            for name in names {
                let Some(bounds) = listed.get_mut(&name).and_then(Item::as_table_like_mut) else {
                    continue;
                };
                let dead: Vec<String> =
                    keys(bounds).filter(|quantity| is_dead(&name, quantity)).collect();
                for quantity in dead {
                    bounds.remove(&quantity);
                }
                if bounds.is_empty() {
                    listed.remove(&name);
                }
            }
        }
        drop_empty(deviations);
    }
    Ok(document.to_string())
}

/// The text of a `known_deviations.toml` with an entry more, for these rows and quantities, which lie
/// outside: each with its bound. What was listed of them before gives way.
pub fn add_deviations(
    text: &str,
    outside: &[(String, Quantity, Interval)],
    reason: &str,
    expires: jiff::civil::Date,
) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    if outside.is_empty() {
        return Ok(document.to_string());
    }
    let empty = Item::ArrayOfTables(toml_edit::ArrayOfTables::new());
    if let Some(deviations) = document.entry("deviation").or_insert(empty).as_array_of_tables_mut()
    {
        for deviation in deviations.iter_mut() {
            let Some(listed) = deviation.get_mut("rows").and_then(Item::as_table_like_mut) else {
                continue;
            };
            for (row, quantity, _) in outside {
                let Some(bounds) = listed.get_mut(row).and_then(Item::as_table_like_mut) else {
                    continue;
                };
                bounds.remove(quantity.name());
                if bounds.is_empty() {
                    listed.remove(row);
                }
            }
        }
        drop_empty(deviations);
        let mut rows = toml_edit::Table::new();
        for (row, quantity, bound) in outside {
            let bounds = rows.entry(row).or_insert(toml_edit::value(toml_edit::InlineTable::new()));
            if let Some(bounds) = bounds.as_inline_table_mut() {
                let ends: Array = [bound.low, bound.high].into_iter().collect();
                bounds.insert(quantity.name(), ends.into());
            }
        }
        let mut entry = toml_edit::Table::new();
        entry["reason"] = toml_edit::value(reason);
        entry["expires"] = toml_edit::value(expires.to_string());
        entry["rows"] = Item::Table(rows);
        deviations.push(entry);
    }
    Ok(document.to_string())
}

/// Drops the deviations that no longer name a row.
fn drop_empty(deviations: &mut toml_edit::ArrayOfTables) {
    deviations.retain(|deviation| {
        deviation.get("rows").and_then(Item::as_table_like).is_none_or(|rows| !rows.is_empty())
    });
}

fn keys(table: &dyn TableLike) -> impl Iterator<Item = String> {
    table.iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judge::verdict::judge;
    use crate::testing::{NAME, comparison, model};

    proptest! {
        #[test]
        fn a_tightened_band_is_within_the_old_one_and_holds_what_was_inside(
            old in 1.05f64..4.0, new in 1.05f64..4.0, ratios in proptest::collection::vec(0.2f64..5.0, 0..20),
        ) {
            let (old, new) = (Interval::within(old), Interval::within(new));
            let inside: Vec<f64> = ratios.into_iter().filter(|&ratio| old.holds(ratio)).collect();
            let tightened = narrower(old, new, &inside);
            prop_assert!(tightened.low >= old.low && tightened.high <= old.high);
            prop_assert!(inside.iter().all(|&ratio| tightened.holds(ratio)));
        }
    }

    #[test]
    fn what_no_longer_deviates_goes_and_the_rest_stays() {
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
    fn a_row_that_lies_outside_is_listed_once_with_its_new_bound() {
        let old = "schema_version = 1\n[[deviation]]\nreason = 'old'\nexpires = '2027-01-01'\n\
            [deviation.rows]\n\"p::a\" = { tpot = [2.0, 3.0], ttft = [0.1, 0.2] }\n";
        let outside =
            [("p::a".to_owned(), Quantity::Metric(Metric::Tpot), Interval { low: 3.0, high: 4.0 })];
        let text = add_deviations(old, &outside, "new", "2027-06-01".parse().unwrap()).unwrap();
        let parsed = crate::rules::deviation::parse(std::path::Path::new("k.toml"), &text).unwrap();
        let found: Vec<_> = parsed
            .entries
            .iter()
            .map(|e| (e.quantity.name(), e.reason.as_str(), e.bound.value.high))
            .collect();
        assert_eq!(found, [("ttft", "old", 0.2), ("tpot", "new", 4.0)]);
    }

    #[test]
    fn a_loosening_is_written_down() {
        let text =
            note_loosening("a = 1\n", "r2", "2026-06-01".parse().unwrap(), "a new kernel").unwrap();
        insta::assert_snapshot!(text, @r#"
        a = 1

        [[loosened]]
        release = "r2"
        day = "2026-06-01"
        reason = "a new kernel"
        "#);
    }
}
