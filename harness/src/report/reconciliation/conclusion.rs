//! The findings in short, at the head of the file.

use super::PAGE_WIDTH;
use super::frontiers::choice_sentence;
use super::next_calibration::CalibrationPotential;
use crate::base::text::plural;
use crate::judge::compare::{Comparison, Coverage, statistics};
use crate::judge::frontier::FrontierChoices;
use crate::report::bias::{peaks_note, significant_biases};
use crate::report::numbers::percent;
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
            "{} significant bias{} of GPUs and frameworks. The largest: {}{}",
            biases.len(),
            if biases.len() == 1 { "" } else { "es" },
            largest.sentence(),
            peaks_note(comparisons)
        ),
    });
    points.extend(choice_sentence(choices));
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
    let others = match potentials.len() - 1 {
        0 => String::new(),
        others => {
            format!(" \"What to calibrate next\" has {others} other group{}.", plural(others))
        }
    };
    format!(
        "To do next: on {}, {} alone could bring the MAPE of {} from {}% to {}% in sample; `mantile-reconcile calibrate` \
         tests it on held-out rows.{others}",
        potential.group,
        best.change(),
        potential.metric.title(),
        percent(potential.now_percent),
        percent(best.mape_percent)
    )
}
