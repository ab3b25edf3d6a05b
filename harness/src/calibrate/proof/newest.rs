//! The newest rows of a group, held out from a fit to older ones.

use std::collections::BTreeSet;

use super::super::Observation;
use super::{LEAST_ROWS, LEAST_WORKLOADS, day, workloads};
use crate::row::Identity;

/// The share of rows that count as newest.
const NEWEST_SHARE: f64 = 0.2;

/// The rows that were measured last, and the rows to fit to: older, and of other configurations.
pub(super) struct Newest<'a> {
    /// The first day of the newest rows.
    pub since: String,
    pub new: Vec<&'a Observation>,
    pub old: Vec<&'a Observation>,
}

impl<'a> Newest<'a> {
    /// Splits rows by day, so that about a fifth are newest. Neither older rows of the newest rows'
    /// configurations, from whatever source, nor rows without a date are among the old.
    pub(super) fn among(rows: &[&'a Observation]) -> Result<Self, String> {
        let dated: Vec<(String, &'a Observation)> =
            rows.iter().filter_map(|&row| Some((day(row)?, row))).collect();
        let days: BTreeSet<&String> = dated.iter().map(|(day, _)| day).collect();
        let distance = |since: &String| {
            let new = dated.iter().filter(|(day, _)| day >= since).count();
            (new as f64 / dated.len() as f64 - NEWEST_SHARE).abs()
        };
        let since = days.iter().skip(1).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let since = since.ok_or("all rows were measured on one day, or their day is unknown")?;
        let since = (*since).clone();
        let (new, old): (Vec<_>, Vec<_>) = dated.into_iter().partition(|(day, _)| *day >= since);
        let new: Vec<&Observation> = new.into_iter().map(|(_, row)| row).collect();
        let configurations: BTreeSet<(&String, &Identity)> =
            new.iter().map(|row| (&row.model, &row.row.identity)).collect();
        let old: Vec<&Observation> = old
            .into_iter()
            .map(|(_, row)| row)
            .filter(|row| !configurations.contains(&(&row.model, &row.row.identity)))
            .collect();
        if old.len() < LEAST_ROWS || workloads(&old) < LEAST_WORKLOADS {
            return Err(format!(
                "only {} rows are older than {since} and of other configurations than the {} newest",
                old.len(),
                new.len()
            ));
        }
        Ok(Self { since, new, old })
    }
}
