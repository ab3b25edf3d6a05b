//! The bands and gates of `reconcile.toml`, tightened or loosened.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TomlError};

use crate::judge::compare::{Comparison, in_group};
use crate::judge::propose::{Proposal, outwards};
use crate::row::group::Group;
use crate::row::metric::Metric;
use crate::rules::band::{Band, Interval};
use crate::rules::config::{Config, GroupGate};

/// Tightens the bands and gates in the text of a `reconcile.toml` towards the proposals.
///
/// A band never widens, never becomes tighter than the proposal, and never excludes a row that is inside it:
/// accepting a release must not fail the rows of that release.
pub fn tighten(
    text: &str,
    config: &Config,
    comparisons: &[Comparison],
    proposals: &[Proposal],
) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let proposal = |group: &Group| {
        let name = group.to_string();
        proposals.iter().find(move |proposal| proposal.group.to_string() == name)
    };
    if let Some(tables) = document.get_mut("band").and_then(Item::as_array_of_tables_mut) {
        for (band, table) in config.bands.iter().zip(tables.iter_mut()) {
            if let Some(proposal) = proposal(&band.group) {
                tighten_band(table, band, proposal, comparisons);
            }
        }
    }
    if let Some(tables) = document.get_mut("gate").and_then(Item::as_array_of_tables_mut) {
        for (gate, table) in config.gates.iter().zip(tables.iter_mut()) {
            if let Some(proposal) = proposal(&gate.group) {
                tighten_gate(table, gate, proposal);
            }
        }
    }
    Ok(document.to_string())
}

fn tighten_band(table: &mut Table, band: &Band, proposal: &Proposal, comparisons: &[Comparison]) {
    for metric in Metric::ALL {
        let (Some(old), Some(new)) = (band.ratio[metric], proposal.ratio[metric]) else { continue };
        let inside: Vec<f64> = in_group(comparisons, &band.group)
            .filter_map(|comparison| Some(comparison.pair(metric)?.ratio()))
            .filter(|&ratio| old.value.holds(ratio))
            .collect();
        let tightened = narrower(old.value, new, &inside);
        if tightened != old.value {
            set_interval(table.get_mut("ratio"), metric, tightened);
        }
    }
}

fn tighten_gate(table: &mut Table, gate: &GroupGate, proposal: &Proposal) {
    for metric in Metric::ALL {
        if let (Some(old), Some(new)) = (gate.bias[metric], proposal.bias[metric]) {
            let tightened = narrower(old.value, new, &[]);
            if tightened != old.value && tightened.is_valid() {
                set_interval(table.get_mut("bias"), metric, tightened);
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

/// The old interval cut down towards the new one, but wide enough for the ratios `inside`.
fn narrower(old: Interval, new: Interval, inside: &[f64]) -> Interval {
    let low = inside.iter().copied().fold(new.low, f64::min);
    let high = inside.iter().copied().fold(new.high, f64::max);
    // The ends of the new interval are rounded outwards already; the ratio of a row is not.
    let rounded = outwards(low, high);
    Interval { low: old.low.max(rounded.low), high: old.high.min(rounded.high) }
}

fn set_interval(table: Option<&mut Item>, metric: Metric, interval: Interval) {
    if let Some(table) = table.and_then(Item::as_table_like_mut) {
        let ends: Array = [interval.low, interval.high].into_iter().collect();
        table.insert(metric.name(), toml_edit::value(ends));
    }
}

/// Adds a note to the text of a `reconcile.toml` that says when and why its bands were loosened.
pub fn note_loosening(
    text: &str,
    release: &str,
    day: jiff::civil::Date,
    reason: &str,
) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let empty = Item::ArrayOfTables(ArrayOfTables::new());
    if let Some(loosened) = document.entry("loosened").or_insert(empty).as_array_of_tables_mut() {
        let mut entry = Table::new();
        entry["release"] = toml_edit::value(release);
        entry["day"] = toml_edit::value(day.to_string());
        entry["reason"] = toml_edit::value(reason);
        loosened.push(entry);
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_tightened_band_is_within_the_old_one_and_keeps_the_rows_that_were_inside(
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
    fn a_loosening_is_noted_with_its_reason() {
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
