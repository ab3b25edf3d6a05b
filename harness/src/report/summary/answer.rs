//! The answer on a model that fits one screen and ends with the verdict, and the closing table over models.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::coverage::coverage_line;
use super::distribution::distributions;
use super::errors::{SHORT_TITLES, slices_table};
use super::verdict::{counts, failed_checks, verdict};
use crate::base::error::{Error, Exit};
use crate::base::text::plural;
use crate::judge::compare::{Comparison, Coverage, GroupBreakdown, Slice, reasons, statistics};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::{RowVerdict, Status};
use crate::mantile::recording::Recording;
use crate::predict::mapping;
use crate::predict::prediction::Outcome;
use crate::report::numbers::{bias_words, percent};
use crate::report::text_table::{WIDTH, fitted, wrapped};
use crate::report::{
    Align, Style, TextTable, Tone, audit_counts, estimators, explain_command, failure_reason,
    failure_text,
};
use crate::row::metric::Metric;

/// More reasons than this are only counted: the summary has them all.
const REASONS_SHOWN: usize = 3;
/// More rows outside their bands than this are only counted: a file has them all.
const ROWS_SHOWN: usize = 3;
/// A group with fewer rows is not called the one that is farthest off.
const LEAST_ROWS: usize = 5;

/// A judged model with what its answer mentions.
#[derive(Debug, Clone, Copy)]
pub struct ModelAnswer<'a> {
    /// The model.
    pub model: &'a Model,
    /// The judgement.
    pub evaluation: &'a Evaluation,
    /// The Mantile that predicted, in words.
    pub origin: &'a str,
    /// The recording that answered; `None` if a live Mantile or a file of predictions did.
    pub recording: Option<&'a Recording>,
    /// The path of the file that lists every failure.
    pub failures: &'a str,
    /// Lines that name the files written, ahead of the verdict.
    pub files: &'a str,
    /// Whether other estimators, all reasons and failures in full are wanted too.
    pub verbose: bool,
}

/// The answer: coverage, errors by GPU and framework, what failed, what to do next, and last the verdict.
#[must_use]
pub fn answer_text(answer: ModelAnswer<'_>, style: Style) -> String {
    let ModelAnswer { model, evaluation, origin, verbose, .. } = answer;
    let comparisons = &evaluation.comparisons;
    let mut text = fitted(&format!("{} by {origin}", model.name));
    let _ = writeln!(text, "\n{}", coverage_line(comparisons));
    text.push_str(&missing_predictions(answer));
    let mut slices = GroupBreakdown::GPU_FRAMEWORK.predicted_slices(comparisons);
    let farthest = farthest(&slices);
    slices.push(Slice::all(comparisons));
    let _ = writeln!(text, "\nMAPE in % and bias (predicted / measured) per metric");
    let _ = writeln!(text, "{}", slices_table(&slices, style));
    if let Some(farthest) = farthest {
        let _ = writeln!(text, "{farthest}");
    }
    let distributions = distributions(comparisons);
    if !distributions.is_empty() {
        let _ = write!(text, "\n{distributions}");
    }
    if verbose && !evaluation.side_by_side.is_empty() {
        let table = estimators::skill_table(&evaluation.side_by_side);
        let _ = writeln!(
            text,
            "\nMAPE in % of other estimators, and Mantile's skill against them, per metric"
        );
        let _ = writeln!(text, "{}", table.to_text());
    }
    let _ = write!(text, "\n{}", outside(answer));
    if let Some(audit) = &evaluation.audit {
        let _ = writeln!(text, "audit: {}", audit_counts(audit, &model.config.audit_accepted));
    }
    text.push_str(&counts(evaluation));
    let shown = |message: &str| {
        let first = message.lines().next().unwrap_or_default();
        if verbose { message.replace('\n', "\n  ") } else { first.to_owned() }
    };
    text.push_str(&fitted(&failed_checks(evaluation, shown)));
    text.push_str(answer.files);
    text + &verdict(evaluation, style)
}

/// The reasons for rows without a prediction. Those without a recorded answer share one, with the command that
/// records them.
fn missing_predictions(answer: ModelAnswer<'_>) -> String {
    let comparisons = &answer.evaluation.comparisons;
    let mut text = String::new();
    let mut unrecorded = HashSet::new();
    if let Some(recording) = answer.recording {
        unrecorded = unrecorded_rows(answer.model, comparisons, recording);
        if !unrecorded.is_empty() {
            let rows = unrecorded.len();
            let are = if rows == 1 { " is" } else { "s are" };
            let _ = writeln!(text, "  {rows} row{are} not recorded; record {}:", them(rows));
            let _ = writeln!(text, "    {}", recording.record_command());
        }
    }
    let others = comparisons.iter().enumerate();
    let others = others.filter(|(index, _)| !unrecorded.contains(index));
    let reasons = reasons(others.map(|(_, comparison)| comparison));
    let shown = if answer.verbose { reasons.len() } else { REASONS_SHOWN };
    for (reason, rows) in reasons.iter().take(shown) {
        let _ = writeln!(text, "{}", wrapped(&format!("{rows} {reason}"), "  ", "    ", WIDTH));
    }
    if let Some(more @ 1..) = reasons.len().checked_sub(shown) {
        let _ = writeln!(text, "  and {more} more reason{}: --verbose lists them", plural(more));
    }
    text
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

/// The indexes of the rows without an answer that ask for something the recording does not have.
fn unrecorded_rows(
    model: &Model,
    comparisons: &[Comparison],
    recording: &Recording,
) -> HashSet<usize> {
    let Ok(layers) = recording.layers() else { return HashSet::new() };
    let is_unrecorded = |comparison: &Comparison| {
        matches!(comparison.outcome, Outcome::Unavailable(_))
            && mapping::map(&comparison.row, &model.config).is_ok_and(|mapped| {
                let mut questions = mapped.questions(&layers).into_iter();
                questions.any(|question| !recording.entries.contains_key(&question.request.key()))
            })
    };
    let indexed = comparisons.iter().enumerate();
    indexed.filter(|(_, row)| is_unrecorded(row)).map(|(index, _)| index).collect()
}

/// The group and metric with the largest bias in either direction; `None` without a group of enough rows.
fn farthest(slices: &[Slice]) -> Option<String> {
    let biased = slices.iter().flat_map(|slice| {
        slice.statistics.iter().filter_map(move |(metric, statistics)| {
            let statistics = statistics.as_ref().filter(|s| s.n >= LEAST_ROWS)?;
            Some((slice, metric, statistics))
        })
    });
    let (slice, metric, statistics) =
        biased.max_by(|(.., a), (.., b)| a.bias.ln().abs().total_cmp(&b.bias.ln().abs()))?;
    let size = bias_words(statistics.bias);
    let words = format!(
        "farthest off: {} of {}, {size} on average ({} rows)",
        metric.title(),
        slice.label,
        statistics.n
    );
    Some(wrapped(&words, "", "  ", WIDTH))
}

/// The first rows that are outside their bands, and how to look into one.
fn outside(answer: ModelAnswer<'_>) -> String {
    let ModelAnswer { model, evaluation, failures, verbose, .. } = answer;
    let judged = evaluation.comparisons.iter().zip(&evaluation.verdicts);
    let outside: Vec<(&Comparison, &RowVerdict)> =
        judged.filter(|(_, verdict)| verdict.status == Status::Outside).collect();
    let Some((first, _)) = outside.first() else { return String::new() };
    let are = if outside.len() == 1 { " is outside its band" } else { "s are outside their bands" };
    let mut text = format!("{} row{are}:\n", outside.len());
    for (comparison, verdict) in outside.iter().take(ROWS_SHOWN) {
        if verbose {
            let _ = writeln!(text, "\n{}", failure_text(comparison, verdict, model));
        } else {
            let reason = wrapped(&failure_reason(verdict), "    ", "    ", WIDTH);
            let _ = writeln!(text, "  {}\n{reason}", comparison.row.name());
        }
    }
    if let Some(more @ 1..) = outside.len().checked_sub(ROWS_SHOWN) {
        let _ = writeln!(text, "  and {more} more: see {failures}");
    }
    let _ = writeln!(text, "look into one:\n  {}\n", explain_command(model, first));
    text
}

/// The closing table of a run over several models: a line per model, with a model that could not be judged too.
#[must_use]
pub fn models_table<'a>(
    models: impl IntoIterator<Item = (&'a str, Result<&'a Evaluation, &'a Error>)>,
    style: Style,
) -> String {
    let mut columns = vec![("model", Align::Left), ("predicted", Align::Right)];
    columns.extend(SHORT_TITLES.map(|title| (title, Align::Right)));
    columns.push(("", Align::Left));
    let mut table = TextTable::new(&columns).dense();
    for (name, judged) in models {
        let mut line = vec![name.to_owned()];
        match judged {
            Ok(evaluation) => {
                let Coverage { predicted, rows } = evaluation.coverage();
                line.push(format!("{predicted}/{rows}"));
                line.extend(Metric::ALL.map(|metric| {
                    let statistics = statistics(&evaluation.comparisons, metric);
                    statistics.map_or_else(|| "-".to_owned(), |s| percent(s.mape_percent))
                }));
                line.push(verdict(evaluation, style));
            }
            Err(error) => {
                line.extend(std::iter::repeat_n("-".to_owned(), 1 + Metric::ALL.len()));
                line.push(match error.exit() {
                    Exit::Unavailable => style.mark(Tone::Caution, "INCOMPLETE"),
                    _ => style.mark(Tone::Bad, "ERROR"),
                });
            }
        }
        table.line(line);
    }
    format!("MAPE in % of each model\n{}", table.to_text())
}
