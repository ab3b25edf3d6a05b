//! Throughput per GPU against interactivity: the measured and the predicted frontier of the configurations that a
//! deployment is chosen from, and what choosing by the prediction costs.

mod agreement;
mod choice;
mod choices;
mod point;

pub use agreement::{FrontierAgreement, FrontierTotal, TOLERANCE, total};
pub use choice::{FrontierCandidate, FrontierChoice};
pub use choices::{FrontierChoices, choices};
pub use point::{FrontierPoint, frontier};

#[cfg(test)]
mod testing {
    use proptest::prelude::*;

    use super::FrontierPoint;

    pub(super) fn point(interactivity: f64, throughput: f64) -> FrontierPoint {
        FrontierPoint { interactivity, throughput }
    }

    pub(super) fn any_points() -> impl Strategy<Value = Vec<FrontierPoint>> {
        let any_point = (1.0..100.0, 1.0..100.0).prop_map(|(x, y)| point(x, y));
        proptest::collection::vec(any_point, 1..20)
    }
}
