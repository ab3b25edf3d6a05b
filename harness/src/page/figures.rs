//! The figures of a page.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

use super::chart::{
    BOTTOM, Frame, LEFT, RIGHT, Scale, TOP, brief, legend, mark, path, px, row_mark,
};
use super::series::Series;
use crate::compare::{Breakdown, Comparison};
use crate::folder::Model;
use crate::frontier::{Choice, Point, choices, frontier};
use crate::metric::Metric;
use crate::report::ReleaseErrors;
use crate::statistics::{self, Pair, quantile};

/// More marks than this in a figure are thinned out.
const MOST_MARKS: usize = 1000;
/// … but for so many that are farthest off.
const FARTHEST: usize = 50;

/// A figure with its caption, which says how to read it, and a description for who does not see it.
pub(super) fn figure(id: &str, title: &str, caption: &str, drawn: &Markup) -> Markup {
    html! {
        figure id=(id) {
            figcaption { strong { (title) } " " (caption) }
            (drawn)
        }
    }
}

fn svg(frame: &Frame, label: &str, inside: &Markup) -> Markup {
    let (width, height) = (px(frame.width), px(frame.height));
    html! {
        svg.plot viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(label) { (inside) }
    }
}

/// Rows with what figures need of them.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a> {
    pub model: &'a Model,
    pub comparisons: &'a [Comparison],
    pub series: &'a Series,
}

/// A row's pair of a metric.
struct Dot<'a> {
    row: usize,
    comparison: &'a Comparison,
    pair: Pair,
}

impl<'a> Drawn<'a> {
    /// The rows that have the metric.
    fn dots(self, metric: Metric) -> Vec<Dot<'a>> {
        self.comparisons
            .iter()
            .enumerate()
            .filter_map(|(row, comparison)| {
                Some(Dot { row, comparison, pair: comparison.pair(metric)? })
            })
            .collect()
    }

    fn mark(self, dot: &Dot<'_>, x: f64, y: f64) -> Markup {
        row_mark(self.series.group(dot.row), &self.series.classes(dot.row), dot.row, x, y)
    }

    /// The widest band of a metric: of any group the lowest and the highest ratio.
    fn widest_band(self, metric: Metric) -> Option<(f64, f64)> {
        let bands = self.model.config.bands.iter().filter_map(|band| band.ratio[metric]);
        bands.fold(None, |widest, band| {
            let (low, high) = widest.unwrap_or((f64::INFINITY, 0.0));
            Some((low.min(band.value.low), high.max(band.value.high)))
        })
    }
}

/// Which of so many marks are drawn, and what is said of it: of too many every n-th, and those whose ratio is
/// farthest from 1.
fn thinned(ratios: &[f64]) -> (Vec<usize>, String) {
    let every = ratios.len().div_ceil(MOST_MARKS);
    if every < 2 {
        return ((0..ratios.len()).collect(), String::new());
    }
    let mut farthest: Vec<usize> = (0..ratios.len()).collect();
    farthest.sort_by(|&a, &b| ratios[b].ln().abs().total_cmp(&ratios[a].ln().abs()));
    farthest.truncate(FARTHEST);
    let mut drawn: Vec<usize> = (0..ratios.len()).step_by(every).chain(farthest).collect();
    drawn.sort_unstable();
    drawn.dedup();
    (
        drawn,
        format!(
            " Of {} rows every {every}th is drawn, and the {FARTHEST} farthest off.",
            ratios.len()
        ),
    )
}

/// Predicted against measured, both logarithmic, with the identity, and the noise and the bands around it.
pub(super) fn predicted_against_measured(drawn: Drawn<'_>, metric: Metric) -> Option<Markup> {
    let dots = drawn.dots(metric);
    let all = statistics::of(&dots.iter().map(|dot| dot.pair).collect::<Vec<_>>())?;
    let ratios: Vec<f64> = dots.iter().map(|dot| dot.pair.ratio()).collect();
    let (marked, thinning) = thinned(&ratios);
    let (width, height) = (420.0, 360.0);
    let values = dots.iter().flat_map(|dot| [dot.pair.measured, dot.pair.predicted]);
    let values: Vec<f64> = values.collect();
    let x = Scale::log(values.iter().copied(), LEFT, width - RIGHT);
    let y = Scale::log(values.iter().copied(), height - BOTTOM, TOP);
    let frame = Frame { width, height, x, y };
    let (low, high) = values.iter().fold((f64::MAX, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
    // Steps, for what leaves the frame is drawn at its edge.
    let edge = |factor: f64| -> Vec<(f64, f64)> {
        let step = |n: i32| low * (high / low).powf(f64::from(n) / 24.0);
        (0..=24).map(step).map(|value| (x.at(value), y.at(value * factor))).collect()
    };
    let between = |low: f64, high: f64| -> String {
        let corners = edge(high).into_iter().chain(edge(low).into_iter().rev());
        corners.map(|(x, y)| format!("{},{}", px(x), px(y))).collect::<Vec<_>>().join(" ")
    };
    let noise = drawn.model.config.noise_floor[metric];
    let label = format!(
        "{} predicted against measured for {} rows: MAPE {:.1}%, bias {:.2}",
        metric.title(),
        dots.len(),
        all.mape_percent,
        all.bias
    );
    let inside = html! {
        (frame.axes(&format!("measured, {}", metric.unit()), &format!("predicted, {}", metric.unit())))
        @if let Some((low, high)) = drawn.widest_band(metric) { polygon.bands points=(between(low, high)) {} }
        polygon.noise points=(between(1.0 / noise, noise)) {}
        (path(&[(x.at(low), y.at(low)), (x.at(high), y.at(high))], "identity"))
        @for dot in marked.iter().map(|&index| &dots[index]) {
            (drawn.mark(dot, x.at(dot.pair.measured), y.at(dot.pair.predicted)))
        }
    };
    let caption = format!(
        "On the line predicted is measured; above it is predicted too high. The dark shade is how far the same \
         configuration measured twice lies apart, the light one the widest band of any group.{thinning}"
    );
    Some(figure(
        &format!("scatter-{}", metric.name()),
        metric.title(),
        &caption,
        &svg(&frame, &label, &inside),
    ))
}

/// The distribution of predicted / measured in each group.
pub(super) fn distributions(drawn: Drawn<'_>, metric: Metric) -> Option<Markup> {
    let dots = drawn.dots(metric);
    let has_rows = |index: &usize| dots.iter().any(|dot| drawn.series.group(dot.row) == *index);
    let groups: Vec<usize> = (0..drawn.series.groups().len()).filter(has_rows).collect();
    let ratios = || dots.iter().map(|dot| dot.pair.ratio());
    dots.first()?;
    let step = 30.0;
    let (left, width) = (130.0, 420.0);
    let height = TOP + BOTTOM + step * groups.len() as f64;
    let x = Scale::log(ratios().chain([0.8, 1.25]), left, width - RIGHT);
    let one = px(x.at(1.0));
    let inside = html! {
        g.axis {
            @for tick in x.ticks() {
                @let at = px(x.at(tick));
                line.grid x1=(at) x2=(at) y1=(px(TOP)) y2=(px(height - BOTTOM)) {}
                text x=(at) y=(px(height - BOTTOM + 15.0)) text-anchor="middle" { (brief(tick)) }
            }
            text x=(px(f64::midpoint(left, width))) y=(px(height - 6.0)) text-anchor="middle" { "predicted / measured" }
        }
        line.identity x1=(one) x2=(one) y1=(px(TOP)) y2=(px(height - BOTTOM)) {}
        @for (line, &index) in groups.iter().enumerate() {
            @let name = &drawn.series.groups()[index];
            @let own: Vec<f64> =
                dots.iter().filter(|dot| drawn.series.group(dot.row) == index).map(|dot| dot.pair.ratio()).collect();
            @let y = TOP + step * (line as f64 + 0.5);
            @let at = |q: f64| x.at(quantile(&own, q));
            g {
                title { (format!("{name}: median {:.2}, half of {} rows from {:.2} to {:.2}, 90% from {:.2} to {:.2}",
                    quantile(&own, 0.5), own.len(), quantile(&own, 0.25), quantile(&own, 0.75),
                    quantile(&own, 0.05), quantile(&own, 0.95))) }
                text.group x=(px(left - 8.0)) y=(px(y + 4.0)) text-anchor="end" { (name) }
                line.whisker x1=(px(at(0.05))) x2=(px(at(0.95))) y1=(px(y)) y2=(px(y)) {}
                rect class=(format!("box s{}", index % super::chart::SERIES)) x=(px(at(0.25))) y=(px(y - 8.0))
                    width=(px((at(0.75) - at(0.25)).max(1.0))) height="16" {}
                line.median x1=(px(at(0.5))) x2=(px(at(0.5))) y1=(px(y - 8.0)) y2=(px(y + 8.0)) {}
            }
        }
    };
    let frame = Frame { width, height, x, y: x };
    let medians: Vec<String> = groups
        .iter()
        .map(|&index| {
            let of_group = dots.iter().filter(|dot| drawn.series.group(dot.row) == index);
            let own: Vec<f64> = of_group.map(|dot| dot.pair.ratio()).collect();
            format!("{} {:.2} of {}", drawn.series.groups()[index], quantile(&own, 0.5), own.len())
        })
        .collect();
    let label =
        format!("Predicted over measured {}, medians: {}", metric.title(), medians.join(", "));
    let caption = "Each bar holds the middle half of the rows, its line the median, the whisker 90% of them; at 1 \
                   predicted is measured.";
    Some(figure(
        &format!("distribution-{}", metric.name()),
        metric.title(),
        caption,
        &svg(&frame, &label, &inside),
    ))
}

/// Predicted / measured against a property of the rows.
pub(super) fn error_against(
    drawn: Drawn<'_>,
    metric: Metric,
    property: &str,
    note: &str,
    of: impl Fn(usize, &Comparison) -> Option<f64>,
) -> Option<Markup> {
    let dots = drawn.dots(metric);
    let dots: Vec<(f64, Dot<'_>)> =
        dots.into_iter().filter_map(|dot| Some((of(dot.row, dot.comparison)?, dot))).collect();
    dots.first()?;
    let (width, height) = (420.0, 300.0);
    let x = Scale::log(dots.iter().map(|(value, _)| *value), LEFT, width - RIGHT);
    let ratios = dots.iter().map(|(_, dot)| dot.pair.ratio()).chain([0.8, 1.25]);
    let y = Scale::log(ratios, height - BOTTOM, TOP);
    let frame = Frame { width, height, x, y };
    let one = px(y.at(1.0));
    let all: Vec<f64> = dots.iter().map(|(_, dot)| dot.pair.ratio()).collect();
    let (marked, thinning) = thinned(&all);
    let inside = html! {
        (frame.axes(property, "predicted / measured"))
        line.identity x1=(px(LEFT)) x2=(px(width - RIGHT)) y1=(one) y2=(one) {}
        @for (value, dot) in marked.iter().map(|&index| &dots[index]) {
            (drawn.mark(dot, x.at(*value), y.at(dot.pair.ratio())))
        }
    };
    let values: Vec<f64> = dots.iter().map(|(value, _)| *value).collect();
    let rank = statistics::spearman(&values, &all)
        .map_or(String::new(), |rho| format!(", rank correlation {rho:.2}"));
    let label = format!(
        "{} predicted over measured against {property} for {} rows{rank}",
        metric.title(),
        dots.len()
    );
    let name = property.split([' ', ',']).next().unwrap_or_default();
    let caption = format!(
        "A slope or a step is an error of structure, which no single factor mends{rank}.{note}{thinning}"
    );
    Some(figure(
        &format!("{}-against-{name}", metric.name()),
        &format!("{} against {property}", metric.title()),
        &caption,
        &svg(&frame, &label, &inside),
    ))
}

/// Throughput per GPU against interactivity, measured and predicted, a chart a choice.
pub(super) fn frontiers(model: &Model, comparisons: &[Comparison]) -> Option<Markup> {
    let choices = choices(comparisons, &model.config.sources);
    choices.first()?;
    Some(html! {
        div.many { @for choice in &choices { (frontier_chart(choice)) } }
    })
}

fn frontier_chart(choice: &Choice<'_>) -> Markup {
    let (width, height) = (340.0, 260.0);
    let (measured, predicted) = (choice.measured(), choice.predicted());
    let both = || measured.iter().chain(&predicted);
    let x = Scale::from_zero(both().map(|point| point.interactivity), LEFT, width - RIGHT);
    let y = Scale::from_zero(both().map(|point| point.throughput), height - BOTTOM, TOP);
    let frame = Frame { width, height, x, y };
    let line = |points: &[Point]| -> Vec<(f64, f64)> {
        frontier(points)
            .iter()
            .map(|&index| (x.at(points[index].interactivity), y.at(points[index].throughput)))
            .collect()
    };
    let agreement = choice.agreement();
    let words = format!(
        "{} of {} on the measured frontier are on the predicted one; rank correlation {}, {} of {} demands missed, \
         regret {}",
        agreement.on_both,
        agreement.on_measured_frontier,
        agreement
            .throughput_rank_correlation
            .map_or_else(|| "-".to_owned(), |rho| format!("{rho:.2}")),
        agreement.missed_demands,
        agreement.on_measured_frontier,
        agreement
            .mean_regret
            .map_or_else(|| "-".to_owned(), |lost| format!("{lost:.0} tokens/s/GPU")),
    );
    let inside = html! {
        (frame.axes("interactivity, tokens/s/user", "tokens/s/GPU"))
        (path(&line(&predicted), "frontier predicted"))
        (path(&line(&measured), "frontier measured"))
        @for candidate in &choice.candidates {
            @let name = candidate.row.name();
            (mark(0, x.at(candidate.measured.interactivity), y.at(candidate.measured.throughput),
                &format!("{name}, measured")))
            (mark(1, x.at(candidate.predicted.interactivity), y.at(candidate.predicted.throughput),
                &format!("{name}, predicted")))
        }
    };
    let label = format!("Throughput per GPU against interactivity for {}: {words}", choice.label);
    figure(
        &format!("frontier-{}", choice.label.replace([' ', '/'], "")),
        &choice.label,
        &(words + "."),
        &html! {
            (svg(&frame, &label, &inside))
            (legend(&["measured".to_owned(), "predicted".to_owned()]))
        },
    )
}

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
                @for metric in Metric::ALL {
                    @match slice.statistics[metric] {
                        Some(found) => {
                            // ln 2 and beyond is as deep as it gets.
                            @let depth = (found.bias.ln().abs() / std::f64::consts::LN_2).min(1.0);
                            @let way = if found.bias > 1.0 { "high" } else { "low" };
                            td class=(way) style=(PreEscaped(format!("--depth:{depth:.2}"))) {
                                (format!("{:.1}%", found.mape_percent)) br; small { (format!("× {:.2}", found.bias)) }
                            }
                        }
                        None => td.none { "–" }
                    }
                }
            } } }
        } }
    }
}

/// How many rows lie in their bands, a line a group.
pub(super) fn band_coverage(
    comparisons: &[Comparison],
    verdicts: &[crate::verdict::RowVerdict],
) -> Markup {
    let mut groups: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (comparison, verdict) in comparisons.iter().zip(verdicts) {
        let place = match verdict.status {
            crate::verdict::Status::Inside => 0,
            crate::verdict::Status::KnownDeviation => 1,
            crate::verdict::Status::Outside => 2,
            _ => continue,
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

/// The MAPE of each metric over all rows, by release.
pub(super) fn history(history: &[ReleaseErrors]) -> Option<Markup> {
    if history.len() < 2 {
        return None;
    }
    let of = |errors: &ReleaseErrors, metric: Metric| {
        errors.slices.last()?.statistics[metric].map(|found| found.mape_percent)
    };
    let metrics: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(|&metric| history.iter().any(|errors| of(errors, metric).is_some()))
        .collect();
    let (width, height) = (640.0, 300.0);
    let values = history
        .iter()
        .flat_map(|errors| metrics.iter().filter_map(move |&metric| of(errors, metric)));
    let y = Scale::from_zero(values, height - BOTTOM, TOP);
    let step = (width - LEFT - RIGHT) / history.len() as f64;
    let at = |index: usize| LEFT + step * (index as f64 + 0.5);
    let inside = html! {
        g.axis {
            @for tick in y.ticks() {
                @let tick_y = y.at(tick);
                line.grid x1=(px(LEFT)) x2=(px(width - RIGHT)) y1=(px(tick_y)) y2=(px(tick_y)) {}
                text x=(px(LEFT - 6.0)) y=(px(tick_y + 4.0)) text-anchor="end" { (brief(tick)) }
            }
            @for (index, errors) in history.iter().enumerate() {
                text x=(px(at(index))) y=(px(height - BOTTOM + 15.0)) text-anchor="middle" { (errors.release.name) }
                text x=(px(at(index))) y=(px(height - BOTTOM + 28.0)) text-anchor="middle" { (errors.release.made) }
            }
        }
        @for (series, &metric) in metrics.iter().enumerate() {
            @let points: Vec<(f64, f64)> = history
                .iter()
                .enumerate()
                .filter_map(|(index, errors)| Some((at(index), y.at(of(errors, metric)?))))
                .collect();
            (path(&points, &format!("line l{}", series % super::chart::SERIES)))
            @for (index, errors) in history.iter().enumerate() {
                @if let Some(mape) = of(errors, metric) {
                    (mark(series, at(index), y.at(mape), &format!("{} {}: {mape:.1}%", errors.release.name, metric.title())))
                }
            }
        }
    };
    let frame = Frame { width, height, x: y, y };
    let names: Vec<String> = metrics.iter().map(|metric| metric.title().to_owned()).collect();
    Some(figure(
        "history-mape",
        "MAPE, %",
        "Lower is nearer to the measurements.",
        &html! { (svg(&frame, "MAPE of each metric by release", &inside)) (legend(&names)) },
    ))
}
