//! The HTTP client: timeouts, bounded retries, and the difference between an answer and a fault.
//!
//! Mantile refuses a request with a status of 500, so a 500 is an answer. Afterwards the service closes the
//! connection, and the next request of a pooled client may meet a reset. A reset is a fault that is worth
//! another try, and so are a connection that cannot be made, a timeout, a 429 and a 503.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use futures_util::{Stream, StreamExt as _, stream};
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

use super::recording::{Miss, RECORDING_MISS_HEADER};
use super::{LayerTable, SYSTEM_METRICS_PATH, SystemMetricsRequest, layers_path};
use crate::base::error::{Error, Result};
use crate::base::http::{self, plain_builder};
use crate::base::text::excerpt;

/// The longest wait that a busy service can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);

/// The timeout and the retries of the client.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClientOptions {
    /// The longest that one try may take, from connecting to the last byte.
    pub timeout: Duration,
    /// The number of tries after the first.
    pub retries: usize,
    /// The wait before the second try; it doubles with each further try.
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

/// A service's reply, verbatim.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type without parameters; empty if there was none.
    pub content_type: String,
    /// The body as text.
    pub body: String,
    /// The time from the first byte sent to the last byte received, in the try that succeeded.
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
        let url = parse_url(base_url)
            .map_err(|problem| Error::usage(format!("`{base_url}` cannot be asked: {problem}")))?;
        let builder =
            if url.scheme() == "http" { plain_builder(&url) } else { http::builder(&url) };
        let http = builder.timeout(options.timeout).build().map_err(|error| {
            Error::unavailable(format!("cannot set up an HTTP client: {error}"))
        })?;
        Ok(Self { http, base: base_url.trim_end_matches('/').to_owned(), options })
    }

    /// The URL of the service, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Gets a path, such as `/models`.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.send(path, |http, url| http.get(url)).await
    }

    /// Gets a model's layers. A service that does not answer with a table of layers cannot be used, which is an
    /// error.
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

    /// Asks for the metrics of many deployments, with at most `concurrency` requests in flight. Each reply comes
    /// with the index of its request, in the order in which the service answers.
    pub fn system_metrics_of_all<'a>(
        &'a self,
        requests: impl IntoIterator<Item = SystemMetricsRequest> + 'a,
        concurrency: usize,
    ) -> impl Stream<Item = (usize, Result<Reply>)> + 'a {
        stream::iter(requests.into_iter().enumerate())
            .map(
                move |(index, request)| async move { (index, self.system_metrics(&request).await) },
            )
            .buffer_unordered(concurrency.max(1))
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
        let attempt = || async { try_once(make(&self.http, &url)).await };
        attempt
            .retry(backoff)
            .when(RequestFault::is_temporary)
            .adjust(|fault, delay| delay.map(|delay| fault.asked_delay().unwrap_or(delay)))
            .await
            .map_err(|fault| match fault {
                RequestFault::NotRecorded(miss) => {
                    Error::unavailable(miss.to_string()).with_help(miss.help)
                }
                RequestFault::Invalid(message) => {
                    Error::unavailable(format!("{url}: {message} (1 try)"))
                }
                RequestFault::Temporary { message, .. } => {
                    let tries = self.options.retries + 1;
                    let plural = if tries == 1 { "try" } else { "tries" };
                    Error::unavailable(format!("{url}: {message} ({tries} {plural})"))
                }
            })
    }
}

/// Parses the URL of a service. The error says how to write one.
pub fn parse_url(text: &str) -> Result<Url, String> {
    let not_a_url = || "not a URL; write it as http://localhost:8000".to_owned();
    if !text.contains("://") {
        let with_scheme = |scheme: &str| Url::parse(&format!("{scheme}://{text}"));
        let Ok(url) = with_scheme("http") else { return Err(not_a_url()) };
        let scheme = if http::is_loopback(&url) { "http" } else { "https" };
        return Err(format!("missing {scheme}://: did you mean {scheme}://{text}?"));
    }
    let url = Url::parse(text).map_err(|_| not_a_url())?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!("{scheme}:// is not supported; write http:// or https://")),
    }
}

/// The reason why a try gave no reply.
enum RequestFault {
    /// The recording that is replayed holds no answer.
    NotRecorded(Miss),
    /// The request cannot be sent; another try would fail as well.
    Invalid(String),
    /// The connection failed or the service is busy; another try may succeed.
    Temporary {
        message: String,
        /// The wait that the service asked for.
        asked_delay: Option<Duration>,
    },
}

async fn try_once(request: reqwest::RequestBuilder) -> Result<Reply, RequestFault> {
    let started = Instant::now();
    let response = request.send().await.map_err(|error| RequestFault::transport(&error))?;
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let is_miss = response.headers().contains_key(RECORDING_MISS_HEADER);
    let content_type = header(CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_owned();
    let asked_delay = header(RETRY_AFTER)
        .and_then(|seconds| seconds.parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    let body = response.text().await.map_err(|error| RequestFault::transport(&error))?;
    if is_miss {
        return Err(match serde_json::from_str(&body) {
            Ok(miss) => RequestFault::NotRecorded(miss),
            Err(error) => RequestFault::Invalid(format!("not the stand-in's JSON: {error}")),
        });
    }
    if matches!(status, 429 | 503) {
        let message = format!("the service is busy, status {status}");
        return Err(RequestFault::Temporary { message, asked_delay });
    }
    Ok(Reply { status, content_type, body, elapsed: started.elapsed() })
}

impl RequestFault {
    fn transport(error: &reqwest::Error) -> Self {
        let message = http::describe(error);
        if error.is_builder() {
            Self::Invalid(message)
        } else {
            Self::Temporary { message, asked_delay: None }
        }
    }

    fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary { .. })
    }

    fn asked_delay(&self) -> Option<Duration> {
        match self {
            Self::Temporary { asked_delay, .. } => *asked_delay,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_its_scheme_is_completed_in_the_error() {
        for (text, error) in [
            ("127.0.0.1:8000", "missing http://: did you mean http://127.0.0.1:8000?"),
            ("localhost:8000", "missing http://: did you mean http://localhost:8000?"),
            ("mantile.example", "missing https://: did you mean https://mantile.example?"),
            ("not a url", "not a URL; write it as http://localhost:8000"),
            ("", "not a URL; write it as http://localhost:8000"),
            ("ftp://host", "ftp:// is not supported; write http:// or https://"),
        ] {
            assert_eq!(parse_url(text).unwrap_err(), error, "{text}");
        }
        assert!(parse_url("https://mantile.example").is_ok());
    }
}
