//! Holds Mantile's LLM inference performance predictions against public benchmark measurements.
//!
//! Data flows one way, one noun a stage:
//!
//! ```text
//! artifact → Row → Request → Answer → Prediction → Comparison → Verdict → Report
//! source     row   mapping   mantile  prediction   compare      verdict   report
//!                            recording
//! ```
//!
//! [`row`], [`mapping`], [`prediction`], [`compare`], [`statistics`], [`band`], [`verdict`] and
//! [`check`] decide and are pure: no clock, no network, no environment. Reading and writing live
//! in [`source`], [`fetch`], [`folder`], [`mantile`], [`recording`], [`report`] and [`mod@file`].

pub mod audit;
pub mod base;
pub mod calibrate;
pub mod cli;
pub mod intake;
pub mod judge;
pub mod mantile;
pub mod page;
pub mod predict;
pub mod report;
pub mod row;
pub mod rules;
