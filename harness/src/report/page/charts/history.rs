//! The errors of each recorded release.

use maud::{Markup, html};

use super::super::svg::{BOTTOM, Frame, LEFT, RIGHT, Scale, TOP, brief, legend, line, mark, px};
use super::figure::figure;
use crate::report::ReleaseErrors;
use crate::row::metric::Metric;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;

/// The MAPE of each metric over all rows, by release; `None` with fewer than two releases.
pub(crate) fn history(history: &[ReleaseErrors]) -> Option<Markup> {
    if history.len() < 2 {
        return None;
    }
    let metrics =
        Metric::distinct(|metric| history.iter().any(|errors| mape(errors, metric).is_some()));
    let values = history
        .iter()
        .flat_map(|errors| metrics.iter().filter_map(move |&metric| mape(errors, metric)));
    let y = Scale::from_zero(values, HEIGHT - BOTTOM, TOP);
    let step = (WIDTH - LEFT - RIGHT) / history.len() as f64;
    let column = |index: usize| LEFT + step * (index as f64 + 0.5);
    let points = |metric: Metric| -> Vec<(f64, f64)> {
        let point = |(index, errors)| Some((column(index), y.at(mape(errors, metric)?)));
        history.iter().enumerate().filter_map(point).collect()
    };
    let content = html! {
        (axes(history, y, column))
        @for (series, &metric) in metrics.iter().enumerate() {
            (line(&points(metric), &format!("line s{series}")))
            @for (index, errors) in history.iter().enumerate() {
                @if let Some(mape) = mape(errors, metric) {
                    @let title = format!("{} {}: {mape:.1}%", errors.release.name, metric.title());
                    (mark(series, column(index), y.at(mape), &title))
                }
            }
        }
    };
    let frame = Frame { width: WIDTH, height: HEIGHT, x: y, y };
    let names: Vec<String> = metrics.iter().map(|metric| metric.title().to_owned()).collect();
    Some(figure(
        "history-mape",
        "MAPE, %",
        "One column per release, the oldest first. Lower is nearer to the measurements.",
        &html! { (frame.plot("MAPE of each metric by release", &content)) (legend(&names)) },
    ))
}

/// The MAPE of a metric over all rows, percent.
fn mape(errors: &ReleaseErrors, metric: Metric) -> Option<f64> {
    errors.slices.last()?.statistics[metric].map(|statistics| statistics.mape_percent)
}

/// The grid, the axis of errors, and the names and dates of the releases.
fn axes(history: &[ReleaseErrors], y: Scale, column: impl Fn(usize) -> f64) -> Markup {
    html! { g.axis {
        @for tick in y.ticks() {
            @let at = y.at(tick);
            line.grid x1=(px(LEFT)) x2=(px(WIDTH - RIGHT)) y1=(px(at)) y2=(px(at)) {}
            text x=(px(LEFT - 6.0)) y=(px(at + 4.0)) text-anchor="end" { (brief(tick)) }
        }
        @for (index, errors) in history.iter().enumerate() {
            @let x = px(column(index));
            text x=(x) y=(px(HEIGHT - BOTTOM + 15.0)) text-anchor="middle" { (errors.release.name) }
            text.small x=(x) y=(px(HEIGHT - BOTTOM + 28.0)) text-anchor="middle" { (errors.release.made) }
        }
    } }
}
