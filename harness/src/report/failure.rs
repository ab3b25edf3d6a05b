//! The text of a failed row: everything that a person needs to understand the failure and to run the row again.

use std::fmt::Write as _;

use super::quantities::verdict_table;
use super::text_table::{WIDTH, wrapped};
use crate::judge::compare::Comparison;
use crate::judge::model::Model;
use crate::judge::verdict::{QuantityVerdict, RowVerdict, Standing};
use crate::row::metric::Quantity;

/// The text of a row that failed: its verdict, and how to explain or run just this row.
#[must_use]
pub fn failure_text(comparison: &Comparison, verdict: &RowVerdict, model: &Model) -> String {
    format!(
        "{}\nexplain this row: {}\nrun just this row: {}",
        row_text(comparison, verdict, model),
        explain_command(model, comparison),
        rerun_command(model, comparison)
    )
}

/// The verdict on a row: each metric with measured, predicted, ratio and band, the place where each band is
/// written, and the approximations in force.
pub(super) fn row_text(comparison: &Comparison, verdict: &RowVerdict, model: &Model) -> String {
    let mut text = format!("{}::{}\n", model.name, comparison.row.name());
    if let Some(problem) = &verdict.problem {
        let _ = writeln!(text, "{problem}");
    } else {
        let _ = writeln!(text, "{}", verdict_table(verdict, false).to_text());
        let mut last_reason = "";
        for judged in verdict.outside() {
            let reason = judged.deviation.as_ref().map_or("", |known| &known.reason);
            let _ = writeln!(text, "{}", explanation(judged, model, reason != last_reason));
            last_reason = reason;
        }
    }
    if !comparison.approximations.is_empty() {
        let _ = writeln!(text, "approximations in force:");
        for name in &comparison.approximations {
            let why = model.config.approximations.get(name).map_or("", String::as_str);
            let _ = writeln!(text, "{}", wrapped(&format!("{name}: {why}"), "  ", "    ", WIDTH));
        }
    }
    let _ = write!(text, "measured by {}", measured_by(comparison));
    text
}

/// The reason why a row failed, in one line.
pub(crate) fn failure_reason(verdict: &RowVerdict) -> String {
    if let Some(problem) = &verdict.problem {
        return problem.lines().next().unwrap_or_default().to_owned();
    }
    let outside = verdict.outside().filter(|judged| judged.standing != Standing::Known);
    let parts: Vec<String> = outside
        .map(|judged| {
            let (title, ratio) = (judged.quantity.title(), judged.pair.ratio());
            match judged.band {
                Some(band) => {
                    format!("{title} is {ratio:.3} times measured, outside {}", band.value)
                }
                None => format!("{title} is {ratio:.3} times measured and has no band"),
            }
        })
        .collect();
    parts.join("; ")
}

/// The provider of a row, and its run if that has an id.
fn measured_by(comparison: &Comparison) -> String {
    let row = &comparison.row;
    match row.provenance.run_id.as_str() {
        "" => row.provider.clone(),
        run => format!("{} in run {run}", row.provider),
    }
}

/// The command that runs the trial of just this row.
#[must_use]
pub fn rerun_command(model: &Model, comparison: &Comparison) -> String {
    let name = comparison.row.name();
    format!("cargo test --test regression -- --exact '{}::{name}'", model.name)
}

/// The command that explains just this row.
#[must_use]
pub fn explain_command(model: &Model, comparison: &Comparison) -> String {
    format!("mantile-reconcile explain '{}::{}'", model.name, comparison.row.name())
}

/// The place where the band is written, and the known deviation if there is one, with its reason or `as above`.
fn explanation(judged: &QuantityVerdict, model: &Model, with_reason: bool) -> String {
    let path = model.config.path.display();
    let metric = judged.quantity.name();
    let mut text = match judged.band {
        _ if judged.quantity == Quantity::Memory => "memory: measured is what a package has, \
             predicted is what Mantile counts. A row\nthat was measured on this hardware fits into it."
            .to_owned(),
        Some(band) => format!("{metric}: its band is at {path}:{}", band.line),
        None => format!(
            "{metric}: {path} has no band for this row; propose one: mantile-reconcile bands --model {}",
            model.name
        ),
    };
    if let Some(known) = &judged.deviation {
        let words = format!(
            "known deviation at {}:{}: within {} until {}: {}",
            model.deviations.path.display(),
            known.bound.line,
            known.bound.value,
            known.expires,
            if with_reason { &known.reason } else { "as above" }
        );
        let _ = write!(text, "\n{}", wrapped(&words, "  ", "    ", WIDTH));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::judge;
    use crate::testing::{comparison, model};

    #[test]
    fn a_failure_names_row_figures_band_and_rerun() {
        let model = model("[[band]]\nwhere = 'all'\nratio.tpot = [0.5, 2.0]\n", "");
        let comparison = comparison(2.5);
        let verdict = judge(&comparison, model.rules(), "2026-06-01".parse().unwrap());
        insta::assert_snapshot!(failure_text(&comparison, &verdict, &model), @"
        m::p::b200::vllm::fp4::1000x1000::tp4_ep1::c8
        metric  measured  predicted  unit  ratio  band
        TPOT     0.01000    0.02500  s     2.500  [0.5, 2]  OUTSIDE
        memory     80.00      18.50  GB    0.231  [0, 1]    inside
        tpot: its band is at reconcile.toml:13
        measured by p
        explain this row: mantile-reconcile explain 'm::p::b200::vllm::fp4::1000x1000::tp4_ep1::c8'
        run just this row: cargo test --test regression -- --exact 'm::p::b200::vllm::fp4::1000x1000::tp4_ep1::c8'
        ");
    }
}
