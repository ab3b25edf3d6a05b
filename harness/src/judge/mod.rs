//! Predictions become verdicts: each is compared with its measurement and judged by bands and known deviations, and
//! a release as a whole is gated and accepted.

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
