//! Predicted / measured against properties of the rows, which shows what the error depends on.

use maud::{Markup, html};

use super::super::svg::{BOTTOM, Frame, LEFT, RIGHT, Scale, TOP, brief, px};
use super::figure::figure;
use super::rows::{ChartPoint, ChartRows, thinned};
use crate::base::statistics;
use crate::judge::compare::{Comparison, statistics as statistics_of, step_metric};
use crate::mantile::breakdown::{LayerTime, RequestPhase};
use crate::predict::mapping::Recorded;
use crate::row::metric::Metric;
use crate::row::{Layout, Parallelism};

/// A smaller share of a phase is drawn as this, because a logarithmic scale has no zero.
const LEAST_SHARE: f64 = 1e-4;

/// The charts of each metric against the request's properties, then against the parts of Mantile's time.
pub(crate) fn residuals(rows: ChartRows<'_>, recorded: &[Option<Recorded>]) -> Vec<Markup> {
    let comparisons = &rows.evaluation.comparisons;
    let has = |metric: &Metric| statistics_of(comparisons, *metric).is_some();
    let step = step_metric(comparisons);
    let ttft = Some(Metric::Ttft).filter(has);
    let throughput = [Metric::Throughput, Metric::OutputThroughput].into_iter().find(has);
    let mut metrics: Vec<Metric> = [step, ttft, throughput].into_iter().flatten().collect();
    metrics.dedup();
    let mut charts = Vec::new();
    for property in [RowProperty::Concurrency, RowProperty::Context, RowProperty::TensorParallel] {
        for &metric in &metrics {
            let value = |point: &ChartPoint<'_>| property.value(point.comparison, metric);
            charts.push(error_against(rows, metric, property.title(), "", value));
        }
    }
    for (metric, phase, name) in
        [(step, RequestPhase::Decode, "step"), (ttft, RequestPhase::Prefill, "prefill")]
    {
        let Some(metric) = metric else { continue };
        for (part, time_ms) in TIME_PARTS {
            let share = |point: &ChartPoint<'_>| {
                let breakdown = &recorded.get(point.row)?.as_ref()?.breakdown;
                Some(breakdown.share(phase, time_ms).max(LEAST_SHARE))
            };
            let note = " Shares need not add up to 1, because some parts overlap others.";
            let title = format!("{part} share of the {name}");
            charts.push(error_against(rows, metric, &title, note, share));
        }
    }
    charts.into_iter().flatten().collect()
}

/// A property of the request that the error may depend on.
#[derive(Clone, Copy)]
enum RowProperty {
    Concurrency,
    Context,
    TensorParallel,
}

impl RowProperty {
    fn title(self) -> &'static str {
        match self {
            Self::Concurrency => "concurrency",
            Self::Context => "context, ISL + OSL",
            Self::TensorParallel => "tensor parallel",
        }
    }

    fn value(self, comparison: &Comparison, metric: Metric) -> Option<f64> {
        let identity = &comparison.row.identity;
        match self {
            Self::Concurrency => identity.concurrency.fixed().map(f64::from),
            Self::Context => {
                Some(f64::from(identity.input_seq_len) + f64::from(identity.output_seq_len))
            }
            Self::TensorParallel => {
                Some(f64::from(parallelism_for(&identity.layout, metric).tensor_parallel))
            }
        }
    }
}

/// The parallelism that a metric depends on: with separate pools, that of prefill for TTFT, else that of decode.
fn parallelism_for(layout: &Layout, metric: Metric) -> &Parallelism {
    match layout {
        Layout::Aggregated(parallelism) => parallelism,
        Layout::Disaggregated { prefill, .. } if metric == Metric::Ttft => &prefill.parallelism,
        Layout::Disaggregated { decode, .. } => &decode.parallelism,
    }
}

/// A part of a layer's time, ms.
type TimePart = fn(&LayerTime) -> f64;

/// The parts of a layer's time, in ms.
const TIME_PARTS: [(&str, TimePart); 4] = [
    ("load", |layer| layer.load_ms),
    ("compute", |layer| layer.compute_ms),
    ("communication", |layer| layer.communication_ms),
    ("overhead", |layer| layer.overhead_ms),
];

/// The chart of predicted / measured against a property; `None` where no row has both.
fn error_against(
    rows: ChartRows<'_>,
    metric: Metric,
    property: &str,
    note: &str,
    value: impl Fn(&ChartPoint<'_>) -> Option<f64>,
) -> Option<Markup> {
    let points: Vec<(f64, ChartPoint<'_>)> =
        rows.points(metric).into_iter().filter_map(|point| Some((value(&point)?, point))).collect();
    points.first()?;
    let (width, height) = (420.0, 300.0);
    let values: Vec<f64> = points.iter().map(|(value, _)| *value).collect();
    let ratios: Vec<f64> = points.iter().map(|(_, point)| point.pair.ratio()).collect();
    let x = Scale::log(values.iter().copied(), LEFT, width - RIGHT);
    let y = Scale::log(ratios.iter().copied().chain([0.8, 1.25]), height - BOTTOM, TOP);
    let frame = Frame { width, height, x, y };
    let ticks: Vec<(f64, String)> =
        x.ticks_for(&values).into_iter().map(|tick| (tick, tick_label(tick))).collect();
    let one = px(y.at(1.0));
    let (drawn, thinning) = thinned(&ratios);
    let content = html! {
        (frame.axes_with_ticks(&ticks, property, "predicted / measured"))
        line.identity x1=(px(LEFT)) x2=(px(width - RIGHT)) y1=(one) y2=(one) {}
        @for (value, point) in drawn.iter().map(|&index| &points[index]) {
            (rows.mark(point, x.at(*value), y.at(point.pair.ratio())))
        }
    };
    let rank = statistics::spearman(&values, &ratios)
        .map_or(String::new(), |rho| format!(", rank correlation {rho:.2}"));
    let (title, count) = (metric.title(), points.len());
    let label =
        format!("{title} predicted over measured against {property} for {count} rows{rank}");
    let caption = format!(
        "Above the dashed line, the prediction is too high. {count} rows{rank}.{note}{thinning}"
    );
    let name = property.split([' ', ',']).next().unwrap_or_default();
    Some(figure(
        &format!("{}-against-{name}", metric.name()),
        &format!("{title} against {property}"),
        &caption,
        &frame.plot(&label, &content),
    ))
}

/// The label of a tick; shares at or below the least are drawn at the left edge.
fn tick_label(tick: f64) -> String {
    if tick <= LEAST_SHARE { format!("≤ {}", brief(LEAST_SHARE)) } else { brief(tick) }
}
