//! The distribution of predicted / measured in each group.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::svg::{BOTTOM, Frame, RIGHT, Scale, TOP, brief, corners, px};
use super::figure::figure;
use super::rows::ChartRows;
use crate::base::statistics::quantile;
use crate::row::metric::Metric;

/// The coordinate at which the names of the groups end.
const LEFT: f64 = 140.0;
const WIDTH: f64 = 430.0;
/// The height of a group.
const STEP: f64 = 34.0;

/// The distributions of a metric by group; `None` where no row has the metric.
pub(crate) fn distributions(rows: ChartRows<'_>, metric: Metric) -> Option<Markup> {
    let mut groups: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for point in rows.points(metric) {
        groups.entry(rows.series.group(point.row)).or_default().push(point.pair.ratio());
    }
    groups.first_key_value()?;
    let ratios = groups.values().flatten().copied();
    let x = Scale::log(ratios.chain([0.8, 1.25]), LEFT, WIDTH - RIGHT);
    let height = TOP + BOTTOM + STEP * groups.len() as f64;
    let name = |group: usize| rows.series.groups()[group].as_str();
    let one = px(x.at(1.0));
    let content = html! {
        (axis(x, height))
        line.identity x1=(one) x2=(one) y1=(px(TOP)) y2=(px(height - BOTTOM)) {}
        @for (index, (&group, ratios)) in groups.iter().enumerate() {
            (distribution(group, name(group), ratios, x, TOP + STEP * (index as f64 + 0.5)))
        }
    };
    let medians: Vec<String> = groups
        .iter()
        .map(|(&group, ratios)| {
            format!("{} {:.2} of {}", name(group), quantile(ratios, 0.5), ratios.len())
        })
        .collect();
    let label =
        format!("Predicted over measured {}, medians: {}", metric.title(), medians.join(", "));
    let caption = "Right of the dashed line, the prediction is too high. The shape is highest where most rows of the \
                   group are. The bar holds the middle half of the rows, its stroke is the median, and the whisker holds \
                   90%.";
    Some(figure(
        &format!("distribution-{}", metric.name()),
        metric.title(),
        caption,
        &Frame { width: WIDTH, height, x, y: x }.plot(&label, &content),
    ))
}

/// The grid and the axis of ratios.
fn axis(x: Scale, height: f64) -> Markup {
    html! { g.axis {
        @for tick in x.ticks() {
            @let at = px(x.at(tick));
            line.grid x1=(at) x2=(at) y1=(px(TOP)) y2=(px(height - BOTTOM)) {}
            text x=(at) y=(px(height - BOTTOM + 15.0)) text-anchor="middle" { (brief(tick)) }
        }
        text x=(px(f64::midpoint(LEFT, WIDTH))) y=(px(height - 6.0)) text-anchor="middle" { "predicted / measured" }
    } }
}

/// A group's name, and the shape, box and whisker of its ratios around `y`.
fn distribution(group: usize, name: &str, ratios: &[f64], x: Scale, y: f64) -> Markup {
    let [low, first, median, third, high] =
        [0.05, 0.25, 0.5, 0.75, 0.95].map(|q| quantile(ratios, q));
    let title = format!(
        "{name}: median {median:.2}, half of {} rows from {first:.2} to {third:.2}, 90% from {low:.2} to {high:.2}",
        ratios.len()
    );
    let [low, first, median, third, high] =
        [low, first, median, third, high].map(|value| x.at(value));
    html! { g {
        title { (title) }
        text.group x=(px(LEFT - 8.0)) y=(px(y)) text-anchor="end" { (name) }
        text x=(px(LEFT - 8.0)) y=(px(y + 12.0)) text-anchor="end" { (ratios.len()) " rows" }
        polygon class=(format!("frequency s{group}")) points=(frequency(ratios, x, y, 15.0)) {}
        line.whisker x1=(px(low)) x2=(px(high)) y1=(px(y)) y2=(px(y)) {}
        rect class=(format!("box s{group}")) x=(px(first)) y=(px(y - 4.0))
            width=(px((third - first).max(1.0))) height="8" {}
        line.median x1=(px(median)) x2=(px(median)) y1=(px(y - 7.0)) y2=(px(y + 7.0)) {}
    } }
}

/// The corners of a shape around `y` whose height is the frequency of the values, at most `half` to each side.
/// Values are counted in bins of equal width on the scale and smoothed over three bins.
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
    let has_values = |bin: usize| smooth.get(bin).is_some_and(|(_, count)| *count > 0.0);
    // With the empty bins at both ends, where the shape comes down to the line.
    let shape = || {
        let is_near = |bin: &usize| (bin.saturating_sub(1)..=bin + 1).any(has_values);
        (0..smooth.len()).filter(is_near).map(|bin| smooth[bin])
    };
    let upper = shape().map(|(x, count)| (x, y - half * count / most));
    let lower = shape().rev().map(|(x, count)| (x, y + half * count / most));
    corners(upper.chain(lower))
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
