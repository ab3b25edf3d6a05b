//! The checks of a whole model: gates on groups, coverage, audit, estimators, recording and known deviations.

mod audit;
mod coverage;
mod deviations;
mod estimator;
mod gate;
mod listing;
mod recording;
mod suite_check;

pub use suite_check::{CheckSubject, SuiteCheck, today};
