//! The `InferenceX` HTTP API: `GET /api/v1/benchmarks?model=<display name>[&date=<day>]` answers with the newest
//! result of each configuration as of a day.
//!
//! An answer is cached with its entity tag, so that the service can reply that nothing has changed.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::service::{FetchEvent, HttpService, OnEvent, Patience};
use crate::base::error::{Error, Result};
use crate::base::file;
use crate::base::text::hex;

/// A question to the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiQuestion {
    /// The display name of the model, such as `gpt-oss-120b`.
    pub model: String,
    /// The day as of which results are wanted [default: today].
    pub day: Option<Date>,
}

/// The API at a URL.
#[derive(Debug)]
pub struct InferenceX {
    service: HttpService,
}

/// The largest answer, bytes: 435 rows are about a mebibyte.
const MAX_ANSWER: u64 = 256 << 20;

const SCHEMA_VERSION: u32 = 1;
const ANSWER: &str = "benchmarks.json";
const FACTS: &str = "answer.json";

/// The origin of an answer in the cache.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerFacts {
    schema_version: u32,
    url: String,
    fetched_at: Timestamp,
    etag: Option<String>,
    /// The digest of the answer, in hexadecimal digits.
    sha256: String,
}

impl InferenceX {
    /// The API at a URL.
    pub fn new(base: &str, patience: Patience) -> Result<Self> {
        Ok(Self { service: HttpService::new(base, "application/json", None, patience)? })
    }

    fn url(&self, question: &ApiQuestion) -> reqwest::Url {
        let day = question.day.map(|day| day.to_string());
        let mut query = vec![("model", question.model.as_str())];
        query.extend(day.as_deref().map(|day| ("date", day)));
        self.service.url("/api/v1/benchmarks", &query)
    }

    fn folder(&self, cache: &Path, question: &ApiQuestion) -> PathBuf {
        let base = self.service.base();
        let host = base.host_str().unwrap_or_default().replace(['[', ']', ':'], "-");
        let port = base.port().map(|port| format!("_{port}")).unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let model = question.model.replace(|c: char| !fits(c), "_");
        let day = question.day.map(|day| format!("_{day}")).unwrap_or_default();
        cache.join(format!("{host}{port}")).join(format!("model_{model}{day}"))
    }

    /// Brings the answer to a question into the cache and returns its file.
    pub async fn fetch(
        &self,
        cache: &Path,
        question: &ApiQuestion,
        on_event: &OnEvent<'_>,
    ) -> Result<PathBuf> {
        let folder = self.folder(cache, question);
        let url = self.url(question);
        let cached = cached_facts(&folder, url.as_str());
        let etag = cached.as_ref().and_then(|facts| facts.etag.as_deref());
        let answer = self.service.get(&url, etag, MAX_ANSWER, on_event).await?;
        let path = folder.join(ANSWER);
        match (answer.status, cached) {
            (304, Some(facts)) => {
                let since = facts.fetched_at;
                on_event(FetchEvent::Note(&format!(
                    "note: {url} has not changed since {since:.0}"
                )));
                return Ok(path);
            }
            (200, _) => {}
            _ => return Err(self.refused(&url, question, answer.status, &answer.body)),
        }
        self.check_rows(&url, &answer.body)?;
        let facts = AnswerFacts {
            schema_version: SCHEMA_VERSION,
            url: url.to_string(),
            fetched_at: Timestamp::now(),
            etag: answer.etag().map(str::to_owned),
            sha256: hex(&Sha256::digest(&answer.body)),
        };
        // If the program is cut off between the two files, they do not match and the answer is asked for again.
        file::replace(&path, &answer.body)?;
        let text = serde_json::to_string_pretty(&facts).expect("facts are plain JSON");
        file::replace(&folder.join(FACTS), (text + "\n").as_bytes())?;
        Ok(path)
    }

    /// Refuses an answer that is not an array of rows, or an empty one.
    fn check_rows(&self, url: &reqwest::Url, body: &[u8]) -> Result<()> {
        match serde_json::from_slice(body) {
            Ok(Value::Array(rows)) if rows.is_empty() => {
                Err(Error::usage(format!("{url} has no rows"))
                    .with_help("name a later day with --api-date, or another model"))
            }
            Ok(Value::Array(_)) => Ok(()),
            _ => Err(Error::unavailable(format!(
                "{url} did not answer with an array of rows: {}",
                self.service.words(body)
            ))
            .with_help("check the URL of --api")),
        }
    }

    /// The file of the answer in the cache, without using the network.
    pub fn from_cache(&self, cache: &Path, question: &ApiQuestion) -> Result<PathBuf> {
        let folder = self.folder(cache, question);
        let url = self.url(question);
        cached_facts(&folder, url.as_str()).map(|_| folder.join(ANSWER)).ok_or_else(|| {
            Error::usage(format!("the cache has no answer to {url}"))
                .with_help("run it without --offline to fetch it")
        })
    }

    /// The error for a refusal.
    fn refused(
        &self,
        url: &reqwest::Url,
        question: &ApiQuestion,
        status: u16,
        body: &[u8],
    ) -> Error {
        let words = self.service.words(body);
        let error = Error::usage(format!("{url} answered {status}: {words}"));
        match (status, names(body)) {
            (400, Some(names)) => error.with_help(format!("the models are: {}", names.join(", "))),
            (400, None) => error.with_help(format!(
                "the API knows no model `{}`; name another with --api-model, such as \
                 gpt-oss-120b or Llama-3.3-70B-Instruct-FP8",
                question.model
            )),
            _ => error.with_help("check the URL of --api"),
        }
    }
}

/// The facts of an answer that is in the cache unchanged.
fn cached_facts(folder: &Path, url: &str) -> Option<AnswerFacts> {
    let facts: AnswerFacts = serde_json::from_slice(&fs::read(folder.join(FACTS)).ok()?).ok()?;
    let answer = fs::read(folder.join(ANSWER)).ok()?;
    let is_unchanged = facts.schema_version == SCHEMA_VERSION
        && facts.url == url
        && facts.sha256 == hex(&Sha256::digest(&answer));
    is_unchanged.then_some(facts)
}

/// The names of models that a refusal lists, under any key.
fn names(body: &[u8]) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.as_object()?.values().find_map(|value| {
        let names = value.as_array()?.iter().map(|name| Some(name.as_str()?.to_owned()));
        names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_question_is_in_the_url_and_in_the_folder() {
        let patience = Patience {
            timeout: Duration::from_secs(1),
            retries: 0,
            first_delay: Duration::ZERO,
            max_wait: Duration::ZERO,
        };
        let api = InferenceX::new("https://x.example.invalid:81/", patience).unwrap();
        let question = |model: &str, day: Option<&str>| ApiQuestion {
            model: model.to_owned(),
            day: day.map(|day| day.parse().unwrap()),
        };
        let plain = question("gpt-oss-120b", None);
        assert_eq!(
            api.url(&plain).as_str(),
            "https://x.example.invalid:81/api/v1/benchmarks?model=gpt-oss-120b"
        );
        let odd = question("../a b", Some("2026-06-01"));
        assert_eq!(api.url(&odd).query(), Some("model=..%2Fa+b&date=2026-06-01"));
        assert_eq!(
            api.folder(Path::new("c"), &odd),
            Path::new("c/x.example.invalid_81/model_.._a_b_2026-06-01")
        );
    }

    #[test]
    fn names_are_found_where_a_refusal_lists_some() {
        assert_eq!(names(br#"{"error": "Unknown model"}"#), None);
        assert_eq!(names(br#"{"error": "no", "models": ["a", "b"]}"#).unwrap(), ["a", "b"]);
        assert_eq!(names(b"<html>"), None);
    }
}
