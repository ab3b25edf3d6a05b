//! The full summary of a comparison, which fills several pages.

use std::fmt::Write as _;

use super::coverage::{coverage_text, dataset};
use super::errors::{LEGEND, overall_table, slices_table};
use super::verdict::verdict_text;
use crate::base::statistics::Pair;
use crate::base::text::plural;
use crate::judge::compare::{Comparison, GroupBreakdown, ranked, statistics};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::report::numbers::signed_figure;
use crate::report::style::{heading, render};
use crate::report::text_table::fitted;
use crate::report::{Align, Style, TextTable, estimators};
use crate::row::metric::{Metric, PerMetric};

/// The number of best and of worst rows that are listed per metric.
const EXTREMES: usize = 5;

/// The full summary: coverage with reasons, errors overall and by every breakdown, other estimators, best and
/// worst rows by absolute error, verdicts and failed checks.
#[must_use]
pub fn comparison_summary(model: &Model, evaluation: &Evaluation, style: Style) -> String {
    let comparisons = &evaluation.comparisons;
    let mut text = String::new();
    heading(&mut text, style, 1, &format!("{}: Mantile against measurement", model.name));
    let _ = writeln!(text, "{}\n", dataset(comparisons));
    let _ = writeln!(text, "{}\n", coverage_text(comparisons));

    heading(&mut text, style, 2, "Errors");
    let _ = writeln!(text, "{LEGEND}\n");
    let overall = PerMetric::from_fn(|metric| statistics(comparisons, metric));
    let _ = writeln!(text, "{}\n", render(&overall_table(&overall), style));
    for breakdown in GroupBreakdown::ALL {
        heading(&mut text, style, 2, &format!("By {}", breakdown.title()));
        let _ = writeln!(text, "{}\n", slices_table(&breakdown.slices(comparisons), style));
    }

    text.push_str(&estimators::section(&evaluation.side_by_side, style));

    heading(&mut text, style, 2, "Best and worst rows by absolute error");
    for metric in Metric::ALL {
        if let Some(table) = extremes_table(comparisons, metric) {
            heading(&mut text, style, 3, &format!("{} ({})", metric.title(), metric.unit()));
            let _ = writeln!(text, "{}\n", render(&table, style));
        }
    }
    approximations(&mut text, model, comparisons, style);
    heading(&mut text, style, 2, "Verdict");
    let _ = writeln!(text, "{}", verdict_text(evaluation, style));
    if style.is_plain() { fitted(&text) } else { text }
}

/// The rows with the smallest and the largest absolute errors of a metric; `None` if no row has one.
fn extremes_table(comparisons: &[Comparison], metric: Metric) -> Option<TextTable> {
    let ranked = ranked(comparisons, metric);
    if ranked.is_empty() {
        return None;
    }
    let mut table = TextTable::new(&[
        ("", Align::Left),
        ("abs error", Align::Right),
        ("error%", Align::Right),
        ("row", Align::Left),
    ]);
    let mut line = |rank: &str, (comparison, pair): &(&Comparison, Pair)| {
        table.line(vec![
            rank.to_owned(),
            signed_figure(pair.abs_error()),
            format!("{:+.1}", pair.pct_error()),
            comparison.row.identity.to_string(),
        ]);
    };
    let worst = ranked.len().saturating_sub(EXTREMES).max(EXTREMES.min(ranked.len()));
    ranked.iter().take(EXTREMES).for_each(|row| line("best", row));
    ranked[worst..].iter().rev().for_each(|row| line("worst", row));
    Some(table)
}

/// The approximations of the model with their numbers of rows.
fn approximations(text: &mut String, model: &Model, comparisons: &[Comparison], style: Style) {
    if model.config.approximations.is_empty() {
        return;
    }
    heading(text, style, 2, "Approximations");
    for (name, why) in &model.config.approximations {
        let rows = comparisons.iter().filter(|c| c.approximations.contains(name)).count();
        let _ = writeln!(text, "- {name} ({rows} row{}): {why}", plural(rows));
    }
    text.push('\n');
}
