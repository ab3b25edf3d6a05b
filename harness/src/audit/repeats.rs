//! Checks of configurations that were measured, or are listed, more than once.

use std::collections::HashMap;

use super::finding::{Finding, Severity, off_by};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Row};
use crate::rules::audit_check::AuditCheck;

/// Repeated measurements of TPOT, throughput and E2E on one image differ by less than this factor in 97% of
/// the published configurations.
const USUAL_SPREAD: f64 = 1.15;
/// Repeated measurements of TTFT differ by less than this factor in all but one of 244 published
/// configurations.
const USUAL_TTFT_SPREAD: f64 = 2.0;
/// A larger factor between two sources is more than a difference in software explains. TPOT is within 1.3 in
/// 179 of the 184 configurations that both GPT-OSS-120B sources have.
const FAR_APART: f64 = 1.3;
/// The same factor for TTFT.
const FAR_APART_TTFT: f64 = 2.0;
/// Figures with a smaller relative difference are one measurement, written with different numbers of digits.
const SAME: f64 = 1e-6;

/// Finds repeated measurements that differ by more than is usual.
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
                        "{} measurements of {} differ by a factor of {spread:.2}; it is usually below {usual}",
                        repeated.repeats,
                        metric.name()
                    ),
                });
            }
        }
    }
}

/// Finds configurations that two sources have. The finding is about the audited row, or about the later one of
/// two audited rows.
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

/// The finding about two rows of one configuration from different sources.
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
        let message = format!("this is the same measurement as in {}", other.provider);
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
    finding(severity, factor, format!("{} in {}", figures.join(", "), other.provider))
}

/// Finds rows of different configurations whose published figures, at least two, are equal to the last bit.
/// Each row but the first gets a finding.
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
                message: format!("all figures are identical to those of {}", original.name()),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{config, finding_kinds, findings_in, row, timed};
    use crate::audit::{AuditSubject, audit};
    use crate::row::Repeatability;

    #[test]
    fn a_row_that_repeats_badly_is_found_once_per_metric() {
        let spread = Repeatability {
            repeats: 3,
            throughput_max_min_ratio: 1.01,
            ttft_max_min_ratio: 3.0,
            tpot_max_min_ratio: 1.2,
            e2e_latency_max_min_ratio: 1.0,
        };
        let spreads = finding_kinds(|row| row.repeatability = Some(spread));
        assert_eq!(spreads, [(Severity::Warning, AuditCheck::Spread); 2]);
    }

    /// The duplicates that are found in a row of provider `q` with a committed row of `p`.
    fn duplicates(candidate: Row, committed: Row) -> Vec<(Severity, String)> {
        let mut config = config();
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
    fn sources_that_differ_by_more_than_noise_are_reported_with_both_values() {
        let slower = |factor: f64| timed(8, 0.5, 0.01 * factor);
        assert_eq!(duplicates(slower(1.04), row(8)), []);
        let [(Severity::Info, message)] = &duplicates(slower(1.1), row(8))[..] else { panic!() };
        assert!(message.contains("tpot is 0.0110, 1.10 times the 0.0100"), "{message}");
        assert!(message.ends_with(" in p"), "{message}");
        let far = duplicates(slower(1.5), row(8));
        assert!(matches!(far[..], [(Severity::Warning, _)]), "{far:?}");
        let same = duplicates(row(8), row(8));
        assert_eq!(same, [(Severity::Info, "this is the same measurement as in p".to_owned())]);
        assert_eq!(duplicates(row(8), row(16)), []);
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
        assert_eq!(duplicates(noisy, row(8)), []);
    }

    #[test]
    fn a_copied_row_is_found() {
        let mut copy = row(8);
        copy.identity.input_seq_len = 2000;
        let copies: Vec<String> = findings_in(&[row(8), copy.clone()])
            .into_iter()
            .filter(|finding| finding.check == AuditCheck::Copied)
            .map(|finding| finding.subject)
            .collect();
        assert_eq!(copies, [copy.name()]);
    }
}
