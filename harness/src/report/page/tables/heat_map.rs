//! The errors of groups, shaded by size and direction.

use maud::{Markup, PreEscaped, html};

use super::scrolled;
use crate::base::statistics::Statistics;
use crate::judge::compare::{Comparison, GroupBreakdown, Slice};
use crate::row::metric::Metric;

/// A bias within this factor counts as no direction.
const EVEN_BIAS: f64 = 1.05;
/// The MAPE with the deepest shade, percent.
const DEEPEST_MAPE_PERCENT: f64 = 75.0;

/// The legend of the shades of [`heat_cell`].
pub(crate) const SHADES: &str = "Each cell has the MAPE and, below it, the bias (predicted / measured). A deeper shade is a larger MAPE. Blue means \
     that predictions are too low on average, orange too high, and grey within 5% on average.";

/// A line per GPU and framework and one for all rows, with a cell for each metric.
pub(crate) fn heat_map(comparisons: &[Comparison]) -> Markup {
    let mut slices = GroupBreakdown::GPU_FRAMEWORK.slices(comparisons);
    slices.push(Slice::all(comparisons));
    scrolled(
        "MAPE and bias",
        &html! { table.heat {
            caption { "MAPE and bias by GPU, framework and metric; \"rows\" is predicted / measured rows" }
            thead { tr { th scope="col" { "GPU / framework" } th scope="col" { "rows" }
                @for metric in Metric::ALL { th scope="col" { (metric.title()) } } } }
            tbody { @for slice in &slices { tr {
                th scope="row" { (slice.label) } td { (slice.coverage.predicted) "/" (slice.coverage.rows) }
                @for metric in Metric::ALL { (heat_cell(slice.statistics[metric].as_ref())) }
            } } }
        } },
    )
}

/// The MAPE with the bias below it, shaded as [`SHADES`] says.
pub(crate) fn heat_cell(statistics: Option<&Statistics>) -> Markup {
    let Some(Statistics { n, mape_percent, bias, .. }) = statistics else {
        return html! { td.none { "–" } };
    };
    let depth = (mape_percent / DEEPEST_MAPE_PERCENT).min(1.0);
    let direction = match *bias {
        bias if bias > EVEN_BIAS => "high",
        bias if bias < 1.0 / EVEN_BIAS => "low",
        _ => "even",
    };
    html! {
        td class=(direction) style=(PreEscaped(format!("--depth:{depth:.2}"))) {
            (format!("{mape_percent:.1}%")) br; small { (format!("× {bias:.2}, n {n}")) }
        }
    }
}
