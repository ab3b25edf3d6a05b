//! The tables of a page, one kind per file.

mod band_coverage;
mod checks;
mod heat_map;
mod known_deviations;
mod rows;

pub(super) use band_coverage::band_coverage;
pub(super) use checks::checks;
pub(super) use heat_map::{SHADES, heat_cell, heat_map};
pub(super) use known_deviations::known_deviations;
pub(super) use rows::rows_table;

use maud::{Markup, html};

/// A table that scrolls where it is wider than the page.
pub(super) fn scrolled(label: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (table) } }
}
