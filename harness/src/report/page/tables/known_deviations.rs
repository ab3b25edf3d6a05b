//! The known deviations by their reasons.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::judged_rows;
use super::super::svg::{Scale, px};
use super::scrolled;
use crate::judge::evaluation::Evaluation;
use crate::judge::verdict::Standing;

/// The rows, quantities and ratios that a reason is given for.
#[derive(Default)]
struct Deviations {
    rows: BTreeSet<String>,
    titles: BTreeSet<&'static str>,
    ratios: Vec<f64>,
}

/// A line per reason, with its rows and how far they are off; `None` where no deviation is known.
pub(crate) fn known_deviations(evaluation: &Evaluation) -> Option<Markup> {
    let mut reasons: BTreeMap<(&str, String), Deviations> = BTreeMap::new();
    for (comparison, verdict) in judged_rows(evaluation) {
        for judged in &verdict.quantities {
            if let (Standing::Known, Some(known)) = (judged.standing, &judged.deviation) {
                let key = (known.reason.as_str(), known.expires.to_string());
                let deviations = reasons.entry(key).or_default();
                deviations.rows.insert(comparison.row.name());
                deviations.titles.insert(judged.quantity.title());
                deviations.ratios.push(judged.pair.ratio());
            }
        }
    }
    let most = reasons.values().map(|deviations| deviations.rows.len()).max()?;
    let ratios = reasons.values().flat_map(|deviations| deviations.ratios.iter().copied());
    let x = Scale::log(ratios.chain([0.8, 1.25]), 8.0, STRIP_WIDTH - 8.0);
    let table = html! { table.known {
        caption { "Each reason with its rows and predicted / measured of each deviation: left of the dashed line too low, \
            right of it too high" }
        thead { tr {
            @for title in ["reason", "rows", "rows, to scale", "quantities", "predicted / measured", "until"] {
                th scope="col" { (title) }
            }
        } }
        tbody { @for ((reason, expires), Deviations { rows, titles, ratios }) in &reasons { tr {
            td { (reason) }
            td { details { summary { (rows.len()) } @for row in rows { a href=(format!("#{row}")) { (row) } br; } } }
            td.bar { span.known style=(format!("width:{:.1}%", 100.0 * rows.len() as f64 / most as f64)) {} }
            td { (titles.iter().copied().collect::<Vec<_>>().join(", ")) }
            td { (strip(ratios, x)) }
            td { (expires) }
        } } }
    } };
    Some(scrolled("known deviations", &table))
}

/// The width of a strip of ratios, in pixels.
const STRIP_WIDTH: f64 = 220.0;

/// Ratios as strokes on a line with a dashed one at 1, and below it the least and the largest.
fn strip(ratios: &[f64], x: Scale) -> Markup {
    let (low, high) = ratios.iter().fold((f64::MAX, 0.0f64), |(l, h), r| (l.min(*r), h.max(*r)));
    let range = format!("{low:.2} to {high:.2}");
    html! {
        svg.strip viewBox=(format!("0 0 {STRIP_WIDTH} 16")) width=(STRIP_WIDTH) height="16" role="img"
            aria-label=(range) {
            line.identity x1=(px(x.at(1.0))) x2=(px(x.at(1.0))) y1="0" y2="16" {}
            @for ratio in ratios {
                @let at = px(x.at(*ratio));
                line.stroke x1=(at) x2=(at) y1="2" y2="14" {}
            }
        }
        br; small { (range) }
    }
}
