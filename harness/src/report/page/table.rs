//! The table of all rows.

use maud::{Markup, html};

use super::groups::scrolled;
use super::{PageSubject, rows};
use crate::judge::compare::statistics;
use crate::judge::verdict::Status;
use crate::report::{figure_to as figure, ratio_text};
use crate::row::metric::Metric;

/// The columns of the table: what is shown of each metric is predicted / measured.
pub(super) fn table(subject: PageSubject<'_>) -> Markup {
    let PageSubject { evaluation, .. } = subject;
    let metrics: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(|&metric| statistics(&evaluation.comparisons, metric).is_some())
        .collect();
    html! {
        form.filter hidden {
            label { "Rows with " input type="search" name="q" placeholder="b200 vllm c64"; } " "
            label { "that are " select name="verdict" { option value="" { "any" }
                @for status in Status::ALL { @if evaluation.count(status) > 0 {
                    option value=(status.words()) { (status.words()) " (" (evaluation.count(status)) ")" }
                } }
            } }
            " " output aria-live="polite" {}
        }
        (pages())
        (scrolled("rows", &html! { table.rows data-page="200" {
            caption { "Every row, with predicted / measured of each metric; a bar reaches from 1 to a factor of 4, left where \
                predicted is too low; a heading sorts" }
            thead { tr {
                th scope="col" { "row" } th scope="col" { "verdict" }
                @for metric in &metrics { th scope="col" { (metric.title()) " p/m" } }
                th scope="col" { "approximations" }
            } }
            tbody { @for (comparison, verdict) in rows(evaluation) {
                tr {
                    th scope="row" { a href=(format!("#{}", comparison.row.name())) { (breakable(&comparison.row.name())) } }
                    td class=(verdict.status.name()) { (verdict.status.words()) }
                    @for &metric in &metrics {
                        @match comparison.pair(metric) {
                            Some(pair) => {
                                @let ratio = pair.ratio();
                                // The bar reaches from the middle: by a factor of 4 to the end.
                                @let off = (ratio.ln() / 4f64.ln()).clamp(-1.0, 1.0) * 50.0;
                                td.ratio.high[ratio > 1.0] data-value=(figure(ratio, 5))
                                    style=(format!("--l:{:.0}%;--r:{:.0}%", 50.0 + off.min(0.0), 50.0 + off.max(0.0))) {
                                    (ratio_text(ratio))
                                }
                            }
                            None => td.none { "–" }
                        }
                    }
                    td { (comparison.approximations.join(", ")) }
                }
            } }
        } }))
        (pages())
    }
}

/// What turns the table's pages.
fn pages() -> Markup {
    html! { p.pages hidden {
        button type="button" data-step="-1" { "previous" } " " output aria-live="polite" {} " "
        button type="button" data-step="1" { "next" }
    } }
}

/// A row's name that may be broken between its parts.
fn breakable(name: &str) -> Markup {
    html! { @for (index, part) in name.split("::").enumerate() {
        @if index > 0 { "::" wbr; } (part)
    } }
}
