//! Rows to predictions: asks Mantile, live or replayed, for what the mapping makes of each row.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::base::error::Result;
use crate::mantile::{Reply, SystemMetricsRequest};
use crate::predict::mapping::{self, CandidateRequest, Mapped, Unmapped};
use crate::predict::prediction::{Outcome, Prediction};
use crate::predict::service::MantileService;
use crate::row::Row;
use crate::row::metric::Metric;

/// What came of one question of a row.
struct Candidate {
    key: String,
    outcome: Outcome,
    response_time: Option<Duration>,
}

/// Predicts one row. Never fails: what goes wrong is the prediction's outcome.
pub async fn predict(service: &MantileService, row: &Row) -> Prediction {
    let mapped = match mapping::map(row, &service.config) {
        Ok(mapped) => mapped,
        Err(unmapped) => return from_unmapped(row, unmapped),
    };
    let mut candidates = Vec::new();
    for question in mapped.questions(&service.layers) {
        let reply = service.client.system_metrics(&question.request).await;
        candidates.push(candidate(row, &mapped, &question, &reply));
    }
    from_candidates(row, &mapped, candidates, &service.origin)
}

/// A row that waits for the answers to its questions.
struct Waiting<'a> {
    index: usize,
    row: &'a Row,
    mapped: Mapped<'a>,
    questions: Vec<(String, CandidateRequest)>,
    candidates: Vec<Candidate>,
}

/// Predicts rows, with at most `concurrency` requests under way, and hands each prediction with the
/// row's index to `done` as it comes, in no certain order. Rows that ask the same, as those that
/// differ only in framework do, share one request. Stops early when `done` fails.
pub async fn predict_all(
    service: &MantileService,
    rows: Vec<(usize, Row)>,
    concurrency: usize,
    mut done: impl FnMut(usize, Prediction) -> Result<()>,
) -> Result<()> {
    let mut waiting: Vec<Waiting<'_>> = Vec::new();
    let mut requests: Vec<(String, SystemMetricsRequest)> = Vec::new();
    let mut askers: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, row) in &rows {
        let mapped = match mapping::map(row, &service.config) {
            Ok(mapped) => mapped,
            Err(unmapped) => {
                done(*index, from_unmapped(row, unmapped))?;
                continue;
            }
        };
        let mut questions = Vec::new();
        for question in mapped.questions(&service.layers) {
            let key = question.request.key();
            // In the order of the rows, so that what a cut-off run saved is mostly its first part.
            askers
                .entry(key.clone())
                .or_insert_with(|| {
                    requests.push((key.clone(), question.request.clone()));
                    Vec::new()
                })
                .push(waiting.len());
            questions.push((key, question));
        }
        waiting.push(Waiting { index: *index, row, mapped, questions, candidates: Vec::new() });
    }
    let work = |(key, request): (String, SystemMetricsRequest)| {
        let client = service.client.clone();
        async move { (key, client.system_metrics(&request).await) }
    };
    bounded(requests, concurrency, work, |(key, reply)| {
        for &asker in askers.get(&key).into_iter().flatten() {
            let Waiting { index, row, mapped, questions, candidates } = &mut waiting[asker];
            let asked = questions.iter().filter(|(asked, _)| *asked == key);
            candidates.extend(asked.map(|(_, question)| candidate(row, mapped, question, &reply)));
            if candidates.len() == questions.len() {
                let candidates = std::mem::take(candidates);
                done(*index, from_candidates(row, mapped, candidates, &service.origin))?;
            }
        }
        Ok(())
    })
    .await
}

fn candidate(
    row: &Row,
    mapped: &Mapped<'_>,
    question: &CandidateRequest,
    reply: &Result<Reply>,
) -> Candidate {
    let (outcome, response_time) = match reply {
        Ok(reply) => {
            let outcome = Outcome::of_reply(
                reply,
                &row.identity,
                question.concurrency,
                mapped.lengths,
                mapped.packages(),
            );
            (outcome, Some(reply.elapsed))
        }
        Err(error) => (Outcome::Unavailable(error.to_string()), None),
    };
    Candidate { key: question.request.key(), outcome, response_time }
}

fn from_candidates(
    row: &Row,
    mapped: &Mapped<'_>,
    candidates: Vec<Candidate>,
    origin: &str,
) -> Prediction {
    let chosen = choose(candidates).expect("a mapped row asks at least one question");
    Prediction {
        row: row.clone(),
        outcome: chosen.outcome,
        approximations: mapped.approximations.clone(),
        request_key: Some(chosen.key),
        answered_by: Some(origin.to_owned()),
        response_time_ms: chosen.response_time.map(|time| time.as_secs_f64() * 1000.0),
    }
}

/// Of a peak's answers, the one of the most throughput among those that fit the memory by Mantile's
/// own count; of no such, the one that needs the least. An answer that did not come, or came as a
/// refusal or nonsense, outweighs all: a peak over the rest would be another one.
fn choose(mut candidates: Vec<Candidate>) -> Option<Candidate> {
    if candidates.len() > 1 {
        if let Some(failed) =
            candidates.iter().position(|one| !matches!(one.outcome, Outcome::Predicted(_)))
        {
            return Some(candidates.swap_remove(failed));
        }
        let rank = |candidate: &Candidate| {
            candidate.outcome.estimate().map_or((false, f64::MIN), |estimate| {
                if estimate.fits_on_hardware {
                    (true, estimate.metrics[Metric::Throughput])
                } else {
                    (false, -estimate.memory_per_package_gb)
                }
            })
        };
        candidates.sort_by(|a, b| {
            let ((a_fits, a), (b_fits, b)) = (rank(a), rank(b));
            a_fits.cmp(&b_fits).then(a.total_cmp(&b))
        });
    }
    candidates.pop()
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
