//! The part of GitHub's REST API that leads to the results of a workflow's runs:
//! <https://docs.github.com/en/rest/actions>.

use std::path::Path;

use reqwest::Url;
use serde::de::DeserializeOwned;

use super::artifact::{RemoteArtifact, WorkflowRun};
use super::service::{DownloadOutcome, GitHubToken, HttpAnswer, HttpService, OnEvent, Patience};
use crate::base::error::{Error, Result};

/// A repository and the workflow whose runs are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `<owner>/<name>`.
    pub name: String,
    /// The workflow's file name.
    pub workflow: String,
}

/// GitHub, or a service with the same API.
#[derive(Debug)]
pub struct GitHub {
    pub(super) service: HttpService,
    pub(super) repository: Repository,
}

/// The host of GitHub's API.
const GITHUB_HOST: &str = "api.github.com";

/// The largest page of a list, bytes: a hundred runs are about a mebibyte.
pub(super) const MAX_PAGE: u64 = 32 << 20;

/// The help for a request without a token.
const SIGN_IN: &str = "GitHub gives artifacts only to signed-in users: set GITHUB_TOKEN (or GH_TOKEN) to a token, \
                       such as that of `gh auth token`; a token without permissions will do for public \
                       repositories";

impl GitHub {
    /// The API at a URL, `https://api.github.com` or that of a GitHub Enterprise Server.
    pub fn new(
        base: &str,
        repository: Repository,
        token: Option<GitHubToken>,
        patience: Patience,
    ) -> Result<Self> {
        let service = HttpService::new(base, "application/vnd.github+json", token, patience)?
            .with_header("x-github-api-version", "2022-11-28");
        Ok(Self { service, repository })
    }

    /// The repository, `<owner>/<name>`.
    pub(super) fn repository(&self) -> &str {
        &self.repository.name
    }

    /// The name of the repository's folder in a cache. It contains the host unless that is GitHub's own.
    pub fn cache_name(&self) -> String {
        let base = self.service.base();
        let host = base.host_str().unwrap_or_default();
        let name = self.repository.name.replace('/', "_");
        let port = base.port().map(|port| format!("_{port}")).unwrap_or_default();
        if host == GITHUB_HOST {
            name
        } else {
            let host = host.trim_matches(['[', ']']).replace(':', "-");
            format!("{host}{port}_{name}")
        }
    }

    pub(super) fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        self.service.url(&format!("/repos/{}/actions/{path}", self.repository.name), query)
    }

    /// The run with this id.
    pub(super) async fn run(&self, id: u64, on_event: &OnEvent<'_>) -> Result<WorkflowRun> {
        let url = self.url(&format!("runs/{id}"), &[]);
        let answer = self.service.get(&url, None, MAX_PAGE, on_event).await?;
        self.body(&url, &answer, &format!("no run {id} in {}", self.repository.name))
    }

    /// Downloads an artifact's archive; returns false if it is no longer there.
    pub(super) async fn download(
        &self,
        artifact: &RemoteArtifact,
        path: &Path,
        max_bytes: u64,
        on_event: &OnEvent<'_>,
    ) -> Result<bool> {
        let url = self.url(&format!("artifacts/{}/zip", artifact.id), &[]);
        match self.service.download(&url, artifact, path, max_bytes, on_event).await? {
            DownloadOutcome::Done => Ok(true),
            DownloadOutcome::Gone => Ok(false),
            DownloadOutcome::Refused(answer) => Err(self.refused(&url, &answer, &artifact.name)),
        }
    }

    /// The JSON of an answer; a status other than 200 is an error.
    pub(super) fn body<T: DeserializeOwned>(
        &self,
        url: &Url,
        answer: &HttpAnswer,
        missing: &str,
    ) -> Result<T> {
        if answer.status != 200 {
            return Err(self.refused(url, answer, missing));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            Error::unavailable(format!("{url} did not answer like GitHub's API: {error}"))
                .with_help(
                    "check --github-api: it must be the URL of the API, not that of the web pages",
                )
        })
    }

    /// The error for a refusal.
    fn refused(&self, url: &Url, answer: &HttpAnswer, missing: &str) -> Error {
        let host = url.host_str().unwrap_or_default();
        let words = self.service.words(&answer.body);
        let status = answer.status;
        let error = Error::usage(format!("{host} answered {status}: {words}"));
        match (status, self.service.token()) {
            (401, Some(token)) => error.with_help(format!(
                "the token of {} is not valid or has expired: set another",
                token.variable()
            )),
            (401 | 403, None) => error.with_help(SIGN_IN),
            (403, Some(token)) => error.with_help(format!(
                "the token of {} may not read the Actions of {}",
                token.variable(),
                self.repository.name
            )),
            (404 | 410, token) => {
                let private = match token {
                    None => "; a private repository needs a token in GITHUB_TOKEN",
                    Some(_) => "",
                };
                Error::usage(format!("{missing} ({host} answered {status}: {words})")).with_help(format!(
                    "name another with --repository and --workflow, or the run by its id{private}"
                ))
            }
            _ => error.with_help(format!("check the request: {url}")),
        }
    }
}
