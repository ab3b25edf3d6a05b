//! The charts of a page, one kind per file.

mod distributions;
mod figure;
mod frontiers;
mod history;
mod residuals;
mod rows;
mod scatter;

pub(super) use distributions::distributions;
pub(super) use frontiers::frontiers;
pub(super) use history::history;
pub(super) use residuals::residuals;
pub(super) use rows::ChartRows;
pub(super) use scatter::scatter;
