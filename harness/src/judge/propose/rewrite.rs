//! A proposal written into `reconcile.toml`.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::Proposal;
use crate::row::metric::PerMetric;
use crate::rules::band::Interval;

/// Replaces the bands and gates in the text of a `reconcile.toml` by the proposals. Everything else, comments
/// included, stays.
pub fn rewrite(text: &str, proposals: &[Proposal]) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let mut bands = ArrayOfTables::new();
    let mut gates = ArrayOfTables::new();
    for proposal in proposals {
        if proposal.ratio.iter().any(|(_, interval)| interval.is_some()) {
            let mut band = Table::new();
            band["where"] = value(proposal.group.expression());
            band["basis"] = value(&proposal.basis);
            band["ratio"] = metric_table(&proposal.ratio, |interval| interval_value(*interval));
            bands.push(band);
        }
        let mut gate = Table::new();
        gate["where"] = value(proposal.group.expression());
        gate["max_mape_percent"] =
            metric_table(&proposal.max_mape_percent, |limit| (*limit).into());
        gate["bias"] = metric_table(&proposal.bias, |interval| interval_value(*interval));
        gates.push(gate);
    }
    for (name, tables) in [("band", bands), ("gate", gates)] {
        if tables.is_empty() {
            document.remove(name);
        } else {
            document[name] = Item::ArrayOfTables(tables);
        }
    }
    Ok(document.to_string())
}

/// A value per metric under dotted keys, one line each: `ratio.tpot = […]`.
fn metric_table<T>(values: &PerMetric<Option<T>>, write: impl Fn(&T) -> toml_edit::Value) -> Item {
    let mut table = Table::new();
    table.set_dotted(true);
    for (metric, limit) in values.iter() {
        if let Some(limit) = limit {
            table[metric.name()] = value(write(limit));
        }
    }
    Item::Table(table)
}

fn interval_value(interval: Interval) -> toml_edit::Value {
    [interval.low, interval.high].into_iter().collect::<Array>().into()
}
