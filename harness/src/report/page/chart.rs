//! The ground of a figure: scales, axes and marks as SVG that takes its colours from the page.

use maud::{Markup, html};

/// A value's place on an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    /// Where `low` and `high` are drawn.
    from: f64,
    to: f64,
}

impl Scale {
    /// A logarithmic scale over values above zero, with room at both ends.
    pub(super) fn log(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) = extent(values.into_iter().map(f64::ln)).unwrap_or((0.0, 1.0));
        let room = (0.04 * (high - low)).max(0.05);
        Self { low: low - room, high: high + room, is_log: true, from, to }
    }

    /// A linear scale from zero.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let high = extent(values).map_or(1.0, |(_, high)| high).max(f64::MIN_POSITIVE);
        Self { low: 0.0, high: 1.05 * high, is_log: false, from, to }
    }

    /// Where the scale begins and where it ends.
    pub(super) fn ends(self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// Where a value is drawn; what is beyond the scale, at its end.
    pub(super) fn at(self, value: f64) -> f64 {
        let value = if self.is_log { value.ln() } else { value };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    /// Where an axis of these values has its ticks: at the values, where they are few.
    pub(super) fn ticks_of(self, values: &[f64]) -> Vec<f64> {
        let mut few: Vec<f64> = values.to_vec();
        few.sort_by(f64::total_cmp);
        few.dedup();
        if few.len() <= FEW { few } else { self.ticks() }
    }

    /// Round values within it: of a logarithmic scale 1, 2 and 5 times powers of ten, or the powers alone.
    pub(super) fn ticks(self) -> Vec<f64> {
        if !self.is_log {
            let step = nice(self.high / 7.0);
            return (0..8).map(|n| f64::from(n) * step).take_while(|x| *x <= self.high).collect();
        }
        let decades = (self.high - self.low) / std::f64::consts::LN_10;
        let factors: &[f64] = match decades {
            wide if wide > 2.5 => &[1.0],
            wide if wide > 0.8 => &[1.0, 2.0, 5.0],
            wide if wide > 0.25 => &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
            _ => &[
                1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5, 4.0, 4.5,
                5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5,
            ],
        };
        let mut ticks = Vec::new();
        for exponent in -9..12 {
            for factor in factors {
                let tick = factor * 10f64.powi(exponent);
                let far = |last: &f64| (self.at(tick) - self.at(*last)).abs() >= TICK_GAP;
                let is_within = tick.ln() >= self.low && tick.ln() <= self.high;
                if is_within && ticks.last().is_none_or(far) {
                    ticks.push(tick);
                }
            }
        }
        ticks
    }
}

/// Ticks nearer to each other would have their labels run together.
const TICK_GAP: f64 = 26.0;

/// So many values of an axis are each a tick of it.
const FEW: usize = 5;

fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// 1, 2 or 5 times a power of ten, at least `value`.
fn nice(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= value);
    step.unwrap_or(10.0) * power
}

/// A value in few characters: `0.02`, `350`, `12k`.
pub(super) fn brief(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        x if x >= 1e6 => format!("{}M", trimmed(value / 1e6, 1)),
        x if x >= 1e4 => format!("{}k", trimmed(value / 1e3, 1)),
        x if x >= 100.0 => trimmed(value, 0),
        x if x >= 1.0 => trimmed(value, 2),
        x if x >= 1e-4 => trimmed(value, 4),
        _ => format!("{value:.0e}"),
    }
}

fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A coordinate: two digits say where a pixel is.
pub(super) fn px(value: f64) -> String {
    trimmed(value, 2)
}

/// A plot's frame: width and height of the whole, and its scales.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub width: f64,
    pub height: f64,
    pub x: Scale,
    pub y: Scale,
}

/// Space for the ticks and the titles of the axes.
pub(super) const LEFT: f64 = 60.0;
pub(super) const BOTTOM: f64 = 40.0;
pub(super) const TOP: f64 = 10.0;
pub(super) const RIGHT: f64 = 18.0;

impl Frame {
    /// The ticks of x, without the labels that would run into the one before.
    fn apart(&self, ticks: &[(f64, String)]) -> Vec<(f64, String)> {
        let mut end = f64::NEG_INFINITY;
        let keep = |(tick, label): &(f64, String)| {
            let (middle, half) = (self.x.at(*tick), 0.5 * CHARACTER * label.chars().count() as f64);
            if middle - half < end {
                return (*tick, String::new());
            }
            end = middle + half;
            (*tick, label.clone())
        };
        ticks.iter().map(keep).collect()
    }

    /// Grid, round ticks and titles of both axes.
    pub(super) fn axes(&self, x_title: &str, y_title: &str) -> Markup {
        let ticks: Vec<(f64, String)> =
            self.x.ticks().into_iter().map(|tick| (tick, brief(tick))).collect();
        self.axes_at(&ticks, x_title, y_title)
    }

    /// The same with these ticks of x.
    pub(super) fn axes_at(
        &self,
        x_ticks: &[(f64, String)],
        x_title: &str,
        y_title: &str,
    ) -> Markup {
        let x_ticks = self.apart(x_ticks);
        let (left, right) = (px(LEFT), px(self.width - RIGHT));
        let (top, bottom) = (px(TOP), px(self.height - BOTTOM));
        let middle = px(f64::midpoint(LEFT, self.width - RIGHT));
        let y_middle = px(f64::midpoint(TOP, self.height - BOTTOM));
        html! {
            g.axis {
                @for (tick, label) in &x_ticks {
                    @let x = px(self.x.at(*tick));
                    line.grid x1=(x) x2=(x) y1=(top) y2=(bottom) {}
                    @if !label.is_empty() {
                        text x=(x) y=(px(self.height - BOTTOM + 15.0)) text-anchor="middle" { (label) }
                    }
                }
                @for tick in self.y.ticks() {
                    @let y = self.y.at(tick);
                    line.grid x1=(left) x2=(right) y1=(px(y)) y2=(px(y)) {}
                    text x=(px(LEFT - 6.0)) y=(px(y + 4.0)) text-anchor="end" { (brief(tick)) }
                }
                text x=(middle) y=(px(self.height - 6.0)) text-anchor="middle" { (x_title) }
                text transform=(format!("translate(12 {y_middle}) rotate(-90)")) text-anchor="middle" { (y_title) }
            }
        }
    }
}

/// How wide a character of a label is at the most, at the size of a phone.
const CHARACTER: f64 = 7.5;

/// So many colours and shapes there are.
pub(super) const COLOURS: usize = 8;

/// A series' colour. Its shape is its number modulo that of the shapes, so that of more series than colours no
/// two have both in common, up to 56.
pub(super) fn colour(series: usize) -> usize {
    (series + series / COLOURS) % COLOURS
}

/// The shapes of the series, as paths from a mark's place.
const SHAPES: [&str; COLOURS] = [
    "m3.5 0a3.5 3.5 0 1 1-7 0a3.5 3.5 0 1 1 7 0",
    "m-3.5-3.5h7v7h-7z",
    "m0-4.5l4 8h-8z",
    "m0-5l5 5-5 5-5-5z",
    "m0 4.5l4-8h-8z",
    "m-5-1.5h10v3h-10z",
    "m-1.5-5h3v10h-3z",
    "m-5 0l5-2.5 5 2.5-5 2.5z",
];

/// A mark of a series with what is shown when it is pointed at.
pub(super) fn mark(series: usize, x: f64, y: f64, title: &str) -> Markup {
    let place = place(series, (x, y));
    html! { path class=(format!("mark s{series}")) d=(place) { title { (title) } } }
}

/// The mark of a row, whose name and figures the page's script takes from its place in the table, with what is
/// said before these; `classes` are its series, `series` that of its shape.
pub(super) fn row_mark(
    series: usize,
    classes: &str,
    row: usize,
    at: (f64, f64),
    said: Option<&str>,
) -> Markup {
    let place = place(series, at);
    html! { path class=(format!("mark {classes}")) d=(place) data-r=(row) data-s=[said] {} }
}

/// A path draws faster than a reference to a shape. A tenth of a unit says where a mark is.
fn place(series: usize, (x, y): (f64, f64)) -> String {
    format!("M{} {}{}", trimmed(x, 1), trimmed(y, 1), SHAPES[series % COLOURS])
}

/// A line through points.
pub(super) fn path(points: &[(f64, f64)], class: &str) -> Markup {
    let points: Vec<String> =
        points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
    html! { polyline class=(class) points=(points.join(" ")) {} }
}

/// The names of the series with their marks.
pub(super) fn legend(names: &[String]) -> Markup {
    html! { ul.legend { @for (series, name) in names.iter().enumerate() {
        li { (legend_mark(series, &format!("s{series}"))) (name) }
    } } }
}

/// The names of the series of one of several ways to colour, by its letter.
pub(super) fn legend_of(names: &[String], letter: &str) -> Markup {
    html! { ul class=(format!("legend by-{letter}")) { @for (series, name) in names.iter().enumerate() {
        @let class = format!("{letter}{series}");
        li data-only=(class) {
            (legend_mark(series, &class)) (name)
        }
    } } }
}

/// A mark on its own, for a legend.
pub(super) fn legend_mark(series: usize, classes: &str) -> Markup {
    html! { svg width="14" height="14" aria-hidden="true" {
        path class=(format!("mark {classes}")) d=(place(series, (7.0, 7.0))) {}
    } }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_of_a_scale_are_drawn_within_it_and_in_their_order(
            values in proptest::collection::vec(1e-4..1e6, 1..30),
        ) {
            let scale = Scale::log(values.iter().copied(), 10.0, 300.0);
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let places: Vec<f64> = sorted.iter().map(|value| scale.at(*value)).collect();
            prop_assert!(places.iter().all(|place| (10.0..=300.0).contains(place)));
            prop_assert!(places.is_sorted());
            prop_assert!(scale.ticks().len() < 15);
        }
    }

    #[test]
    fn ticks_are_round_and_labels_short() {
        assert_eq!(Scale::log([0.01, 0.1], 0.0, 300.0).ticks(), [0.01, 0.02, 0.05, 0.1]);
        let widths = [1.0, 8.0, 2.0, 8.0];
        assert_eq!(Scale::log(widths, 0.0, 1.0).ticks_of(&widths), [1.0, 2.0, 8.0]);
        assert_eq!(Scale::from_zero([9.0], 0.0, 1.0).ticks(), [0.0, 2.0, 4.0, 6.0, 8.0]);
        let fine: Vec<String> =
            Scale::log([0.8, 1.25], 0.0, 300.0).ticks().into_iter().map(brief).collect();
        assert_eq!(fine, ["0.8", "0.85", "0.9", "0.95", "1", "1.1", "1.2", "1.3"]);
        assert_eq!(Scale::log([0.8, 1.25], 300.0, 240.0).ticks(), [0.8, 1.1], "none too near");
        let labels = [0.0, 0.005, 0.02, 2.5, 350.0, 12_500.0, 2e6].map(brief);
        assert_eq!(labels, ["0", "0.005", "0.02", "2.5", "350", "12.5k", "2M"]);
    }
}
