//! The Mantile that a verb asks, live or replayed, and the prediction of all of a model's rows.

use std::path::Path;

use super::args::ServiceArgs;
use super::output::progress;
use crate::base::error::Result;
use crate::judge::model::Model;
use crate::mantile::recording::Recording;
use crate::predict::ask;
use crate::predict::prediction::Prediction;
use crate::predict::service::MantileService;
use crate::rules::config::Config;

/// The number of requests in flight, for verbs without `--concurrency`.
pub(super) const CONCURRENCY: usize = 4;

/// Starts the service that the arguments name: a live one, or the recording of the accepted release.
pub(super) async fn start(
    args: &ServiceArgs,
    root: &Path,
    config: &Config,
) -> Result<MantileService> {
    MantileService::start(args.api_url.as_deref(), args.asking.patience.options(), root, config)
        .await
}

/// Predicts every row of a model from a recording, in the order of the rows.
pub(super) async fn replay(model: &Model, recording: Recording) -> Result<Vec<Prediction>> {
    let service = MantileService::replayed(recording, &model.config).await?;
    predict(model, &service, CONCURRENCY).await
}

/// Predicts every row of a model, in the order of the rows.
pub(super) async fn predict(
    model: &Model,
    service: &MantileService,
    concurrency: usize,
) -> Result<Vec<Prediction>> {
    let rows: Vec<_> = model.rows.iter().cloned().enumerate().collect();
    let mut predictions: Vec<Option<Prediction>> = vec![None; rows.len()];
    let bar = progress(&model.name, rows.len());
    ask::predict_all(service, rows, concurrency, |index, prediction| {
        bar.inc(1);
        predictions[index] = Some(prediction);
        Ok(())
    })
    .await?;
    bar.finish_and_clear();
    Ok(predictions.into_iter().flatten().collect())
}
