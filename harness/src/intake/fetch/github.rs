//! GitHub's REST API, as much of it as leads to the results of a workflow's runs:
//! <https://docs.github.com/en/rest/actions>.

use std::path::Path;

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::artifact::{RemoteArtifact, Run};
use super::link;
use super::service::{Download, HttpAnswer, HttpService, Patience, Tell, Token};
use crate::base::error::{Error, Result};

/// A repository and the workflow whose runs are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `<owner>/<name>`.
    pub name: String,
    /// The workflow's file name.
    pub workflow: String,
}

/// GitHub, or what stands in for it.
#[derive(Debug)]
pub struct GitHub {
    service: HttpService,
    repository: Repository,
}

/// Where GitHub's API is.
const GITHUB_HOST: &str = "api.github.com";

/// The largest page of a list, bytes: a hundred runs are about a mebibyte.
const MAX_PAGE: u64 = 32 << 20;

/// No list has more pages.
const MAX_PAGES: usize = 1000;

const SIGN_IN: &str = "GitHub gives artifacts only to those it knows: set GITHUB_TOKEN (or GH_TOKEN) to a \
                       token, such as that of `gh auth token`; one without any permission will do for \
                       public repositories";

impl GitHub {
    /// The API at a URL, `https://api.github.com` or that of a GitHub Enterprise Server.
    pub fn new(
        base: &str,
        repository: Repository,
        token: Option<Token>,
        patience: Patience,
    ) -> Result<Self> {
        let service = HttpService::new(base, "application/vnd.github+json", token, patience)?
            .with_header("x-github-api-version", "2022-11-28");
        Ok(Self { service, repository })
    }

    /// Whose runs these are.
    pub(super) fn repository(&self) -> &str {
        &self.repository.name
    }

    /// The name of the repository's folder in a cache; of another host than GitHub's, with that.
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

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        self.service.url(&format!("/repos/{}/actions/{path}", self.repository.name), query)
    }

    /// A run.
    pub(super) async fn run(&self, id: u64, tell: &Tell<'_>) -> Result<Run> {
        let url = self.url(&format!("runs/{id}"), &[]);
        let answer = self.service.get(&url, None, MAX_PAGE, tell).await?;
        self.body(&url, &answer, &format!("no run {id} in {}", self.repository.name))
    }

    /// The successful runs of the workflow, newest first, page by page.
    pub(super) fn runs(&self, since: Option<&str>) -> Pages<'_, RunsPage> {
        let workflow = &self.repository.workflow;
        let created = since.map(|since| format!(">={since}"));
        let mut query = vec![("status", "success"), ("per_page", "100")];
        query.extend(created.as_deref().map(|created| ("created", created)));
        let url = self.url(&format!("workflows/{workflow}/runs"), &query);
        Pages::new(self, url, format!("no workflow {workflow} in {}", self.repository.name))
    }

    /// All artifacts of a run.
    pub(super) async fn artifacts(&self, run: u64, tell: &Tell<'_>) -> Result<Vec<RemoteArtifact>> {
        let url = self.url(&format!("runs/{run}/artifacts"), &[("per_page", "100")]);
        let missing = format!("no run {run} in {}", self.repository.name);
        let mut pages = Pages::<ArtifactsPage>::new(self, url, missing);
        let mut artifacts = Vec::new();
        while let Some(page) = pages.next(tell).await? {
            artifacts.extend(page);
        }
        Ok(artifacts)
    }

    /// Downloads an artifact's archive; false if it is there no more.
    pub(super) async fn download(
        &self,
        artifact: &RemoteArtifact,
        path: &Path,
        max_bytes: u64,
        tell: &Tell<'_>,
    ) -> Result<bool> {
        let url = self.url(&format!("artifacts/{}/zip", artifact.id), &[]);
        match self.service.download(&url, artifact, path, max_bytes, tell).await? {
            Download::Done => Ok(true),
            Download::Gone => Ok(false),
            Download::Refused(answer) => Err(self.refused(&url, &answer, &artifact.name)),
        }
    }

    /// The JSON of an answer, or the error that its status is.
    fn body<T: DeserializeOwned>(
        &self,
        url: &Url,
        answer: &HttpAnswer,
        missing: &str,
    ) -> Result<T> {
        if answer.status != 200 {
            return Err(self.refused(url, answer, missing));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            Error::unavailable(format!("{url} answered what is no list of GitHub's: {error}"))
                .with_help("check --github-api: it is the API's URL, not that of the pages")
        })
    }

    /// The error that a refusal is.
    fn refused(&self, url: &Url, answer: &HttpAnswer, missing: &str) -> Error {
        let host = url.host_str().unwrap_or_default();
        let said = self.service.words(&answer.body);
        let status = answer.status;
        let error = Error::usage(format!("{host} answered {status}: {said}"));
        match (status, self.service.token()) {
            (401, Some(token)) => error.with_help(format!(
                "the token of {} is not valid, or not any more: set another",
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
                    None => "; a private one shows only with a token, in GITHUB_TOKEN",
                    Some(_) => "",
                };
                Error::usage(format!("{missing} ({host} answered {status}: {said})")).with_help(format!(
                    "name another with --repository and --workflow, or the run by its id{private}"
                ))
            }
            _ => error.with_help(format!("it was asked for {url}")),
        }
    }
}

/// A page of a list.
pub(super) trait Page: DeserializeOwned {
    type Item;
    /// The items of all pages, and this page's.
    fn into_items(self) -> (u64, Vec<Self::Item>);
}

#[derive(Deserialize)]
pub(super) struct RunsPage {
    total_count: u64,
    workflow_runs: Vec<Run>,
}

impl Page for RunsPage {
    type Item = Run;
    fn into_items(self) -> (u64, Vec<Run>) {
        (self.total_count, self.workflow_runs)
    }
}

#[derive(Deserialize)]
pub(super) struct ArtifactsPage {
    total_count: u64,
    artifacts: Vec<RemoteArtifact>,
}

impl Page for ArtifactsPage {
    type Item = RemoteArtifact;
    fn into_items(self) -> (u64, Vec<RemoteArtifact>) {
        (self.total_count, self.artifacts)
    }
}

/// The pages of a list, asked for as they are needed.
pub(super) struct Pages<'a, P> {
    github: &'a GitHub,
    first: Url,
    next: Option<Url>,
    /// What is not there if the list is not.
    missing: String,
    page: usize,
    seen: u64,
    kind: std::marker::PhantomData<P>,
}

impl<'a, P: Page> Pages<'a, P> {
    fn new(github: &'a GitHub, url: Url, missing: String) -> Self {
        let (first, next) = (url.clone(), Some(url));
        Self { github, first, next, missing, page: 0, seen: 0, kind: std::marker::PhantomData }
    }

    /// The next page's items; `None` after the last.
    pub(super) async fn next(&mut self, tell: &Tell<'_>) -> Result<Option<Vec<P::Item>>> {
        let Some(url) = self.next.take() else { return Ok(None) };
        let service = &self.github.service;
        let answer = service.get(&url, None, MAX_PAGE, tell).await?;
        let page: P = self.github.body(&url, &answer, &self.missing)?;
        let (total, items) = page.into_items();
        self.page += 1;
        self.seen += items.len() as u64;
        self.next = match answer.link() {
            Some(header) => link::next(header).map(|target| self.own(&url, target)).transpose()?,
            // Without the header, the count says whether there are more.
            None if !items.is_empty() && self.seen < total => {
                let mut url = self.first.clone();
                url.query_pairs_mut().append_pair("page", &(self.page + 1).to_string());
                Some(url)
            }
            None => None,
        };
        if self.next.is_some() && self.page >= MAX_PAGES {
            return Err(Error::unavailable(format!("{} has pages without end", self.first)));
        }
        Ok(Some(items))
    }

    /// The URL of a further page, which is the API's own.
    fn own(&self, from: &Url, target: &str) -> Result<Url> {
        let url = from.join(target).ok().filter(|url| self.github.service.owns(url));
        url.ok_or_else(|| {
            Error::unavailable(format!("{} names a next page that is not its own", self.first))
        })
    }
}
