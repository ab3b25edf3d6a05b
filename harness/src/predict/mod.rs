//! How a row becomes a prediction: its request to Mantile, the asking, and what follows from the answer; beside it
//! the predictions of rival estimators.

pub mod ask;
pub mod mapping;
pub mod prediction;
pub mod rivals;
pub mod service;
