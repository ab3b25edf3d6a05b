//! Rows to predictions: asks Mantile, live or replayed, for what the mapping makes of each row.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::config::Config;
use crate::error::Result;
use crate::evaluation::Service;
use crate::mantile::{Client, LayerTable};
use crate::mapping;
use crate::prediction::{Outcome, Prediction};
use crate::row::Row;

/// How many requests are under way at once. The service is a single process that answers one at a
/// time; a few in flight hide the way there and back.
pub const DEFAULT_CONCURRENCY: usize = 4;

/// Predicts one row. Never fails: what goes wrong is the prediction's outcome.
pub async fn predict(
    client: &Client,
    config: &Config,
    layers: &LayerTable,
    row: &Row,
) -> Prediction {
    let mapped = match mapping::map(row, config) {
        Ok(mapped) => mapped,
        Err(unmapped) => return unmapped_prediction(row, unmapped.reason),
    };
    let request = mapped.request(layers);
    let (outcome, response_time) = match client.system_metrics(&request).await {
        Ok(reply) => {
            let outcome =
                Outcome::of_reply(&reply, &row.identity, mapped.lengths, mapped.packages());
            (outcome, Some(reply.elapsed))
        }
        Err(error) => (Outcome::Unavailable(error.to_string()), None),
    };
    Prediction {
        row: row.clone(),
        outcome,
        approximations: mapped.approximations,
        request_key: Some(request.key()),
        response_time_ms: response_time.map(milliseconds),
    }
}

fn unmapped_prediction(row: &Row, reason: String) -> Prediction {
    Prediction {
        row: row.clone(),
        outcome: Outcome::Unmapped(reason),
        approximations: Vec::new(),
        request_key: None,
        response_time_ms: None,
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Predicts rows, at most `concurrency` at once, and hands each prediction with the row's index to
/// `done` as it comes, in no certain order. Stops early when `done` fails.
pub async fn predict_all(
    service: &Service,
    rows: Vec<(usize, Row)>,
    concurrency: usize,
    mut done: impl FnMut(usize, Prediction) -> Result<()>,
) -> Result<()> {
    let work = |(index, row): (usize, Row)| {
        let (client, config, layers) =
            (service.client.clone(), Arc::clone(&service.config), Arc::clone(&service.layers));
        async move { (index, predict(&client, &config, &layers, &row).await) }
    };
    bounded(rows, concurrency, work, |(index, prediction)| done(index, prediction)).await
}

/// Works on items, at most `concurrency` at once, and hands each result to `done` as it comes.
/// Stops early when `done` fails.
pub async fn bounded<I, T, F>(
    items: Vec<I>,
    concurrency: usize,
    work: impl Fn(I) -> F,
    mut done: impl FnMut(T) -> Result<()>,
) -> Result<()>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut waiting = items.into_iter();
    let mut tasks = JoinSet::new();
    for item in waiting.by_ref().take(concurrency.max(1)) {
        tasks.spawn(work(item));
    }
    while let Some(finished) = tasks.join_next().await {
        match finished {
            Ok(result) => done(result)?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
        if let Some(item) = waiting.next() {
            tasks.spawn(work(item));
        }
    }
    Ok(())
}
