//! One row with its prediction, and the join that pairs them.

use std::collections::HashMap;

use crate::base::statistics::Pair;
use crate::predict::prediction::{Outcome, Prediction};
use crate::row::Row;
use crate::row::metric::Metric;

/// A row with its prediction.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The row.
    pub row: Row,
    /// The prediction, or the reason why there is none.
    pub outcome: Outcome,
    /// The names of the approximations that the prediction makes.
    pub approximations: Vec<String>,
}

impl Comparison {
    /// The measured and the predicted value of a metric; `None` where either is missing.
    #[must_use]
    pub fn pair(&self, metric: Metric) -> Option<Pair> {
        let Outcome::Predicted(estimate) = &self.outcome else { return None };
        let measured = self.row.measured.means[metric]?;
        Some(Pair { measured, predicted: estimate.metrics[metric] })
    }

    /// The names of the approximations joined with `+`, or `none`.
    #[must_use]
    pub fn approximation_set(&self) -> String {
        if self.approximations.is_empty() {
            "none".to_owned()
        } else {
            self.approximations.join("+")
        }
    }
}

/// Measurements and predictions, joined one to one.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    /// Every measured row, in the order of the measurements. A row without a prediction counts as
    /// unavailable, so that it lowers the coverage.
    pub comparisons: Vec<Comparison>,
    /// The names of the measured rows without a prediction.
    pub without_prediction: Vec<String>,
    /// The names of the predicted rows without a measurement.
    pub without_measurement: Vec<String>,
}

/// Joins measurements and predictions on provider and full identity. Each side names a row at most once (the
/// readers ensure that), so no row is multiplied. Rows without a partner are listed.
///
/// ```
/// use std::path::Path;
///
/// use mantile_reconcile::judge::{compare, model};
/// use mantile_reconcile::row::metric::Metric;
///
/// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
/// let model = model::load(root, "openai_GPT-OSS-120B")?;
/// let joined = compare::join(model.rows.clone(), Vec::new());
/// assert_eq!(joined.without_prediction.len(), model.rows.len());
/// assert_eq!(compare::statistics(&joined.comparisons, Metric::Tpot), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn join(rows: Vec<Row>, predictions: Vec<Prediction>) -> Joined {
    let mut by_name: HashMap<String, Prediction> =
        predictions.into_iter().map(|prediction| (prediction.row.name(), prediction)).collect();
    let mut joined = Joined::default();
    for row in rows {
        let (outcome, approximations) = match by_name.remove(&row.name()) {
            Some(prediction) => (prediction.outcome, prediction.approximations),
            None => {
                joined.without_prediction.push(row.name());
                (Outcome::Unavailable("there is no prediction of it".to_owned()), Vec::new())
            }
        };
        joined.comparisons.push(Comparison { row, outcome, approximations });
    }
    joined.without_measurement = by_name.into_keys().collect();
    joined.without_measurement.sort();
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::compare::Coverage;
    use crate::row::Concurrency;
    use crate::testing::comparison;

    fn prediction(row: &Row) -> Prediction {
        let Comparison { outcome, .. } = comparison(1.5);
        let row = row.clone();
        Prediction {
            row,
            outcome,
            approximations: vec![],
            request_key: None,
            answered_by: None,
            response_time_ms: None,
        }
    }

    fn rows() -> Vec<Row> {
        let make = |concurrency| {
            let mut row = comparison(1.0).row;
            row.identity.concurrency = Concurrency::Fixed(concurrency);
            row
        };
        vec![make(1), make(2), make(3)]
    }

    #[test]
    fn a_row_without_a_partner_is_reported_and_never_multiplied() {
        let rows = rows();
        let mut other = rows[0].clone();
        other.identity.framework = "trt".to_owned();
        let predictions = vec![prediction(&rows[1]), prediction(&rows[0]), prediction(&other)];
        let joined = join(rows.clone(), predictions);
        assert_eq!(joined.comparisons.len(), 3);
        assert_eq!(joined.without_prediction, [rows[2].name()]);
        assert_eq!(joined.without_measurement, [other.name()]);
        assert_eq!(Coverage::of(&joined.comparisons), Coverage { predicted: 2, rows: 3 });
    }
}
