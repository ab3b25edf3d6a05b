//! A chart with its caption.

use maud::{Markup, html};

/// A chart with its title and a caption that says how to read it.
pub(super) fn figure(id: &str, title: &str, caption: &str, chart: &Markup) -> Markup {
    html! {
        figure id=(id) {
            figcaption { strong { (title) } " " (caption) }
            (chart)
        }
    }
}
