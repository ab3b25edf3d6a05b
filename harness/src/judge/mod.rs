//! How a prediction becomes a verdict: compared with its measurement, judged by bands and deviations, and, for a
//! release as a whole, gated and accepted.

pub mod accept;
pub mod check;
pub mod compare;
pub mod drift;
pub mod evaluation;
pub mod frontier;
pub mod gate;
pub mod model;
pub mod propose;
pub mod side_by_side;
pub mod verdict;
