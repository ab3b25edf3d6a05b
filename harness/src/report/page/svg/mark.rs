//! Marks and lines of the series of a chart.

use maud::{Markup, html};

use super::number::rounded;
use super::px;

/// The number of colours, and of shapes.
pub(crate) const COLOURS: usize = 8;

/// A series' colour. Its shape is its number modulo the number of shapes, so that up to 56 series differ in
/// colour or shape.
pub(crate) fn colour(series: usize) -> usize {
    (series + series / COLOURS) % COLOURS
}

/// The shapes of the series, as paths from a mark's centre.
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

/// A mark of a series, with the text that is shown when it is pointed at.
pub(crate) fn mark(series: usize, x: f64, y: f64, title: &str) -> Markup {
    let path = mark_path(series, (x, y));
    html! { path class=(format!("mark s{series}")) d=(path) { title { (title) } } }
}

/// A row's mark. The page's script takes the row's name and figures from its number in the table and shows
/// `text` before them. `classes` are the row's series, `series` the one that gives the shape.
pub(crate) fn row_mark(
    series: usize,
    classes: &str,
    row: usize,
    at: (f64, f64),
    text: Option<&str>,
) -> Markup {
    let path = mark_path(series, at);
    html! { path class=(format!("mark {classes}")) d=(path) data-r=(row) data-s=[text] {} }
}

/// The path of a mark, to a tenth of a unit. A path draws faster than a reference to a shape.
pub(super) fn mark_path(series: usize, (x, y): (f64, f64)) -> String {
    format!("M{} {}{}", rounded(x, 1), rounded(y, 1), SHAPES[series % COLOURS])
}

/// A line through points.
pub(crate) fn line(points: &[(f64, f64)], class: &str) -> Markup {
    html! { polyline class=(class) points=(corners(points.iter().copied())) {} }
}

/// Points as the corners of a line or polygon.
pub(crate) fn corners(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let corners = points.into_iter().map(|(x, y)| format!("{},{}", px(x), px(y)));
    corners.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_beyond_the_colours_differ_in_colour_or_shape() {
        let looks: std::collections::BTreeSet<_> =
            (0..56).map(|number| (colour(number), number % COLOURS)).collect();
        assert_eq!(looks.len(), 56);
    }
}
