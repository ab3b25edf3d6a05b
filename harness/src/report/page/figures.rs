//! The figures of a page.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::chart::{
    BOTTOM, Frame, LEFT, RIGHT, Scale, TOP, brief, legend, legend_mark, mark, path, px, row_mark,
};
use super::series::Series;
use crate::base::statistics::{self, Pair, quantile};
use crate::judge::compare::Comparison;
use crate::judge::evaluation::Evaluation;
use crate::judge::frontier::{FrontierChoice, FrontierPoint, choices, frontier};
use crate::judge::model::Model;
use crate::judge::verdict::QuantityVerdict;
use crate::report::{ReleaseErrors, frontier_sentences};
use crate::row::metric::{Metric, Quantity};
use crate::rules::band::Interval;

/// A smaller share of a phase is drawn as this.
pub(super) const LEAST_SHARE: f64 = 1e-4;
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
    pub evaluation: &'a Evaluation,
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
        self.evaluation
            .comparisons
            .iter()
            .enumerate()
            .filter_map(|(row, comparison)| {
                Some(Dot { row, comparison, pair: comparison.pair(metric)? })
            })
            .collect()
    }

    fn mark(self, dot: &Dot<'_>, x: f64, y: f64) -> Markup {
        row_mark(self.series.group(dot.row), &self.series.classes(dot.row), dot.row, (x, y), None)
    }

    /// The bands that rows of each group are held to, by the group's number.
    fn bands(self, metric: Metric) -> BTreeMap<usize, Vec<Interval>> {
        let mut bands: BTreeMap<usize, Vec<Interval>> = BTreeMap::new();
        for (row, verdict) in self.evaluation.verdicts.iter().enumerate() {
            let of_metric = |judged: &&QuantityVerdict| judged.quantity == Quantity::Metric(metric);
            let judged = verdict.quantities.iter().find(of_metric);
            if let Some(band) = judged.and_then(|judged| judged.band) {
                bands.entry(self.series.group(row)).or_default().push(band.value);
            }
        }
        bands
    }
}

/// The band in the middle of these: the median of the lower and that of the upper ends.
fn median_band(bands: &[Interval]) -> Interval {
    let middle =
        |end: fn(&Interval) -> f64| quantile(&bands.iter().map(end).collect::<Vec<_>>(), 0.5);
    Interval { low: middle(|band| band.low), high: middle(|band| band.high) }
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
        @let bands = drawn.bands(metric);
        @let all: Vec<Interval> = bands.values().flatten().copied().collect();
        @if !all.is_empty() {
            @let Interval { low, high } = median_band(&all);
            polygon.bands points=(between(low, high)) {}
        }
        @for (group, own) in &bands {
            @let Interval { low, high } = median_band(own);
            polygon class=(format!("own s{group}")) points=(between(low, high)) {}
        }
        polygon.noise points=(between(1.0 / noise, noise)) {}
        (path(&[(x.at(low), y.at(low)), (x.at(high), y.at(high))], "identity"))
        @for dot in marked.iter().map(|&index| &dots[index]) {
            (drawn.mark(dot, x.at(dot.pair.measured), y.at(dot.pair.predicted)))
        }
    };
    let caption = format!(
        "{} rows. On the dashed line predicted is measured; above it is predicted too high. Between the dotted lines lies \
         the same configuration measured again; the shade is the median of the rows' bands.{thinning}",
        dots.len()
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
    let mut groups: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for dot in drawn.dots(metric) {
        groups.entry(drawn.series.group(dot.row)).or_default().push(dot.pair.ratio());
    }
    let ratios = groups.values().flatten().copied();
    let (left, width) = (140.0, 430.0);
    let x = Scale::log(ratios.chain([0.8, 1.25]), left, width - RIGHT);
    groups.first_key_value()?;
    let step = 34.0;
    let height = TOP + BOTTOM + step * groups.len() as f64;
    let one = px(x.at(1.0));
    let name = |group: usize| &drawn.series.groups()[group];
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
        @for (line, (&group, own)) in groups.iter().enumerate() {
            @let y = TOP + step * (line as f64 + 0.5);
            @let at = |q: f64| x.at(quantile(own, q));
            g {
                title { (format!("{}: median {:.2}, half of {} rows from {:.2} to {:.2}, 90% from {:.2} to {:.2}",
                    name(group), quantile(own, 0.5), own.len(), quantile(own, 0.25), quantile(own, 0.75),
                    quantile(own, 0.05), quantile(own, 0.95))) }
                text.group x=(px(left - 8.0)) y=(px(y)) text-anchor="end" { (name(group)) }
                text x=(px(left - 8.0)) y=(px(y + 12.0)) text-anchor="end" { (own.len()) " rows" }
                polygon class=(format!("frequency s{group}")) points=(frequency(own, x, y, 15.0)) {}
                line.whisker x1=(px(at(0.05))) x2=(px(at(0.95))) y1=(px(y)) y2=(px(y)) {}
                rect class=(format!("box s{group}")) x=(px(at(0.25))) y=(px(y - 4.0))
                    width=(px((at(0.75) - at(0.25)).max(1.0))) height="8" {}
                line.median x1=(px(at(0.5))) x2=(px(at(0.5))) y1=(px(y - 7.0)) y2=(px(y + 7.0)) {}
            }
        }
    };
    let frame = Frame { width, height, x, y: x };
    let medians: Vec<String> = groups
        .iter()
        .map(|(&group, own)| format!("{} {:.2} of {}", name(group), quantile(own, 0.5), own.len()))
        .collect();
    let label =
        format!("Predicted over measured {}, medians: {}", metric.title(), medians.join(", "));
    let caption = "Right of the dashed line is predicted too high. The shape is highest where most rows of its group are; \
                   the bar holds the middle half of them, its stroke the median, the whisker 90%.";
    Some(figure(
        &format!("distribution-{}", metric.name()),
        metric.title(),
        caption,
        &svg(&frame, &label, &inside),
    ))
}

/// The corners of a shape around `y` that is as high as values are frequent, at most `half` to each side:
/// counted in bins of equal width on the scale, smoothed over three.
fn frequency(values: &[f64], x: Scale, y: f64, half: f64) -> String {
    const BINS: u32 = 40;
    let (from, to) = x.ends();
    let width = (to - from) / f64::from(BINS);
    let places: Vec<f64> = values.iter().map(|value| x.at(*value)).collect();
    let count = |middle: f64| {
        let bin = middle - 0.5 * width..middle + 0.5 * width;
        places.iter().filter(|place| bin.contains(place)).count() as f64
    };
    let smooth: Vec<(f64, f64)> = (0..BINS)
        .map(|bin| from + (f64::from(bin) + 0.5) * width)
        .map(|x| (x, count(x - width) + 2.0 * count(x) + count(x + width)))
        .collect();
    let most = smooth.iter().map(|(_, count)| *count).fold(0.0, f64::max);
    let is_there = |at: usize| smooth.get(at).is_some_and(|(_, count)| *count > 0.0);
    // With the bins at both ends where it comes down to the line.
    let shape = || {
        let near = |at: &usize| (at.saturating_sub(1)..=at + 1).any(is_there);
        (0..smooth.len()).filter(near).map(|at| smooth[at])
    };
    let upper = shape().map(|(x, count)| (x, y - half * count / most));
    let lower = shape().rev().map(|(x, count)| (x, y + half * count / most));
    let corners = upper.chain(lower).map(|(x, y)| format!("{},{}", px(x), px(y)));
    corners.collect::<Vec<_>>().join(" ")
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
    let values: Vec<f64> = dots.iter().map(|(value, _)| *value).collect();
    let x = Scale::log(values.iter().copied(), LEFT, width - RIGHT);
    let ratios = dots.iter().map(|(_, dot)| dot.pair.ratio()).chain([0.8, 1.25]);
    let y = Scale::log(ratios, height - BOTTOM, TOP);
    let frame = Frame { width, height, x, y };
    // Nothing at all cannot be drawn on a logarithmic scale; it is at the left edge.
    let label = |tick: f64| {
        if tick <= LEAST_SHARE { format!("≤ {}", brief(LEAST_SHARE)) } else { brief(tick) }
    };
    let ticks: Vec<(f64, String)> =
        x.ticks_of(&values).into_iter().map(|tick| (tick, label(tick))).collect();
    let one = px(y.at(1.0));
    let all: Vec<f64> = dots.iter().map(|(_, dot)| dot.pair.ratio()).collect();
    let (marked, thinning) = thinned(&all);
    let inside = html! {
        (frame.axes_at(&ticks, property, "predicted / measured"))
        line.identity x1=(px(LEFT)) x2=(px(width - RIGHT)) y1=(one) y2=(one) {}
        @for (value, dot) in marked.iter().map(|&index| &dots[index]) {
            (drawn.mark(dot, x.at(*value), y.at(dot.pair.ratio())))
        }
    };
    let rank = statistics::spearman(&values, &all)
        .map_or(String::new(), |rho| format!(", rank correlation {rho:.2}"));
    let label = format!(
        "{} predicted over measured against {property} for {} rows{rank}",
        metric.title(),
        dots.len()
    );
    let name = property.split([' ', ',']).next().unwrap_or_default();
    let caption = format!(
        "Above the dashed line is predicted too high; the farther from it, the more. {} rows{rank}.{note}{thinning}",
        dots.len()
    );
    Some(figure(
        &format!("{}-against-{name}", metric.name()),
        &format!("{} against {property}", metric.title()),
        &caption,
        &svg(&frame, &label, &inside),
    ))
}

/// Throughput per GPU against interactivity, measured and predicted, a chart a choice.
pub(super) fn frontiers(drawn: Drawn<'_>) -> Option<Markup> {
    let Drawn { model, evaluation, series } = drawn;
    let comparisons = &evaluation.comparisons;
    let choices = choices(comparisons, &model.config.sources, &evaluation.impossible());
    choices.within.first()?;
    let rows: BTreeMap<String, usize> =
        comparisons.iter().enumerate().map(|(row, one)| (one.row.name(), row)).collect();
    let chart =
        |title: &str, choice: &FrontierChoice<'_>, groups: Option<&Series>, every: usize| {
            let groups = |row: usize, own: usize| groups.map_or(own, |series| series.group(row));
            frontier_chart(title, choice, &rows, &groups, every)
        };
    let every = |choices: &[FrontierChoice<'_>]| {
        let candidates: usize = choices.iter().map(|choice| choice.candidates.len()).sum();
        candidates.div_ceil(MOST_MARKS)
    };
    let (across, within) = (every(&choices.across), every(&choices.within));
    Some(html! {
        @for sentence in frontier_sentences(&choices) { p { (sentence) } }
        ul.legend { @for (index, name) in [MEASURED, PREDICTED].into_iter().enumerate() {
            li { (legend_mark(index, name)) (name) " configuration, and the frontier of these" }
        } }
        @if !choices.across.is_empty() {
            h3 { "Over all GPUs and frameworks" }
            ul.legend { @for (number, name) in series.groups().iter().enumerate() {
                li { (legend_mark(number, "plain")) (name) }
            } }
            div.many { @for choice in &choices.across {
                (chart(&format!("all / {}", choice.label), choice, Some(series), across))
            } }
            h3 { "Within one" }
        }
        div.many { @for choice in &choices.within { (chart(&choice.label, choice, None, within)) } }
    })
}

/// The classes of what is measured and what is predicted.
const MEASURED: &str = "measured";
const PREDICTED: &str = "predicted";

/// One chart. `shape_of` gives a mark's shape by its row and whether it is measured, 0, or predicted, 1; of
/// configurations off the frontier every n-th is drawn.
fn frontier_chart(
    title: &str,
    choice: &FrontierChoice<'_>,
    rows: &BTreeMap<String, usize>,
    shape_of: &dyn Fn(usize, usize) -> usize,
    every: usize,
) -> Markup {
    let (width, height) = (340.0, 260.0);
    let (measured, predicted) = (choice.measured(), choice.predicted());
    let both = || measured.iter().chain(&predicted);
    let x = Scale::from_zero(both().map(|point| point.interactivity), LEFT, width - RIGHT);
    let y = Scale::from_zero(both().map(|point| point.throughput), height - BOTTOM, TOP);
    let frame = Frame { width, height, x, y };
    let at = |point: &FrontierPoint| (x.at(point.interactivity), y.at(point.throughput));
    let agreement = choice.agreement;
    let rank = |rho: Option<f64>| rho.map_or_else(|| "-".to_owned(), |rho| format!("{rho:.2}"));
    let regret = agreement.mean_regret.zip(agreement.mean_regret_percent);
    let thinning = match every {
        0 | 1 => String::new(),
        _ => format!(" Of configurations off the frontiers every {every}th is drawn."),
    };
    let words = format!(
        "{} of {} on the measured frontier are on the predicted one; {} of {} demands missed, regret of the others {}; \
         rank correlation {} of throughput, {} of interactivity.{thinning}",
        agreement.on_both,
        agreement.on_measured_frontier,
        agreement.missed_demands,
        agreement.on_measured_frontier,
        regret.map_or_else(
            || "-".to_owned(),
            |(lost, share)| format!("{lost:.0} tokens/s/GPU ({share:.0}%)")
        ),
        rank(agreement.throughput_rank_correlation),
        rank(agreement.interactivity_rank_correlation),
    );
    let inside = html! {
        (frame.axes("interactivity, tokens/s/user", "tokens/s/GPU"))
        @for (series, class, points) in [(1, PREDICTED, &predicted), (0, MEASURED, &measured)] {
            @let best = frontier(points);
            (path(&best.iter().map(|&index| at(&points[index])).collect::<Vec<_>>(), &format!("frontier {class}")))
            @for (index, (candidate, point)) in choice.candidates.iter().zip(points).enumerate() {
                @if let Some(&row) = rows.get(&candidate.row.name()) {
                    @if every < 2 || index % every == 0 || best.contains(&index) {
                        @let said = format!("{class}: {:.0} tokens/s/user, {:.0} tokens/s/GPU",
                            point.interactivity, point.throughput);
                        (row_mark(shape_of(row, series), class, row, at(point), Some(&said)))
                    }
                }
            }
        }
    };
    let label = format!("Throughput per GPU against interactivity for {title}: {words}");
    let derived = if choice.is_derived() { " *" } else { "" };
    figure(
        &format!("frontier-{}", title.replace([' ', '/'], "")),
        &format!("{title}{derived}"),
        &words,
        &svg(&frame, &label, &inside),
    )
}

/// The MAPE of each metric over all rows, by release.
pub(super) fn history(history: &[ReleaseErrors]) -> Option<Markup> {
    if history.len() < 2 {
        return None;
    }
    let of = |errors: &ReleaseErrors, metric: Metric| {
        errors.slices.last()?.statistics[metric].map(|found| found.mape_percent)
    };
    let has = |metric: Metric| history.iter().any(|errors| of(errors, metric).is_some());
    let metrics = Metric::distinct(has);
    let (width, height) = (420.0, 260.0);
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
                text.small x=(px(at(index))) y=(px(height - BOTTOM + 28.0)) text-anchor="middle" { (errors.release.made) }
            }
        }
        @for (series, &metric) in metrics.iter().enumerate() {
            @let points: Vec<(f64, f64)> = history
                .iter()
                .enumerate()
                .filter_map(|(index, errors)| Some((at(index), y.at(of(errors, metric)?))))
                .collect();
            (path(&points, &format!("line s{series}")))
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
        "A release a column, the oldest first; lower is nearer to the measurements.",
        &html! { (svg(&frame, "MAPE of each metric by release", &inside)) (legend(&names)) },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_highest_where_values_are_most_frequent() {
        let values = [0.5, 1.0, 1.0, 1.0, 2.0];
        let x = Scale::log(values, 0.0, 100.0);
        let corners: Vec<(f64, f64)> = frequency(&values, x, 50.0, 10.0)
            .split(' ')
            .filter_map(|corner| corner.split_once(','))
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        let highest = corners.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert!((highest.0 - x.at(1.0)).abs() < 2.5, "{highest:?}");
        assert!((highest.1 - 40.0).abs() < 1e-9, "{highest:?}");
        let mirrored = |(x, y): &(f64, f64)| corners.contains(&(*x, 100.0 - y));
        assert!(corners.iter().all(mirrored), "{corners:?}");
    }
}
