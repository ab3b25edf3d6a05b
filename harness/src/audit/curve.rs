//! Checks of rows against their neighbours, which differ from them only in concurrency.

use std::collections::BTreeMap;

use super::finding::{Finding, Severity};
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Row};
use crate::rules::audit_check::AuditCheck;

/// Noise makes a curve fall by up to this factor from one concurrency to the next.
const NOISE: f64 = 1.05;
/// A larger fall of TPOT means that the two rows are not of one configuration. The 880 published pairs with
/// TPOT stay below 1.7, except for five whose second row has 512 requests by its label and a few by its
/// figures.
const POSSIBLE_TPOT_FALL: f64 = 2.0;
/// The factor that a row usually stays within of the line through its neighbours. TPOT of the 279 inner rows
/// of Llama-3.3-70B (InferenceMAX) is within 1.15 for 99% and 1.23 for all; TPOT, E2E and throughput of the
/// 137 of GPT-OSS-120B are within 1.16.
const USUAL: f64 = 1.25;
/// The same factor for TTFT, which is within 1.44 for 95%; the rest are bends.
const USUAL_TTFT: f64 = 2.0;

/// The curves of the rows, each sorted by concurrency. Peaks lie on no curve.
fn curves<'a>(rows: &[&'a Row]) -> Vec<Vec<&'a Row>> {
    let mut curves: BTreeMap<(&str, Identity), Vec<&Row>> = BTreeMap::new();
    for &row in rows {
        if row.identity.concurrency != Concurrency::Peak {
            let curve = Identity { concurrency: Concurrency::Peak, ..row.identity.clone() };
            curves.entry((&row.provider, curve)).or_default().push(row);
        }
    }
    let mut curves: Vec<Vec<&Row>> = curves.into_values().collect();
    for curve in &mut curves {
        curve.sort_by_key(|row| row.identity.concurrency);
    }
    curves
}

/// Checks every curve. The finding of a fall is about its second row.
pub(super) fn check(rows: &[&Row]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for curve in curves(rows) {
        for metric in [Metric::Tpot, Metric::Throughput] {
            falls(&curve, metric, &mut findings);
        }
        outliers(&curve, &mut findings);
    }
    findings
}

/// Finds falls of TPOT and throughput, which must not fall as concurrency rises.
fn falls(curve: &[&Row], metric: Metric, findings: &mut Vec<Finding>) {
    for pair in curve.windows(2) {
        let (Some(before), Some(after)) =
            (pair[0].measured.means[metric], pair[1].measured.means[metric])
        else {
            continue;
        };
        if after * NOISE < before {
            findings.push(Finding {
                subject: pair[1].name(),
                severity: if metric == Metric::Tpot && before > POSSIBLE_TPOT_FALL * after {
                    Severity::Error
                } else {
                    Severity::Warning
                },
                check: AuditCheck::CurveFall,
                factor: before / after,
                message: format!(
                    "{} falls by {:.1}% from concurrency {} to {}",
                    metric.name(),
                    100.0 * (1.0 - after / before),
                    requests(pair[0]),
                    requests(pair[1])
                ),
            });
        }
    }
}

/// Finds rows that lie off the straight line through their two neighbours on log scales, with one finding per
/// row.
///
/// Saturation bends a curve one way only: a row between its neighbours may be faster than the line and never
/// slower. So a row that is faster than the line counts only if it is faster than both neighbours. A queue makes
/// TTFT leap from one level to another, so TTFT counts only if the row is slower than both or faster than both.
/// The neighbours of an outlier seem to be off as well: of adjacent ones only the farthest is reported.
fn outliers(curve: &[&Row], findings: &mut Vec<Finding>) {
    let mut departures: BTreeMap<usize, Vec<(f64, String)>> = BTreeMap::new();
    for metric in [Metric::Throughput, Metric::Ttft, Metric::Tpot, Metric::E2eLatency] {
        let points = points(curve, metric);
        let off: Vec<f64> = (0..points.len()).map(|i| departure(&points, i, metric)).collect();
        for (i, &departs) in off.iter().enumerate() {
            let mut neighbours =
                [i.checked_sub(1), Some(i + 1)].into_iter().flatten().filter_map(|j| off.get(j));
            if departs.abs() <= 0.0 || neighbours.any(|other| other.abs() > departs.abs()) {
                continue;
            }
            let row = |point: &CurvePoint| curve[point.index];
            let factor = departs.abs().exp();
            let message = format!(
                "{} is {factor:.2} times {} than on the line from concurrency {} to {}; the factor is \
                 usually below {}",
                metric.name(),
                if departs > 0.0 { "slower" } else { "faster" },
                requests(row(&points[i - 1])),
                requests(row(&points[i + 1])),
                usual(metric)
            );
            departures.entry(points[i].index).or_default().push((factor, message));
        }
    }
    for (index, metrics) in departures {
        let messages: Vec<String> = metrics.iter().map(|(_, message)| message.clone()).collect();
        findings.push(Finding {
            subject: curve[index].name(),
            severity: Severity::Warning,
            check: AuditCheck::CurveOutlier,
            factor: metrics.iter().map(|(factor, _)| *factor).fold(1.0, f64::max),
            message: messages.join("; "),
        });
    }
}

/// The concurrency in words.
fn requests(row: &Row) -> String {
    row.identity.concurrency.fixed().map_or_else(|| "peak".to_owned(), |n| n.to_string())
}

/// A place on a curve.
struct CurvePoint {
    /// The index of the row on the curve.
    index: usize,
    /// ln concurrency.
    at: f64,
    /// How slow the row is there, ln.
    slowness: f64,
}

/// The points of a curve whose metric was published.
fn points(curve: &[&Row], metric: Metric) -> Vec<CurvePoint> {
    curve
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.measured.derived[metric])
        .filter_map(|(index, row)| {
            let at = f64::from(row.identity.concurrency.fixed()?).ln();
            Some(CurvePoint { index, at, slowness: slowness(row, metric)? })
        })
        .collect()
}

/// The distance of a point from the line, ln, above 0 if it is slower; 0 where it is usual or a bend.
fn departure(points: &[CurvePoint], i: usize, metric: Metric) -> f64 {
    let Some(before) = i.checked_sub(1).and_then(|i| points.get(i)) else { return 0.0 };
    let (Some(here), Some(after)) = (points.get(i), points.get(i + 1)) else { return 0.0 };
    let share = (here.at - before.at) / (after.at - before.at);
    let departs = here.slowness - (before.slowness + share * (after.slowness - before.slowness));
    let below = here.slowness < before.slowness.min(after.slowness);
    let above = here.slowness > before.slowness.max(after.slowness);
    let counts = if departs < 0.0 { below } else { above || metric != Metric::Ttft };
    if counts && departs.abs() > usual(metric).ln() { departs } else { 0.0 }
}

fn usual(metric: Metric) -> f64 {
    if metric == Metric::Ttft { USUAL_TTFT } else { USUAL }
}

/// The slowness of a row by a metric, ln: higher is slower for every metric.
pub(super) fn slowness(row: &Row, metric: Metric) -> Option<f64> {
    let value = row.measured.means[metric]?.ln();
    Some(match metric {
        Metric::Throughput | Metric::OutputThroughput => -value,
        Metric::Ttft | Metric::Tpot | Metric::E2eLatency => value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{findings_in, timed};

    fn findings_of(check: AuditCheck, rows: &[Row]) -> Vec<Finding> {
        findings_in(rows).into_iter().filter(|finding| finding.check == check).collect()
    }

    /// A curve that bends: 4, 8, … requests, TPOT from 10 ms on.
    fn curve(tpots: &[f64]) -> Vec<Row> {
        tpots.iter().enumerate().map(|(i, &tpot)| timed(4 << i, 0.1, tpot)).collect()
    }

    #[test]
    fn a_curve_that_falls_is_found_at_its_later_row() {
        let mut rows = vec![timed(16, 0.5, 0.01), timed(4, 0.5, 0.01), timed(8, 0.5, 0.01)];
        rows[0].measured.means[Metric::Throughput] = Some(100.0);
        let falls = findings_of(AuditCheck::CurveFall, &rows);
        assert_eq!(falls.len(), 1);
        assert!(falls[0].subject.ends_with("::c16"), "{}", falls[0].subject);
        assert!(falls[0].message.contains("from concurrency 8 to 16"), "{}", falls[0].message);
    }

    #[test]
    fn a_token_twice_as_soon_with_more_requests_is_an_error() {
        let severities = |tpot| {
            let rows = [timed(4, 0.1, 0.01), timed(8, 0.1, tpot)];
            findings_of(AuditCheck::CurveFall, &rows)
                .iter()
                .map(|finding| finding.severity)
                .collect::<Vec<_>>()
        };
        assert_eq!(severities(0.0098), []);
        assert_eq!(severities(0.009), [Severity::Warning]);
        assert_eq!(severities(0.0045), [Severity::Error]);
    }

    #[test]
    fn a_row_off_the_line_is_found_alone_and_a_bend_is_not() {
        let smooth = curve(&[0.010, 0.011, 0.013, 0.018, 0.030]);
        assert_eq!(findings_of(AuditCheck::CurveOutlier, &smooth), []);
        // A knee: the middle is far below the line to the last.
        assert_eq!(findings_of(AuditCheck::CurveOutlier, &curve(&[0.010, 0.0101, 0.020])), []);
        // A queue: TTFT leaps once.
        let queue: Vec<Row> =
            [0.1, 0.1, 2.0, 3.0].iter().zip(2..).map(|(&t, i)| timed(1 << i, t, 0.01)).collect();
        assert_eq!(findings_of(AuditCheck::CurveOutlier, &queue), []);
        let slow =
            findings_of(AuditCheck::CurveOutlier, &curve(&[0.010, 0.011, 0.020, 0.018, 0.030]));
        assert!(slow.iter().all(|finding| finding.subject.ends_with("::c16")), "{slow:?}");
        assert!(slow.iter().any(|finding| finding.message.contains("tpot is 1.42 times slower")));
        let fast =
            findings_of(AuditCheck::CurveOutlier, &curve(&[0.010, 0.011, 0.006, 0.018, 0.030]));
        assert!(fast.iter().any(|finding| finding.message.contains("times faster")), "{fast:?}");
    }
}
