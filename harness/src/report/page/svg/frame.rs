//! The frame of a chart: its size, scales and axes.

use maud::{Markup, html};

use super::{Scale, brief, px};

/// A chart's frame: the width and height of the whole, and its scales.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub width: f64,
    pub height: f64,
    pub x: Scale,
    pub y: Scale,
}

/// The margins, with room for the ticks and titles of the axes.
pub(crate) const LEFT: f64 = 60.0;
pub(crate) const BOTTOM: f64 = 40.0;
pub(crate) const TOP: f64 = 10.0;
pub(crate) const RIGHT: f64 = 18.0;

/// The greatest width of a label's character, at the size for a phone.
const CHARACTER_WIDTH: f64 = 7.5;

impl Frame {
    /// The chart with this content; `label` describes it to readers who do not see it.
    pub(crate) fn plot(&self, label: &str, content: &Markup) -> Markup {
        let (width, height) = (px(self.width), px(self.height));
        html! {
            svg.plot viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(label) { (content) }
        }
    }

    /// The grid, round ticks and the titles of both axes.
    pub(crate) fn axes(&self, x_title: &str, y_title: &str) -> Markup {
        let ticks: Vec<(f64, String)> =
            self.x.ticks().into_iter().map(|tick| (tick, brief(tick))).collect();
        self.axes_with_ticks(&ticks, x_title, y_title)
    }

    /// The same with these ticks on the x axis.
    pub(crate) fn axes_with_ticks(
        &self,
        x_ticks: &[(f64, String)],
        x_title: &str,
        y_title: &str,
    ) -> Markup {
        let x_ticks = self.without_overlapping_labels(x_ticks);
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

    /// The ticks of x, with the labels left out that would overlap the one before.
    fn without_overlapping_labels(&self, ticks: &[(f64, String)]) -> Vec<(f64, String)> {
        let mut end = f64::NEG_INFINITY;
        let keep = |(tick, label): &(f64, String)| {
            let middle = self.x.at(*tick);
            let half = 0.5 * CHARACTER_WIDTH * label.chars().count() as f64;
            if middle - half < end {
                return (*tick, String::new());
            }
            end = middle + half;
            (*tick, label.clone())
        };
        ticks.iter().map(keep).collect()
    }
}
