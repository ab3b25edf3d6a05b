//! Redirects, followed by hand so that the token stays with its service.

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, LOCATION};
use reqwest::{Response, Url};

use super::super::limit::{self, NextStep};
use super::HttpService;
use super::fault::TryFault;
use crate::base::error::{Error, Result};
use crate::base::http;

/// The longest chain of redirects that is followed.
const MAX_REDIRECTS: usize = 5;

impl HttpService {
    /// Sends a request and follows redirects. The token and the service's headers go only to its own origin.
    /// Passing faults and limits are errors; any other response is an answer.
    pub(super) async fn follow(&self, url: &Url, extra: &HeaderMap) -> Result<Response, TryFault> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let is_own = self.owns(&url);
            let mut request = self.http.get(url.clone()).headers(extra.clone());
            if is_own {
                self.check_allowance()?;
                request = request.headers(self.headers.clone());
                if let Some(token) = &self.token {
                    request = request.header(AUTHORIZATION, token.header());
                }
            }
            let response =
                request.send().await.map_err(|error| TryFault::passing(http::describe(&error)))?;
            let now = Timestamp::now();
            if is_own && let Some(then) = limit::renewal_of_spent_allowance(response.headers(), now)
            {
                *self.spent_until.lock().expect("no holder panics") = Some(then);
            }
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let host = url.host_str().unwrap_or_default().to_owned();
            match limit::next_step(status, &headers, "", now) {
                NextStep::Redirect => {
                    url = self.target(&url, &headers)?;
                }
                NextStep::Retry => {
                    return Err(TryFault::passing(format!("{host} answered {status}")));
                }
                NextStep::Wait(then) => {
                    let message = format!("{host} asks to wait (status {status})");
                    return Err(TryFault::Passing(message, Some(then)));
                }
                NextStep::Accept => return Ok(response),
            }
        }
        Err(TryFault::Final(Error::unavailable(format!("{} redirects without end", self.base))))
    }

    /// The target of a redirect, which never leads from https to http.
    fn target(&self, from: &Url, headers: &HeaderMap) -> Result<Url, TryFault> {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let target = location.and_then(|location| from.join(location).ok());
        let safe = |target: &Url| {
            target.scheme() == "https" || (target.scheme() == "http" && from.scheme() == "http")
        };
        target.filter(safe).ok_or_else(|| {
            let host = self.base.host_str().unwrap_or_default();
            TryFault::Final(Error::unavailable(format!(
                "{host} redirects to an address that cannot be followed"
            )))
        })
    }

    /// Fails while the allowance of requests is spent.
    fn check_allowance(&self) -> Result<(), TryFault> {
        let until = *self.spent_until.lock().expect("no holder panics");
        match until.filter(|then| *then > Timestamp::now()) {
            None => Ok(()),
            Some(then) => {
                let host = self.base.host_str().unwrap_or_default();
                Err(TryFault::Passing(
                    format!("the allowance of requests to {host} is spent"),
                    Some(then),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::super::http_service::tests::service;
    use super::*;

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
}
