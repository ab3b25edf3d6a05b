//! One HTML page a model, and an index over them: for people who argue with pictures. A page needs no network
//! and reads without its script.

mod chart;
mod details;
mod figures;
mod groups;
mod series;
mod table;

use figures::Drawn;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use series::Series;

use crate::base::statistics::Statistics;
use crate::judge::compare::{Comparison, distinct, statistics, step_metric};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::{RowVerdict, Status};
use crate::mantile::breakdown::{LayerTime, RequestPhase};
use crate::predict::mapping::Recorded;
use crate::report::{ReleaseErrors, coverage_text, dataset, verdict_word};
use crate::row::metric::Metric;
use crate::row::{Layout, Parallelism};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page's file name.
#[must_use]
pub fn file_name(model: &str) -> String {
    format!("{model}.html")
}

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct PageSubject<'a> {
    /// The model.
    pub model: &'a Model,
    /// Whose predictions they are, such as "Mantile 72ff84e, recorded 2026-02-01".
    pub origin: &'a str,
    /// Its judgement.
    pub evaluation: &'a Evaluation,
    /// What was asked and answered for each row, where it is recorded, in the order of the rows.
    pub recorded: &'a [Option<Recorded>],
    /// The errors of each recorded release, oldest first.
    pub history: &'a [ReleaseErrors],
}

/// A part of a page.
struct Section {
    id: &'static str,
    title: &'static str,
    introduction: &'static str,
    content: Markup,
}

fn section(id: &'static str, title: &'static str, content: Markup) -> Section {
    Section { id, title, introduction: "", content }
}

impl Section {
    fn introduced(self, introduction: &'static str) -> Self {
        Self { introduction, ..self }
    }
}

/// The page of a model.
#[must_use]
pub fn page(subject: PageSubject<'_>) -> String {
    let PageSubject { model, origin, evaluation, .. } = subject;
    let series = Series::new(&evaluation.comparisons);
    let sections = sections(subject, &series);
    let body = html! {
        a.skip href="#bias" { "to the figures" } " " a.skip href="#rows" { "to the rows" }
        header {
            p { a href="index.html" { "all models" } }
            h1 { (model.name) }
            p { strong class=(verdict_word(evaluation)) { (verdict_word(evaluation)) } " " (origin) ", against "
                (dataset(&evaluation.comparisons)) }
            ul { @for line in coverage_text(&evaluation.comparisons).lines() { li { (line.trim()) } } }
            (tiles(&evaluation.comparisons))
        }
        nav aria-label="Sections" { ul {
            @for section in &sections { li { a href=(format!("#{}", section.id)) { (section.title) } } }
        } }
        main {
            @for Section { id, title, introduction, content } in &sections {
                section id=(id) {
                    h2 { (title) }
                    @if !introduction.is_empty() { p { (introduction) } }
                    (content)
                }
            }
        }
        (PreEscaped(ENTRY[0])) (entry(subject)) (PreEscaped(ENTRY[1]))
    };
    document(&format!("{} – Mantile against measurement", model.name), &series.style(), &body)
}

/// The parts that there is something to show in.
fn sections(subject: PageSubject<'_>, series: &Series) -> Vec<Section> {
    let PageSubject { model, evaluation, history, .. } = subject;
    let comparisons = &evaluation.comparisons;
    let drawn = Drawn { model, evaluation, series };
    let metrics = distinct(comparisons);
    let many = |class: &str, figures: Vec<Option<Markup>>| {
        let figures: Vec<Markup> = figures.into_iter().flatten().collect();
        (!figures.is_empty())
            .then(|| html! { div class=(class) { @for figure in &figures { (figure) } } })
    };
    let each = |draw: fn(Drawn<'_>, Metric) -> Option<Markup>| {
        many("many two", metrics.iter().map(|metric| draw(drawn, *metric)).collect())
    };
    let coloured = |figures: Markup| html! { (series.legends()) (figures) };
    let scatter = each(figures::predicted_against_measured).map(coloured);
    let residuals = many("many", error_figures(subject, drawn)).map(coloured);
    let distributions = each(figures::distributions);
    let deviations = groups::known_deviations(evaluation);
    let sections = [
        Some(section("bias", "Where it is off", groups::heat_map(comparisons)).introduced(
            "MAPE, and the bias predicted / measured under it. The deeper the colour, the larger the MAPE; blue is \
             predicted too low on the mean, orange too high, grey neither by more than 5%.",
        )),
        scatter.map(|drawn| section("scatter", "Predicted against measured", drawn)),
        distributions.map(|drawn| section("distributions", "Distribution of errors", drawn)),
        residuals.map(|drawn| {
            section("residuals", "What the error goes with", drawn).introduced(
                "Predicted / measured against what a row asks for, and against what Mantile says its time goes to. A \
                 slope or a step is an error of structure, which no single factor mends.",
            )
        }),
        figures::frontiers(drawn).map(|drawn| {
            section("frontiers", "Throughput against interactivity", drawn).introduced(
                "Each chart is what one deployment is chosen from: up is cheaper, right is faster for each user, and on the \
                 frontier neither is had for nothing. Where the dashed line of what is predicted runs above the solid \
                 one, Mantile promises too much. A demand is the interactivity of a configuration on the measured \
                 frontier; it is missed where the one that Mantile says to take is slower, and the regret is the \
                 measured throughput that its choice gives up for the others.",
            )
        }),
        Some(section("bands", "Bands", groups::band_coverage(evaluation)).introduced(
            "How many rows of each group lie in the bands of reconcile.toml. The hatched part of a bar is outside, \
             the golden one is known to be, for a reason and until a day.",
        )),
        groups::checks(evaluation).map(|made| {
            section("checks", "Gates and checks", made)
                .introduced("What is asked of groups, of coverage and of the recording, beside the bands of rows.")
        }),
        deviations.map(|found| {
            section("deviations", "Known deviations", found)
                .introduced("Rows that are outside their bands, for a reason and until a day.")
        }),
        figures::history(history).map(|drawn| {
            section("history", "Releases", html! { div.wide { (drawn) } })
                .introduced("MAPE of all rows by recorded release.")
        }),
        Some(section("rows", "Rows", table::table(subject))),
        Some(section("details", "Everything about each row", details::details(subject))),
    ];
    sections.into_iter().flatten().collect()
}

/// The errors over all rows, large.
fn tiles(comparisons: &[Comparison]) -> Markup {
    html! { dl.tiles { @for metric in Metric::ALL {
        @if let Some(Statistics { mape_percent, bias, n, .. }) = statistics(comparisons, metric) {
            div { dt { (metric.title()) } dd { (format!("{mape_percent:.1}%")) }
                dd { small { "MAPE, bias " (format!("{bias:.2}")) ", n " (n) } } }
        }
    } } }
}

/// What the error is held against.
type Property<'a> = (&'a str, &'a dyn Fn(&Comparison, Metric) -> Option<f64>);
/// A part of a layer's time, ms.
type Part = fn(&LayerTime) -> f64;

fn error_figures(subject: PageSubject<'_>, drawn: Drawn<'_>) -> Vec<Option<Markup>> {
    let PageSubject { recorded, evaluation, .. } = subject;
    let has = |metric: &Metric| statistics(&evaluation.comparisons, *metric).is_some();
    let first = |of: &[Metric]| of.iter().copied().find(has);
    let step = step_metric(&evaluation.comparisons);
    let throughput = first(&[Metric::Throughput, Metric::OutputThroughput]);
    let mut metrics: Vec<Metric> =
        [step, first(&[Metric::Ttft]), throughput].into_iter().flatten().collect();
    metrics.dedup();
    let concurrency =
        |one: &Comparison, _: Metric| one.row.identity.concurrency.fixed().map(f64::from);
    let context = |one: &Comparison, _: Metric| {
        let identity = &one.row.identity;
        Some(f64::from(identity.input_seq_len) + f64::from(identity.output_seq_len))
    };
    let width = |one: &Comparison, metric: Metric| {
        Some(f64::from(engine(&one.row.identity.layout, metric).tensor_parallel))
    };
    let properties: [Property<'_>; 3] = [
        ("concurrency", &concurrency),
        ("context, ISL + OSL", &context),
        ("tensor parallel", &width),
    ];
    let mut figures = Vec::new();
    for (property, of) in properties {
        for &metric in &metrics {
            let of = |_: usize, one: &Comparison| of(one, metric);
            figures.push(figures::error_against(drawn, metric, property, "", of));
        }
    }
    let parts: [(&str, Part); 4] = [
        ("load", |layer| layer.load_ms),
        ("compute", |layer| layer.compute_ms),
        ("communication", |layer| layer.communication_ms),
        ("overhead", |layer| layer.overhead_ms),
    ];
    let phases = [
        (step, RequestPhase::Decode, "step"),
        (Some(Metric::Ttft), RequestPhase::Prefill, "prefill"),
    ];
    for (metric, phase, name) in phases {
        for (part, of) in parts {
            let property = format!("{part} share of the {name}");
            let share = |row: usize, _: &Comparison| {
                let breakdown = &recorded.get(row)?.as_ref()?.breakdown;
                Some(breakdown.share(phase, of).max(figures::LEAST_SHARE))
            };
            let note = " Shares need not add up to 1: some parts hide behind others.";
            let draw = |metric| figures::error_against(drawn, metric, &property, note, share);
            figures.push(metric.and_then(draw));
        }
    }
    figures
}

/// The engine whose width a metric goes with: of separate pools that of prefill for TTFT, of decode for others.
fn engine(layout: &Layout, metric: Metric) -> &Parallelism {
    match layout {
        Layout::Aggregated(engine) => engine,
        Layout::Disaggregated { prefill, .. } if metric == Metric::Ttft => &prefill.parallelism,
        Layout::Disaggregated { decode, .. } => &decode.parallelism,
    }
}

fn rows(evaluation: &Evaluation) -> impl Iterator<Item = (&Comparison, &RowVerdict)> {
    evaluation.comparisons.iter().zip(&evaluation.verdicts)
}

/// Around a page's line of the index, which is made of what the pages say of themselves.
const ENTRY: [&str; 2] = ["<template id=\"entry\">", "</template>"];

/// A page's line of the index.
fn entry(subject: PageSubject<'_>) -> Markup {
    let PageSubject { model, origin, evaluation, .. } = subject;
    let coverage = evaluation.coverage();
    html! { tr {
        th scope="row" { a href=(file_name(&model.name)) { (model.name) } br;
            small { (origin) ", against " (dataset(&evaluation.comparisons)) } }
        td class=(verdict_word(evaluation)) { (verdict_word(evaluation)) }
        td { (coverage.predicted) "/" (coverage.rows) }
        @for metric in Metric::ALL {
            (groups::heat_cell(statistics(&evaluation.comparisons, metric).as_ref()))
        }
        td { (evaluation.count(Status::KnownDeviation)) }
        td { (evaluation.count(Status::Outside)) }
    } }
}

/// The line of the index that a page holds, if it is one.
#[must_use]
pub fn entry_of(page: &str) -> Option<&str> {
    let start = page.find(ENTRY[0])? + ENTRY[0].len();
    Some(&page[start..start + page[start..].find(ENTRY[1])?])
}

/// The page over all models, made of the lines that their pages hold.
#[must_use]
pub fn index<'a>(entries: impl IntoIterator<Item = &'a str>) -> String {
    let body = html! {
        header { h1 { "Mantile against measurement" } }
        main { section {
            h2 { "Models" }
            p { "MAPE of all rows, and the bias predicted / measured under it. The deeper the colour, the larger the MAPE; \
                 blue is predicted too low on the mean, orange too high, grey neither by more than 5%." }
            (groups::scrolled("models", &html! { table.heat.models {
                caption { "Each model's verdict, rows with a prediction of those measured, errors by metric, and rows \
                    outside their bands, known to be or not" }
                thead { tr { th scope="col" { "model" } th scope="col" { "verdict" } th scope="col" { "predicted" }
                    @for metric in Metric::ALL { th scope="col" { (metric.title()) } }
                    th scope="col" { "known" } th scope="col" { "outside" } } }
                tbody { @for entry in entries { (PreEscaped(entry)) } }
            } }))
        } }
    };
    document("Mantile against measurement", "", &body)
}

fn document(title: &str, series: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(series)) }
            }
            body {
                button.theme type="button" hidden { "light / dark" }
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::judge::model;
    use crate::testing::comparison;

    /// A page of rows that are off by these factors, at rising concurrency.
    fn page_of(rows: usize, framework: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let model = model::load(root, "openai_GPT-OSS-120B").unwrap();
        let comparisons: Vec<Comparison> = (0..rows)
            .map(|index| {
                let mut one = comparison(1.0 + 0.1 * (index % 7) as f64);
                one.row.identity.framework = framework.to_owned();
                let requests = u32::try_from(index).unwrap() + 1;
                one.row.identity.concurrency = crate::row::Concurrency::Fixed(requests);
                one
            })
            .collect();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let evaluation = Evaluation::of_rows(&model, comparisons, now);
        let subject = PageSubject {
            model: &model,
            origin: "Mantile, made up",
            evaluation: &evaluation,
            recorded: &[],
            history: &[],
        };
        page(subject)
    }

    #[test]
    fn what_comes_from_data_is_escaped() {
        let page = page_of(5, "<script>alert(1)</script>");
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert(1)"));
    }

    #[test]
    fn a_page_needs_no_network_and_is_the_same_each_time() {
        let page = page_of(20, "vllm");
        assert_eq!(page, page_of(20, "vllm"));
        for part in ["src=", "url(", "@import", "href=\"http"] {
            assert!(!page.contains(part), "{part}");
        }
        let sections: Vec<&str> = page
            .split("<section id=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .collect();
        let expected =
            ["bias", "scatter", "distributions", "residuals", "bands", "rows", "details"];
        assert_eq!(sections, expected, "without frontiers, known deviations and history");
        let images = page.matches("role=\"img\"").count();
        assert!(images > 3);
        assert_eq!(page.matches("aria-label=\"\"").count(), 0);
        assert_eq!(page.matches("<figcaption").count(), page.matches("<figure").count());
    }

    #[test]
    fn many_rows_are_thinned_out_in_figures_and_all_in_the_table() {
        let (few, many) = (page_of(300, "vllm"), page_of(5000, "vllm"));
        assert!(few.len() < 1_000_000, "{}", few.len());
        assert!(many.len() < 9_000_000, "{}", many.len());
        let marks = |page: &str| {
            let figures: Vec<usize> = page
                .split("<figure")
                .skip(1)
                .map(|part| part.matches("class=\"mark ").count())
                .collect();
            figures.into_iter().max().unwrap()
        };
        assert!(marks(&few) >= 300 && marks(&many) <= 1100, "{}", marks(&many));
        assert_eq!(many.matches("<th scope=\"row\"><a href=\"#").count(), 5000);
    }
}
