//! Drift: the change from one release's predictions to another's. Predictions are deterministic, so drift has no
//! noise, and it does not depend on measurements.

use crate::predict::prediction::{Outcome, Prediction};
use crate::row::metric::{Metric, PerMetric};

/// The relative change of a prediction that rounding errors can explain, such as those of arithmetic in another
/// order.
pub const TOLERANCE: f64 = 1e-6;

/// The change of the prediction of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// Every figure is the same to the last bit.
    Identical,
    /// Every metric and the memory changed by at most [`TOLERANCE`].
    WithinTolerance,
    /// A metric or the memory changed by more: the relative changes (new − old) / old.
    Changed {
        /// The changes of the metrics.
        metrics: PerMetric<f64>,
        /// The change of the memory that a package needs.
        memory: f64,
    },
    /// The prediction is gone, for this reason.
    Lost(String),
    /// There is a prediction where there was none.
    Gained,
    /// There is no prediction before or after, as for unmapped rows.
    Absent,
}

impl Drift {
    /// The name in files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::WithinTolerance => "within_tolerance",
            Self::Changed { .. } => "changed",
            Self::Lost(_) => "lost",
            Self::Gained => "gained",
            Self::Absent => "absent",
        }
    }

    /// The drift from an old prediction of a row to a new one.
    #[must_use]
    pub fn between(old: &Prediction, new: &Prediction) -> Self {
        match (&old.outcome, &new.outcome) {
            (Outcome::Predicted(old), Outcome::Predicted(new)) => {
                if old == new {
                    return Self::Identical;
                }
                let metrics =
                    PerMetric::from_fn(|metric| new.metrics[metric] / old.metrics[metric] - 1.0);
                let memory = new.memory_per_package_gb / old.memory_per_package_gb - 1.0;
                let moved = |change: f64| change.abs() > TOLERANCE || change.is_nan();
                if moved(memory) || Metric::ALL.into_iter().any(|metric| moved(metrics[metric])) {
                    Self::Changed { metrics, memory }
                } else {
                    Self::WithinTolerance
                }
            }
            (Outcome::Predicted(_), lost) => {
                Self::Lost(format!("{}: {}", lost.status(), lost.problem().unwrap_or_default()))
            }
            (_, Outcome::Predicted(_)) => Self::Gained,
            _ => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::comparison;

    fn prediction(ratio: f64) -> Prediction {
        let comparison = comparison(ratio);
        Prediction {
            row: comparison.row,
            outcome: comparison.outcome,
            approximations: vec![],
            request_key: None,
            answered_by: None,
            response_time_ms: None,
        }
    }

    fn refused() -> Prediction {
        Prediction { outcome: Outcome::Refused("status 500".to_owned()), ..prediction(1.0) }
    }

    #[test]
    fn lost_and_gained_predictions_are_distinguished() {
        let between = |old: &Prediction, new: &Prediction| Drift::between(old, new).name();
        assert_eq!(between(&prediction(1.0), &prediction(1.0)), "identical");
        assert_eq!(between(&prediction(1.0), &prediction(1.0 + 1e-9)), "within_tolerance");
        assert_eq!(between(&prediction(1.0), &refused()), "lost");
        assert_eq!(between(&refused(), &prediction(1.0)), "gained");
        assert_eq!(between(&refused(), &refused()), "absent");
    }

    #[test]
    fn a_change_of_memory_is_a_change_too() {
        let mut new = prediction(1.0);
        if let Outcome::Predicted(estimate) = &mut new.outcome {
            estimate.memory_per_package_gb *= 1.1;
        }
        let Drift::Changed { memory, .. } = Drift::between(&prediction(1.0), &new) else {
            panic!()
        };
        assert!((memory - 0.1).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn every_change_above_the_tolerance_is_seen(change in 1.1e-6..0.5) {
            for ratio in [1.0 + change, 1.0 - change] {
                let drift = Drift::between(&prediction(1.0), &prediction(ratio));
                // TPOT changed by exactly `change`.
                let Drift::Changed { metrics, .. } = drift else { panic!("{drift:?}") };
                prop_assert!((metrics[Metric::Tpot] - (ratio - 1.0)).abs() < 1e-9);
            }
        }
    }
}
