//! Asking with patience: passing faults are retried, and rate limits are waited for.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};
use reqwest::{Response, Url};

use super::super::archive::size;
use super::super::limit::{self, NextStep};
use super::fault::TryFault;
use super::{FetchEvent, HttpAnswer, HttpService, OnEvent};
use crate::base::error::{Error, Result};
use crate::base::http;

impl HttpService {
    /// Asks for a URL of the service. A refusal is an answer, too. `etag` belongs to the answer in the cache.
    pub(in crate::intake::fetch) async fn get(
        &self,
        url: &Url,
        etag: Option<&str>,
        max_bytes: u64,
        on_event: &OnEvent<'_>,
    ) -> Result<HttpAnswer> {
        self.patiently(url.as_str(), on_event, async || {
            let mut extra = HeaderMap::new();
            if let Some(value) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
                extra.insert(IF_NONE_MATCH, value);
            }
            let response = self.follow(url, &extra).await?;
            self.answer(response, max_bytes).await
        })
        .await
    }

    /// Repeats a request as long as another try may help. `subject` begins the error when none does.
    pub(super) async fn patiently<T>(
        &self,
        subject: &str,
        on_event: &OnEvent<'_>,
        attempt: impl AsyncFn() -> Result<T, TryFault>,
    ) -> Result<T> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.patience.first_delay)
            .with_max_times(self.patience.retries);
        let named_wait = |fault: &TryFault| match fault {
            TryFault::Passing(_, Some(then)) => Some(limit::until(*then, Timestamp::now())),
            _ => None,
        };
        let is_worth_waiting = |fault: &TryFault| {
            let short = named_wait(fault).is_none_or(|wait| wait <= self.patience.max_wait);
            matches!(fault, TryFault::Passing(..)) && short
        };
        let note_wait = |fault: &TryFault, delay: Duration| {
            if let TryFault::Passing(message, then) = fault {
                let seconds = delay.as_secs_f64().ceil();
                if then.is_some() || seconds > 1.0 {
                    on_event(FetchEvent::Note(&format!("note: {message}; waiting {seconds} s")));
                }
            }
        };
        (|| attempt())
            .retry(backoff)
            .when(is_worth_waiting)
            .adjust(|fault, delay| delay.map(|delay| named_wait(fault).unwrap_or(delay)))
            .notify(note_wait)
            .await
            .map_err(|fault| self.give_up(subject, fault))
    }

    fn give_up(&self, subject: &str, fault: TryFault) -> Error {
        match fault {
            TryFault::Final(error) => error,
            TryFault::Passing(message, Some(then)) => {
                let then = Timestamp::from_second(then.as_second()).unwrap_or(then);
                let error = Error::unavailable(format!("{subject}: {message}; continue at {then}"));
                error.with_help(match &self.token {
                    None => {
                        "set GITHUB_TOKEN: with a token the limit is higher; fetched runs stay in the cache"
                    }
                    Some(_) => {
                        "run it again then, or wait longer with --max-wait; fetched runs stay in the cache"
                    }
                })
            }
            TryFault::Passing(message, None) => {
                let tries = self.patience.retries + 1;
                let plural = if tries == 1 { "try" } else { "tries" };
                Error::unavailable(format!("{subject}: {message} ({tries} {plural})")).with_help(
                    "run it again later; fetched runs stay in the cache, and --offline reads only these; \
                         artifacts that were downloaded by hand can be read from their folder",
                )
            }
        }
    }

    /// Reads the body of a response of at most `max_bytes`.
    pub(super) async fn answer(
        &self,
        mut response: Response,
        max_bytes: u64,
    ) -> Result<HttpAnswer, TryFault> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(bytes) =
            response.chunk().await.map_err(|error| TryFault::passing(http::describe(&error)))?
        {
            body.extend_from_slice(&bytes);
            if body.len() as u64 > max_bytes {
                let most = size(max_bytes);
                let host = self.base.host_str().unwrap_or_default();
                return Err(TryFault::Final(Error::usage(format!(
                    "an answer of {host} is larger than {most}"
                ))));
            }
        }
        // GitHub may name a secondary limit only in the words of the answer.
        let text = String::from_utf8_lossy(&body);
        match limit::next_step(status, &headers, &text, Timestamp::now()) {
            NextStep::Wait(then) => Err(TryFault::Passing(self.words(&body), Some(then))),
            _ => Ok(HttpAnswer { status, headers, body }),
        }
    }
}
