//! The text of a failed row: all that a person needs to understand and rerun it.

use std::fmt::Write as _;

use super::quantities::verdict_table;
use super::text_table::{WIDTH, wrapped};
use crate::judge::compare::Comparison;
use crate::judge::model::Model;
use crate::judge::verdict::{QuantityVerdict, RowVerdict};
use crate::row::metric::Quantity;

/// Describes a row's verdict: the metrics with measured, predicted, ratio and band, where each band
/// is written, the approximations in force, and how to run just this row again.
#[must_use]
pub fn failure_text(comparison: &Comparison, verdict: &RowVerdict, model: &Model) -> String {
    let mut text = format!("{}::{}\n", model.name, comparison.row.name());
    if let Some(problem) = &verdict.problem {
        let _ = writeln!(text, "{problem}");
    } else {
        let _ = writeln!(text, "{}", verdict_table(verdict, false).to_text());
        let mut said = "";
        for judged in verdict.outside() {
            let reason = judged.deviation.as_ref().map_or("", |known| &known.reason);
            let _ = writeln!(text, "{}", explanation(judged, model, reason != said));
            said = reason;
        }
    }
    if !comparison.approximations.is_empty() {
        let _ = writeln!(text, "approximations in force:");
        for name in &comparison.approximations {
            let why = model.config.approximations.get(name).map_or("", String::as_str);
            let _ = writeln!(text, "{}", wrapped(&format!("{name}: {why}"), "  ", "    ", WIDTH));
        }
    }
    let run = &comparison.row.provenance.run_id;
    let _ = writeln!(text, "measured in run {run} of {}", comparison.row.provider);
    let _ = write!(text, "run just this row: {}", rerun_command(model, comparison));
    text
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

/// Where the band is written, and what is known of the deviation; its reason where that was not just said.
fn explanation(judged: &QuantityVerdict, model: &Model, with_reason: bool) -> String {
    let path = model.config.path.display();
    let metric = judged.quantity.name();
    let mut text = match judged.band {
        _ if judged.quantity == Quantity::Memory => {
            "memory: measured is what a package has, predicted what Mantile counts; \
             a row\nthat was measured on its hardware fits it"
                .to_owned()
        }
        Some(band) => format!("{metric}: the band is written at {path}:{}", band.line),
        None => format!(
            "{metric}: no band in {path} holds for this row; propose one: mantile-reconcile bands"
        ),
    };
    if let Some(known) = &judged.deviation {
        let words = format!(
            "known deviation {}:{}: bound {}, until {}: {}",
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

/// A figure to four significant digits.
#[must_use]
pub fn figure(x: f64) -> String {
    figure_to(x, 4)
}

/// A figure to so many significant digits.
#[must_use]
pub fn figure_to(x: f64, digits: u8) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 12")]
    let decimals = (f64::from(digits) - 1.0 - x.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{x:.decimals$}")
}

/// A ratio to two decimals, and of a small one to two digits.
#[must_use]
pub fn ratio_text(ratio: f64) -> String {
    if ratio >= 0.095 { format!("{ratio:.2}") } else { figure_to(ratio, 2) }
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
        tpot: the band is written at reconcile.toml:13
        measured in run  of p
        run just this row: cargo test --test regression -- --exact 'm::p::b200::vllm::fp4::1000x1000::tp4_ep1::c8'
        ");
    }

    #[test]
    fn figures_have_four_digits() {
        let figures: Vec<String> =
            [12345.6, 1.23456, 0.000_123_456, 0.0].into_iter().map(figure).collect();
        assert_eq!(figures, ["12346", "1.235", "0.0001235", "0"]);
    }
}
