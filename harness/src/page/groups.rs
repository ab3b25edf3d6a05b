//! Tables of groups: where Mantile is off, what lies in its bands and what is known to be outside.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, PreEscaped, html};

use super::chart::{Scale, px};
use super::rows;
use crate::compare::{Breakdown, Comparison};
use crate::evaluation::Evaluation;
use crate::metric::Metric;
use crate::statistics::Statistics;
use crate::verdict::{Standing, Status};

/// Groups by metrics: MAPE and bias, the shade by the size of the bias.
pub(super) fn heat_map(comparisons: &[Comparison]) -> Markup {
    let slices = Breakdown::GPU_FRAMEWORK.predicted_slices(comparisons);
    html! {
        div.scroll tabindex="0" { table.heat {
            caption { "MAPE, and bias under it, by GPU, framework and metric" }
            thead { tr { th { "GPU / framework" } th { "rows" }
                @for metric in Metric::ALL { th scope="col" { (metric.title()) } } } }
            tbody { @for slice in &slices { tr {
                th scope="row" { (slice.label) } td { (slice.coverage.predicted) "/" (slice.coverage.rows) }
                @for metric in Metric::ALL { (heat_cell(slice.statistics[metric].as_ref())) }
            } } }
        } }
    }
}

/// MAPE, and bias under it, the deeper coloured the farther the bias is from 1.
pub(super) fn heat_cell(found: Option<&Statistics>) -> Markup {
    let Some(found) = found else { return html! { td.none { "–" } } };
    // ln 2 and beyond is as deep as it gets.
    let depth = (found.bias.ln().abs() / std::f64::consts::LN_2).min(1.0);
    let way = if found.bias > 1.0 { "high" } else { "low" };
    html! {
        td class=(way) style=(PreEscaped(format!("--depth:{depth:.2}"))) {
            (format!("{:.1}%", found.mape_percent)) br; small { (format!("× {:.2}", found.bias)) }
        }
    }
}

/// How many rows lie in their bands, a line a group.
pub(super) fn band_coverage(evaluation: &Evaluation) -> Markup {
    let mut groups: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (comparison, verdict) in rows(evaluation) {
        let place = match verdict.status {
            Status::Inside => 0,
            Status::KnownDeviation => 1,
            Status::Outside => 2,
            Status::NotPredicted | Status::Unmapped => continue,
        };
        groups.entry(Breakdown::GPU_FRAMEWORK.label(comparison)).or_default()[place] += 1;
    }
    html! {
        div.scroll tabindex="0" { table {
            caption { "Rows by where they lie, by GPU and framework" }
            thead { tr { th { "GPU / framework" } th { "inside" } th { "known deviation" } th { "outside" } th { "" } } }
            tbody { @for (name, counts) in &groups {
                @let all: usize = counts.iter().sum();
                @let share = |count: usize| format!("width:{:.1}%", 100.0 * count as f64 / all as f64);
                tr {
                    th scope="row" { (name) }
                    @for count in counts { td { (count) } }
                    td.bar {
                        span.inside style=(share(counts[0])) {}
                        span.known style=(share(counts[1])) {}
                        span.outside style=(share(counts[2])) {}
                    }
                }
            } }
        } }
    }
}

/// What each check of the whole model came to; nothing where a part is judged.
pub(super) fn checks(evaluation: &Evaluation) -> Option<Markup> {
    let failed: Vec<(&str, &str)> = evaluation.failed_checks().collect();
    let passed = evaluation.checks.len() - failed.len();
    (!evaluation.checks.is_empty()).then(|| {
        html! {
            p { (passed) " passed, " (failed.len()) " failed." }
            @if !failed.is_empty() { ul { @for (name, found) in &failed {
                li { code { (name) } ": " (found) }
            } } }
            details { summary { "those that passed" } ul {
                @for (name, found) in &evaluation.checks { @if found.is_ok() { li { code { (name) } } } }
            } }
        }
    })
}

/// A reason for deviations, with the rows, quantities and ratios that it is given for.
#[derive(Default)]
struct Known {
    rows: BTreeSet<String>,
    titles: BTreeSet<&'static str>,
    ratios: Vec<f64>,
}

/// The reasons of the known deviations, each with what it is given for and how far that is off.
pub(super) fn known_deviations(evaluation: &Evaluation) -> Option<Markup> {
    let mut reasons: BTreeMap<(&str, String), Known> = BTreeMap::new();
    for (comparison, verdict) in rows(evaluation) {
        for judged in &verdict.quantities {
            if let (Standing::Known, Some(deviation)) = (judged.standing, &judged.deviation) {
                let key = (deviation.reason.as_str(), deviation.expires.to_string());
                let known = reasons.entry(key).or_default();
                known.rows.insert(comparison.row.name());
                known.titles.insert(judged.quantity.title());
                known.ratios.push(judged.pair.ratio());
            }
        }
    }
    let most = reasons.values().map(|known| known.rows.len()).max()?;
    let ratios = reasons.values().flat_map(|known| known.ratios.iter().copied());
    let x = Scale::log(ratios.chain([0.8, 1.25]), 8.0, WIDTH - 8.0);
    Some(html! {
        div.scroll tabindex="0" { table.known {
            caption { "Each reason with its rows, and predicted / measured of each deviation: left of the dashed line too \
                low, right of it too high" }
            thead { tr { th scope="col" { "reason" } th scope="col" { "rows" } th {} th scope="col" { "of" }
                th scope="col" { "predicted / measured" } th scope="col" { "until" } } }
            tbody { @for ((reason, expires), Known { rows, titles, ratios }) in &reasons { tr {
                td { (reason) }
                td { (rows.len()) }
                td.bar { span.known style=(format!("width:{:.1}%", 100.0 * rows.len() as f64 / most as f64)) {} }
                td { (titles.iter().copied().collect::<Vec<_>>().join(", ")) }
                td { (strip(ratios, x)) }
                td { (expires) }
            } } }
        } }
    })
}

/// How wide a strip is drawn.
const WIDTH: f64 = 220.0;

/// Ratios as strokes on a line with a dashed one at 1, and the least and the largest in figures.
fn strip(ratios: &[f64], x: Scale) -> Markup {
    let (low, high) = ratios.iter().fold((f64::MAX, 0.0f64), |(l, h), r| (l.min(*r), h.max(*r)));
    let words = format!("{low:.2} to {high:.2}");
    html! {
        svg.strip viewBox=(format!("0 0 {WIDTH} 16")) width=(WIDTH) height="16" role="img" aria-label=(words) {
            line.identity x1=(px(x.at(1.0))) x2=(px(x.at(1.0))) y1="0" y2="16" {}
            @for ratio in ratios {
                @let at = px(x.at(*ratio));
                line.stroke x1=(at) x2=(at) y1="2" y2="14" {}
            }
        }
        br; small { (words) }
    }
}
