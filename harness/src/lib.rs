//! Compares Mantile's predictions of LLM inference performance with public benchmark measurements.
//!
//! Data flows one way:
//!
//! ```text
//! artifact → Row → Request → Answer → Prediction → Comparison → Verdict → Report
//!  intake    row   predict   mantile   predict      judge        judge     report
//! ```
//!
//! The rooms stand in the order below, and a room uses only the rooms above it (`tests/workflow/tidy.rs`
//! checks that). These decide and are pure, without clock, network, environment or files: [`row`], [`audit`],
//! and what [`judge`] and [`calibrate`] decide by.

pub mod base;

pub mod row;

pub mod intake;

pub mod mantile;

pub mod rules;

pub mod predict;

pub mod audit;

pub mod judge;

pub mod calibrate;

pub mod report;

pub mod cli;

#[cfg(test)]
mod testing;
