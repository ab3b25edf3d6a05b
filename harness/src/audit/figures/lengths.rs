//! Checks of mean lengths: those that a source publishes, and those that follow from the latencies.

use super::limits::Limits;
use crate::audit::finding::{Finding, Severity, off_by};
use crate::base::statistics::quantile;
use crate::row::metric::Metric;
use crate::row::{Lengths, Row};
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::SourceConfig;

/// The output length that follows from the latencies / the expected one. For single rows it is 0.900 ± 0.006
/// of the nominal length over 1,622 published InferenceMAX results, so that all of them are within 0.98 to
/// 1.02 of their source.
const EFFECTIVE_LENGTH: Limits = Limits { usual: (0.98, 1.02), possible: (0.9, 1.1) };

/// The published mean length / the nominal one. Prompts are drawn from 0.8 N to N tokens, or have N tokens,
/// and a template adds a few. Outside of these limits the label is wrong.
const PUBLISHED_LENGTH: Limits = Limits { usual: (0.75, 1.1), possible: (0.4, 1.5) };

/// Checks the published lengths of each row, and the effective output lengths of the source and of each row.
pub(super) fn check(rows: &[&Row], source: &SourceConfig, findings: &mut Vec<Finding>) {
    published_lengths(rows, findings);
    effective_lengths(rows, source, findings);
}

/// Finds rows whose published mean lengths contradict the nominal ones.
fn published_lengths(rows: &[&Row], findings: &mut Vec<Finding>) {
    for row in rows {
        let Some(Lengths { input, output }) = row.measured.mean_lengths else { continue };
        let identity = &row.identity;
        for (kind, mean, nominal) in
            [("input", input, identity.input_seq_len), ("output", output, identity.output_seq_len)]
        {
            let ratio = mean / f64::from(nominal);
            if let Some(severity) = PUBLISHED_LENGTH.severity(ratio) {
                findings.push(Finding {
                    subject: row.name(),
                    severity,
                    check: AuditCheck::EffectiveLength,
                    factor: off_by(ratio),
                    message: format!(
                        "the published mean {kind} length is {mean:.1} tokens, but the label says \
                         {nominal}"
                    ),
                });
            }
        }
    }
}

/// The mean output length that follows from a row's latencies, tokens: a request takes TTFT, and TPOT for each
/// further token. `None` unless all of them are published, because a latency that was derived from the others
/// contains no information.
fn effective_output(row: &Row) -> Option<f64> {
    let published = |metric| {
        if row.measured.derived[metric] { None } else { row.measured.means[metric] }
    };
    let (ttft, tpot) = (published(Metric::Ttft)?, published(Metric::Tpot)?);
    Some((published(Metric::E2eLatency)? - ttft) / tpot + 1.0)
}

/// Checks the median of the source against its `mean_length_ratio`, and each row against the median.
fn effective_lengths(rows: &[&Row], source: &SourceConfig, findings: &mut Vec<Finding>) {
    let declared = source.mean_length_ratio;
    let of_expected = |row: &Row| Some(effective_output(row)? / row.lengths(declared).output);
    let ratios: Vec<(&Row, f64)> =
        rows.iter().filter_map(|row| Some((*row, of_expected(row)?))).collect();
    if ratios.is_empty() {
        return;
    }
    let median = quantile(&ratios.iter().map(|(_, ratio)| *ratio).collect::<Vec<_>>(), 0.5);
    if let Some(severity) = EFFECTIVE_LENGTH.severity(median) {
        findings.push(Finding {
            subject: source.name.clone(),
            severity,
            check: AuditCheck::EffectiveLength,
            factor: off_by(median),
            message: format!(
                "the latencies of {} rows imply outputs of {:.3} times the nominal length (median), \
                 but mean_length_ratio is {declared}",
                ratios.len(),
                median * declared
            ),
        });
    }
    for (row, ratio) in ratios {
        let of_median = ratio / median;
        // How far a length may be off is known for a whole source, so a single row is never an error.
        if EFFECTIVE_LENGTH.severity(of_median).is_some() {
            findings.push(Finding {
                subject: row.name(),
                severity: Severity::Warning,
                check: AuditCheck::EffectiveLength,
                factor: off_by(of_median),
                message: format!(
                    "the latencies imply outputs of {:.3} times the nominal length, but the median \
                     of {} is {:.3}",
                    of_median * median * declared,
                    source.name,
                    median * declared,
                ),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{config, finding_kinds, findings_in, row};
    use crate::audit::{AuditSubject, audit};

    #[test]
    fn published_lengths_that_contradict_the_label_are_found() {
        let severities = |input, output| {
            let kinds =
                finding_kinds(|row| row.measured.mean_lengths = Some(Lengths { input, output }));
            let lengths =
                kinds.into_iter().filter(|(_, check)| *check == AuditCheck::EffectiveLength);
            lengths.map(|(severity, _)| severity).collect::<Vec<_>>()
        };
        // The row's label is 1000 and 1000, and its latencies are those of 900 tokens.
        assert_eq!(severities(900.0, 900.0), []);
        assert_eq!(severities(1200.0, 900.0), [Severity::Warning]);
        assert_eq!(severities(64.0, 900.0), [Severity::Error]);
    }

    #[test]
    fn a_file_whose_outputs_have_another_length_is_reported_once() {
        let mut wrong = config();
        wrong.sources[0].mean_length_ratio = 1.0;
        let rows = [row(4), row(8), row(16)];
        let subject = AuditSubject { rows: &rows, peers: &[], config: &wrong, recording: None };
        let findings = audit(subject);
        let lengths: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.check == AuditCheck::EffectiveLength)
            .collect();
        assert_eq!(lengths.len(), 1);
        assert_eq!((lengths[0].subject.as_str(), lengths[0].severity), ("p", Severity::Warning));
        assert!(lengths[0].message.contains("0.900 times the nominal length (median)"));
        assert!(lengths[0].message.contains("mean_length_ratio is 1"));
    }

    #[test]
    fn a_row_whose_outputs_differ_from_its_file_is_found() {
        let mut rows = vec![row(2), row(4), row(8), row(16)];
        let e2e = &mut rows[1].measured.means[Metric::E2eLatency];
        *e2e = e2e.map(|e2e| e2e * 1.03);
        let subjects: Vec<String> = findings_in(&rows)
            .into_iter()
            .filter(|finding| finding.check == AuditCheck::EffectiveLength)
            .map(|finding| finding.subject)
            .collect();
        assert_eq!(subjects, [rows[1].name()]);
    }

    #[test]
    fn lengths_that_a_row_publishes_outrank_the_sources() {
        let published = |row: &mut Row| {
            row.measured.mean_lengths = Some(Lengths { input: 900.0, output: 1000.0 });
        };
        let checks: Vec<AuditCheck> =
            finding_kinds(published).into_iter().map(|(_, check)| check).collect();
        assert!(checks.contains(&AuditCheck::EffectiveLength), "{checks:?}");
    }

    #[test]
    fn a_derived_latency_implies_no_length() {
        let derived = |row: &mut Row| {
            let e2e = &mut row.measured.means[Metric::E2eLatency];
            *e2e = e2e.map(|e2e| e2e * 0.5);
            row.measured.derived[Metric::E2eLatency] = true;
        };
        let checks: Vec<AuditCheck> =
            finding_kinds(derived).into_iter().map(|(_, check)| check).collect();
        assert!(!checks.contains(&AuditCheck::EffectiveLength), "{checks:?}");
    }
}
