//! The first screen of a model's page: the verdict, the errors, the findings, and what to do next.

use maud::{Markup, html};

use super::PageSubject;
use crate::base::statistics::Statistics;
use crate::base::text::plural;
use crate::judge::compare::{Comparison, statistics};
use crate::judge::evaluation::Evaluation;
use crate::judge::frontier::FrontierChoices;
use crate::judge::verdict::Status;
use crate::report::bias::{
    GroupBias, bias_with_interval, overall_bias, peaks_note, significant_biases,
};
use crate::report::{choice_sentence, coverage_text, dataset, verdict_word};
use crate::row::metric::Metric;

/// The number of significant biases that are listed.
const BIASES_SHOWN: usize = 3;

/// The head of a page.
pub(super) fn conclusion(subject: PageSubject<'_>, choices: &FrontierChoices<'_>) -> Markup {
    let PageSubject { model, origin, evaluation, .. } = subject;
    let comparisons = &evaluation.comparisons;
    let biases = significant_biases(comparisons);
    html! {
        h1 { (model.name) }
        p.verdict { strong class=(verdict_word(evaluation)) { (verdict_word(evaluation)) } " " (verdict_text(evaluation)) }
        p { (origin) ", against " (dataset(comparisons)) "." }
        (tiles(comparisons))
        h2 { "What was found" }
        (findings(comparisons, choices, &biases))
        h2 { "What to do next" }
        ul { @for step in next_steps(subject, &biases) { li { (step) } } }
    }
}

/// The rows by status, the failing ones first, and the checks.
fn verdict_text(evaluation: &Evaluation) -> String {
    let statuses = [
        (Status::Outside, "outside the bands"),
        (Status::NotPredicted, "not predicted"),
        (Status::Inside, "inside the bands"),
        (Status::KnownDeviation, "known to deviate"),
    ];
    let counts = statuses.map(|(status, words)| (evaluation.count(status), words));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = counts.map(|(count, words)| format!("{count} {words}")).collect();
    if let Some(first) = parts.first_mut() {
        *first = format!("Rows: {first}");
    }
    let checks = evaluation.checks.len();
    let failed = evaluation.failed_checks().count();
    let checks = match failed {
        _ if checks == 0 => String::new(),
        0 => format!("; all {checks} checks passed"),
        _ => format!("; {failed} of {checks} checks failed"),
    };
    format!("{}{checks}.", parts.join(", "))
}

/// The errors over all rows, with the interval of the bias.
fn tiles(comparisons: &[Comparison]) -> Markup {
    let bias = |metric: Metric, bias: f64| {
        let overall = overall_bias(comparisons, metric);
        overall.map_or_else(|| format!("{bias:.2}"), |overall| bias_with_interval(&overall.bias))
    };
    html! { dl.tiles { @for metric in Metric::ALL {
        @if let Some(Statistics { mape_percent, bias: estimate, n, .. }) = statistics(comparisons, metric) {
            div { dt { (metric.title()) } dd { (format!("{mape_percent:.1}%")) }
                dd { small { "MAPE of " (n) " row" (plural(n)) br; "bias " (bias(metric, estimate)) } } }
        }
    } } }
}

/// Coverage, the largest biases, and how well Mantile chooses.
fn findings(
    comparisons: &[Comparison],
    choices: &FrontierChoices<'_>,
    biases: &[GroupBias],
) -> Markup {
    let coverage = coverage_text(comparisons);
    let mut coverage = coverage.lines().map(str::trim);
    html! { ul {
        li { (coverage.next().unwrap_or_default()) "."
            @for reason in coverage { br; small { (reason) } } }
        @if biases.is_empty() {
            li { "No bias of a GPU and framework is significant: no 95% interval excludes 1." }
        } @else {
            li { (biases.len()) " bias" (if biases.len() == 1 { " is" } else { "es are" })
                " significant (the 95% interval over workloads excludes 1)"
                @if biases.len() > BIASES_SHOWN { "; the largest" } ":"
                ul { @for bias in &biases[..biases.len().min(BIASES_SHOWN)] { li { (bias.sentence()) } } }
                (peaks_note(comparisons)) }
        }
        @if let Some(sentence) = choice_sentence(choices) {
            li { (sentence) " " a href="#frontiers" { "Details" } }
        }
    } }
}

/// The next steps: first what fails, then what would make Mantile more accurate.
fn next_steps(subject: PageSubject<'_>, biases: &[GroupBias]) -> Vec<Markup> {
    let PageSubject { model, evaluation, .. } = subject;
    let mut steps = Vec::new();
    let failing = evaluation.verdicts.iter().filter(|verdict| verdict.status.fails()).count();
    if failing > 0 {
        steps.push(html! {
            "Look at the " (failing) " failing row" (plural(failing)) ": choose their verdict in the "
            a href="#rows" { "table of rows" } ". The details of each row have the command that reruns it and the one that \
            explains it."
        });
    }
    if evaluation.failed_checks().next().is_some() {
        steps.push(html! { "Look at the failed " a href="#checks" { "checks" } "." });
    }
    if let Some(bias) = biases.first() {
        steps.push(html! {
            "To make Mantile more accurate, start with " (bias.metric.title()) " on " (bias.group) ": "
            code { "mantile-reconcile calibrate --model " (model.name) } " says which of Mantile's parameters would correct it, \
            where there are enough rows to tell."
        });
    }
    steps.push(html! {
        "Read " code { "by_model/" (model.name) "/RECONCILIATION_SUMMARY.md" }
        " for all findings in sentences, among them what to calibrate next."
    });
    steps
}
