//! The configurations that one deployment is chosen from.

use super::{FrontierAgreement, FrontierPoint};
use crate::row::Row;

/// A configuration with its measured and its predicted point.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontierCandidate<'a> {
    /// The row.
    pub row: &'a Row,
    /// The measured point. A throughput that is not published follows from TTFT and TPOT by Little's law.
    pub measured: FrontierPoint,
    /// Whether the measured throughput is derived because it is not published.
    pub is_derived: bool,
    /// The predicted point.
    pub predicted: FrontierPoint,
}

/// The configurations that one deployment is chosen from.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontierChoice<'a> {
    /// GPU, framework, precision, context and provider; for a choice over all GPUs and frameworks, the last three.
    pub label: String,
    /// The configurations, in the order of their rows.
    pub candidates: Vec<FrontierCandidate<'a>>,
    /// How well choosing among them by the prediction does.
    pub agreement: FrontierAgreement,
}

impl<'a> FrontierChoice<'a> {
    /// Makes the choice among these configurations.
    #[must_use]
    pub fn new(label: String, candidates: Vec<FrontierCandidate<'a>>) -> Self {
        let points = |point: fn(&FrontierCandidate<'_>) -> FrontierPoint| {
            candidates.iter().map(point).collect::<Vec<_>>()
        };
        let [measured, predicted] =
            [points(|candidate| candidate.measured), points(|candidate| candidate.predicted)];
        let agreement = FrontierAgreement::of(&measured, &predicted);
        Self { label, candidates, agreement }
    }

    /// Whether the throughput of any configuration is derived.
    #[must_use]
    pub fn is_derived(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.is_derived)
    }

    /// The measured points, in the order of the candidates.
    #[must_use]
    pub fn measured(&self) -> Vec<FrontierPoint> {
        self.candidates.iter().map(|candidate| candidate.measured).collect()
    }

    /// The predicted points, in the order of the candidates.
    #[must_use]
    pub fn predicted(&self) -> Vec<FrontierPoint> {
        self.candidates.iter().map(|candidate| candidate.predicted).collect()
    }
}
