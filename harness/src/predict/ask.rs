//! Rows to predictions: asks Mantile, live or replayed, the requests of each row.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::base::error::Result;
use crate::mantile::{Reply, SystemMetricsRequest};
use crate::predict::mapping::{self, CandidateRequest, Mapped, Unmapped};
use crate::predict::prediction::{Outcome, Prediction};
use crate::predict::service::MantileService;
use crate::row::Row;
use crate::row::metric::Metric;

/// The answer to one request of a row.
struct CandidateAnswer {
    key: String,
    outcome: Outcome,
    response_time: Option<Duration>,
}

/// Predicts one row. Never fails: the prediction's outcome says what went wrong.
pub async fn predict(service: &MantileService, row: &Row) -> Prediction {
    let mapped = match mapping::map(row, &service.config) {
        Ok(mapped) => mapped,
        Err(unmapped) => return from_unmapped(row, unmapped),
    };
    let mut answers = Vec::new();
    for question in mapped.questions(&service.layers) {
        let reply = service.client.system_metrics(&question.request).await;
        answers.push(read_answer(row, &mapped, &question, &reply));
    }
    from_answers(row, &mapped, answers, &service.origin)
}

/// A row that waits for the answers to its requests.
struct WaitingRow<'a> {
    index: usize,
    row: &'a Row,
    mapped: Mapped<'a>,
    /// The requests, each with its key and, once there is one, its answer.
    questions: Vec<(String, CandidateRequest, Option<CandidateAnswer>)>,
}

/// The rows that wait, and their distinct requests.
#[derive(Default)]
struct Queue<'a> {
    rows: Vec<WaitingRow<'a>>,
    /// The distinct requests, in the order of the rows, so that an interrupted run has saved mostly the first rows.
    requests: Vec<SystemMetricsRequest>,
    /// The waiting rows of each request, as indices into `rows`.
    askers: Vec<Vec<usize>>,
    /// The index of each request by its key.
    by_key: HashMap<String, usize>,
}

impl<'a> Queue<'a> {
    fn push(&mut self, index: usize, row: &'a Row, mapped: Mapped<'a>, service: &MantileService) {
        let mut questions = Vec::new();
        for question in mapped.questions(&service.layers) {
            let key = question.request.key();
            let request = *self.by_key.entry(key.clone()).or_insert_with(|| {
                self.requests.push(question.request.clone());
                self.askers.push(Vec::new());
                self.requests.len() - 1
            });
            // Two concurrencies of a peak may need the same request.
            if self.askers[request].last() != Some(&self.rows.len()) {
                self.askers[request].push(self.rows.len());
            }
            questions.push((key, question, None));
        }
        self.rows.push(WaitingRow { index, row, mapped, questions });
    }
}

impl WaitingRow<'_> {
    /// Takes the reply to a request. Gives the row's prediction when this was the last reply that it waited for.
    fn take(&mut self, key: &str, reply: &Result<Reply>, origin: &str) -> Option<Prediction> {
        for (asked, question, answer) in &mut self.questions {
            if asked == key {
                *answer = Some(read_answer(self.row, &self.mapped, question, reply));
            }
        }
        if self.questions.iter().any(|(_, _, answer)| answer.is_none()) {
            return None;
        }
        let answers = self.questions.iter_mut().filter_map(|(_, _, answer)| answer.take());
        Some(from_answers(self.row, &self.mapped, answers.collect(), origin))
    }
}

/// Predicts rows, with at most `concurrency` requests in flight, and hands each prediction with the row's index
/// to `done` as it comes, in no particular order. Rows with the same request, such as rows that differ only in
/// framework, share one answer. Stops early when `done` fails.
pub async fn predict_all(
    service: &MantileService,
    rows: Vec<(usize, Row)>,
    concurrency: usize,
    mut done: impl FnMut(usize, Prediction) -> Result<()>,
) -> Result<()> {
    let mut queue = Queue::default();
    for (index, row) in &rows {
        match mapping::map(row, &service.config) {
            Ok(mapped) => queue.push(*index, row, mapped, service),
            Err(unmapped) => done(*index, from_unmapped(row, unmapped))?,
        }
    }
    let Queue { rows: mut waiting, requests, askers, .. } = queue;
    let keys: Vec<String> = requests.iter().map(SystemMetricsRequest::key).collect();
    let mut replies = pin!(service.client.system_metrics_of_all(requests, concurrency));
    while let Some((request, reply)) = replies.next().await {
        for &asker in &askers[request] {
            let asker = &mut waiting[asker];
            if let Some(prediction) = asker.take(&keys[request], &reply, &service.origin) {
                done(asker.index, prediction)?;
            }
        }
    }
    Ok(())
}

fn read_answer(
    row: &Row,
    mapped: &Mapped<'_>,
    question: &CandidateRequest,
    reply: &Result<Reply>,
) -> CandidateAnswer {
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
    CandidateAnswer { key: question.request.key(), outcome, response_time }
}

fn from_answers(
    row: &Row,
    mapped: &Mapped<'_>,
    answers: Vec<CandidateAnswer>,
    origin: &str,
) -> Prediction {
    let chosen = choose(answers).expect("a mapped row has at least one request");
    Prediction {
        row: row.clone(),
        outcome: chosen.outcome,
        approximations: mapped.approximations.clone(),
        request_key: Some(chosen.key),
        answered_by: Some(origin.to_owned()),
        response_time_ms: chosen.response_time.map(|time| time.as_secs_f64() * 1000.0),
    }
}

/// Chooses among the answers to a peak's requests: the one with the highest throughput among those that fit into
/// memory by Mantile's count; if none fits, the one that needs the least memory. A request without an answer, or
/// with a refusal or nonsense, comes before all, because the peak among the others would be a different one.
fn choose(mut answers: Vec<CandidateAnswer>) -> Option<CandidateAnswer> {
    if answers.len() > 1 {
        let is_failed = |answer: &CandidateAnswer| !matches!(answer.outcome, Outcome::Predicted(_));
        if let Some(failed) = answers.iter().position(is_failed) {
            return Some(answers.swap_remove(failed));
        }
        let rank = |answer: &CandidateAnswer| {
            answer.outcome.estimate().map_or((false, f64::MIN), |estimate| {
                if estimate.fits_on_hardware {
                    (true, estimate.metrics[Metric::Throughput])
                } else {
                    (false, -estimate.memory_per_package_gb)
                }
            })
        };
        answers.sort_by(|a, b| {
            let ((a_fits, a), (b_fits, b)) = (rank(a), rank(b));
            a_fits.cmp(&b_fits).then(a.total_cmp(&b))
        });
    }
    answers.pop()
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
