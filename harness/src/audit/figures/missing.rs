//! Metrics that the rows of a source lack.

use std::collections::BTreeMap;

use crate::audit::finding::{Finding, Severity};
use crate::row::Row;
use crate::row::metric::Metric;
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::SourceConfig;

/// Adds a remark for each set of metrics that rows of the source lack.
pub(super) fn check(rows: &[&Row], source: &SourceConfig, findings: &mut Vec<Finding>) {
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
            message: format!("{count} of {} rows have no {}", rows.len(), metrics.join(", ")),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{findings_in, row};

    #[test]
    fn missing_metrics_are_one_remark_per_set() {
        let mut rows = vec![row(2), row(4), row(8)];
        for row in &mut rows[..2] {
            row.measured.means[Metric::Throughput] = None;
        }
        let findings = findings_in(&rows);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "2 of 3 rows have no throughput");
    }
}
