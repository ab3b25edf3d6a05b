//! The summary of a calibration: one line per group, then the answer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::figures::{dash, signed, verdict_words, wrapped};
use super::{Calibrated, MOST_GROUPS};
use crate::base::text::plural;
use crate::calibrate::{NotBetterKind, Proof};
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;
use crate::rules::calibration::{FitMode, HeldOut};

const LEGEND: &str = "\
MAPE in %: before -> with each workload (model, ISL, OSL, TP) held out in turn,
and the 95% interval of the change over workloads, in points. The fit \"alone\" is
of Mantile's own parameters, \"corrected\" is fitted with serving terms as well. A
fit is better if the mean |ln(p/m)| over its metrics falls significantly; the
interval of a single metric can include 0.
";

/// More reasons are not listed.
const MOST_REASONS: usize = 3;

/// The errors of every group before and after each fit, and how many groups are better.
#[must_use]
pub fn calibration_summary(groups: &[Calibrated], left_out: &BTreeMap<String, usize>) -> String {
    let proofs: Vec<&Proof> =
        groups.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    let mut text = String::new();
    if !proofs.is_empty() {
        text.push_str(LEGEND);
    }
    for mode in FitMode::ALL {
        if proofs.iter().any(|proof| proof.found(mode).is_some()) {
            let _ = writeln!(text, "\n{}", fit_table(&proofs, mode));
        }
    }
    let _ = writeln!(text);
    for reason in shown_reasons(groups, &proofs) {
        let _ = writeln!(text, "{}", wrapped(&reason, "  "));
    }
    let rows: usize = left_out.values().sum();
    if rows > 0 {
        let verb = if rows == 1 { "is" } else { "are" };
        let _ = writeln!(text, "{rows} row{} {verb} left out of the fits.", plural(rows));
    }
    text.push_str(&answer(&proofs));
    text.trim_start().to_owned()
}

/// One line per group, with the metrics that the fit is to get right.
fn fit_table(proofs: &[&Proof], mode: FitMode) -> String {
    let metrics = match mode {
        FitMode::Alone => [Metric::Tpot, Metric::E2eLatency],
        FitMode::WithCorrection => [Metric::Tpot, Metric::Ttft],
    };
    let mut columns = vec![(mode.title(), Align::Left)];
    for metric in metrics {
        columns.extend([(metric.title(), Align::Right), ("change", Align::Right)]);
    }
    columns.push(("better", Align::Left));
    let mut table = TextTable::new(&columns).dense();
    for proof in proofs.iter().take(MOST_GROUPS) {
        let Some(found) = proof.found(mode) else { continue };
        let errors = found.errors(HeldOut::Workload);
        let mut line = vec![proof.group.to_string()];
        for metric in metrics {
            let errors = errors.and_then(|errors| errors.get(metric.name()));
            line.push(errors.map_or_else(dash, |errors| {
                format!("{:.1} -> {:.1}", errors.before.estimate, errors.after.estimate)
            }));
            line.push(errors.map_or_else(dash, |errors| {
                format!("{} to {}", signed(errors.change.low), signed(errors.change.high))
            }));
        }
        line.push(is_better(proof, mode));
        table.line(line);
    }
    let mut text = table.to_text();
    if proofs.len() > MOST_GROUPS {
        let _ = write!(text, "\n... and {} more groups", proofs.len() - MOST_GROUPS);
    }
    text
}

/// "yes", "no", or for how many of the models that were fitted jointly.
fn is_better(proof: &Proof, mode: FitMode) -> String {
    let is_better = |model: &&String| proof.improves_for(model, mode);
    let models = proof.model_names();
    match models.iter().filter(is_better).count() {
        0 => "no".to_owned(),
        better if better == models.len() => "yes".to_owned(),
        better => format!("{better} of {}", models.len()),
    }
}

/// Why fits are not better, and why groups are not calibrated.
fn shown_reasons(groups: &[Calibrated], proofs: &[&Proof]) -> Vec<String> {
    let mut reasons = Vec::new();
    for (group, result) in groups {
        if let Err(reason) = result {
            reasons.push(format!("{group} is not calibrated: {reason}."));
        }
    }
    for proof in proofs {
        for mode in FitMode::ALL {
            for model in &proof.models {
                let Some(Err(not_better)) = model.judged(mode).map(|judged| &judged.verdict) else {
                    continue;
                };
                let subject = if proof.models.len() > 1 {
                    format!(" for {}", model.model)
                } else {
                    String::new()
                };
                let (group, fit) = (&proof.group, mode.title());
                reasons.push(format!(
                    "{group}, {fit}, is not better{subject}: {}.",
                    short_reason(not_better.kind)
                ));
            }
        }
    }
    if reasons.len() > MOST_REASONS {
        let more = reasons.len() - MOST_REASONS + 1;
        reasons.truncate(MOST_REASONS - 1);
        reasons.push(format!("... and {more} more groups and fits are not better."));
    }
    reasons
}

fn short_reason(kind: NotBetterKind) -> String {
    match kind {
        NotBetterKind::NotMeasured => "its metrics are not measured".to_owned(),
        NotBetterKind::NotSignificant => "the change is not significant".to_owned(),
        NotBetterKind::OwnDtypesSuffice => "the layers' own dtypes alone do as well".to_owned(),
        NotBetterKind::Worse(metric) => format!("the MAPE of {} gets worse", metric.title()),
    }
}

/// How many groups are better by each fit.
fn answer(proofs: &[&Proof]) -> String {
    let better = |mode: FitMode| proofs.iter().filter(|proof| proof.improves(mode)).count();
    let [alone, corrected] = FitMode::ALL.map(better);
    if alone + corrected == 0 {
        return format!(
            "{}: no fit is significantly better on held-out workloads",
            verdict_words(false)
        );
    }
    format!(
        "{}: {alone} of {} group{} alone, {corrected} corrected",
        verdict_words(true),
        proofs.len(),
        plural(proofs.len())
    )
}
