//! The rows of an audit against the bounds of their hardware.

use std::collections::BTreeMap;

use super::answers::RecordedAnswers;
use super::bounds::bounds;
use crate::audit::AuditSubject;
use crate::audit::finding::{Finding, Severity};
use crate::mantile::datasheet;
use crate::row::Row;
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::Config;

/// Finds rows that are faster than the hardware allows, and counts those that cannot be checked.
pub(in crate::audit) fn check(
    subject: AuditSubject<'_>,
    answers: &RecordedAnswers,
    findings: &mut Vec<Finding>,
) {
    let mut unchecked: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for row in subject.rows {
        let Some(answer) = answers.outcome(row) else { continue };
        let checked = match (stand_in(row, subject.config), answer) {
            (Some(reason), _) => Err(reason),
            (None, Err(reason)) => Err(reason.clone()),
            (None, Ok(answer)) => Ok(bounds(row, answer, subject.config)),
        };
        match checked {
            Ok(bounds) => findings.extend(bounds.iter().filter_map(|bound| bound.finding(row))),
            Err(reason) => *unchecked.entry((&row.provider, reason)).or_default() += 1,
        }
    }
    for ((provider, reason), rows) in unchecked {
        let noun = if rows == 1 { "row is" } else { "rows are" };
        findings.push(Finding {
            subject: provider.to_owned(),
            severity: Severity::Info,
            check: AuditCheck::FasterThanHardware,
            factor: 1.0,
            message: format!(
                "{rows} {noun} not compared with the limits of the hardware: {reason}"
            ),
        });
    }
}

/// Why the peaks of the row's hardware are unknown, if they are: there is no datasheet for its GPU, and
/// Mantile predicts it with another GPU.
fn stand_in(row: &Row, config: &Config) -> Option<String> {
    let gpu = config.gpu(&row.identity.gpu_model, &row.identity.framework)?;
    if datasheet::of(&gpu.model).is_some() {
        return None;
    }
    let approximation = gpu.approximation.as_ref()?;
    Some(format!("another GPU stands in for {} ({approximation})", gpu.model))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::audit;
    use crate::mantile::recording::Recording;
    use crate::row::Concurrency;
    use crate::row::metric::Metric;
    use crate::rules::config::GpuConfig;
    use crate::testing::load;

    /// The severities and messages of what is found in one row against the hardware.
    fn hardware_findings(
        row: &Row,
        config: &Config,
        recording: &Recording,
    ) -> Vec<(Severity, String)> {
        let rows = std::slice::from_ref(row);
        audit(AuditSubject { rows, peers: &[], config, recording: Some(recording) })
            .into_iter()
            .filter(|finding| finding.check == AuditCheck::FasterThanHardware)
            .map(|finding| (finding.severity, finding.message))
            .collect()
    }

    #[test]
    fn a_peak_is_bound_by_what_the_memory_holds_and_a_stand_in_is_not_bound() {
        let (model, recording) = load("meta-llama_Llama-3.1-405B-Instruct");
        let mut row = model
            .rows
            .iter()
            .find(|row| {
                row.identity.gpu_model == "b200" && row.identity.concurrency == Concurrency::Peak
            })
            .unwrap()
            .clone();
        assert_eq!(hardware_findings(&row, &model.config, &recording), []);
        row.measured.means[Metric::OutputThroughput] = Some(1e6);
        let impossible = hardware_findings(&row, &model.config, &recording);
        assert!(impossible.iter().all(|(severity, _)| *severity == Severity::Error));
        assert_eq!(impossible.len(), 2, "by memory and by arithmetic");
        // A GPU without a datasheet, for which another one stands in.
        row.identity.gpu_model = "x100".to_owned();
        let stand_in = model.config.gpu("h200", "trt").unwrap().clone();
        let mut config = model.config.clone();
        config.gpus.push(GpuConfig { model: "x100".to_owned(), ..stand_in });
        let unchecked = hardware_findings(&row, &config, &recording);
        let [(Severity::Info, message)] = &unchecked[..] else { panic!("{unchecked:?}") };
        assert!(message.starts_with("1 row is not compared with"), "{message}");
        assert!(message.contains("h200_as_h100"), "{message}");
    }
}
