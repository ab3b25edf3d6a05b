//! From a row to its prediction: the request to Mantile, the answer, and the metrics that follow from it. Also the
//! predictions of other estimators.

pub mod ask;
pub mod mapping;
pub mod prediction;
pub mod rivals;
pub mod service;
