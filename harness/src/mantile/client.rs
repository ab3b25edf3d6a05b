//! The HTTP client: time-outs, bounded retries, and the difference between an answer and a fault.
//!
//! A status of 500 is Mantile's way to refuse a request, so it is an answer. After it the service
//! closes the connection, and the next request of a pooled client may meet a reset: that, like a
//! connection that cannot be made, a time-out, a 429 and a 503, is a fault worth another try.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

use super::{LayerTable, SYSTEM_METRICS_PATH, SystemMetricsRequest, layers_path};
use crate::base::error::{Error, Result};
use crate::base::http::{self, plain_builder};
use crate::base::text::excerpt;

/// The header by which a replayed recording says that it holds no answer.
pub const RECORDING_MISS_HEADER: &str = "x-recording-miss";

/// The longest wait that a busy service can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);

/// How patient the client is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClientOptions {
    /// For one try, from connecting to the last byte.
    pub timeout: Duration,
    /// Tries after the first.
    pub retries: usize,
    /// The wait before the second try; it doubles with each further one.
    pub first_delay: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            retries: 3,
            first_delay: Duration::from_millis(100),
        }
    }
}

/// What a service said, word for word.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Content type without parameters, empty if not given.
    pub content_type: String,
    /// The body as text.
    pub body: String,
    /// From the first byte sent to the last received, in the try that succeeded.
    pub elapsed: Duration,
}

/// A client of one Mantile service.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    options: ClientOptions,
}

impl Client {
    /// A client of the service at `base_url`, such as `http://localhost:8000`.
    pub fn new(base_url: &str, options: ClientOptions) -> Result<Self> {
        let url = reqwest::Url::parse(base_url)
            .map_err(|error| Error::usage(format!("`{base_url}` is not a URL: {error}")))?;
        let builder = match url.scheme() {
            "http" => plain_builder(&url),
            "https" => http::builder(&url),
            _ => {
                return Err(Error::usage(format!("`{base_url}` does not begin with http"))
                    .with_help("write it as http://localhost:8000"));
            }
        };
        let http = builder.timeout(options.timeout).build().map_err(|error| {
            Error::unavailable(format!("cannot set up an HTTP client: {error}"))
        })?;
        Ok(Self { http, base: base_url.trim_end_matches('/').to_owned(), options })
    }

    /// Where the service is.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Gets a path, such as `/models`.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.send(path, |http, url| http.get(url)).await
    }

    /// Gets a model's layers. Anything but a table of layers is a service that cannot be used.
    pub async fn layers(&self, model_id: &str) -> Result<LayerTable> {
        let path = layers_path(model_id);
        let reply = self.get(&path).await?;
        let problem = match reply.status {
            200 => match serde_json::from_str(&reply.body) {
                Ok(table) => return Ok(table),
                Err(error) => format!("not a table of layers: {error}"),
            },
            status => format!("status {status}: {}", excerpt(&reply.body)),
        };
        Err(Error::unavailable(format!("{}{path} answered {problem}", self.base)).with_help(
            format!("check that Mantile listens there and lists {model_id} under /models"),
        ))
    }

    /// Asks for a deployment's metrics.
    pub async fn system_metrics(&self, request: &SystemMetricsRequest) -> Result<Reply> {
        self.send(SYSTEM_METRICS_PATH, |http, url| http.post(url).json(request)).await
    }

    async fn send(
        &self,
        path: &str,
        make: impl Fn(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> Result<Reply> {
        let url = format!("{}{path}", self.base);
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.options.first_delay)
            .with_max_times(self.options.retries);
        let attempt = || async { once(make(&self.http, &url)).await };
        attempt
            .retry(backoff)
            .when(|fault: &Fault| fault.worth_retrying)
            .adjust(|fault, delay| delay.map(|delay| fault.asked_delay.unwrap_or(delay)))
            .await
            .map_err(|fault| match fault.help {
                Some(help) => Error::unavailable(fault.message).with_help(help),
                None => {
                    let tries = if fault.worth_retrying { self.options.retries + 1 } else { 1 };
                    let plural = if tries == 1 { "try" } else { "tries" };
                    Error::unavailable(format!("{url}: {} ({tries} {plural})", fault.message))
                }
            })
    }
}

/// Why a try gave no reply.
struct Fault {
    message: String,
    help: Option<String>,
    worth_retrying: bool,
    asked_delay: Option<Duration>,
}

async fn once(request: reqwest::RequestBuilder) -> Result<Reply, Fault> {
    let started = Instant::now();
    let response = request.send().await.map_err(|error| Fault::transport(&error))?;
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let missing = header(RECORDING_MISS_HEADER.try_into().expect("a header name")).is_some();
    let content_type = header(CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_owned();
    let asked_delay = header(RETRY_AFTER)
        .and_then(|seconds| seconds.parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    let body = response.text().await.map_err(|error| Fault::transport(&error))?;
    if missing {
        let (message, help) = body.split_once("\n  help: ").unwrap_or((&body, ""));
        return Err(Fault {
            message: message.to_owned(),
            help: Some(help.to_owned()),
            worth_retrying: false,
            asked_delay: None,
        });
    }
    if matches!(status, 429 | 503) {
        let message = format!("the service is busy, status {status}");
        return Err(Fault { message, help: None, worth_retrying: true, asked_delay });
    }
    Ok(Reply { status, content_type, body, elapsed: started.elapsed() })
}

impl Fault {
    fn transport(error: &reqwest::Error) -> Self {
        let message = http::describe(error);
        let worth_retrying = !error.is_builder();
        Self { message, help: None, worth_retrying, asked_delay: None }
    }
}
