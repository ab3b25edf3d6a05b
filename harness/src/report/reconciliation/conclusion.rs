//! The findings in short, at the head of the file.

use super::PAGE_WIDTH;
use super::frontiers::total_text;
use super::next_calibration::CalibrationPotential;
use crate::base::text::plural;
use crate::judge::compare::{Comparison, Coverage, statistics};
use crate::judge::frontier::{FrontierChoices, total};
use crate::report::bias::significant_biases;
use crate::report::summary::percent;
use crate::report::text_table::wrapped;
use crate::row::metric::Metric;

/// Coverage, errors, the largest bias, how well Mantile chooses, and what to calibrate first.
pub(super) fn conclusion(
    comparisons: &[Comparison],
    choices: &FrontierChoices<'_>,
    potentials: &[CalibrationPotential],
) -> String {
    let coverage = Coverage::of(comparisons);
    let mut points = vec![format!(
        "Mantile predicts {} of {} rows ({:.1}%).",
        coverage.predicted,
        coverage.rows,
        coverage.percent()
    )];
    let error = |metric: Metric| {
        let mape = statistics(comparisons, metric)?.mape_percent;
        Some(format!("{} {}%", metric.title(), percent(mape)))
    };
    let errors: Vec<String> = Metric::ALL.into_iter().filter_map(error).collect();
    if !errors.is_empty() {
        points.push(format!("MAPE over all rows: {}.", errors.join(", ")));
    }
    let biases = significant_biases(comparisons);
    points.push(match biases.first() {
        None => "No bias of a GPU and framework is significant.".to_owned(),
        Some(largest) => format!(
            "{} significant bias{} of GPUs and frameworks. The largest: {}",
            biases.len(),
            if biases.len() == 1 { "" } else { "es" },
            largest.sentence()
        ),
    });
    if !choices.within.is_empty() {
        let choice = if choices.within.len() == 1 { "one chart" } else { "all charts" };
        points.push(format!(
            "Choosing a configuration within a GPU and framework, {choice}: {}",
            total_text(total(&choices.within))
        ));
    }
    points.push(next_step(potentials));
    let bullets: Vec<String> =
        points.iter().map(|point| wrapped(point, "- ", "  ", PAGE_WIDTH)).collect();
    bullets.join("\n")
}

/// The group and parameter whose calibration promises most.
fn next_step(potentials: &[CalibrationPotential]) -> String {
    let promising = potentials.iter().filter_map(|potential| {
        let best = potential.best.as_ref().filter(|best| !best.at_bound)?;
        Some((potential, best, potential.now_percent - best.mape_percent))
    });
    let Some((potential, best, _)) = promising.max_by(|a, b| a.2.total_cmp(&b.2)) else {
        return "To do next: nothing can be recommended for calibration; see \"What to calibrate next\"."
            .to_owned();
    };
    let others = potentials.len() - 1;
    format!(
        "To do next: look at {} on {}, where {} could bring the MAPE of {} from {}% to {}% (in sample). See \"What to \
         calibrate next\"{}.",
        best.change(),
        potential.group,
        "this alone",
        potential.metric.title(),
        percent(potential.now_percent),
        percent(best.mape_percent),
        if others == 0 {
            String::new()
        } else {
            format!(" for {others} other group{}", plural(others))
        }
    )
}
