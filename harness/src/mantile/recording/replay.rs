//! A stand-in for Mantile that serves recorded answers over HTTP, so that the same client code runs offline and
//! live.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{Miss, RECORDING_MISS_HEADER, RecordedReply, Recording};
use crate::mantile::{SYSTEM_METRICS_PATH, SystemMetricsRequest};

/// A running stand-in; it stops when dropped.
#[derive(Debug)]
pub struct ReplayServer {
    server: MockServer,
    recording: Arc<Recording>,
    answered: Arc<AtomicUsize>,
}

/// The server keeps every request that it answered, about 6 kB each. When it has more than this many, it drops them
/// as soon as it is idle.
const KEPT_REQUESTS: usize = 10_000;
/// The time without a request after which the server counts as idle.
const IDLE: Duration = Duration::from_millis(100);

impl ReplayServer {
    /// Serves a recording on `listener`, or on a free port of the loopback interface.
    pub async fn start(recording: Recording, listener: Option<TcpListener>) -> Self {
        let mut builder = MockServer::builder().disable_request_recording();
        if let Some(listener) = listener {
            builder = builder.listener(listener);
        }
        let server = builder.start().await;
        let replay = Self { server, recording: Arc::new(recording), answered: Arc::default() };
        replay.mount().await;
        replay
    }

    /// The URL at which it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// Serves until the future is dropped, and drops answered requests while it is idle.
    pub async fn serve(&self) {
        let mut before = 0;
        loop {
            tokio::time::sleep(IDLE).await;
            let answered = self.answered.load(Ordering::Relaxed);
            if answered >= KEPT_REQUESTS && answered == before {
                self.server.reset().await;
                self.mount().await;
                self.answered.store(0, Ordering::Relaxed);
            }
            before = answered;
        }
    }

    /// Mounts one mock that looks up every request; one mock for each recorded answer is 30 times slower.
    async fn mount(&self) {
        let responder = Responder {
            recording: Arc::clone(&self.recording),
            answered: Arc::clone(&self.answered),
        };
        Mock::given(any()).respond_with(responder).mount(&self.server).await;
    }
}

struct Responder {
    recording: Arc<Recording>,
    answered: Arc<AtomicUsize>,
}

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let path = request.url.path();
        match (request.method.as_str(), path) {
            ("POST", SYSTEM_METRICS_PATH) => self.system_metrics(&request.body),
            ("GET", _) => {
                let query = request.url.query();
                self.page(&query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
            }
            (method, _) => self.miss(format!("no recording of {method} {path}")),
        }
    }
}

impl Responder {
    fn page(&self, path: &str) -> ResponseTemplate {
        match self.recording.pages.get(path) {
            Some(reply) if reply.is_intact() => {
                replay(reply.status, &reply.content_type, reply.text())
            }
            Some(_) => {
                self.miss(format!("the recording of GET {path} was changed after it was made"))
            }
            None => self.miss(format!("no recording of GET {path}")),
        }
    }

    fn system_metrics(&self, body: &[u8]) -> ResponseTemplate {
        let request: SystemMetricsRequest = match serde_json::from_slice(body) {
            Ok(request) => request,
            // Mantile refuses a body that lacks a field in the same way.
            Err(error) => {
                let refusal = Refusal { detail: [RefusedField { msg: error.to_string() }] };
                let body = serde_json::to_string(&refusal).expect("a refusal is JSON");
                return replay(422, "application/json", body);
            }
        };
        let key = request.key();
        match self.recording.entries.get(&key) {
            None => miss_response(&Miss::of_request(&self.recording, &request)),
            Some(entry) if !entry.reply.is_intact() => self.miss(format!(
                "entry {key} of {} was changed after it was recorded: its digest does not match",
                self.recording.path.display()
            )),
            Some(entry) => {
                let reply = &entry.reply;
                replay(reply.status, &reply.content_type, body_as_asked(reply, &request))
            }
        }
    }

    fn miss(&self, error: String) -> ResponseTemplate {
        miss_response(&Miss::new(&self.recording, error))
    }
}

fn miss_response(miss: &Miss) -> ResponseTemplate {
    ResponseTemplate::new(404).set_body_json(miss).insert_header(RECORDING_MISS_HEADER, "1")
}

/// The body without the breakdown of a phase whose request did not ask for it, as Mantile answers.
fn body_as_asked(reply: &RecordedReply, request: &SystemMetricsRequest) -> String {
    let text = reply.text();
    let (prefill, decode) = (request.prefill_req.debug, request.decode_req.debug);
    if prefill && decode {
        return text;
    }
    let Ok(mut body) = serde_json::from_str::<Value>(&text) else { return text };
    for (wanted, details) in [(prefill, "prefill_layer_details"), (decode, "decode_layer_details")]
    {
        if let Some(details) = body.get_mut("debug").and_then(|debug| debug.get_mut(details))
            && !wanted
        {
            *details = Value::Null;
        }
    }
    body.to_string()
}

fn replay(status: u16, content_type: &str, body: String) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, content_type)
}

/// The body of a 422, as `FastAPI` writes it.
#[derive(Serialize)]
struct Refusal {
    detail: [RefusedField; 1],
}

/// A field that was refused.
#[derive(Serialize)]
struct RefusedField {
    msg: String,
}
