//! The table of all rows.

use maud::{Markup, html};

use super::super::judged_rows;
use super::scrolled;
use crate::base::statistics::Pair;
use crate::judge::compare::statistics;
use crate::judge::evaluation::Evaluation;
use crate::judge::verdict::Status;
use crate::report::{figure_to, ratio_text};
use crate::row::metric::Metric;

/// All rows with their verdicts and, for each metric, predicted / measured. The page's script filters and sorts
/// the table and divides it into pages.
pub(crate) fn rows_table(evaluation: &Evaluation) -> Markup {
    let metrics: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(|&metric| statistics(&evaluation.comparisons, metric).is_some())
        .collect();
    html! {
        (filter(evaluation))
        (pages())
        (scrolled("rows", &html! { table.rows data-page="200" {
            caption { "Every row, with predicted / measured of each metric. A bar reaches from 1 in the middle to a factor of 4 \
                at either end; left is too low. Click a heading to sort." }
            thead { tr {
                th scope="col" { "row" } th scope="col" { "verdict" }
                @for metric in &metrics { th scope="col" { (metric.title()) " p/m" } }
                th scope="col" { "approximations" }
            } }
            tbody { @for (comparison, verdict) in judged_rows(evaluation) {
                tr {
                    th scope="row" { a href=(format!("#{}", comparison.row.name())) { (breakable(&comparison.row.name())) } }
                    td class=(verdict.status.name()) { (verdict.status.words()) }
                    @for &metric in &metrics {
                        (ratio_cell(comparison.pair(metric)))
                    }
                    td { (comparison.approximations.join(", ")) }
                }
            } }
        } }))
        (pages())
    }
}

/// A pair's predicted / measured, with a bar from 1 in the middle to a factor of 4 at either end.
fn ratio_cell(pair: Option<Pair>) -> Markup {
    let Some(ratio) = pair.map(Pair::ratio) else { return html! { td.none { "–" } } };
    let offset = (ratio.ln() / 4f64.ln()).clamp(-1.0, 1.0) * 50.0;
    let (left, right) = (50.0 + offset.min(0.0), 50.0 + offset.max(0.0));
    html! {
        td.ratio.high[ratio > 1.0] data-value=(figure_to(ratio, 5)) style=(format!("--l:{left:.0}%;--r:{right:.0}%")) {
            (ratio_text(ratio))
        }
    }
}

/// The fields that filter the rows, hidden without the script.
fn filter(evaluation: &Evaluation) -> Markup {
    html! { form.filter hidden {
        label { "Filter by name, verdict or approximation: "
            input type="search" name="q" placeholder="b200 vllm c64"; } " "
        label { "Verdict: " select name="verdict" { option value="" { "any" }
            @for status in Status::ALL { @if evaluation.count(status) > 0 {
                option value=(status.words()) { (status.words()) " (" (evaluation.count(status)) ")" }
            } }
        } }
        " " output aria-live="polite" {}
    } }
}

/// The buttons that turn the table's pages, hidden without the script.
fn pages() -> Markup {
    html! { p.pages hidden {
        button type="button" data-step="-1" { "previous" } " " output aria-live="polite" {} " "
        button type="button" data-step="1" { "next" }
    } }
}

/// A row's name, which may break between its parts.
fn breakable(name: &str) -> Markup {
    html! { @for (index, part) in name.split("::").enumerate() {
        @if index > 0 { "::" wbr; } (part)
    } }
}
