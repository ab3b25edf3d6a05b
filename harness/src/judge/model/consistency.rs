//! The checks that the files of a model agree with each other.

use super::Model;
use crate::base::error::{Error, Place, Result};
use crate::base::text::nearest;
use crate::row::Row;
use crate::row::filter::Filter;
use crate::row::group::Group;
use crate::row::metric::Metric;
use crate::row::property::Property;
use crate::rules::band::Band;

/// Checks the bands, gates and known deviations against the rows.
pub(super) fn check(model: &Model) -> Result<()> {
    check_groups(model)?;
    check_clashes(model)?;
    check_deviations(model)
}

/// Checks that every band and gate sets a limit and applies to a row.
fn check_groups(model: &Model) -> Result<()> {
    let bands = model.config.bands.iter().map(|band| {
        let line =
            Metric::ALL.iter().find_map(|&metric| band.ratio[metric].map(|written| written.line));
        ("band", &band.group, line)
    });
    let gates = model.config.gates.iter().map(|gate| {
        let line = Metric::ALL.iter().find_map(|&metric| {
            gate.max_mape_percent[metric]
                .map(|limit| limit.line)
                .or(gate.bias[metric].map(|interval| interval.line))
        });
        ("gate", &gate.group, line)
    });
    for (kind, group, line) in bands.chain(gates) {
        let place = |line: usize| Place::line(&model.config.path, line as u64);
        let place = line.map_or_else(|| Place::file(&model.config.path), place);
        if line.is_none() {
            return Err(Error::content(place, format!("the {kind} of {group} sets no limit")));
        }
        if !model.rows.iter().any(|row| group.holds(row)) {
            return Err(Error::content(
                place,
                format!("the {kind} of {group} applies to no row of {}", model.name),
            )
            .with_help(format!("the values are: {}", values(group, &model.rows))));
        }
    }
    Ok(())
}

/// Checks that no two equally specific bands apply to the same row and metric.
fn check_clashes(model: &Model) -> Result<()> {
    let bands = &model.config.bands;
    for row in &model.rows {
        let applicable: Vec<&Band> = bands.iter().filter(|band| band.group.holds(row)).collect();
        for (index, band) in applicable.iter().enumerate() {
            for other in &applicable[index + 1..] {
                if band.group.specificity() != other.group.specificity() {
                    continue;
                }
                let both = Metric::ALL
                    .into_iter()
                    .find_map(|metric| Some((metric, band.ratio[metric]?, other.ratio[metric]?)));
                let Some((metric, _, written)) = both else { continue };
                return Err(Error::content(
                    Place::line(&model.config.path, written.line as u64),
                    format!(
                        "the bands of {} and {} both apply to {} of {}, and neither is more specific",
                        band.group,
                        other.group,
                        metric.name(),
                        row.name()
                    ),
                )
                .with_help("name one more field in one of the bands"));
            }
        }
    }
    Ok(())
}

/// The values that the rows have in the properties that a group names.
fn values(group: &Group, rows: &[Row]) -> String {
    let of_property = |property: Property| {
        let values: Vec<String> = property.values(rows).into_iter().collect();
        format!("{} {}", property.name(), values.join("|"))
    };
    let properties = group.filter().map(Filter::properties).unwrap_or_default();
    properties.into_iter().map(of_property).collect::<Vec<_>>().join("; ")
}

/// Checks that every known deviation names a row that exists.
fn check_deviations(model: &Model) -> Result<()> {
    let names: Vec<String> = model.rows.iter().map(Row::name).collect();
    for entry in &model.deviations.entries {
        if names.contains(&entry.row) {
            continue;
        }
        let place = Place::line(&model.deviations.path, entry.bound.line as u64);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = Error::content(place, format!("no row `{}` in {}", entry.row, model.name));
        return Err(match nearest(&entry.row, &names) {
            Some(near) => error.with_help(format!("did you mean {near}?")),
            None => error.with_help("the name of a row is the name of its test without the model"),
        });
    }
    Ok(())
}
