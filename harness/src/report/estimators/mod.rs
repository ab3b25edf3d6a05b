//! Mantile compared with other estimators: in the summary, in the table of `run`, and for programs.

mod json;
mod text;

pub use json::side_by_side_json;
pub(super) use text::{section, skill_table};
