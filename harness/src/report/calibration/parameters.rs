//! The table of a fit's parameters.

use std::fmt::Write as _;

use super::figures::{dash, rough};
use crate::base::text::plural;
use crate::calibrate::{FoundParameters, ParameterFound};
use crate::report::TextTable;
use crate::report::numbers::short_figure as figure;

/// The parameters with their legend, their condition number and the nearly collinear pairs.
pub(super) fn parameters_text(found: &FoundParameters) -> String {
    let figures = ["Mantile", "fitted", "without rows", "at most"];
    let mut table = TextTable::of(&["parameter"], &figures).dense();
    for parameter in &found.parameters {
        let (low, high) = parameter.without_rows;
        table.line(vec![
            parameter.name.clone(),
            parameter.before.map_or_else(dash, figure),
            marked(parameter),
            format!("{} to {}", figure(low), figure(high)),
            figure(parameter.upper),
        ]);
    }
    let mut text =
        format!("{}\n* at a bound   ? not identifiable from these rows\n", table.to_text());
    if let Some(number) = found.condition_number {
        let is_free = |found: &&ParameterFound| found.is_identifiable && !found.at_bound;
        let free = found.parameters.iter().filter(is_free).count();
        let _ = writeln!(
            text,
            "  condition number {} ({free} parameter{})",
            rough(number),
            plural(free)
        );
    }
    for (first, second, correlation) in &found.correlated {
        let _ = writeln!(text, "  nearly collinear: {first} and {second} ({correlation:+.2})");
    }
    let _ = writeln!(
        text,
        "  without one of ten random tenths, or one workload, TPOTs move by up to {:.1}%",
        found.moved_percent
    );
    text
}

/// A fitted value, with a mark if the rows do not determine it.
fn marked(found: &ParameterFound) -> String {
    let mark = if found.at_bound {
        "*"
    } else if !found.is_identifiable {
        "?"
    } else {
        ""
    };
    format!("{}{mark}", figure(found.value))
}
