//! The check that another estimator's file predicts measured rows only.

use crate::judge::check::listing::none_of;
use crate::judge::model::Model;

/// Checks the predictions of the estimator at `index`.
pub(super) fn check(model: &Model, index: usize) -> Result<(), String> {
    let file = &model.estimators[index];
    let estimator = file.over(&model.rows, &model.config.sources);
    let path = file.path.display();
    if estimator.estimates.is_empty() {
        return Err(format!("no row of {path} is a measured configuration of {}", model.name));
    }
    none_of(&estimator.unmeasured, Clone::clone, || {
        format!(
            "{} of {} rows of {path} are not measured configurations of {}; correct or remove them",
            estimator.unmeasured.len(),
            file.predictions.given.len(),
            model.name
        )
    })
}
