//! Reports for people and programs: tables, summaries, failure texts, documents and pages. Everything here
//! makes text; [`crate::cli`] decides where it is written.

pub mod page;

mod audit;
mod calibration;
mod comparison_csv;
mod deviations;
mod estimators;
mod explanation;
mod failure;
mod flat;
mod history;
mod json;
mod numbers;
mod reconciliation;
mod release_gate;
mod snapshot;
mod style;
mod summary;
mod text_table;

pub use audit::{audit_counts, audit_json, audit_text};
pub use calibration::{Calibrated, calibration_json, calibration_text, diagnosis_text};
pub use comparison_csv::comparison_report;
pub use deviations::deviations_toml;
pub use estimators::side_by_side_json;
pub(crate) use explanation::layer_times;
pub use explanation::{Explanation, explain, explanation_json};
pub(crate) use failure::failure_reason;
pub use failure::{explain_command, failure_text, rerun_command};
pub use flat::{
    audit_table, calibration_table, diagnosis_table, errors_table, gate_table, history_table,
    quantities_table,
};
pub use history::{ReleaseErrors, history_json, history_text};
pub use json::evaluation_json;
pub use numbers::{figure, figure_to, ratio_text};
pub(crate) use reconciliation::frontier_sentences;
pub use reconciliation::{RECONCILIATION_SUMMARY, notes_are_whole, reconciliation_summary};
pub use release_gate::{gate_annotations, gate_json, gate_junit, gate_summary};
pub use snapshot::{predictions_table, snapshot_file};
pub use style::{Style, Tone};
pub(crate) use summary::dataset;
pub use summary::{
    ModelAnswer, answer_text, comparison_summary, coverage_text, models_table, verdict_word,
};
pub use text_table::{Align, TextTable};
