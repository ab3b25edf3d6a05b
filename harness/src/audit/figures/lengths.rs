//! Checks of a row's figures among each other.

use std::collections::BTreeMap;

use super::{Finding, Severity, off_by};
use crate::base::statistics::quantile;
use crate::row::metric::Metric;
use crate::row::{Layout, Lengths, Row};
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::SourceConfig;

/// A ratio with the intervals that it should lie in.
struct Limits {
    usual: (f64, f64),
    possible: (f64, f64),
}

impl Limits {
    /// How much it matters that the ratio is this; `None` where that is usual.
    fn severity(&self, ratio: f64) -> Option<Severity> {
        let outside = |(low, high): (f64, f64)| !(low..=high).contains(&ratio);
        outside(self.usual)
            .then(|| if outside(self.possible) { Severity::Error } else { Severity::Warning })
    }
}

/// TTFT + TPOT × (O − 1) over mean E2E. By definition 1 for each request; over means it is from 0.991
/// to 1.016 on the 270 published GPT-OSS-120B configurations.
const E2E_IDENTITY: Limits = Limits { usual: (0.98, 1.02), possible: (0.9, 1.1) };
/// Output rate × E2E / O over concurrency (Little 1961, "A proof for the queuing formula L = λW"):
/// 0.957 to 0.992 on the 236 published single-node GPT-OSS-120B configurations, and 0.939 to 1.006 on
/// the 34 disaggregated ones. Below 1 because the last requests of a run finish alone.
const LITTLE: Limits = Limits { usual: (0.94, 1.02), possible: (0.7, 1.1) };
/// Input over output throughput, over ISL over OSL.
const TOKEN_RATIO: Limits = Limits { usual: (0.95, 1.05), possible: (0.8, 1.25) };
/// The output length that the latencies give, over the one that it should be. Of rows it is 0.900 ±
/// 0.006 of the nominal one over 1,622 published InferenceMAX results, so that 0.98 to 1.02 holds all.
const EFFECTIVE_LENGTH: Limits = Limits { usual: (0.98, 1.02), possible: (0.9, 1.1) };

/// Checks the rows of one source.
pub(super) fn check(rows: &[&Row], source: &SourceConfig, findings: &mut Vec<Finding>) {
    for row in rows {
        for (check, value, limits, meaning) in ratios(row, source.mean_length_ratio) {
            if let Some(severity) = limits.severity(value) {
                let (low, high) = limits.usual;
                let message = format!("{meaning} is {value:.3}, usually {low} to {high}");
                let factor = off_by(value);
                findings.push(Finding { subject: row.name(), severity, check, factor, message });
            }
        }
        if let (Some(p99), Some(mean)) = (row.measured.p99_ttft, row.measured.means[Metric::Ttft])
            && p99 < mean
        {
            findings.push(Finding {
                subject: row.name(),
                severity: Severity::Error,
                check: AuditCheck::P99AboveMean,
                factor: mean / p99,
                message: format!("p99 TTFT {p99} s is below the mean {mean} s"),
            });
        }
    }
    labels(rows, findings);
    effective_lengths(rows, source, findings);
    missing(rows, source, findings);
}

/// The identities that hold of a row's means, as ratios that should be near 1.
fn ratios(row: &Row, ratio: f64) -> Vec<(AuditCheck, f64, Limits, &'static str)> {
    let means = &row.measured.means;
    let identity = &row.identity;
    let Lengths { input, output } = row.lengths(ratio);
    let mut ratios = Vec::new();
    if let (Some(ttft), Some(tpot), Some(e2e)) =
        (means[Metric::Ttft], means[Metric::Tpot], means[Metric::E2eLatency])
    {
        let value = (ttft + tpot * (output - 1.0)) / e2e;
        let meaning = "TTFT + TPOT × (output − 1) over E2E";
        ratios.push((AuditCheck::E2eIdentity, value, E2E_IDENTITY, meaning));
    }
    if let (Some(rate), Some(e2e), Some(concurrency)) =
        (means[Metric::OutputThroughput], means[Metric::E2eLatency], identity.concurrency.fixed())
    {
        let in_flight = rate * f64::from(identity.output_gpus()) * e2e / output;
        let value = in_flight / f64::from(concurrency);
        let meaning = "requests in flight by Little's law over concurrency";
        ratios.push((AuditCheck::LittlesLaw, value, LITTLE, meaning));
    }
    // Of a disaggregated row the two rates are divided by different GPUs.
    if let (Some(total), Some(rate), Layout::Aggregated(_)) =
        (means[Metric::Throughput], means[Metric::OutputThroughput], &identity.layout)
    {
        let value = (total - rate) / rate / (input / output);
        let meaning = "input over output throughput over ISL / OSL";
        ratios.push((AuditCheck::TokenRatio, value, TOKEN_RATIO, meaning));
    }
    ratios
}

/// The mean output length that a row's latencies give, tokens: a request's E2E is TTFT and a TPOT for
/// each further token. `None` where they are not all published, for one that is derived from the others
/// says nothing.
fn effective_output(row: &Row) -> Option<f64> {
    let published = |metric| {
        if row.measured.derived[metric] { None } else { row.measured.means[metric] }
    };
    let (ttft, tpot) = (published(Metric::Ttft)?, published(Metric::Tpot)?);
    Some((published(Metric::E2eLatency)? - ttft) / tpot + 1.0)
}

/// Exact mean lengths over the nominal ones. Prompts are drawn from 0.8 N to N tokens or are N long, plus a
/// few of a template; a label that means other lengths is wrong.
const LABEL: Limits = Limits { usual: (0.75, 1.1), possible: (0.4, 1.5) };

/// Rows whose published mean lengths are not of the nominal ones.
fn labels(rows: &[&Row], findings: &mut Vec<Finding>) {
    for row in rows {
        let Some(Lengths { input, output }) = row.measured.mean_lengths else { continue };
        let identity = &row.identity;
        for (what, mean, nominal) in [
            ("inputs", input, identity.input_seq_len),
            ("outputs", output, identity.output_seq_len),
        ] {
            let ratio = mean / f64::from(nominal);
            if let Some(severity) = LABEL.severity(ratio) {
                findings.push(Finding {
                    subject: row.name(),
                    severity,
                    check: AuditCheck::EffectiveLength,
                    factor: off_by(ratio),
                    message: format!(
                        "{what} are {mean:.1} tokens long on the mean, and by the row's label {nominal}"
                    ),
                });
            }
        }
    }
}

/// Of the file, whether the outputs are as long as the source says; of each row, whether they are as long
/// as in the rest of the file.
fn effective_lengths(rows: &[&Row], source: &SourceConfig, findings: &mut Vec<Finding>) {
    let of_expected =
        |row: &&Row| Some(effective_output(row)? / row.lengths(source.mean_length_ratio).output);
    let ratios: Vec<(&&Row, f64)> =
        rows.iter().filter_map(|row| Some((row, of_expected(row)?))).collect();
    if ratios.is_empty() {
        return;
    }
    let median = quantile(&ratios.iter().map(|(_, ratio)| *ratio).collect::<Vec<_>>(), 0.5);
    let declared = source.mean_length_ratio;
    if let Some(severity) = EFFECTIVE_LENGTH.severity(median) {
        findings.push(Finding {
            subject: source.name.clone(),
            severity,
            check: AuditCheck::EffectiveLength,
            factor: off_by(median),
            message: format!(
                "by the latencies of {} rows outputs are {:.3} of the nominal length (median), and \
                 mean_length_ratio says {declared}",
                ratios.len(),
                median * declared
            ),
        });
    }
    for (row, ratio) in ratios {
        let ratio = ratio / median;
        // However far a row is off its file, it is the file that says what is possible.
        if EFFECTIVE_LENGTH.severity(ratio).is_some() {
            findings.push(Finding {
                subject: row.name(),
                severity: Severity::Warning,
                check: AuditCheck::EffectiveLength,
                factor: off_by(ratio),
                message: format!(
                    "by its latencies outputs are {:.3} of the nominal length, where {:.3} is the \
                     median of {}",
                    ratio * median * declared,
                    median * declared,
                    source.name
                ),
            });
        }
    }
}

/// A remark for each set of metrics that rows of the source lack.
fn missing(rows: &[&Row], source: &SourceConfig, findings: &mut Vec<Finding>) {
    let mut lacking: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for row in rows {
        let lacks = |metric: &Metric| row.measured.means[*metric].is_none();
        let metrics = Metric::ALL.into_iter().filter(lacks).map(Metric::name).collect();
        *lacking.entry(metrics).or_default() += 1;
    }
    for (metrics, count) in lacking.into_iter().filter(|(metrics, _)| !metrics.is_empty()) {
        findings.push(Finding {
            subject: source.name.clone(),
            severity: Severity::Info,
            check: AuditCheck::MissingMetrics,
            factor: 1.0,
            message: format!("{count} of {} rows publish no {}", rows.len(), metrics.join(", ")),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{config, found, found_in, row};
    use super::super::{AuditSubject, audit};
    use super::*;
    use crate::row::Lengths;

    fn scale(metric: Metric, factor: f64) -> impl Fn(&mut Row) {
        move |row: &mut Row| {
            row.measured.means[metric] = row.measured.means[metric].map(|x| x * factor);
        }
    }

    #[test]
    fn each_slip_is_found_by_its_check() {
        use Severity::{Error, Info, Warning};
        let five_percent = found(scale(Metric::Tpot, 1.05));
        // A row alone is its own file.
        assert_eq!(
            five_percent,
            [(Warning, AuditCheck::E2eIdentity), (Warning, AuditCheck::EffectiveLength)]
        );
        let unit = found(scale(Metric::Tpot, 0.001));
        assert_eq!(unit, [(Error, AuditCheck::E2eIdentity), (Error, AuditCheck::EffectiveLength)]);
        assert_eq!(found(scale(Metric::Throughput, 4.0)), [(Error, AuditCheck::TokenRatio)]);
        let both = found(scale(Metric::OutputThroughput, 0.5));
        assert_eq!(both, [(Error, AuditCheck::LittlesLaw), (Error, AuditCheck::TokenRatio)]);
        let p99 = found(|row| row.measured.p99_ttft = Some(0.4));
        assert_eq!(p99, [(Error, AuditCheck::P99AboveMean)]);
        let missing = found(|row| row.measured.means[Metric::Throughput] = None);
        assert_eq!(missing, [(Info, AuditCheck::MissingMetrics)]);
    }

    #[test]
    fn published_lengths_that_are_not_the_labels_are_found() {
        let labelled = |input, output| {
            let found = found(|row| row.measured.mean_lengths = Some(Lengths { input, output }));
            let lengths =
                found.into_iter().filter(|(_, check)| *check == AuditCheck::EffectiveLength);
            lengths.map(|(severity, _)| severity).collect::<Vec<_>>()
        };
        // The row's label is 1000 and 1000, and its latencies are those of 900 tokens.
        assert_eq!(labelled(900.0, 900.0), []);
        assert_eq!(labelled(1200.0, 900.0), [Severity::Warning]);
        assert_eq!(labelled(64.0, 900.0), [Severity::Error]);
    }

    #[test]
    fn a_file_whose_outputs_are_of_another_length_is_told_once() {
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
        assert!(lengths[0].message.contains("0.900 of the nominal length (median)"));
        assert!(lengths[0].message.contains("mean_length_ratio says 1"));
    }

    #[test]
    fn a_row_of_another_length_than_its_file_is_found() {
        let mut rows = vec![row(2), row(4), row(8), row(16)];
        let e2e = &mut rows[1].measured.means[Metric::E2eLatency];
        *e2e = e2e.map(|e2e| e2e * 1.03);
        let subjects: Vec<String> = found_in(&rows)
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
            found(published).into_iter().map(|(_, check)| check).collect();
        assert!(checks.contains(&AuditCheck::EffectiveLength), "{checks:?}");
    }

    #[test]
    fn a_derived_latency_says_nothing_of_the_length() {
        let derived = |row: &mut Row| {
            scale(Metric::E2eLatency, 0.5)(row);
            row.measured.derived[Metric::E2eLatency] = true;
        };
        let checks: Vec<AuditCheck> = found(derived).into_iter().map(|(_, check)| check).collect();
        assert!(!checks.contains(&AuditCheck::EffectiveLength), "{checks:?}");
    }

    #[test]
    fn missing_metrics_are_one_remark_a_set() {
        let mut rows = vec![row(2), row(4), row(8)];
        for row in &mut rows[..2] {
            row.measured.means[Metric::Throughput] = None;
        }
        let findings = found_in(&rows);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "2 of 3 rows publish no throughput");
    }
}
