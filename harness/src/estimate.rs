//! Rows to predictions: asks Mantile, live or replayed, for what the mapping makes of each row.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::error::Result;
use crate::evaluation::Service;
use crate::mantile::{Reply, SystemMetricsRequest};
use crate::mapping::{self, Mapped, Unmapped};
use crate::prediction::{Outcome, Prediction};
use crate::row::Row;

/// Predicts one row. Never fails: what goes wrong is the prediction's outcome.
pub async fn predict(service: &Service, row: &Row) -> Prediction {
    match mapping::map(row, &service.config) {
        Ok(mapped) => {
            let request = mapped.request(&service.layers);
            let reply = service.client.system_metrics(&request).await;
            from_reply(row, &mapped, &request, &reply, &service.origin)
        }
        Err(unmapped) => from_unmapped(row, unmapped),
    }
}

/// Predicts rows, with at most `concurrency` requests under way, and hands each prediction with the
/// row's index to `done` as it comes, in no certain order. Rows that ask the same, as those that
/// differ only in framework do, share one request. Stops early when `done` fails.
pub async fn predict_all(
    service: &Service,
    rows: Vec<(usize, Row)>,
    concurrency: usize,
    mut done: impl FnMut(usize, Prediction) -> Result<()>,
) -> Result<()> {
    let mut askers: HashMap<String, (SystemMetricsRequest, Vec<(usize, Row)>)> = HashMap::new();
    let mut keys = Vec::new();
    for (index, row) in rows {
        match mapping::map(&row, &service.config) {
            Ok(mapped) => {
                let request = mapped.request(&service.layers);
                let key = request.key();
                let (_, rows) = askers.entry(key.clone()).or_insert_with(|| {
                    keys.push(key);
                    (request, Vec::new())
                });
                rows.push((index, row));
            }
            Err(unmapped) => done(index, from_unmapped(&row, unmapped))?,
        }
    }
    // In the order of the rows, so that what a cut-off run saved is mostly its first part.
    let questions = keys.iter().filter_map(|key| askers.remove(key)).collect();
    let work = |(request, rows): (SystemMetricsRequest, Vec<(usize, Row)>)| {
        let (client, config) = (service.client.clone(), Arc::clone(&service.config));
        let origin = service.origin.clone();
        async move {
            let reply = client.system_metrics(&request).await;
            let predict = |(index, row): (usize, Row)| {
                let mapped = mapping::map(&row, &config).ok()?;
                Some((index, from_reply(&row, &mapped, &request, &reply, &origin)))
            };
            rows.into_iter().filter_map(predict).collect::<Vec<_>>()
        }
    };
    bounded(questions, concurrency, work, |predictions| {
        predictions.into_iter().try_for_each(|(index, prediction)| done(index, prediction))
    })
    .await
}

fn from_reply(
    row: &Row,
    mapped: &Mapped<'_>,
    request: &SystemMetricsRequest,
    reply: &Result<Reply>,
    origin: &str,
) -> Prediction {
    let (outcome, response_time) = match reply {
        Ok(reply) => {
            let outcome =
                Outcome::of_reply(reply, &row.identity, mapped.lengths, mapped.packages());
            (outcome, Some(reply.elapsed))
        }
        Err(error) => (Outcome::Unavailable(error.to_string()), None),
    };
    Prediction {
        row: row.clone(),
        outcome,
        approximations: mapped.approximations.clone(),
        request_key: Some(request.key()),
        answered_by: Some(origin.to_owned()),
        response_time_ms: response_time.map(|time| time.as_secs_f64() * 1000.0),
    }
}

fn from_unmapped(row: &Row, unmapped: Unmapped) -> Prediction {
    Prediction {
        row: row.clone(),
        outcome: Outcome::Unmapped(unmapped.reason),
        approximations: Vec::new(),
        request_key: None,
        answered_by: None,
        response_time_ms: None,
    }
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
