//! Configurations that two sources of a model have.

use super::merge::date;
use crate::row::Row;

/// The number of configurations that a source listed earlier has, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SourceOverlaps {
    /// Rows that were left out, because the other source's result is as new or newer.
    pub(super) left_out: usize,
    /// Rows that were kept, because they are newer or have no date to compare.
    pub(super) kept: usize,
}

impl SourceOverlaps {
    /// Removes from `rows` what the earlier sources measured at the same time or later. Only the sources listed
    /// before count, so that an extraction does not depend on whether the later ones were extracted.
    pub(super) fn resolve(rows: &mut Vec<Row>, earlier_sources: &[Row]) -> Self {
        let mut overlaps = Self::default();
        rows.retain(|row| {
            let same = earlier_sources.iter().filter(|other| other.identity == row.identity);
            let Some(newest) = same.map(date).max() else { return true };
            let date = date(row);
            let keep = date.is_empty() || date > newest;
            *(if keep { &mut overlaps.kept } else { &mut overlaps.left_out }) += 1;
            keep
        });
        overlaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, date: Option<&str>) -> Row {
        let mut row = crate::testing::bare_row(name);
        row.provenance.benchmark_date = date.map(str::to_owned);
        row
    }

    #[test]
    fn only_a_date_that_is_not_newer_leaves_a_row_out() {
        const SHARED: &str = "b200::vllm::fp4::1024x1024::tp4_ep1::c64";
        let others = [row(SHARED, Some("2026-01-05"))];
        let resolved = |row: Row| {
            let mut rows = vec![row];
            let overlaps = SourceOverlaps::resolve(&mut rows, &others);
            (rows.len(), overlaps.left_out, overlaps.kept)
        };
        assert_eq!(resolved(row(SHARED, Some("2026-01-05"))), (0, 1, 0));
        assert_eq!(resolved(row(SHARED, Some("2026-01-06"))), (1, 0, 1));
        assert_eq!(resolved(row(SHARED, None)), (1, 0, 1));
        let other = "b200::vllm::fp4::1024x1024::tp4_ep1::c32";
        assert_eq!(resolved(row(other, Some("2026-01-01"))), (1, 0, 0));
    }
}
