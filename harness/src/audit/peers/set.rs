//! Sets of rows that are compared as a whole.

use std::collections::BTreeMap;

use crate::row::{Identity, Row};

/// The properties that the rows of a set share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowSet<'a> {
    pub(super) provider: &'a str,
    pub(super) gpu_model: &'a str,
    pub(super) framework: &'a str,
    pub(super) precision: &'a str,
    /// The day of the measurements, in a set of one day.
    pub(super) day: Option<&'a str>,
}

impl<'a> RowSet<'a> {
    /// The set of all days with this row.
    pub(super) fn of(row: &'a Row) -> Self {
        let Identity { gpu_model, framework, precision, .. } = &row.identity;
        Self { provider: &row.provider, gpu_model, framework, precision, day: None }
    }

    /// The set of one day with this row, if its day is known.
    pub(super) fn of_day(row: &'a Row) -> Option<Self> {
        Some(Self { day: Some(day(row)?), ..Self::of(row) })
    }

    /// The set in words.
    pub(super) fn label(&self) -> String {
        let Self { gpu_model, framework, precision, day, .. } = self;
        let day = day.map(|day| format!(" of {day}")).unwrap_or_default();
        format!("{gpu_model} {framework} {precision}{day}")
    }
}

/// The day that the row was measured on.
pub(super) fn day(row: &Row) -> Option<&str> {
    crate::base::day::day_of(row.provenance.benchmark_date.as_deref()?)
}

/// The rows by their sets.
pub(super) fn sets<'a>(
    rows: &'a [Row],
    set_of: impl Fn(&'a Row) -> Option<RowSet<'a>>,
) -> BTreeMap<RowSet<'a>, Vec<&'a Row>> {
    let mut sets: BTreeMap<RowSet<'_>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if let Some(set) = set_of(row) {
            sets.entry(set).or_default().push(row);
        }
    }
    sets
}
