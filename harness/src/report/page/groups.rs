//! Tables of groups: where Mantile is off, what lies in its bands and what is known to be outside.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, PreEscaped, html};

use super::chart::{Scale, px};
use super::rows;
use crate::base::statistics::Statistics;
use crate::judge::compare::{Comparison, GroupBreakdown, Slice};
use crate::judge::evaluation::Evaluation;
use crate::judge::verdict::{Standing, Status};
use crate::row::metric::{Metric, Quantity};
use crate::rules::band::{Interval, WrittenAt};

/// Groups by metrics: MAPE and bias, and of all rows in the end.
pub(super) fn heat_map(comparisons: &[Comparison]) -> Markup {
    let mut slices = GroupBreakdown::GPU_FRAMEWORK.slices(comparisons);
    slices.push(Slice::all(comparisons));
    scrolled(
        "MAPE and bias",
        &html! { table.heat {
            caption { "MAPE, and bias under it, by GPU, framework and metric; rows with a prediction of those measured" }
            thead { tr { th scope="col" { "GPU / framework" } th scope="col" { "rows" }
                @for metric in Metric::ALL { th scope="col" { (metric.title()) } } } }
            tbody { @for slice in &slices { tr {
                th scope="row" { (slice.label) } td { (slice.coverage.predicted) "/" (slice.coverage.rows) }
                @for metric in Metric::ALL { (heat_cell(slice.statistics[metric].as_ref())) }
            } } }
        } },
    )
}

/// Something that may be wider than the page.
pub(super) fn scrolled(label: &str, what: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (what) } }
}

/// MAPE and bias under it: coloured the deeper the larger the MAPE, by the side that the bias is on.
pub(super) fn heat_cell(found: Option<&Statistics>) -> Markup {
    let Some(found) = found else { return html! { td.none { "–" } } };
    let depth = (found.mape_percent / DEEPEST_MAPE_PERCENT).min(1.0);
    let way = match found.bias {
        bias if bias > EVEN_BIAS => "high",
        bias if bias < 1.0 / EVEN_BIAS => "low",
        _ => "even",
    };
    html! {
        td class=(way) style=(PreEscaped(format!("--depth:{depth:.2}"))) {
            (format!("{:.1}%", found.mape_percent)) br; small { (format!("× {:.2}, n {}", found.bias, found.n)) }
        }
    }
}

/// A bias within this factor is of no side.
const EVEN_BIAS: f64 = 1.05;
/// A larger MAPE is not coloured deeper.
const DEEPEST_MAPE_PERCENT: f64 = 75.0;

/// How many rows lie where, by group; and how many quantities, by metric.
pub(super) fn band_coverage(evaluation: &Evaluation) -> Markup {
    let mut groups: BTreeMap<String, ([usize; 4], usize)> = BTreeMap::new();
    let mut quantities: BTreeMap<Quantity, Judged> = BTreeMap::new();
    for (comparison, verdict) in rows(evaluation) {
        let (counts, unmapped) =
            groups.entry(GroupBreakdown::GPU_FRAMEWORK.label(comparison)).or_default();
        match verdict.status {
            Status::Inside => counts[0] += 1,
            Status::KnownDeviation => counts[1] += 1,
            Status::Outside => counts[2] += 1,
            Status::NotPredicted => counts[3] += 1,
            Status::Unmapped => *unmapped += 1,
        }
        for judged in &verdict.quantities {
            let Judged { counts, widest } = quantities.entry(judged.quantity).or_default();
            let place = match judged.standing {
                Standing::Inside => 0,
                Standing::Known => 1,
                Standing::Outside => 2,
                Standing::NoBand => 3,
            };
            counts[place] += 1;
            let width = |band: &WrittenAt<Interval>| band.value.high / band.value.low;
            *widest = [*widest, judged.band]
                .into_iter()
                .flatten()
                .max_by(|a, b| width(a).total_cmp(&width(b)));
        }
    }
    let of_groups = groups
        .into_iter()
        .map(|(name, (counts, unmapped))| (name, counts, Some(unmapped.to_string())));
    let of_quantities = quantities.into_iter().map(|(quantity, Judged { counts, widest })| {
        let line = |band: &WrittenAt<Interval>| match band.line {
            0 => String::new(),
            line => format!(" at line {line}"),
        };
        let widest = widest.map(|band| format!("{}{}", band.value, line(&band)));
        (quantity.title().to_owned(), counts, widest)
    });
    html! {
        (standings("Rows by GPU and framework", ["GPU / framework", "not predicted", "unmapped"], of_groups.collect()))
        (standings("What is judged of rows, and the widest band that any is held to", ["quantity", "no band", "widest band"],
            of_quantities.collect()))
    }
}

/// How many rows' quantities of a kind are inside, known, outside and without a band, and the widest band.
#[derive(Default)]
struct Judged {
    counts: [usize; 4],
    widest: Option<WrittenAt<Interval>>,
}

/// A line of a table of standings: its name, how many are inside, known, outside and neither, and more words.
type Standings = (String, [usize; 4], Option<String>);

fn standings(caption: &str, [first, neither, more]: [&str; 3], lines: Vec<Standings>) -> Markup {
    let titles =
        [first, "inside", "known deviation", "outside", neither, "share of those judged", more];
    scrolled(
        caption,
        &html! { table {
            caption { (caption) }
            thead { tr { @for title in titles { th scope="col" { (title) } } } }
            tbody { @for (name, counts, more) in lines {
                @let judged: usize = counts[..3].iter().sum();
                @let share = |count: usize| format!("width:{:.1}%", 100.0 * count as f64 / judged.max(1) as f64);
                tr {
                    th scope="row" { (name) }
                    @for count in counts { td { (count) } }
                    td.bar {
                        span.inside style=(share(counts[0])) {}
                        span.known style=(share(counts[1])) {}
                        span.outside style=(share(counts[2])) {}
                    }
                    td { (more.unwrap_or_default()) }
                }
            } }
        } },
    )
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
    Some(scrolled(
        "known deviations",
        &html! { table.known {
                caption { "Each reason with its rows, and predicted / measured of each deviation: left of the dashed line too \
                    low, right of it too high" }
                thead { tr { th scope="col" { "reason" } th scope="col" { "rows" } th scope="col" { "compared" } th scope="col" { "of" }
                    th scope="col" { "predicted / measured" } th scope="col" { "until" } } }
                tbody { @for ((reason, expires), Known { rows, titles, ratios }) in &reasons { tr {
                    td { (reason) }
                    td { details { summary { (rows.len()) } @for row in rows { a href=(format!("#{row}")) { (row) } br; } } }
                    td.bar { span.known style=(format!("width:{:.1}%", 100.0 * rows.len() as f64 / most as f64)) {} }
                    td { (titles.iter().copied().collect::<Vec<_>>().join(", ")) }
                    td { (strip(ratios, x)) }
                    td { (expires) }
                } } }
        } },
    ))
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
