//! The index of all models, made of the line that each model's page holds for it.

use maud::{Markup, PreEscaped, html};

use super::PageSubject;
use super::html::{document, file_name};
use super::tables::{SHADES, heat_cell, scrolled};
use crate::judge::compare::statistics;
use crate::judge::verdict::Status;
use crate::report::{dataset, verdict_word};
use crate::row::metric::Metric;

/// The tags around a page's line of the index.
const TAGS: [&str; 2] = ["<template id=\"entry\">", "</template>"];

/// A page's line of the index, which the page itself does not show.
pub(super) fn entry(subject: PageSubject<'_>) -> Markup {
    let PageSubject { model, origin, evaluation, .. } = subject;
    let coverage = evaluation.coverage();
    html! { (PreEscaped(TAGS[0])) tr {
        th scope="row" { a href=(file_name(&model.name)) { (model.name) } br;
            small { (origin) ", against " (dataset(&evaluation.comparisons)) } }
        td class=(verdict_word(evaluation)) { (verdict_word(evaluation)) }
        td { (coverage.predicted) "/" (coverage.rows) }
        @for metric in Metric::ALL {
            (heat_cell(statistics(&evaluation.comparisons, metric).as_ref()))
        }
        td { (evaluation.count(Status::KnownDeviation)) }
        td { (evaluation.count(Status::Outside)) }
    } (PreEscaped(TAGS[1])) }
}

/// The line of the index that a page holds; `None` for any other HTML.
#[must_use]
pub fn entry_of(page: &str) -> Option<&str> {
    let start = page.find(TAGS[0])? + TAGS[0].len();
    Some(&page[start..start + page[start..].find(TAGS[1])?])
}

/// The index of all models, from the lines that their pages hold.
#[must_use]
pub fn index<'a>(entries: impl IntoIterator<Item = &'a str>) -> String {
    let table = html! { table.heat.models {
        caption { "Each model with its verdict, predicted / measured rows, errors by metric, and the rows outside their \
            bands: known deviations, and others" }
        thead { tr { th scope="col" { "model" } th scope="col" { "verdict" } th scope="col" { "predicted" }
            @for metric in Metric::ALL { th scope="col" { (metric.title()) } }
            th scope="col" { "known" } th scope="col" { "outside" } } }
        tbody { @for entry in entries { (PreEscaped(entry)) } }
    } };
    let body = html! {
        header { h1 { "Mantile against measurement" } }
        main { section {
            h2 { "Models" }
            (scrolled("models", &table))
            p { (SHADES) }
        } }
    };
    document("Mantile against measurement", "", &body)
}
