//! Rows of many artifacts put together: of each configuration the newest result.

use std::collections::BTreeMap;

use super::Reading;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Repeatability, Row};

/// The rows of all artifacts, and an account of everything that is not a row.
#[derive(Debug, Default)]
pub struct Extraction {
    /// The rows, newest result of each configuration.
    pub rows: Vec<Row>,
    /// What the artifacts held.
    pub reading: Reading,
    /// Results that another took the place of, by reason.
    pub superseded: BTreeMap<&'static str, usize>,
}

const NEWER: &str = "superseded by a newer result of the same configuration";
const AGAIN: &str = "the same result again";

/// Puts readings together: of each configuration the newest result, by run and date; results of the
/// same configuration on the same image become its [`Repeatability`]. A result that was published
/// twice, with the same figures, counts once.
#[must_use]
pub fn merge(readings: impl IntoIterator<Item = Reading>) -> Extraction {
    let mut extraction = Extraction::default();
    for reading in readings {
        extraction.reading.add(reading);
    }
    let mut configurations: BTreeMap<Identity, Vec<Row>> = BTreeMap::new();
    for row in std::mem::take(&mut extraction.reading.rows) {
        configurations.entry(row.identity.clone()).or_default().push(row);
    }
    for rows in configurations.values_mut() {
        let results = rows.len();
        // Stable: of two results of one run, the later one counts.
        rows.sort_by_key(|row| (row.provenance.run_id.parse::<u64>().ok(), date(row)));
        let mut distinct: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows.drain(..) {
            distinct.retain(|other| !same_figures(&other.measured.means, &row.measured.means));
            distinct.push(row);
        }
        if results > distinct.len() {
            *extraction.superseded.entry(AGAIN).or_default() += results - distinct.len();
        }
        for pair in distinct.windows(2) {
            if pair[0].provenance.run_id == pair[1].provenance.run_id {
                extraction.reading.warnings.push(format!(
                    "run {} holds {} twice; the later one counts",
                    pair[0].provenance.run_id, pair[0].identity
                ));
            }
        }
        if distinct.len() > 1 {
            *extraction.superseded.entry(NEWER).or_default() += distinct.len() - 1;
        }
        let image = distinct.last().and_then(|row| row.provenance.image.clone());
        // Without an image nobody knows whether two results are of the same software.
        let same_image: Vec<&Row> = distinct
            .iter()
            .filter(|row| image.is_some() && row.provenance.image == image)
            .collect();
        let repeatability = repeatability(&same_image);
        if let Some(row) = distinct.pop() {
            extraction.rows.push(Row { repeatability, ..row });
        }
    }
    extraction
}

/// Figures that were published twice are the same up to the last digits of a conversion.
const SAME: f64 = 1e-9;

fn same_figures(a: &PerMetric<Option<f64>>, b: &PerMetric<Option<f64>>) -> bool {
    Metric::ALL.into_iter().all(|metric| match (a[metric], b[metric]) {
        (Some(a), Some(b)) => (a - b).abs() <= SAME * a.abs().max(b.abs()),
        (a, b) => a == b,
    })
}

/// When a row was measured, comparable as text: dates and times are written the same way round.
#[must_use]
pub fn date(row: &Row) -> String {
    row.provenance.benchmark_date.clone().unwrap_or_default()
}

/// How far the measurements of one configuration lie apart; `None` for a single one.
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

    fn merged(rows: Vec<Row>) -> Extraction {
        merge([Reading { rows, ..Reading::default() }])
    }

    #[test]
    fn a_result_published_twice_counts_once_though_a_conversion_moved_its_last_digit() {
        let again = 0.1 * (1.0 + 4.0 * f64::EPSILON);
        let extraction = merged(vec![
            row(Some("e:1"), "2026-01-01", 0.1),
            row(Some("e:1"), "2026-01-01T08:00:00Z", again),
        ]);
        assert_eq!(extraction.rows.len(), 1);
        assert_eq!(extraction.rows[0].repeatability, None);
        assert_eq!(extraction.superseded, BTreeMap::from([(AGAIN, 1)]));
    }

    #[test]
    fn the_newest_counts_and_only_the_same_image_repeats() {
        let extraction = merged(vec![
            row(Some("e:2"), "2026-01-03", 0.1),
            row(Some("e:2"), "2026-01-02", 0.2),
            row(Some("e:1"), "2026-01-01", 0.9),
        ]);
        let row = &extraction.rows[0];
        assert_eq!(row.measured.means[Metric::Ttft], Some(0.1));
        let repeatability = row.repeatability.unwrap();
        assert_eq!((repeatability.repeats, repeatability.ttft_max_min_ratio), (2, 2.0));
        assert_eq!(extraction.superseded, BTreeMap::from([(NEWER, 2)]));
    }
}
