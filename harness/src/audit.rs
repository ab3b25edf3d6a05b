//! Physical and statistical checks of measured rows: is a row what it says?

use std::collections::BTreeMap;

use crate::config::Source;
use crate::metric::Metric;
use crate::row::{Concurrency, Identity, Layout, Lengths, Row};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Unusual: look before you trust the row.
    Warning,
    /// Impossible, or so far off that the row is not what it says.
    Error,
}

/// Something about a row.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The row's name within its model.
    pub row: String,
    /// How much it matters.
    pub severity: Severity,
    /// Which check found it.
    pub check: &'static str,
    /// What was found, in words with figures.
    pub message: String,
}

/// A ratio with the intervals that it should lie in.
struct Limits {
    usual: (f64, f64),
    possible: (f64, f64),
}

/// TTFT + TPOT × (O − 1) over mean E2E. By definition 1 for each request; over means it is from 0.991
/// to 1.016 on the 270 published GPT-OSS-120B configurations.
const E2E_IDENTITY: Limits = Limits { usual: (0.98, 1.02), possible: (0.9, 1.1) };
/// Output rate × E2E / O over concurrency (Little's law): 0.957 to 0.992 on the 236 published single-node
/// GPT-OSS-120B configurations, and 0.939 to 1.006 on the 34 disaggregated ones.
const LITTLE: Limits = Limits { usual: (0.94, 1.02), possible: (0.7, 1.1) };
/// Input over output throughput, over ISL over OSL.
const TOKEN_RATIO: Limits = Limits { usual: (0.95, 1.05), possible: (0.8, 1.25) };
/// Repeated measurements of TPOT, throughput and E2E on one image lie apart by less than this in 97 of
/// 100 published configurations; of TTFT by less than the second in all but one of 244.
const USUAL_SPREAD: f64 = 1.15;
const USUAL_TTFT_SPREAD: f64 = 2.0;
/// A curve may fall back by this much from one concurrency to the next: noise.
const CURVE_NOISE: f64 = 1.05;

/// Audits the rows of all sources of a model.
#[must_use]
pub fn audit_sources(rows: &[Row], sources: &[Source]) -> Vec<Finding> {
    let of_source = |source: &Source| {
        let rows: Vec<Row> =
            rows.iter().filter(|row| row.provider == source.name).cloned().collect();
        audit(&rows, source.mean_length_ratio)
    };
    sources.iter().flat_map(of_source).collect()
}

/// Audits the rows of one provider, whose mean lengths are `mean_length_ratio` of the nominal ones.
///
/// Findings come in the order of the rows, those of a curve at its later row.
#[must_use]
pub fn audit(rows: &[Row], mean_length_ratio: f64) -> Vec<Finding> {
    let mut findings = Vec::new();
    for row in rows {
        let mut found = |severity, check, message| {
            findings.push(Finding { row: row.name(), severity, check, message });
        };
        for (check, value, limits, meaning) in ratios(row, mean_length_ratio) {
            let outside = |(low, high): (f64, f64)| !(low..=high).contains(&value);
            if outside(limits.usual) {
                let severity =
                    if outside(limits.possible) { Severity::Error } else { Severity::Warning };
                let (low, high) = limits.usual;
                found(severity, check, format!("{meaning} is {value:.3}, usually {low} to {high}"));
            }
        }
        if let (Some(p99), Some(mean)) = (row.measured.p99_ttft, row.measured.means[Metric::Ttft])
            && p99 < mean
        {
            let message = format!("p99 TTFT {p99} s is below the mean {mean} s");
            found(Severity::Error, "p99_above_mean", message);
        }
        let missing: Vec<&str> = Metric::ALL
            .into_iter()
            .filter(|&metric| row.measured.means[metric].is_none())
            .map(Metric::name)
            .collect();
        if !missing.is_empty() {
            found(
                Severity::Info,
                "missing_metrics",
                format!("not published: {}", missing.join(", ")),
            );
        }
        for message in spreads(row) {
            found(Severity::Warning, "spread", message);
        }
    }
    findings.extend(curves(rows));
    findings
}

/// The identities that hold of a row's means, as ratios that should be near 1.
fn ratios(row: &Row, ratio: f64) -> Vec<(&'static str, f64, Limits, &'static str)> {
    let means = &row.measured.means;
    let identity = &row.identity;
    let Lengths { input, output } = row.lengths(ratio);
    let mut ratios = Vec::new();
    if let (Some(ttft), Some(tpot), Some(e2e)) =
        (means[Metric::Ttft], means[Metric::Tpot], means[Metric::E2eLatency])
    {
        let value = (ttft + tpot * (output - 1.0)) / e2e;
        ratios.push(("e2e_identity", value, E2E_IDENTITY, "TTFT + TPOT × (output − 1) over E2E"));
    }
    if let (Some(rate), Some(e2e), Some(concurrency)) =
        (means[Metric::OutputThroughput], means[Metric::E2eLatency], identity.concurrency.fixed())
    {
        let in_flight = rate * f64::from(identity.output_gpus()) * e2e / output;
        let value = in_flight / f64::from(concurrency);
        ratios.push((
            "littles_law",
            value,
            LITTLE,
            "requests in flight by Little's law over concurrency",
        ));
    }
    // Of a disaggregated row the two rates are divided by different GPUs.
    if let (Some(total), Some(rate), Layout::Aggregated(_)) =
        (means[Metric::Throughput], means[Metric::OutputThroughput], &identity.layout)
    {
        let value = (total - rate) / rate / (input / output);
        ratios.push((
            "token_ratio",
            value,
            TOKEN_RATIO,
            "input over output throughput over ISL / OSL",
        ));
    }
    ratios
}

/// Repeated measurements that lie farther apart than is usual.
fn spreads(row: &Row) -> Vec<String> {
    let Some(repeated) = row.repeatability else { return Vec::new() };
    [
        ("throughput", repeated.throughput_max_min_ratio, USUAL_SPREAD),
        ("TTFT", repeated.ttft_max_min_ratio, USUAL_TTFT_SPREAD),
        ("TPOT", repeated.tpot_max_min_ratio, USUAL_SPREAD),
        ("E2E", repeated.e2e_latency_max_min_ratio, USUAL_SPREAD),
    ]
    .into_iter()
    .filter(|(_, spread, usual)| spread > usual)
    .map(|(name, spread, usual)| {
        let repeats = repeated.repeats;
        format!("{repeats} measurements of {name} differ by a factor of {spread:.2}, usually below {usual}")
    })
    .collect()
}

/// On a curve of rows that differ only in concurrency, TPOT and throughput must not fall.
fn curves(rows: &[Row]) -> Vec<Finding> {
    let mut curves: BTreeMap<(String, Identity), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let curve = Identity { concurrency: Concurrency::Peak, ..row.identity.clone() };
        curves.entry((row.provider.clone(), curve)).or_default().push(row);
    }
    let mut findings = Vec::new();
    for curve in curves.values_mut() {
        curve.sort_by_key(|row| row.identity.concurrency);
        for pair in curve.windows(2) {
            for metric in [Metric::Tpot, Metric::Throughput] {
                let (Some(before), Some(after)) =
                    (pair[0].measured.means[metric], pair[1].measured.means[metric])
                else {
                    continue;
                };
                if after * CURVE_NOISE < before {
                    findings.push(Finding {
                        row: pair[1].name(),
                        severity: Severity::Warning,
                        check: "curve",
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
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Repeatability;
    use crate::verdict::tests::comparison;

    /// A consistent row: 8 requests in flight over 4 GPUs, lengths 900 and 900.
    fn row(concurrency: u32) -> Row {
        let mut row = comparison(1.0).row;
        row.identity.concurrency = Concurrency::Fixed(concurrency);
        let e2e = 0.5 + 0.01 * 899.0;
        let rate = f64::from(concurrency) * 900.0 / e2e / 4.0;
        let means = &mut row.measured.means;
        means[Metric::Ttft] = Some(0.5);
        means[Metric::Tpot] = Some(0.01);
        means[Metric::E2eLatency] = Some(e2e);
        means[Metric::OutputThroughput] = Some(rate);
        means[Metric::Throughput] = Some(2.0 * rate);
        row.measured.p99_ttft = Some(0.9);
        row
    }

    fn found(change: impl Fn(&mut Row)) -> Vec<(Severity, &'static str)> {
        let mut row = row(8);
        change(&mut row);
        audit(&[row], 0.9).into_iter().map(|finding| (finding.severity, finding.check)).collect()
    }

    #[test]
    fn a_consistent_row_gives_no_finding() {
        assert_eq!(found(|_| {}), []);
    }

    #[test]
    fn each_slip_is_found_by_its_check() {
        use Severity::{Error, Info, Warning};
        let scale = |metric, factor: f64| {
            move |row: &mut Row| {
                row.measured.means[metric] = row.measured.means[metric].map(|x| x * factor);
            }
        };
        assert_eq!(found(scale(Metric::Tpot, 1.05)), [(Warning, "e2e_identity")]);
        assert_eq!(found(scale(Metric::Tpot, 0.001)), [(Error, "e2e_identity")]);
        assert_eq!(found(scale(Metric::Throughput, 4.0)), [(Error, "token_ratio")]);
        let both = found(scale(Metric::OutputThroughput, 0.5));
        assert_eq!(both, [(Error, "littles_law"), (Error, "token_ratio")]);
        assert_eq!(found(|row| row.measured.p99_ttft = Some(0.4)), [(Error, "p99_above_mean")]);
        assert_eq!(
            found(|row| row.measured.means[Metric::Throughput] = None),
            [(Info, "missing_metrics")]
        );
        let spread = Repeatability {
            repeats: 3,
            throughput_max_min_ratio: 1.01,
            ttft_max_min_ratio: 3.0,
            tpot_max_min_ratio: 1.2,
            e2e_latency_max_min_ratio: 1.0,
        };
        let spreads = found(|row| row.repeatability = Some(spread));
        assert_eq!(spreads, [(Warning, "spread"), (Warning, "spread")]);
    }

    #[test]
    fn a_curve_that_falls_is_found_at_its_later_row() {
        let mut rows = vec![row(16), row(4), row(8)];
        rows[0].measured.means[Metric::Throughput] = Some(100.0);
        let findings = audit(&rows, 0.9);
        let curve: Vec<&Finding> =
            findings.iter().filter(|finding| finding.check == "curve").collect();
        assert_eq!(curve.len(), 1);
        assert!(curve[0].row.ends_with("::c16"), "{}", curve[0].row);
        assert!(curve[0].message.contains("from c8 to c16"), "{}", curve[0].message);
    }
}
