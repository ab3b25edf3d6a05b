//! The details of a calibration: every group's errors, parameters and verdicts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Calibrated;
use super::errors::{before_and_after, changes_from_own_dtypes, errors_table, otherwise_held_out};
use super::figures::{reasons, verdict_words, wrapped};
use super::parameters::parameters_text;
use crate::base::text::plural;
use crate::calibrate::{FoundParameters, ModelJudgement, Proof};
use crate::row::metric::Metric;
use crate::rules::calibration::{FitMode, HeldOut};

const LEGEND: &str = "\
MAPE in %. before: Mantile's recorded answers. dtypes: Mantile with the dtypes
that the layers really have. fitted: on the rows that were fitted. held out:
each workload (model, ISL, OSL, TP) in turn, with the change from before as a
95% interval over workloads. Otherwise held out: each context (ISL, OSL) in
turn; each model in turn; this GPU, with parameters transferred from other GPUs
as shares of their datasheets; the newest rows, with a fit to older rows of
other configurations. The verdict counts an E2E computed from TTFT and TPOT
where E2E was not published.
";

const TTFT_GETS_WORSE: &str =
    "   TTFT gets worse: Mantile's TTFT is one prefill of all requests together.
   It is fitted to the time that prefills take from decoding; the TTFT of a
   single request is in the correction.
";

/// The details of every group, and the rows that were left out.
#[must_use]
pub fn calibration_details(groups: &[Calibrated], left_out: &BTreeMap<String, usize>) -> String {
    let mut text = String::from(LEGEND);
    for (group, result) in groups {
        match result {
            Ok(proof) => text.push_str(&proof_text(proof)),
            Err(reason) => {
                let line = format!("{group} is not calibrated: {reason}");
                let _ = write!(text, "\n{}\n", wrapped(&line, "  "));
            }
        }
    }
    if !left_out.is_empty() {
        text.push_str("\nRows that are left out of the fits:\n");
        text.push_str(&reasons(left_out));
    }
    text.trim_end().to_owned()
}

fn proof_text(proof: &Proof) -> String {
    let Proof { group, rows, workloads, models, days, .. } = proof;
    let days = days.as_ref().map_or(String::new(), |(first, last)| format!(", {first} to {last}"));
    let mut text = format!("\n{group}: {rows} rows of {workloads} workloads{days}\n");
    for model in models {
        let _ = writeln!(text, "  {}, {} row{}", model.model, model.rows, plural(model.rows));
    }
    for mode in FitMode::ALL {
        if let Some(found) = proof.found(mode) {
            let _ = write!(text, "\n{}", fit_text(proof, found, mode));
        }
    }
    text
}

fn fit_text(proof: &Proof, found: &FoundParameters, mode: FitMode) -> String {
    let overlap = found.setting.hardware.overlap;
    let overlaps = |is_hidden: bool| if is_hidden { "overlaps" } else { "adds up" };
    let mut text = format!(
        "{}: load {}, communication {}\n{}\n",
        mode.title(),
        overlaps(overlap.load),
        overlaps(overlap.communication),
        errors_table(found)
    );
    if let Some(errors) = found.errors(HeldOut::Workload) {
        let changes = changes_from_own_dtypes(errors);
        if !changes.is_empty() {
            let line = format!("change from dtypes: {changes}");
            let _ = writeln!(text, "{}", wrapped(&line, "  "));
        }
    }
    let _ = write!(text, "\n{}\n", otherwise_held_out(proof, found));
    for line in what_if_lines(proof, found) {
        let _ = writeln!(text, "{}", wrapped(&line, "  "));
    }
    let _ = write!(text, "\n{}", parameters_text(found));
    text.push_str(&verdicts_text(proof, mode));
    let ttft = found.errors(HeldOut::Workload).and_then(|errors| errors.get(Metric::Ttft.name()));
    if ttft.is_some_and(|errors| errors.change.low > 0.0) && mode == FitMode::Alone {
        text.push_str(TTFT_GETS_WORSE);
    }
    text
}

/// The errors if Mantile divided all weights, and those on the rows that are left out.
fn what_if_lines(proof: &Proof, found: &FoundParameters) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(errors) = &found.if_divided {
        lines.push(format!(
            "if Mantile divided the weights that it counts whole, with each workload held out: {}",
            before_and_after(errors)
        ));
    }
    if !found.left_out.is_empty() {
        let (rows, errors) = (proof.left_out, before_and_after(&found.left_out));
        lines.push(format!(
            "on {rows} row{} that {} left out of the fit, although Mantile predicts them: {errors}",
            plural(rows),
            if rows == 1 { "is" } else { "are" }
        ));
    }
    lines
}

/// The verdict by each model's rows.
fn verdicts_text(proof: &Proof, mode: FitMode) -> String {
    let mut text = String::new();
    let is_joint = proof.models.len() > 1;
    for model in &proof.models {
        let Some(ModelJudgement { verdict, errors }) = model.judged(mode) else { continue };
        let words = verdict_words(verdict.is_ok());
        let reason = verdict.as_ref().unwrap_or_else(|not_better| &not_better.reason);
        let subject = if is_joint { format!(" for {}", model.model) } else { String::new() };
        let _ = writeln!(text, "{}", wrapped(&format!("{words}{subject}: {reason}"), "   "));
        if is_joint {
            let _ = writeln!(text, "   {}", wrapped(&before_and_after(errors), "   "));
        }
    }
    text
}
