//! Asking a service over HTTP: the token to its own origin alone, redirects by hand, passing faults
//! again with back-off, rate limits waited for, downloads resumed where they were cut.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    LINK, LOCATION, RANGE,
};
use reqwest::{Response, Url};
use sha2::{Digest as _, Sha256};

use super::archive::size;
use super::artifact::RemoteArtifact;
use super::limit::{self, Step};
use crate::base::error::{Error, Result};
use crate::base::http;
use crate::base::text::{excerpt, hex};

/// How patient a service is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// Without a byte, before a try is given up.
    pub timeout: Duration,
    /// Tries after the first.
    pub retries: usize,
    /// The wait before the second try; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest wait for a rate limit.
    pub max_wait: Duration,
}

/// What happens meanwhile, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Something a person should know.
    Note(&'a str),
    /// A run is looked at, the n-th, of so many where that is known.
    Run {
        /// From 1.
        number: usize,
        /// `None` until they are all listed.
        of: Option<usize>,
        /// The run.
        id: u64,
    },
    /// Of a download, so many bytes are here.
    Bytes {
        /// What is downloaded.
        name: &'a str,
        /// Bytes so far.
        here: u64,
    },
}

/// Who is told of events.
pub type Tell<'a> = dyn Fn(Event<'_>) + 'a;

/// A token of GitHub's. It is sent to the API's own origin, and shown nowhere.
#[derive(Clone)]
pub struct Token {
    variable: &'static str,
    text: String,
    header: HeaderValue,
}

impl Token {
    /// The token that an environment variable holds.
    pub fn new(variable: &'static str, text: &str) -> Result<Self> {
        let text = text.trim().to_owned();
        let unfit = || {
            Error::usage(format!("{variable} holds no token: it has characters that none has"))
                .with_help("set it anew; its value is not shown here")
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unfit());
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| unfit())?;
        header.set_sensitive(true);
        Ok(Self { variable, text, header })
    }

    /// The environment variable that it is from.
    pub(super) fn variable(&self) -> &'static str {
        self.variable
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token(from {})", self.variable)
    }
}

/// A service's answer, a refusal included.
#[derive(Debug)]
pub(super) struct HttpAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl HttpAnswer {
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn etag(&self) -> Option<&str> {
        self.header(&ETAG)
    }

    pub(super) fn link(&self) -> Option<&str> {
        self.header(&LINK)
    }
}

/// What came of a download.
#[derive(Debug)]
pub(super) enum Download {
    /// It is here.
    Done,
    /// It is there no more: expired or deleted.
    Gone,
    /// It was refused with this answer.
    Refused(HttpAnswer),
}

/// A service, and how it is asked.
#[derive(Debug)]
pub(super) struct HttpService {
    http: reqwest::Client,
    base: Url,
    token: Option<Token>,
    patience: Patience,
    /// Sent to the service's own origin.
    headers: HeaderMap,
    /// When the allowance of requests is renewed, if it is spent.
    spent_until: Mutex<Option<Timestamp>>,
}

/// More redirects in a row lead nowhere.
const MAX_REDIRECTS: usize = 5;

/// Why a try gave nothing.
#[derive(Debug)]
enum Fault {
    /// It may pass; not before this time, if one is told.
    Passing(String, Option<Timestamp>),
    /// It will not.
    Final(Error),
}

impl Fault {
    fn passing(message: impl Into<String>) -> Self {
        Self::Passing(message.into(), None)
    }
}

impl HttpService {
    /// The service at a URL. A token is for https, or for this machine.
    pub(super) fn new(
        base: &str,
        accept: &'static str,
        token: Option<Token>,
        patience: Patience,
    ) -> Result<Self> {
        let unfit = |why: String| Error::usage(format!("`{base}` is not a service's URL: {why}"));
        let url = Url::parse(base).map_err(|error| unfit(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::usage("a service's URL holds a user or a password")
                .with_help("a token is taken from GITHUB_TOKEN or GH_TOKEN"));
        }
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
            return Err(unfit("write it as https://host/path".to_owned()));
        }
        if url.scheme() == "http" && !http::is_loopback(&url) && token.is_some() {
            return Err(Error::usage(format!("a token would go to {base} for all to read"))
                .with_help("use https, or unset GITHUB_TOKEN and GH_TOKEN"));
        }
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        let http = http::builder(&url)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(patience.timeout)
            .read_timeout(patience.timeout)
            .user_agent(agent)
            .build()
            .map_err(|error| {
                let why = http::describe(&error);
                Error::unavailable(format!("cannot set up an HTTP client: {why}"))
                    .with_help("https needs the system's certificates: install ca-certificates")
            })?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        Ok(Self { http, base: url, token, patience, headers, spent_until: Mutex::new(None) })
    }

    /// Adds a header to every request to the service itself.
    pub(super) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of a path below the base, with a query.
    pub(super) fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Whether a URL is of the service's own origin: scheme, host and port.
    pub(super) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// What a service said, on one line and without the token, should it be in there.
    pub(super) fn words(&self, body: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(body).into_owned();
        if let Some(token) = &self.token {
            text = text.replace(&token.text, "…");
        }
        let message = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|body| {
            ["message", "error"].iter().find_map(|key| Some(body[*key].as_str()?.to_owned()))
        });
        let line = excerpt(&message.unwrap_or(text));
        line.chars().filter(|c| !c.is_control()).collect()
    }

    /// Asks for a URL of the service; a refusal is an answer. `etag` is of the answer that is here.
    pub(super) async fn get(
        &self,
        url: &Url,
        etag: Option<&str>,
        max_bytes: u64,
        tell: &Tell<'_>,
    ) -> Result<HttpAnswer> {
        self.patiently(url.as_str(), tell, async || {
            let mut extra = HeaderMap::new();
            if let Some(value) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
                extra.insert(IF_NONE_MATCH, value);
            }
            let response = self.follow(url, &extra).await?;
            self.answer(response, max_bytes).await
        })
        .await
    }

    /// Downloads an artifact's archive to a file; what a cut left of it, in this run of the program
    /// or in an earlier one, is gone on with if the server has it by parts.
    pub(super) async fn download(
        &self,
        url: &Url,
        artifact: &RemoteArtifact,
        path: &Path,
        max_bytes: u64,
        tell: &Tell<'_>,
    ) -> Result<Download> {
        let partial = path.with_extension("zip.part");
        self.patiently(&format!("artifact {}", artifact.name), tell, async || {
            self.download_once(url, artifact, &partial, path, max_bytes, tell).await
        })
        .await
    }

    async fn download_once(
        &self,
        url: &Url,
        artifact: &RemoteArtifact,
        partial: &Path,
        path: &Path,
        max_bytes: u64,
        tell: &Tell<'_>,
    ) -> Result<Download, Fault> {
        let io = |source| Fault::Final(Error::io("write", partial, source));
        let forget = || match fs::remove_file(partial) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(error)),
            _ => Ok(()),
        };
        let here = fs::metadata(partial).map_or(0, |meta| meta.len());
        let mut extra = HeaderMap::new();
        if here > 0 {
            let value = HeaderValue::from_str(&format!("bytes={here}-"));
            extra.insert(RANGE, value.expect("digits make a header"));
        }
        let mut response = self.follow(url, &extra).await?;
        let mut total = match response.status().as_u16() {
            200 => 0,
            206 if starts_at(response.headers(), here) => here,
            206 | 416 => {
                forget()?;
                return Err(Fault::passing("the part asked for is not there"));
            }
            404 | 410 => return Ok(Download::Gone),
            // A signed address is good for a minute or so; the API gives a new one.
            status if !self.owns(response.url()) => {
                let host = response.url().host_str().unwrap_or_default().to_owned();
                return Err(Fault::passing(format!("{host} answered {status}")));
            }
            _ => return Ok(Download::Refused(self.answer(response, MAX_REFUSAL).await?)),
        };
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(total == 0)
            .append(total > 0)
            .open(partial)
            .map_err(io)?;
        while let Some(bytes) =
            response.chunk().await.map_err(|error| Fault::passing(http::describe(&error)))?
        {
            total += bytes.len() as u64;
            if total > max_bytes {
                drop(file);
                forget()?;
                let most = size(max_bytes);
                let message = format!("artifact {} is larger than {most}", artifact.name);
                return Err(Fault::Final(Error::usage(message)));
            }
            file.write_all(&bytes).map_err(io)?;
            tell(Event::Bytes { name: &artifact.name, here: total });
        }
        file.sync_all().map_err(io)?;
        drop(file);
        if let Some(digest) = artifact.digest.as_deref().and_then(|d| d.strip_prefix("sha256:")) {
            let bytes = fs::read(partial).map_err(io)?;
            if !digest.eq_ignore_ascii_case(&hex(&Sha256::digest(&bytes))) {
                forget()?;
                return Err(Fault::passing("what came is not what was stored"));
            }
        }
        fs::rename(partial, path).map_err(io)?;
        Ok(Download::Done)
    }

    /// Asks, and asks again as long as it may help. `what` is in the error if it does not.
    async fn patiently<T>(
        &self,
        what: &str,
        tell: &Tell<'_>,
        attempt: impl AsyncFn() -> Result<T, Fault>,
    ) -> Result<T> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.patience.first_delay)
            .with_max_times(self.patience.retries);
        let wait = |fault: &Fault| match fault {
            Fault::Passing(_, Some(then)) => Some(limit::until(*then, Timestamp::now())),
            _ => None,
        };
        let worth = |fault: &Fault| {
            let short = wait(fault).is_none_or(|wait| wait <= self.patience.max_wait);
            matches!(fault, Fault::Passing(..)) && short
        };
        let say = |fault: &Fault, delay: Duration| {
            if let Fault::Passing(message, then) = fault {
                let seconds = delay.as_secs_f64().ceil();
                if then.is_some() || seconds > 1.0 {
                    tell(Event::Note(&format!("note: {message}; waiting {seconds} s")));
                }
            }
        };
        (|| attempt())
            .retry(backoff)
            .when(worth)
            .adjust(|fault, delay| delay.map(|delay| wait(fault).unwrap_or(delay)))
            .notify(say)
            .await
            .map_err(|fault| self.give_up(what, fault))
    }

    fn give_up(&self, what: &str, fault: Fault) -> Error {
        match fault {
            Fault::Final(error) => error,
            Fault::Passing(message, Some(then)) => {
                let then = Timestamp::from_second(then.as_second()).unwrap_or(then);
                let error = Error::unavailable(format!("{what}: {message}; go on at {then}"));
                error.with_help(match &self.token {
                    None => {
                        "set GITHUB_TOKEN: with a token the limit is higher; what was fetched stays"
                    }
                    Some(_) => {
                        "run it again then, or wait longer with --max-wait; what was fetched stays"
                    }
                })
            }
            Fault::Passing(message, None) => {
                let tries = self.patience.retries + 1;
                let plural = if tries == 1 { "try" } else { "tries" };
                Error::unavailable(format!("{what}: {message} ({tries} {plural})")).with_help(
                    "run it again later; what was fetched stays, and --offline reads that alone; \
                         artifacts that were downloaded by hand are read from their folder",
                )
            }
        }
    }

    /// Sends a request and follows redirects, by hand: the token and the service's headers go to its
    /// own origin alone. Faults that may pass and limits are errors; the rest is an answer.
    async fn follow(&self, url: &Url, extra: &HeaderMap) -> Result<Response, Fault> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let own = self.owns(&url);
            let mut request = self.http.get(url.clone()).headers(extra.clone());
            if own {
                self.await_allowance()?;
                request = request.headers(self.headers.clone());
                if let Some(token) = &self.token {
                    request = request.header(AUTHORIZATION, token.header.clone());
                }
            }
            let response =
                request.send().await.map_err(|error| Fault::passing(http::describe(&error)))?;
            let now = Timestamp::now();
            if own && let Some(then) = limit::spent(response.headers(), now) {
                *self.spent_until.lock().expect("no holder panics") = Some(then);
            }
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let host = url.host_str().unwrap_or_default().to_owned();
            match limit::step(status, &headers, "", now) {
                Step::Redirect => {
                    url = self.target(&url, &headers)?;
                }
                Step::Again => return Err(Fault::passing(format!("{host} answered {status}"))),
                Step::Wait(then) => {
                    let message = format!("{host} asks to wait (status {status})");
                    return Err(Fault::Passing(message, Some(then)));
                }
                Step::Take => return Ok(response),
            }
        }
        Err(Fault::Final(Error::unavailable(format!("{} redirects without end", self.base))))
    }

    /// Where a redirect leads. Never from https to http.
    fn target(&self, from: &Url, headers: &HeaderMap) -> Result<Url, Fault> {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let target = location.and_then(|location| from.join(location).ok());
        let safe = |target: &Url| {
            target.scheme() == "https" || (target.scheme() == "http" && from.scheme() == "http")
        };
        target.filter(safe).ok_or_else(|| {
            let host = self.base.host_str().unwrap_or_default();
            Fault::Final(Error::unavailable(format!("{host} redirects to where nobody can follow")))
        })
    }

    fn await_allowance(&self) -> Result<(), Fault> {
        let until = *self.spent_until.lock().expect("no holder panics");
        match until.filter(|then| *then > Timestamp::now()) {
            None => Ok(()),
            Some(then) => {
                let host = self.base.host_str().unwrap_or_default();
                Err(Fault::Passing(
                    format!("the allowance of requests to {host} is spent"),
                    Some(then),
                ))
            }
        }
    }

    /// Reads a body, within bounds.
    async fn answer(&self, mut response: Response, max_bytes: u64) -> Result<HttpAnswer, Fault> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(bytes) =
            response.chunk().await.map_err(|error| Fault::passing(http::describe(&error)))?
        {
            body.extend_from_slice(&bytes);
            if body.len() as u64 > max_bytes {
                let most = size(max_bytes);
                let host = self.base.host_str().unwrap_or_default();
                return Err(Fault::Final(Error::usage(format!(
                    "an answer of {host} is larger than {most}"
                ))));
            }
        }
        // A secondary limit may say so in words alone.
        let text = String::from_utf8_lossy(&body);
        match limit::step(status, &headers, &text, Timestamp::now()) {
            Step::Wait(then) => Err(Fault::Passing(self.words(&body), Some(then))),
            _ => Ok(HttpAnswer { status, headers, body }),
        }
    }
}

/// The text of a refusal is short.
const MAX_REFUSAL: u64 = 1 << 20;

/// Whether a part of a body starts at this byte.
fn starts_at(headers: &HeaderMap, byte: u64) -> bool {
    let range = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    start.and_then(|start| start.parse().ok()) == Some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(base: &str, token: Option<&str>) -> Result<HttpService> {
        let token = token.map(|text| Token::new("GITHUB_TOKEN", text)).transpose()?;
        let patience = Patience {
            timeout: Duration::from_secs(1),
            retries: 0,
            first_delay: Duration::ZERO,
            max_wait: Duration::ZERO,
        };
        HttpService::new(base, "application/json", token, patience)
    }

    #[test]
    fn a_token_shows_nowhere() {
        let service = service("https://api.example.invalid", Some("secret-1\n")).unwrap();
        assert!(!format!("{service:?}").contains("secret-1"));
        assert_eq!(
            service.words(b"{\"message\": \"no such token: secret-1\"}"),
            "no such token: …"
        );
        assert_eq!(service.words(b"plain\n\x1b[31m secret-1"), "plain [31m …");
        let error = Token::new("GH_TOKEN", "secret 2").unwrap_err().to_string();
        assert!(error.contains("GH_TOKEN") && !error.contains("secret 2"), "{error}");
    }

    #[test]
    fn a_token_goes_over_tls_or_nowhere_far() {
        let error = service("http://example.invalid", Some("t")).unwrap_err();
        assert!(error.to_string().contains("for all to read"), "{error}");
        for url in ["http://127.0.0.1:1", "http://[::1]:1", "https://example.invalid/api/v3/"] {
            service(url, Some("t")).unwrap();
        }
        service("http://example.invalid", None).unwrap();
        for url in ["ftp://a", "a", "https://user:secret-3@a", "https://a?x=1"] {
            let error = service(url, None).unwrap_err();
            assert_eq!(error.exit() as u8, 2);
            assert!(!error.to_string().contains("secret-3"), "{error}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let service = service("https://api.example.invalid/v3", None).unwrap();
        assert_eq!(
            service.url("/runs", &[("created", ">=2026-01-01")]).as_str(),
            "https://api.example.invalid/v3/runs?created=%3E%3D2026-01-01"
        );
        for (url, own) in [
            ("https://api.example.invalid/other", true),
            ("https://api.example.invalid:443/", true),
            ("https://api.example.invalid:444/", false),
            ("http://api.example.invalid/", false),
            ("https://api.example.invalid.evil/", false),
            ("https://evil/https://api.example.invalid", false),
        ] {
            assert_eq!(service.owns(&url.parse().unwrap()), own, "{url}");
        }
    }

    #[test]
    fn a_redirect_never_leaves_tls() {
        let service = service("https://a", None).unwrap();
        let target = |from: &str, to: &str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(to).unwrap())]);
            service.target(&from.parse().unwrap(), &headers).ok().map(String::from)
        };
        assert_eq!(target("https://a/b/c", "/d?e"), Some("https://a/d?e".to_owned()));
        assert_eq!(target("https://a", "https://b/"), Some("https://b/".to_owned()));
        assert_eq!(target("http://a", "http://b/"), Some("http://b/".to_owned()));
        assert_eq!(target("https://a", "http://a/"), None);
        assert_eq!(target("https://a", "file:///etc/passwd"), None);
    }

    #[test]
    fn a_part_starts_where_it_was_asked_to() {
        let starts = |text: &str| {
            let headers =
                HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::from_str(text).unwrap())]);
            starts_at(&headers, 5)
        };
        assert!(starts("bytes 5-9/10") && starts("bytes 5-9/*"));
        assert!(!starts("bytes 0-9/10") && !starts("5-9/10") && !starts("bytes */10"));
    }
}
