//! Checks of measurements that were made, or are listed, more than once.

use std::collections::HashMap;

use super::{Finding, Severity, off_by};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Row};
use crate::rules::audit_check::AuditCheck;

/// Repeated measurements of TPOT, throughput and E2E on one image lie apart by less than this in 97 of
/// 100 published configurations; of TTFT by less than the second in all but one of 244.
const USUAL_SPREAD: f64 = 1.15;
const USUAL_TTFT_SPREAD: f64 = 2.0;
/// Two sources may have measured on different software: farther apart than this is more than that. Of 184
/// configurations in two GPT-OSS-120B sources TPOT is within 1.3 in 179.
const FAR_APART: f64 = 1.3;
const FAR_APART_TTFT: f64 = 2.0;
/// Figures this near, relative, are the same measurement, written with another number of digits.
const SAME: f64 = 1e-6;

/// Repeated measurements that lie farther apart than is usual.
pub(super) fn check_spread(rows: &[&Row], findings: &mut Vec<Finding>) {
    for row in rows {
        let Some(repeated) = row.repeatability else { continue };
        for metric in [Metric::Throughput, Metric::Ttft, Metric::Tpot, Metric::E2eLatency] {
            let usual = if metric == Metric::Ttft { USUAL_TTFT_SPREAD } else { USUAL_SPREAD };
            let spread = repeated.max_min_ratio(metric);
            if spread > usual {
                findings.push(Finding {
                    subject: row.name(),
                    severity: Severity::Warning,
                    check: AuditCheck::Spread,
                    factor: spread,
                    message: format!(
                        "{} measurements of {} differ by a factor of {spread:.2}, usually below {usual}",
                        repeated.repeats,
                        metric.name()
                    ),
                });
            }
        }
    }
}

/// Configurations that two sources have: of each pair a finding at the audited row, of two audited rows at
/// the later one.
pub(super) fn check_duplicates(
    rows: &[Row],
    peers: &[Row],
    noise_floor: &PerMetric<f64>,
    findings: &mut Vec<Finding>,
) {
    let mut seen: HashMap<&Identity, Vec<&Row>> = HashMap::new();
    for peer in peers {
        seen.entry(&peer.identity).or_default().push(peer);
    }
    for row in rows {
        let others = seen.entry(&row.identity).or_default();
        findings.extend(others.iter().filter_map(|other| duplicate(row, other, noise_floor)));
        others.push(row);
    }
}

/// What is to be said of two rows of one configuration, if they are of different sources.
fn duplicate(row: &Row, other: &Row, noise_floor: &PerMetric<f64>) -> Option<Finding> {
    if row.provider == other.provider {
        return None;
    }
    let ratios: Vec<(Metric, f64, f64)> = Metric::ALL
        .into_iter()
        .filter_map(|metric| {
            Some((metric, row.measured.means[metric]?, other.measured.means[metric]?))
        })
        .collect();
    let finding = |severity, factor, message| {
        Some(Finding {
            subject: row.name(),
            severity,
            check: AuditCheck::Duplicate,
            factor,
            message,
        })
    };
    if !ratios.is_empty() && ratios.iter().all(|(_, a, b)| off_by(a / b) <= 1.0 + SAME) {
        let message = format!("the same measurement as {}", other.provider);
        return finding(Severity::Info, 1.0, message);
    }
    let noise = |metric| {
        noise_floor[metric].max(row.max_min_ratio(metric)).max(other.max_min_ratio(metric))
    };
    let apart: Vec<&(Metric, f64, f64)> =
        ratios.iter().filter(|(metric, a, b)| off_by(a / b) > noise(*metric)).collect();
    if apart.is_empty() {
        return None;
    }
    let far = |(metric, a, b): &&(Metric, f64, f64)| {
        off_by(a / b) > if *metric == Metric::Ttft { FAR_APART_TTFT } else { FAR_APART }
    };
    let severity = if apart.iter().any(far) { Severity::Warning } else { Severity::Info };
    let factor = apart.iter().map(|(_, a, b)| off_by(a / b)).fold(1.0, f64::max);
    let figures: Vec<String> = apart
        .iter()
        .map(|(metric, a, b)| format!("{} is {a:.4}, {:.2} times the {b:.4}", metric.name(), a / b))
        .collect();
    finding(severity, factor, format!("{} of {}", figures.join(", "), other.provider))
}

/// Rows of different configurations whose published figures are the same to the last bit, at least two of
/// them: a finding at each but the first.
pub(super) fn copied(rows: &[&Row]) -> Vec<Finding> {
    let mut first: HashMap<Vec<(usize, u64)>, &Row> = HashMap::new();
    let mut findings = Vec::new();
    for &row in rows {
        let figures: Vec<(usize, u64)> = row
            .measured
            .means
            .iter()
            .enumerate()
            .filter(|(_, (metric, _))| !row.measured.derived[*metric])
            .filter_map(|(index, (_, mean))| Some((index, (*mean)?.to_bits())))
            .collect();
        if figures.len() < 2 {
            continue;
        }
        let original = *first.entry(figures).or_insert(row);
        if original.identity != row.identity {
            findings.push(Finding {
                subject: row.name(),
                severity: Severity::Warning,
                check: AuditCheck::Copied,
                factor: 1.0,
                message: format!("has the very figures of {}", original.name()),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, found_in, row, timed};
    use super::super::{AuditSubject, audit};
    use super::*;
    use crate::row::Repeatability;

    #[test]
    fn a_row_that_repeats_badly_is_found_a_metric_each() {
        let spread = Repeatability {
            repeats: 3,
            throughput_max_min_ratio: 1.01,
            ttft_max_min_ratio: 3.0,
            tpot_max_min_ratio: 1.2,
            e2e_latency_max_min_ratio: 1.0,
        };
        let spreads = found(|row| row.repeatability = Some(spread));
        assert_eq!(spreads, [(Severity::Warning, AuditCheck::Spread); 2]);
    }

    /// What is found in a row of provider `q` beside a committed one of `p`, that is not of another kind.
    fn beside(candidate: Row, committed: Row) -> Vec<(Severity, String)> {
        let mut config = super::super::tests::config();
        let mut source = config.sources[0].clone();
        source.name = "q".to_owned();
        config.sources.push(source);
        let candidate = Row { provider: "q".to_owned(), ..candidate };
        let (rows, peers) = ([candidate], [committed]);
        audit(AuditSubject { rows: &rows, peers: &peers, config: &config, recording: None })
            .into_iter()
            .filter(|finding| finding.check == AuditCheck::Duplicate)
            .map(|finding| (finding.severity, finding.message))
            .collect()
    }

    #[test]
    fn sources_that_differ_by_more_than_noise_are_told_with_both_values() {
        let slower = |factor: f64| timed(8, 0.5, 0.01 * factor);
        assert_eq!(beside(slower(1.04), row(8)), []);
        let [(Severity::Info, message)] = &beside(slower(1.1), row(8))[..] else { panic!() };
        assert!(message.contains("tpot is 0.0110, 1.10 times the 0.0100"), "{message}");
        assert!(message.ends_with(" of p"), "{message}");
        let far = beside(slower(1.5), row(8));
        assert!(matches!(far[..], [(Severity::Warning, _)]), "{far:?}");
        let same = beside(row(8), row(8));
        assert_eq!(same, [(Severity::Info, "the same measurement as p".to_owned())]);
        assert_eq!(beside(row(8), row(16)), []);
    }

    #[test]
    fn a_rows_own_noise_excuses_a_difference() {
        let mut noisy = timed(8, 0.5, 0.011);
        noisy.repeatability = Some(Repeatability {
            repeats: 2,
            throughput_max_min_ratio: 1.12,
            ttft_max_min_ratio: 1.12,
            tpot_max_min_ratio: 1.12,
            e2e_latency_max_min_ratio: 1.12,
        });
        assert_eq!(beside(noisy, row(8)), []);
    }

    #[test]
    fn a_copied_row_is_found() {
        let mut copy = row(8);
        copy.identity.input_seq_len = 2000;
        let copies: Vec<String> = found_in(&[row(8), copy.clone()])
            .into_iter()
            .filter(|finding| finding.check == AuditCheck::Copied)
            .map(|finding| finding.subject)
            .collect();
        assert_eq!(copies, [copy.name()]);
    }
}
