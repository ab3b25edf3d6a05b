//! Legends: the names of series with their marks.

use maud::{Markup, html};

use super::mark::mark_path;

/// The names of the series with their marks.
pub(crate) fn legend(names: &[String]) -> Markup {
    html! { ul.legend { @for (series, name) in names.iter().enumerate() {
        li { (legend_mark(series, &format!("s{series}"))) (name) }
    } } }
}

/// The legend of one of several colourings, whose classes begin with `letter`.
pub(crate) fn colouring_legend(names: &[String], letter: &str) -> Markup {
    html! { ul class=(format!("legend by-{letter}")) { @for (series, name) in names.iter().enumerate() {
        @let class = format!("{letter}{series}");
        li data-only=(class) {
            (legend_mark(series, &class)) (name)
        }
    } } }
}

/// A mark on its own, for a legend.
pub(crate) fn legend_mark(series: usize, classes: &str) -> Markup {
    html! { svg width="14" height="14" aria-hidden="true" {
        path class=(format!("mark {classes}")) d=(mark_path(series, (7.0, 7.0))) {}
    } }
}
