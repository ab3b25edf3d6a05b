//! Reports for people and programs: tables, summaries, failure texts, documents and pages. Everything here
//! makes text; [`crate::cli`] decides where it is written.

pub mod page;

mod audit;
mod bands;
mod bias;
mod calibration;
mod comparison_csv;
mod deviations;
mod document;
mod estimators;
mod explanation;
mod extraction;
mod failure;
mod flat;
mod history;
mod json;
mod numbers;
mod quantities;
mod reconciliation;
mod release_gate;
mod snapshot;
mod style;
mod summary;
mod text_table;

pub use audit::{audit_counts, audit_json, audit_text};
pub use bands::{bands_table, bands_text};
pub use calibration::{
    Calibrated, calibration_details, calibration_json, calibration_summary, diagnosis_details,
    diagnosis_json, diagnosis_summary,
};
pub use comparison_csv::comparison_report;
pub use deviations::deviations_toml;
pub use estimators::side_by_side_json;
pub(crate) use explanation::layer_times;
pub use explanation::{Explanation, explain, explanation_json};
pub use extraction::{extraction_json, extraction_table, extraction_text};
pub(crate) use failure::failure_reason;
pub use failure::{explain_command, failure_text, rerun_command};
pub use flat::{
    audit_table, calibration_table, diagnosis_table, errors_table, gate_table, history_table,
    quantities_table,
};
pub use history::{ReleaseErrors, history_conclusion, history_details, history_json};
pub use json::evaluation_json;
pub use numbers::{figure, figure_to, ratio_text};
pub use reconciliation::{RECONCILIATION_SUMMARY, notes_are_whole, reconciliation_summary};
pub(crate) use reconciliation::{choice_sentence, frontier_sentences};
pub use release_gate::{
    gate_annotations, gate_conclusion, gate_details, gate_json, gate_junit, gate_page,
};
pub use snapshot::{predictions_table, snapshot_file};
pub use style::{Style, Tone};
pub(crate) use summary::dataset;
pub use summary::{
    ModelAnswer, answer_text, comparison_summary, coverage_text, models_table, verdict_word,
};
pub use text_table::{Align, TextTable};
