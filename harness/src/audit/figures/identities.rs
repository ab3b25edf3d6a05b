//! Identities that the figures of one row must satisfy.

use super::limits::Limits;
use crate::audit::finding::{Finding, Severity, off_by};
use crate::row::metric::Metric;
use crate::row::{Layout, Lengths, Row};
use crate::rules::audit_check::AuditCheck;

/// (TTFT + TPOT × (O − 1)) / E2E. It is 1 by definition for each request; over means it is from 0.991 to
/// 1.016 on the 270 published GPT-OSS-120B configurations.
const E2E_IDENTITY: Limits = Limits { usual: (0.98, 1.02), possible: (0.9, 1.1) };
/// (output rate × E2E / O) / concurrency (Little 1961, "A proof for the queuing formula L = λW"): 0.957 to
/// 0.992 on the 236 published single-node GPT-OSS-120B configurations, and 0.939 to 1.006 on the 34
/// disaggregated ones. It is below 1 because the last requests of a run finish alone.
const LITTLES_LAW: Limits = Limits { usual: (0.94, 1.02), possible: (0.7, 1.1) };
/// (input throughput / output throughput) / (ISL / OSL).
const TOKEN_RATIO: Limits = Limits { usual: (0.95, 1.05), possible: (0.8, 1.25) };

/// A ratio of a row's means that should be near 1.
struct FigureIdentity {
    check: AuditCheck,
    ratio: f64,
    limits: Limits,
    meaning: &'static str,
}

/// Checks the identities of each row.
pub(super) fn check(rows: &[&Row], mean_length_ratio: f64, findings: &mut Vec<Finding>) {
    for row in rows {
        let identities = identities(row, mean_length_ratio);
        findings.extend(identities.iter().filter_map(|identity| finding(row, identity)));
        findings.extend(p99_below_mean(row));
    }
}

fn finding(row: &Row, identity: &FigureIdentity) -> Option<Finding> {
    let FigureIdentity { check, ratio, ref limits, meaning } = *identity;
    let severity = limits.severity(ratio)?;
    let (low, high) = limits.usual;
    Some(Finding {
        subject: row.name(),
        severity,
        check,
        factor: off_by(ratio),
        message: format!("{meaning} is {ratio:.3}; it is usually between {low} and {high}"),
    })
}

fn p99_below_mean(row: &Row) -> Option<Finding> {
    let (p99, mean) = (row.measured.p99_ttft?, row.measured.means[Metric::Ttft]?);
    (p99 < mean).then(|| Finding {
        subject: row.name(),
        severity: Severity::Error,
        check: AuditCheck::P99AboveMean,
        factor: mean / p99,
        message: format!("the p99 TTFT of {p99} s is below the mean TTFT of {mean:.4} s"),
    })
}

fn identities(row: &Row, mean_length_ratio: f64) -> Vec<FigureIdentity> {
    let means = &row.measured.means;
    let Lengths { input, output } = row.lengths(mean_length_ratio);
    let mut identities = Vec::new();
    if let (Some(ttft), Some(tpot), Some(e2e)) =
        (means[Metric::Ttft], means[Metric::Tpot], means[Metric::E2eLatency])
    {
        identities.push(FigureIdentity {
            check: AuditCheck::E2eIdentity,
            ratio: (ttft + tpot * (output - 1.0)) / e2e,
            limits: E2E_IDENTITY,
            meaning: "(TTFT + TPOT × (output length − 1)) / E2E",
        });
    }
    if let (Some(rate), Some(e2e), Some(concurrency)) = (
        means[Metric::OutputThroughput],
        means[Metric::E2eLatency],
        row.identity.concurrency.fixed(),
    ) {
        let in_flight = rate * f64::from(row.identity.output_gpus()) * e2e / output;
        identities.push(FigureIdentity {
            check: AuditCheck::LittlesLaw,
            ratio: in_flight / f64::from(concurrency),
            limits: LITTLES_LAW,
            meaning: "the number of requests in flight by Little's law / the concurrency",
        });
    }
    // The two rates of a disaggregated row are divided by different numbers of GPUs.
    if let (Some(total), Some(rate), Layout::Aggregated(_)) =
        (means[Metric::Throughput], means[Metric::OutputThroughput], &row.identity.layout)
    {
        identities.push(FigureIdentity {
            check: AuditCheck::TokenRatio,
            ratio: (total - rate) / rate / (input / output),
            limits: TOKEN_RATIO,
            meaning: "(input throughput / output throughput) / (ISL / OSL)",
        });
    }
    identities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::finding_kinds;

    fn scale(metric: Metric, factor: f64) -> impl Fn(&mut Row) {
        move |row: &mut Row| {
            row.measured.means[metric] = row.measured.means[metric].map(|mean| mean * factor);
        }
    }

    #[test]
    fn each_slip_is_found_by_its_check() {
        use Severity::{Error, Info, Warning};
        let five_percent = finding_kinds(scale(Metric::Tpot, 1.05));
        // A row alone is its own file.
        assert_eq!(
            five_percent,
            [(Warning, AuditCheck::E2eIdentity), (Warning, AuditCheck::EffectiveLength)]
        );
        let unit = finding_kinds(scale(Metric::Tpot, 0.001));
        assert_eq!(unit, [(Error, AuditCheck::E2eIdentity), (Error, AuditCheck::EffectiveLength)]);
        assert_eq!(
            finding_kinds(scale(Metric::Throughput, 4.0)),
            [(Error, AuditCheck::TokenRatio)]
        );
        let both = finding_kinds(scale(Metric::OutputThroughput, 0.5));
        assert_eq!(both, [(Error, AuditCheck::LittlesLaw), (Error, AuditCheck::TokenRatio)]);
        let p99 = finding_kinds(|row| row.measured.p99_ttft = Some(0.4));
        assert_eq!(p99, [(Error, AuditCheck::P99AboveMean)]);
        let missing = finding_kinds(|row| row.measured.means[Metric::Throughput] = None);
        assert_eq!(missing, [(Info, AuditCheck::MissingMetrics)]);
    }
}
