//! Checks of rows against their neighbours: those that differ in nothing but concurrency.

use std::collections::BTreeMap;

use super::{Finding, Severity};
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Row};
use crate::rules::audit_check::AuditCheck;

/// A curve may fall back by this much from one concurrency to the next: noise.
const NOISE: f64 = 1.05;
/// A token that comes this much sooner with more requests in flight is of another configuration. The
/// 880 published pairs with TPOT stay below 1.7, but for five whose later row is of 512 requests by
/// label and of a few by its figures.
const POSSIBLE_TPOT_FALL: f64 = 2.0;
/// How far a row may lie from the line through its neighbours. Of the 279 inner rows of Llama-3.3-70B
/// (InferenceMAX) TPOT is within 1.15 in 99 of 100 and 1.23 at most; of the 137 of GPT-OSS-120B TPOT, E2E
/// and throughput are within 1.16.
const USUAL: f64 = 1.25;
/// Likewise of TTFT, which is within 1.44 in 95 of 100 and the rest are bends.
const USUAL_TTFT: f64 = 2.0;

/// The curves that the rows make, each sorted by concurrency; peaks lie on none.
pub(super) fn curves<'a>(rows: &[&'a Row]) -> Vec<Vec<&'a Row>> {
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

/// Checks every curve. A finding is at the later row of a fall, and at the row that lies off.
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

/// TPOT and throughput must not fall as concurrency rises.
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
                    "{} falls by {:.1}% from {} to {}",
                    metric.name(),
                    100.0 * (1.0 - after / before),
                    pair[0].identity.concurrency,
                    pair[1].identity.concurrency
                ),
            });
        }
    }
}

/// Rows that lie off the straight line through their two neighbours on log scales, a finding a row.
///
/// Saturation bends a curve one way only: a row between its neighbours may be faster than the line and
/// never slower. So one that is faster counts only where it is faster than both; and of TTFT, which a queue
/// makes leap from one level to another, only one that is slower or faster than both. Next to an outlier the
/// neighbours seem off as well: of adjacent ones only the farthest is told.
fn outliers(curve: &[&Row], findings: &mut Vec<Finding>) {
    let mut of_rows: BTreeMap<usize, Vec<(f64, String)>> = BTreeMap::new();
    for metric in [Metric::Throughput, Metric::Ttft, Metric::Tpot, Metric::E2eLatency] {
        let points: Vec<Point> = curve
            .iter()
            .enumerate()
            .filter(|(_, row)| !row.measured.derived[metric])
            .filter_map(|(index, row)| {
                let at = f64::from(row.identity.concurrency.fixed()?).ln();
                Some(Point { index, at, slowness: slowness(row, metric)? })
            })
            .collect();
        let off: Vec<f64> = (0..points.len()).map(|i| departure(&points, i, metric)).collect();
        for (i, &departs) in off.iter().enumerate() {
            let beside = [i.checked_sub(1), Some(i + 1)].into_iter().flatten();
            let farther =
                beside.filter_map(|j| off.get(j)).any(|other| other.abs() > departs.abs());
            if departs.abs() > 0.0 && !farther {
                let factor = departs.abs().exp();
                let way = if departs > 0.0 { "slower" } else { "faster" };
                let at = |point: &Point| curve[point.index].identity.concurrency;
                let message = format!(
                    "{} is {factor:.2} times {way} than the line from {} to {}, usually below {}",
                    metric.name(),
                    at(&points[i - 1]),
                    at(&points[i + 1]),
                    usual(metric)
                );
                of_rows.entry(points[i].index).or_default().push((factor, message));
            }
        }
    }
    for (index, found) in of_rows {
        let messages: Vec<String> = found.iter().map(|(_, message)| message.clone()).collect();
        findings.push(Finding {
            subject: curve[index].name(),
            severity: Severity::Warning,
            check: AuditCheck::CurveOutlier,
            factor: found.iter().map(|(factor, _)| *factor).fold(1.0, f64::max),
            message: messages.join("; "),
        });
    }
}

/// A place on a curve: which row, ln concurrency, and how slow the row is there, ln.
struct Point {
    index: usize,
    at: f64,
    slowness: f64,
}

/// How far a point lies off the line, ln, above 0 if it is slower; 0 where that is usual or a bend.
fn departure(points: &[Point], i: usize, metric: Metric) -> f64 {
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

/// How slow a row is by a metric, ln: higher is slower for each of them.
pub(super) fn slowness(row: &Row, metric: Metric) -> Option<f64> {
    let value = row.measured.means[metric]?.ln();
    Some(match metric {
        Metric::Throughput | Metric::OutputThroughput => -value,
        Metric::Ttft | Metric::Tpot | Metric::E2eLatency => value,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found_in, timed};
    use super::*;

    fn of(check: AuditCheck, rows: &[Row]) -> Vec<Finding> {
        found_in(rows).into_iter().filter(|finding| finding.check == check).collect()
    }

    /// A curve that bends: 4, 8, … requests, TPOT from 10 ms on.
    fn curve(tpots: &[f64]) -> Vec<Row> {
        tpots.iter().enumerate().map(|(i, &tpot)| timed(4 << i, 0.1, tpot)).collect()
    }

    #[test]
    fn a_curve_that_falls_is_found_at_its_later_row() {
        let mut rows = vec![timed(16, 0.5, 0.01), timed(4, 0.5, 0.01), timed(8, 0.5, 0.01)];
        rows[0].measured.means[Metric::Throughput] = Some(100.0);
        let falls = of(AuditCheck::CurveFall, &rows);
        assert_eq!(falls.len(), 1);
        assert!(falls[0].subject.ends_with("::c16"), "{}", falls[0].subject);
        assert!(falls[0].message.contains("from c8 to c16"), "{}", falls[0].message);
    }

    #[test]
    fn a_token_twice_as_soon_with_more_requests_is_an_error() {
        let severities = |tpot| {
            let rows = [timed(4, 0.1, 0.01), timed(8, 0.1, tpot)];
            of(AuditCheck::CurveFall, &rows)
                .iter()
                .map(|finding| finding.severity)
                .collect::<Vec<_>>()
        };
        assert_eq!(severities(0.0098), []);
        assert_eq!(severities(0.009), [Severity::Warning]);
        assert_eq!(severities(0.0045), [Severity::Error]);
    }

    #[test]
    fn a_row_off_the_line_is_found_alone_and_a_bend_is_none() {
        let smooth = curve(&[0.010, 0.011, 0.013, 0.018, 0.030]);
        assert_eq!(of(AuditCheck::CurveOutlier, &smooth), []);
        // A knee: each but the last is far below the line to the last.
        assert_eq!(of(AuditCheck::CurveOutlier, &curve(&[0.010, 0.0101, 0.020])), []);
        // A queue: TTFT leaps once.
        let queue: Vec<Row> =
            [0.1, 0.1, 2.0, 3.0].iter().zip(2..).map(|(&t, i)| timed(1 << i, t, 0.01)).collect();
        assert_eq!(
            of(AuditCheck::CurveOutlier, &queue).len(),
            0,
            "{:?}",
            of(AuditCheck::CurveOutlier, &queue)
        );
        let slow = of(AuditCheck::CurveOutlier, &curve(&[0.010, 0.011, 0.020, 0.018, 0.030]));
        assert!(slow.iter().all(|finding| finding.subject.ends_with("::c16")), "{slow:?}");
        assert!(slow.iter().any(|finding| finding.message.contains("tpot is 1.42 times slower")));
        let fast = of(AuditCheck::CurveOutlier, &curve(&[0.010, 0.011, 0.006, 0.018, 0.030]));
        assert!(fast.iter().any(|finding| finding.message.contains("times faster")), "{fast:?}");
    }
}
