//! The HTML around every page: its head, style and script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page's file name.
#[must_use]
pub fn file_name(model: &str) -> String {
    format!("{model}.html")
}

/// An HTML document with this title, the style of its series, and this body.
pub(super) fn document(title: &str, series_style: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(series_style)) }
            }
            body {
                button.theme type="button" hidden { "light / dark" }
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}
