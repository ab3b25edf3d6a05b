//! One HTML page a model, and an index over them: for people who argue with pictures. A page needs no network
//! and reads without its script.

mod chart;
mod figures;
mod series;

use std::collections::{BTreeMap, BTreeSet};

use chart::shapes;
use figures::Drawn;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use series::Series;

use crate::breakdown::{Breakdown, LayerTime};
use crate::compare::{Comparison, statistics};
use crate::evaluation::Evaluation;
use crate::folder::Model;
use crate::mantile::SystemMetricsRequest;
use crate::mapping::Recorded;
use crate::metric::Metric;
use crate::report::{
    ReleaseErrors, coverage_text, figure as four_digits, rerun_command, verdict_word,
};
use crate::statistics::Statistics;
use crate::verdict::{RowVerdict, Standing, Status};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page's file name.
#[must_use]
pub fn file_name(model: &str) -> String {
    format!("{model}.html")
}

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The model.
    pub model: &'a Model,
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
pub fn page(subject: Subject<'_>) -> String {
    let Subject { model, evaluation, .. } = subject;
    let coverage = evaluation.coverage();
    let sections = sections(subject);
    let body = html! {
        a.skip href="#rows" { "to the rows" }
        header {
            p { a href="index.html" { "all models" } }
            h1 { (model.name) }
            p { "Mantile " (model.release) " against measurement: " (coverage.predicted) " of " (coverage.rows)
                " rows predicted. " strong class=(verdict_word(evaluation)) { (verdict_word(evaluation)) } }
            @for reason in coverage_text(&evaluation.comparisons).lines().skip(1) { p { (reason.trim()) } }
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
    };
    document(&format!("{} – Mantile against measurement", model.name), &body)
}

/// The parts that there is something to show in.
fn sections(subject: Subject<'_>) -> Vec<Section> {
    let Subject { model, evaluation, history, .. } = subject;
    let comparisons = &evaluation.comparisons;
    let series = Series::new(comparisons);
    let drawn = Drawn { model, comparisons, series: &series };
    let has = |metric: &Metric| statistics(comparisons, *metric).is_some();
    let metrics: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(has)
        // Of output throughput the error is that of the total, where there is one.
        .filter(|metric| *metric != Metric::OutputThroughput || !has(&Metric::Throughput))
        .collect();
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
    let bands = figures::band_coverage(comparisons, &evaluation.verdicts);
    let sections = [
        Some(section("bias", "Where it is off", figures::heat_map(comparisons)).introduced(
            "MAPE, and the bias predicted / measured under it. Blue is predicted too low, orange too high, the \
             deeper the farther.",
        )),
        scatter.map(|drawn| section("scatter", "Predicted against measured", drawn)),
        distributions.map(|drawn| section("distributions", "Distribution of errors", drawn)),
        residuals.map(|drawn| section("residuals", "What the error goes with", drawn)),
        figures::frontiers(model, comparisons).map(|drawn| {
            section("frontiers", "Throughput against interactivity", drawn).introduced(
                "Each chart is what one deployment is chosen from, the solid line the measured frontier and the dashed one \
                 the predicted. A demand is the \
                 interactivity of a configuration on the measured frontier; it is missed where the one that \
                 Mantile says to take is slower, and the regret is the measured throughput that its choice \
                 gives up for the others.",
            )
        }),
        Some(section("bands", "Bands", bands).introduced(
            "How many rows of each group lie in the bands of reconcile.toml. The hatched part of a bar is outside, \
             the yellow one is known to be, for a reason and until a day.",
        )),
        known_deviations(evaluation).map(|found| {
            section("deviations", "Known deviations", found)
                .introduced("Rows that are outside their bands, for a reason and until a day.")
        }),
        figures::history(history).map(|drawn| {
            section("history", "Releases", html! { div.many { (drawn) } }).introduced("MAPE of all rows by recorded release.")
        }),
        Some(section("rows", "Rows", table(subject))),
        Some(section("details", "Everything about each row", details(subject))),
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

/// A part of a layer's time, ms.
type Part = fn(&LayerTime) -> f64;

fn error_figures(subject: Subject<'_>, drawn: Drawn<'_>) -> Vec<Option<Markup>> {
    let Subject { recorded, .. } = subject;
    let concurrency =
        |_: usize, one: &Comparison| one.row.identity.concurrency.fixed().map(f64::from);
    let gpus = |_: usize, one: &Comparison| Some(f64::from(one.row.identity.gpus()));
    let context = |_: usize, one: &Comparison| {
        let identity = &one.row.identity;
        Some(f64::from(identity.input_seq_len) + f64::from(identity.output_seq_len))
    };
    let parts: [(&str, Part); 4] = [
        ("load share of the step", |layer| layer.load_ms),
        ("compute share of the step", |layer| layer.compute_ms),
        ("communication share of the step", |layer| layer.communication_ms),
        ("overhead share of the step", |layer| layer.overhead_ms),
    ];
    let comparisons = &subject.evaluation.comparisons;
    let has = |metric: &Metric| statistics(comparisons, *metric).is_some();
    // The step's error, or what comes nearest to it.
    let main = [Metric::Tpot, Metric::E2eLatency, Metric::OutputThroughput].into_iter().find(has);
    let Some(main) = main else { return Vec::new() };
    let shares = parts.map(|(property, part)| {
        let note = " The parts of a step hide behind each other or add up; at the left edge there is none.";
        figures::error_against(drawn, main, property, note, |row, _| {
            Some(recorded.get(row)?.as_ref()?.breakdown.decode_share(part).max(LEAST_SHARE))
        })
    });
    let mut figures = vec![
        figures::error_against(drawn, main, "concurrency", "", concurrency),
        figures::error_against(drawn, Metric::Ttft, "concurrency", "", concurrency),
        figures::error_against(drawn, main, "GPUs", "", gpus),
        figures::error_against(drawn, main, "context, ISL + OSL", "", context),
    ];
    figures.extend(shares);
    figures
}

/// A smaller share of a step is drawn as this.
const LEAST_SHARE: f64 = 1e-4;

/// The columns of the table: what is shown of each metric is predicted / measured.
fn table(subject: Subject<'_>) -> Markup {
    let Subject { evaluation, .. } = subject;
    let metrics: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(|&metric| statistics(&evaluation.comparisons, metric).is_some())
        .collect();
    html! {
        form.filter hidden { label { "Rows with " input type="search" name="q" placeholder="b200 vllm c64"; }
            " " output aria-live="polite" {} }
        div.scroll tabindex="0" { table.rows data-page="200" {
            caption { "Every row, with predicted / measured of each metric; a heading sorts" }
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
                                td.ratio data-value=(format!("{ratio:.4}")) {
                                    span.offset style=(format!("left:{:.1}%;width:{:.1}%", 50.0 + off.min(0.0), off.abs())) {}
                                    span { (format!("{ratio:.2}")) }
                                }
                            }
                            None => td.none { "–" }
                        }
                    }
                    td { (comparison.approximations.join(", ")) }
                }
            } }
        } }
        p.pages hidden { button type="button" data-step="-1" { "previous" } " " output {} " " button type="button" data-step="1" { "next" } }
    }
}

/// The reasons of the known deviations, with how many rows and quantities they are for and the last day.
fn known_deviations(evaluation: &Evaluation) -> Option<Markup> {
    #[derive(Default)]
    struct Known {
        rows: BTreeSet<String>,
        titles: BTreeSet<&'static str>,
    }
    let mut reasons: BTreeMap<(&str, String), Known> = BTreeMap::new();
    for (comparison, verdict) in rows(evaluation) {
        for judged in &verdict.quantities {
            if let (Standing::Known, Some(deviation)) = (judged.standing, &judged.deviation) {
                let key = (deviation.reason.as_str(), deviation.expires.to_string());
                let known = reasons.entry(key).or_default();
                known.rows.insert(comparison.row.name());
                known.titles.insert(judged.quantity.title());
            }
        }
    }
    (!reasons.is_empty()).then(|| {
        html! { ul { @for ((reason, expires), Known { rows, titles }) in &reasons {
            li { (reason) ": " (rows.len()) " rows, " (titles.iter().copied().collect::<Vec<_>>().join(", "))
                ", until " (expires) }
        } } }
    })
}

fn rows(evaluation: &Evaluation) -> impl Iterator<Item = (&Comparison, &RowVerdict)> {
    evaluation.comparisons.iter().zip(&evaluation.verdicts)
}

/// Everything about each row, folded up.
fn details(subject: Subject<'_>) -> Markup {
    let Subject { model, evaluation, recorded, .. } = subject;
    html! { p { "Bands are of " code { (model.config.path.display()) } "." }
    @for (index, (comparison, verdict)) in rows(evaluation).enumerate() {
        details id=(comparison.row.name()) {
            summary { (comparison.row.name()) " " em class=(verdict.status.name()) { (verdict.status.words()) } }
            @if let Some(problem) = &verdict.problem { p { (problem) } }
            p { (measured(comparison)) " " a href="#rows" { "back to the rows" } }
            @if !verdict.quantities.is_empty() { (quantities(verdict)) }
            @if let Some(Some(recorded)) = recorded.get(index) {
                p { (asked(recorded)) } p { (answered(comparison)) } (times(&recorded.breakdown))
            }
            @if verdict.status != Status::Unmapped {
                p { code { (rerun_command(model, comparison)) } }
            }
        }
    } }
}

/// A row's name that may be broken between its parts.
fn breakable(name: &str) -> Markup {
    html! { @for (index, part) in name.split("::").enumerate() {
        @if index > 0 { "::" wbr; } (part)
    } }
}

/// When and by which run a row was measured, and what its prediction glosses over.
fn measured(comparison: &Comparison) -> String {
    let provenance = &comparison.row.provenance;
    let date = provenance.benchmark_date.as_deref().unwrap_or("no day is known");
    let run = match &provenance.run_id[..] {
        "" => String::new(),
        run => format!(", run {run}"),
    };
    let approximations = if comparison.approximations.is_empty() {
        String::new()
    } else {
        format!("; approximations: {}", comparison.approximations.join(", "))
    };
    format!("measured: {date}{run}{approximations}.")
}

/// What Mantile was asked for a row.
fn asked(recorded: &Recorded) -> String {
    let SystemMetricsRequest { prefill_req: prefill, decode_req: decode } =
        &recorded.question.request;
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, layer) in &decode.layers {
        let degrees = layer.parallelism.iter().map(|(name, degree)| format!("{name} {degree}"));
        let words: Vec<String> = std::iter::once(layer.dtype.clone()).chain(degrees).collect();
        alike.entry(words.join(" ")).or_default().push(name);
    }
    let layers: Vec<String> =
        alike.iter().map(|(words, names)| format!("{} {words}", names.join(", "))).collect();
    format!(
        "asked: {}, prefill {} × {} tokens, decode {} × {} over {}; {}; recorded as {}",
        decode.hardware_id,
        prefill.batch_size,
        prefill.seq_len,
        decode.batch_size,
        decode.seq_len,
        decode.context_len.unwrap_or(0),
        layers.join("; "),
        recorded.question.request.key()
    )
}

/// What it answered, beside the times.
fn answered(comparison: &Comparison) -> String {
    comparison.outcome.estimate().map_or_else(String::new, |estimate| {
        format!(
            "answered: TTFT {} ms, TPOT {} ms; GB: weights {}, KV cache {}, activations {}, a GPU {} of {}",
            four_digits(1e3 * estimate.metrics[Metric::Ttft]),
            four_digits(1e3 * estimate.metrics[Metric::Tpot]),
            four_digits(estimate.memory_weight_gb),
            four_digits(estimate.memory_kv_cache_gb),
            four_digits(estimate.memory_activation_gb),
            four_digits(estimate.memory_per_package_gb),
            four_digits(estimate.hw_capacity_gb)
        )
    })
}

fn quantities(verdict: &RowVerdict) -> Markup {
    html! { div.scroll tabindex="0" { table {
        thead { tr { th { "" } th { "measured" } th { "predicted" } th { "unit" } th { "ratio" } th { "band" } th { "" } } }
        tbody { @for judged in &verdict.quantities { tr {
            th scope="row" { (judged.quantity.title()) }
            td { (four_digits(judged.pair.measured)) } td { (four_digits(judged.pair.predicted)) }
            td { (judged.quantity.unit()) } td { (format!("{:.3}", judged.pair.ratio())) }
            td { @if let Some(band) = &judged.band { (band.value.to_string())
                @if band.line > 0 { " " small { "line " (band.line) } } } }
            td { (match judged.standing { Standing::Inside => "inside", Standing::Known => "known deviation", Standing::Outside => "outside", Standing::NoBand => "no band" })
                @if let Some(deviation) = &judged.deviation { ": " (deviation.reason) } }
        } } }
    } } }
}

/// The times of both phases by part, over all layers.
fn times(breakdown: &Breakdown) -> Markup {
    let titles = ["compute", "load", "communication", "overhead"];
    let phases = [("prefill", &breakdown.prefill), ("decode", &breakdown.decode)];
    let parts = |layers: &[LayerTime]| {
        layers.iter().fold([0.0; 4], |sum, layer| {
            let own = [layer.compute_ms, layer.load_ms, layer.communication_ms, layer.overhead_ms];
            std::array::from_fn(|part| sum[part] + layer.count * own[part])
        })
    };
    html! { @for (name, layers) in phases {
        p { (name) ", ms: " @for (index, (title, part)) in titles.iter().zip(parts(layers)).enumerate() {
            @if index > 0 { ", " } (title) " " (four_digits(part))
        } }
    } }
}

/// The page over all models.
#[must_use]
pub fn index(models: &[(String, Evaluation)]) -> String {
    let body = html! {
        header { h1 { "Mantile against measurement" } }
        main { section { h2 { "Models" } div.scroll tabindex="0" { table {
            thead { tr { th { "model" } th { "" } th { "predicted" } @for metric in Metric::ALL { th { (metric.title()) " MAPE" } } th { "outside" } } }
            tbody { @for (name, evaluation) in models {
                @let coverage = evaluation.coverage();
                tr {
                    th scope="row" { a href=(file_name(name)) { (name) } }
                    td class=(verdict_word(evaluation)) { (verdict_word(evaluation)) }
                    td { (coverage.predicted) "/" (coverage.rows) }
                    @for metric in Metric::ALL {
                        td { (statistics(&evaluation.comparisons, metric).map_or_else(|| "–".to_owned(), |found| format!("{:.1}%", found.mape_percent))) }
                    }
                    td { (evaluation.count(Status::Outside)) }
                }
            } }
        } } } }
    };
    document("Mantile against measurement", &body)
}

fn document(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                button.theme type="button" hidden { "light / dark" }
                (shapes())
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
    use crate::folder;
    use crate::verdict::tests::comparison;

    /// A page of rows that are off by these factors, at rising concurrency.
    fn page_of(rows: usize, framework: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let model = folder::load(root, "openai_GPT-OSS-120B").unwrap();
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
        page(Subject { model: &model, evaluation: &evaluation, recorded: &[], history: &[] })
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
