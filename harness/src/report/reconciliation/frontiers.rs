//! The section on choosing a configuration by Mantile's predictions.

use super::PAGE_WIDTH;
use crate::judge::frontier::{
    FrontierAgreement, FrontierChoice, FrontierChoices, FrontierTotal, TOLERANCE, total,
};
use crate::report::TextTable;
use crate::report::text_table::wrapped;

/// The totals in sentences, then a table with each choice.
pub(super) fn frontiers(choices: &FrontierChoices<'_>) -> String {
    if choices.within.is_empty() {
        let none = "There is no choice to judge. A choice needs several configurations with TPOT and throughput, \
                    measured or derived, at a fixed concurrency.";
        return wrapped(none, "", "", PAGE_WIDTH);
    }
    let legend = "The frontier is in throughput per GPU and interactivity (1 / TPOT). Each configuration on the measured \
                  frontier is a demand for its interactivity. *missed* counts the demands for which the configuration \
                  that Mantile would choose is slower than demanded. *regret* is the mean measured throughput that its \
                  choice gives up for the other demands, in tokens/s/GPU. *rank* is Spearman's rank correlation of \
                  throughput, then of interactivity.";
    let mut paragraphs = vec![legend.to_owned()];
    paragraphs.extend(frontier_sentences(choices));
    let paragraphs: Vec<String> =
        paragraphs.iter().map(|paragraph| wrapped(paragraph, "", "", PAGE_WIDTH)).collect();
    format!("{}\n\n{}", paragraphs.join("\n\n"), choices_table(choices).to_markdown())
}

/// A line per choice: those over all GPUs and frameworks first.
fn choices_table(choices: &FrontierChoices<'_>) -> TextTable {
    let mut table = TextTable::of(
        &["choice"],
        &["configurations", "frontier", "predicted", "on both", "rank", "missed", "regret"],
    );
    let across = choices.across.iter().map(|choice| (choice, "all / "));
    for (choice, scope) in across.chain(choices.within.iter().map(|choice| (choice, ""))) {
        let FrontierAgreement {
            candidates,
            on_measured_frontier,
            on_predicted_frontier,
            on_both,
            throughput_rank_correlation,
            interactivity_rank_correlation,
            missed_demands,
            mean_regret,
            mean_regret_percent,
        } = choice.agreement;
        let dash = || "-".to_owned();
        let regret = mean_regret.zip(mean_regret_percent);
        let rank = throughput_rank_correlation.zip(interactivity_rank_correlation);
        let derived = if choice.is_derived() { " *" } else { "" };
        table.line(vec![
            format!("{scope}{}{derived}", choice.label),
            candidates.to_string(),
            on_measured_frontier.to_string(),
            on_predicted_frontier.to_string(),
            on_both.to_string(),
            rank.map_or_else(dash, |(throughput, interactivity)| {
                format!("{throughput:.2}, {interactivity:.2}")
            }),
            missed_demands.to_string(),
            regret.map_or_else(dash, |(lost, share)| format!("{lost:.0} ({share:.1}%)")),
        ]);
    }
    table
}

/// The cost of choosing by Mantile within one GPU and framework, in one sentence; `None` without a choice.
pub(crate) fn choice_sentence(choices: &FrontierChoices<'_>) -> Option<String> {
    choices.within.first()?;
    let FrontierTotal { demands, missed, regret_percent, .. } = total(&choices.within);
    let regret = regret_percent.map_or_else(String::new, |regret| {
        format!(
            " and, for the other {}, gives up {regret:.0}% of the throughput on average",
            demands - missed
        )
    });
    Some(format!(
        "Choosing a configuration within one GPU and framework by Mantile's predictions misses {missed} of {demands} \
         demands for interactivity{regret}."
    ))
}

/// How well Mantile chooses over all charts, which throughputs are derived, and how the choice is made.
pub(crate) fn frontier_sentences(choices: &FrontierChoices<'_>) -> Vec<String> {
    let FrontierChoices { within, across, left_out } = choices;
    let mut sentences =
        vec![format!("Within one GPU and framework: {}", total_text(total(within)))];
    if !across.is_empty() {
        sentences.push(format!("Across all GPUs and frameworks: {}", total_text(total(across))));
    }
    sentences.extend(derived_text(within));
    sentences.push(format!(
        "Mantile's choice is the configuration with the most predicted throughput among those predicted to meet the \
         demand, or else the one predicted to come nearest. Being slower by less than {:.0}% is not a miss, and more \
         throughput than the demand's own is not a gain.{}",
        100.0 * TOLERANCE,
        left_out_text(*left_out)
    ));
    sentences
}

/// Demands, misses and regret over several choices, as a sentence.
fn total_text(total: FrontierTotal) -> String {
    let FrontierTotal { demands, on_both, missed, regret_percent } = total;
    let regret = regret_percent.map_or_else(String::new, |regret| {
        format!(
            " and gives up {regret:.0}% of the throughput of the other {} on average",
            demands - missed
        )
    });
    format!(
        "of {demands} demands, {on_both} are also on the predicted frontier; Mantile's choice misses {missed}{regret}."
    )
}

/// How many charts have derived throughput, and the regret with each kind; `None` where no chart has.
fn derived_text(within: &[FrontierChoice<'_>]) -> Option<String> {
    let (derived, published): (Vec<&FrontierChoice<'_>>, Vec<&FrontierChoice<'_>>) =
        within.iter().partition(|choice| choice.is_derived());
    if derived.is_empty() {
        return None;
    }
    let regret = |choices: &[&FrontierChoice<'_>]| {
        let regret = total(choices.iter().copied()).regret_percent?;
        Some(format!("{regret:.0}%"))
    };
    let regrets =
        regret(&published).zip(regret(&derived)).map_or_else(String::new, |(published, derived)| {
            format!(" Mantile's choice gives up {published} of published and {derived} of derived throughput.")
        });
    Some(format!(
        "For {} of the {} charts within one GPU and framework, those with a *, no throughput is published: \"measured\" \
         throughput is derived there from the measured TTFT and TPOT by Little's law.{regrets}",
        derived.len(),
        within.len()
    ))
}

/// The configurations that are left out, and why, as a sentence that follows another.
fn left_out_text(count: usize) -> String {
    let subject = match count {
        0 => return String::new(),
        1 => "One configuration is".to_owned(),
        count => format!("{count} configurations are"),
    };
    format!(
        " {subject} left out: impossible according to the audit, or with a throughput that would be derived from requests that \
         mostly wait outside the engine."
    )
}
