//! Asking a live Mantile for what a recording holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;

use futures_util::StreamExt as _;
use jiff::{Timestamp, Unit};

use super::{RecordedAnswer, RecordedReply, Recording, path};
use crate::base::error::Result;
use crate::mantile::{Client, SystemMetricsRequest, layers_path};

/// Asks for the metrics of all requests, with the breakdown by layer, with at most `concurrency` requests in
/// flight; `on_answer` is called after each answer. The result is by the requests' keys.
///
/// A request without an answer is an error: half a recording would look like a whole one.
pub async fn ask(
    client: &Client,
    requests: Vec<SystemMetricsRequest>,
    concurrency: usize,
    on_answer: impl Fn(),
) -> Result<BTreeMap<String, RecordedAnswer>> {
    let with_debug = requests.iter().map(|request| request.clone().with_debug(true));
    let mut replies = pin!(client.system_metrics_of_all(with_debug, concurrency));
    let mut answers = BTreeMap::new();
    while let Some((index, reply)) = replies.next().await {
        let reply = RecordedReply::new(&reply?);
        let request = requests[index].clone().with_debug(false);
        answers.insert(request.key(), RecordedAnswer { request, reply });
        on_answer();
    }
    Ok(answers)
}

/// Completes answers to a recording of the release, with the pages that a client may ask for. It is not written.
pub async fn complete(
    client: &Client,
    root: &Path,
    release: &str,
    model_id: &str,
    wanted: &BTreeMap<String, SystemMetricsRequest>,
    answers: BTreeMap<String, RecordedAnswer>,
) -> Result<Recording> {
    let now = Timestamp::now();
    Ok(Recording {
        path: path(root, release, model_id),
        release: release.to_owned(),
        model_id: model_id.to_owned(),
        recorded_at: now.round(Unit::Second).unwrap_or(now).to_string(),
        pages: ask_pages(client, model_id, wanted).await?,
        entries: answers,
        shared: BTreeMap::new(),
    })
}

/// Asks for the pages about the service, the model and the hardware of the requests.
async fn ask_pages(
    client: &Client,
    model_id: &str,
    wanted: &BTreeMap<String, SystemMetricsRequest>,
) -> Result<BTreeMap<String, RecordedReply>> {
    let mut paths = vec![
        "/".to_owned(),
        "/models".to_owned(),
        "/hardware".to_owned(),
        format!("/models/{model_id}"),
        layers_path(model_id),
    ];
    let hardware =
        wanted.values().map(|request| format!("/hardware/{}", request.decode_req.hardware_id));
    paths.extend(hardware);
    paths.sort();
    paths.dedup();
    let mut pages = BTreeMap::new();
    for path in paths {
        let reply = client.get(&path).await?;
        pages.insert(path, RecordedReply::new(&reply));
    }
    Ok(pages)
}
