//! A service, and the requests that may be sent to it.

use std::sync::Mutex;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};

use super::{GitHubToken, Patience};
use crate::base::error::{Error, Result};
use crate::base::http;
use crate::base::text::excerpt;

/// A service at a URL, with what every request to it carries.
#[derive(Debug)]
pub(in crate::intake::fetch) struct HttpService {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    pub(super) token: Option<GitHubToken>,
    pub(super) patience: Patience,
    /// The headers that are sent to the service's own origin.
    pub(super) headers: HeaderMap,
    /// The time at which the allowance of requests is renewed, if it is spent.
    pub(super) spent_until: Mutex<Option<Timestamp>>,
}

impl HttpService {
    /// The service at a URL. A token requires https, or a service on this machine.
    pub(in crate::intake::fetch) fn new(
        base: &str,
        accept: &'static str,
        token: Option<GitHubToken>,
        patience: Patience,
    ) -> Result<Self> {
        let unfit = |why: String| {
            Error::usage(format!("`{base}` is not a service's URL: {why}"))
                .with_help("write it as https://host/path")
        };
        let url = Url::parse(base).map_err(|error| unfit(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::usage("a service's URL holds a user or a password")
                .with_help("a token is taken from GITHUB_TOKEN or GH_TOKEN"));
        }
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
            return Err(unfit("it is not an http or https address without a query".to_owned()));
        }
        if url.scheme() == "http" && !http::is_loopback(&url) && token.is_some() {
            return Err(Error::usage(format!("the token would travel to {base} unencrypted"))
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

    /// Adds a header to every request to the service's own origin.
    pub(in crate::intake::fetch) fn with_header(
        mut self,
        name: &'static str,
        value: &'static str,
    ) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// The token that is sent to the service.
    pub(in crate::intake::fetch) fn token(&self) -> Option<&GitHubToken> {
        self.token.as_ref()
    }

    /// The URL of the service.
    pub(in crate::intake::fetch) fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of a path below the base, with a query.
    pub(in crate::intake::fetch) fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Whether a URL has the service's own origin: scheme, host and port.
    pub(in crate::intake::fetch) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// The words of a service's answer, on one line. The token is removed, should the answer repeat it.
    pub(in crate::intake::fetch) fn words(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let text = match &self.token {
            Some(token) => token.removed_from(&text),
            None => text.into_owned(),
        };
        let message = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|body| {
            ["message", "error"].iter().find_map(|key| Some(body[*key].as_str()?.to_owned()))
        });
        let line = excerpt(&message.unwrap_or(text));
        line.chars().filter(|c| !c.is_control()).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;

    pub(in super::super) fn service(base: &str, token: Option<&str>) -> Result<HttpService> {
        let token = token.map(|text| GitHubToken::new("GITHUB_TOKEN", text)).transpose()?;
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
        let error = GitHubToken::new("GH_TOKEN", "secret 2").unwrap_err().to_string();
        assert!(error.contains("GH_TOKEN") && !error.contains("secret 2"), "{error}");
    }

    #[test]
    fn a_token_goes_over_tls_or_nowhere_far() {
        let error = service("http://example.invalid", Some("t")).unwrap_err();
        assert!(error.to_string().contains("unencrypted"), "{error}");
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
}
