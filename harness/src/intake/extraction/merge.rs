//! Merging the results of many artifacts: each configuration keeps its newest result.

use std::collections::BTreeMap;

use super::super::source::SkipReason;
use crate::base::tally::Tally;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Repeatability, Row};

/// One row per configuration, and the results that newer ones replaced.
#[derive(Debug, Default)]
pub struct MergedRows {
    /// The newest result of each configuration, in the order of identities.
    pub rows: Vec<Row>,
    /// The number of results that others replaced, by reason.
    pub superseded: Tally<SkipReason>,
    /// Remarks for people, one sentence each.
    pub warnings: Vec<String>,
}

/// Merges results. Each configuration keeps its newest result, by run and date; its results on the same
/// image give the row's [`Repeatability`]. A result that was published twice with the same figures counts once.
#[must_use]
pub fn merge(results: Vec<Row>) -> MergedRows {
    let mut configurations: BTreeMap<Identity, Vec<Row>> = BTreeMap::new();
    for row in results {
        configurations.entry(row.identity.clone()).or_default().push(row);
    }
    let mut merged = MergedRows::default();
    for results in configurations.into_values() {
        let published = results.len();
        let mut distinct = distinct_in_time(results);
        merged.superseded.add(SkipReason::PublishedAgain, published - distinct.len());
        for pair in distinct.windows(2) {
            if pair[0].provenance.run_id == pair[1].provenance.run_id {
                merged.warnings.push(format!(
                    "run {} holds {} twice; the later one counts",
                    pair[0].provenance.run_id, pair[0].identity
                ));
            }
        }
        let image = distinct.last().and_then(|row| row.provenance.image.clone());
        // Without an image it is unknown whether two results come from the same software.
        let same_image: Vec<&Row> = distinct
            .iter()
            .filter(|row| image.is_some() && row.provenance.image == image)
            .collect();
        let repeatability = repeatability(&same_image);
        if let Some(newest) = distinct.pop() {
            merged.superseded.add(SkipReason::Superseded, distinct.len());
            merged.rows.push(Row { repeatability, ..newest });
        }
    }
    merged
}

/// The results of one configuration from the oldest to the newest, without repeated publications.
fn distinct_in_time(mut results: Vec<Row>) -> Vec<Row> {
    // The sort is stable: of two results of one run, the later one in the files counts.
    results.sort_by_key(|row| (row.provenance.run_id.parse::<u64>().ok(), date(row)));
    let mut distinct: Vec<Row> = Vec::with_capacity(results.len());
    for row in results {
        distinct.retain(|other| !same_figures(&other.measured.means, &row.measured.means));
        distinct.push(row);
    }
    distinct
}

/// The largest relative difference between figures that were published twice: the last digits of a conversion.
const SAME: f64 = 1e-9;

fn same_figures(a: &PerMetric<Option<f64>>, b: &PerMetric<Option<f64>>) -> bool {
    Metric::ALL.into_iter().all(|metric| match (a[metric], b[metric]) {
        (Some(a), Some(b)) => (a - b).abs() <= SAME * a.abs().max(b.abs()),
        (a, b) => a == b,
    })
}

/// The date of a row's measurement, empty without one. Dates and times compare as texts.
pub(super) fn date(row: &Row) -> String {
    row.provenance.benchmark_date.clone().unwrap_or_default()
}

/// The spread of repeated measurements of one configuration; `None` for a single one.
fn repeatability(rows: &[&Row]) -> Option<Repeatability> {
    if rows.len() < 2 {
        return None;
    }
    let max_min = |metric| {
        let values: Vec<f64> = rows.iter().filter_map(|row| row.measured.means[metric]).collect();
        let max = values.iter().copied().fold(f64::MIN, f64::max);
        let min = values.iter().copied().fold(f64::MAX, f64::min);
        if values.is_empty() { 1.0 } else { max / min }
    };
    Some(Repeatability {
        repeats: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        throughput_max_min_ratio: max_min(Metric::Throughput),
        ttft_max_min_ratio: max_min(Metric::Ttft),
        tpot_max_min_ratio: max_min(Metric::Tpot),
        e2e_latency_max_min_ratio: max_min(Metric::E2eLatency),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bare_row;

    fn row(image: Option<&str>, date: &str, ttft: f64) -> Row {
        let mut row = bare_row("b200::vllm::fp4::1024x1024::tp4_ep1::c64");
        row.measured.means[Metric::Ttft] = Some(ttft);
        row.provenance.image = image.map(str::to_owned);
        row.provenance.benchmark_date = Some(date.to_owned());
        row.provenance.run_id = date.to_owned();
        row
    }

    #[test]
    fn a_result_published_twice_counts_once_though_a_conversion_moved_its_last_digit() {
        let again = 0.1 * (1.0 + 4.0 * f64::EPSILON);
        let merged = merge(vec![
            row(Some("e:1"), "2026-01-01", 0.1),
            row(Some("e:1"), "2026-01-01T08:00:00Z", again),
        ]);
        assert_eq!(merged.rows.len(), 1);
        assert_eq!(merged.rows[0].repeatability, None);
        assert_eq!(merged.superseded, Tally::from_iter([SkipReason::PublishedAgain]));
    }

    #[test]
    fn the_newest_counts_and_only_the_same_image_repeats() {
        let merged = merge(vec![
            row(Some("e:2"), "2026-01-03", 0.1),
            row(Some("e:2"), "2026-01-02", 0.2),
            row(Some("e:1"), "2026-01-01", 0.9),
        ]);
        let row = &merged.rows[0];
        assert_eq!(row.measured.means[Metric::Ttft], Some(0.1));
        let repeatability = row.repeatability.unwrap();
        assert_eq!((repeatability.repeats, repeatability.ttft_max_min_ratio), (2, 2.0));
        assert_eq!(
            merged.superseded,
            Tally::from_iter([SkipReason::Superseded, SkipReason::Superseded])
        );
    }
}
