//! The file as a whole: title, conclusion, notes, then a section for each question.

use std::fmt::Write as _;

use super::conclusion::conclusion;
use super::next_calibration::CalibrationPotential;
use super::{PAGE_WIDTH, approximations, biases, calibrated, errors, frontiers, next_calibration};
use super::{notes, rivals, rows, worst};
use crate::calibrate::Diagnosis;
use crate::judge::evaluation::Evaluation;
use crate::judge::frontier::choices;
use crate::judge::model::Model;
use crate::report::text_table::wrapped;
use crate::rules::calibration::CalibrationFile;

/// The file's name in a model's folder.
pub const RECONCILIATION_SUMMARY: &str = "RECONCILIATION_SUMMARY.md";

/// The text of the file. `diagnoses` say where the error of each GPU and framework comes from, `calibration`
/// is what was fitted, and `old` is the file's present text, whose notes are kept.
#[must_use]
pub fn reconciliation_summary(
    model: &Model,
    evaluation: &Evaluation,
    diagnoses: &[Diagnosis],
    calibration: Option<&CalibrationFile>,
    old: Option<&str>,
) -> String {
    let comparisons = &evaluation.comparisons;
    let potentials: Vec<CalibrationPotential> =
        diagnoses.iter().filter_map(CalibrationPotential::of).collect();
    let choices = choices(comparisons, &model.config.sources, &evaluation.impossible());
    let mut text = format!(
        "# {}: what was found\n\n{}\n\n## In short\n\n{}\n\n{}\n\n",
        model.name,
        introduction(model),
        conclusion(comparisons, &choices, &potentials),
        notes::kept_notes(old)
    );
    let sections = [
        ("Rows", Some(rows::rows(comparisons))),
        ("Errors", Some(errors::errors(comparisons))),
        ("Systematic biases", Some(biases::biases(comparisons))),
        ("Worst groups and rows", Some(worst::worst(comparisons))),
        ("Approximations", approximations::approximations(model, comparisons)),
        ("What to calibrate next", Some(next_calibration::next_calibration(&potentials))),
        ("What calibration achieves", calibration.and_then(calibrated::calibrated)),
        ("Would Mantile have picked the best configuration?", Some(frontiers::frontiers(&choices))),
        ("Compared with other estimators", rivals::rivals(evaluation)),
    ];
    for (title, content) in sections {
        if let Some(content) = content {
            let _ = writeln!(text, "## {title}\n\n{content}\n");
        }
    }
    text.trim_end().to_owned() + "\n"
}

/// Which Mantile is compared, how the file is made, and what its figures are.
fn introduction(model: &Model) -> String {
    let sentences = format!(
        "Mantile {} compared with measurements. `mantile-reconcile report` writes this file, except for the notes, and \
         a test fails when it is out of date. MAPE is in % of the measured value; bias is exp(mean ln(predicted / \
         measured)), so 1 is unbiased. Intervals are 95% intervals: over workloads for biases and calibration, over \
         rows for skill.",
        model.release
    );
    wrapped(&sentences, "", "", PAGE_WIDTH)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::judge::compare::Comparison;
    use crate::testing::comparison;

    #[test]
    fn notes_survive_and_everything_else_is_rewritten() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let model = crate::judge::model::load(root, "openai_GPT-OSS-120B").unwrap();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let comparisons: Vec<Comparison> = (0..9)
            .map(|index| {
                let mut comparison = comparison(0.5);
                comparison.row.identity.input_seq_len = 1000 + index;
                comparison
            })
            .collect();
        let evaluation = Evaluation::of_rows(&model, comparisons, now);
        let write = |old: Option<&str>| reconciliation_summary(&model, &evaluation, &[], None, old);
        let first = write(None);
        let mine = "Looked at.\n\n## Mine";
        let end = notes::MARKS[1];
        let noted = first.replace(&format!("\n\n{end}"), &format!("\n{mine}\n{end}"));
        assert!(noted.contains(mine));
        let stale = noted.replace("so 1 is", "so 2 is").replace("2.0 times", "9.9 times");
        assert!(stale.contains("so 2 is") && stale.contains("9.9 times"));
        assert_eq!(write(Some(&stale)), noted);
        assert_eq!(write(Some("something else")), first);
    }
}
