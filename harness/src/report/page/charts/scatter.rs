//! Predicted against measured values.

use maud::{Markup, html};

use super::super::svg::{BOTTOM, Frame, LEFT, RIGHT, Scale, TOP, corners, line};
use super::figure::figure;
use super::rows::{ChartRows, thinned};
use crate::base::statistics::{self, quantile};
use crate::row::metric::Metric;
use crate::rules::band::Interval;

/// The scatter plot of a metric on logarithmic axes, with the identity, the noise of measuring and the bands;
/// `None` where no row has the metric.
pub(crate) fn scatter(rows: ChartRows<'_>, metric: Metric) -> Option<Markup> {
    let points = rows.points(metric);
    let errors = statistics::of(&points.iter().map(|point| point.pair).collect::<Vec<_>>())?;
    let ratios: Vec<f64> = points.iter().map(|point| point.pair.ratio()).collect();
    let (drawn, thinning) = thinned(&ratios);
    let values = points.iter().flat_map(|point| [point.pair.measured, point.pair.predicted]);
    let axes = Axes::of(&values.collect::<Vec<_>>());
    let Axes { frame: Frame { x, y, .. }, low, high } = axes;
    let noise = rows.model.config.noise_floor[metric];
    let content = html! {
        (axes.frame.axes(&format!("measured, {}", metric.unit()), &format!("predicted, {}", metric.unit())))
        @let bands = rows.bands(metric);
        @let all: Vec<Interval> = bands.values().flatten().copied().collect();
        @if !all.is_empty() { polygon.bands points=(axes.between(median_band(&all))) {} }
        @for (group, bands) in &bands {
            polygon class=(format!("own s{group}")) points=(axes.between(median_band(bands))) {}
        }
        polygon.noise points=(axes.between(Interval { low: 1.0 / noise, high: noise })) {}
        (line(&[(x.at(low), y.at(low)), (x.at(high), y.at(high))], "identity"))
        @for point in drawn.iter().map(|&index| &points[index]) {
            (rows.mark(point, x.at(point.pair.measured), y.at(point.pair.predicted)))
        }
    };
    let label = format!(
        "{} predicted against measured for {} rows: MAPE {:.1}%, bias {:.2}",
        metric.title(),
        points.len(),
        errors.mape_percent,
        errors.bias
    );
    let caption = format!(
        "{} rows. On the dashed line, predicted equals measured; above it, the prediction is too high. The same \
         configuration measured again lies between the dotted lines. The shade is the median of the rows' bands.{thinning}",
        points.len()
    );
    Some(figure(
        &format!("scatter-{}", metric.name()),
        metric.title(),
        &caption,
        &axes.frame.plot(&label, &content),
    ))
}

/// Two logarithmic axes over the same values.
struct Axes {
    frame: Frame,
    low: f64,
    high: f64,
}

impl Axes {
    fn of(values: &[f64]) -> Self {
        let (width, height) = (420.0, 360.0);
        let x = Scale::log(values.iter().copied(), LEFT, width - RIGHT);
        let y = Scale::log(values.iter().copied(), height - BOTTOM, TOP);
        let (low, high) =
            values.iter().fold((f64::MAX, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
        Self { frame: Frame { width, height, x, y }, low, high }
    }

    /// The corners of the area where predicted / measured is in an interval. Its edges go in steps, because
    /// what leaves the frame is drawn at the frame's edge.
    fn between(&self, interval: Interval) -> String {
        let Frame { x, y, .. } = self.frame;
        let edge = |factor: f64| -> Vec<(f64, f64)> {
            let step = |n: i32| self.low * (self.high / self.low).powf(f64::from(n) / 24.0);
            (0..=24).map(step).map(|value| (x.at(value), y.at(value * factor))).collect()
        };
        corners(edge(interval.high).into_iter().chain(edge(interval.low).into_iter().rev()))
    }
}

/// The median of the lower ends and of the upper ends of bands.
fn median_band(bands: &[Interval]) -> Interval {
    let median =
        |end: fn(&Interval) -> f64| quantile(&bands.iter().map(end).collect::<Vec<_>>(), 0.5);
    Interval { low: median(|band| band.low), high: median(|band| band.high) }
}
