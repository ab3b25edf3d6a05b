//! The lists of GitHub's REST API, page by page.

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::artifact::{RemoteArtifact, WorkflowRun};
use super::github::{GitHub, MAX_PAGE};
use super::link;
use super::service::OnEvent;
use crate::base::error::{Error, Result};

/// The largest number of pages of a list.
const MAX_PAGES: usize = 1000;

/// A page of a list.
pub(super) trait ListPage: DeserializeOwned {
    /// An entry of the list.
    type Entry;
    /// The number of entries on all pages, and the entries of this page.
    fn into_entries(self) -> (u64, Vec<Self::Entry>);
}

/// A page of a workflow's runs.
#[derive(Deserialize)]
pub(super) struct RunsPage {
    total_count: u64,
    workflow_runs: Vec<WorkflowRun>,
}

impl ListPage for RunsPage {
    type Entry = WorkflowRun;
    fn into_entries(self) -> (u64, Vec<WorkflowRun>) {
        (self.total_count, self.workflow_runs)
    }
}

/// A page of a run's artifacts.
#[derive(Deserialize)]
pub(super) struct ArtifactsPage {
    total_count: u64,
    artifacts: Vec<RemoteArtifact>,
}

impl ListPage for ArtifactsPage {
    type Entry = RemoteArtifact;
    fn into_entries(self) -> (u64, Vec<RemoteArtifact>) {
        (self.total_count, self.artifacts)
    }
}

/// The pages of a list, which are asked for when they are needed.
pub(super) struct Pages<'a, P> {
    github: &'a GitHub,
    first: Url,
    next: Option<Url>,
    /// The words for what is missing if the list is.
    missing: String,
    page: usize,
    seen: u64,
    kind: std::marker::PhantomData<P>,
}

impl<'a, P: ListPage> Pages<'a, P> {
    /// The pages of the list that begins at a URL.
    pub(super) fn new(github: &'a GitHub, url: Url, missing: String) -> Self {
        let (first, next) = (url.clone(), Some(url));
        Self { github, first, next, missing, page: 0, seen: 0, kind: std::marker::PhantomData }
    }

    /// The entries of the next page; `None` after the last.
    pub(super) async fn next(&mut self, on_event: &OnEvent<'_>) -> Result<Option<Vec<P::Entry>>> {
        let Some(url) = self.next.take() else { return Ok(None) };
        let service = &self.github.service;
        let answer = service.get(&url, None, MAX_PAGE, on_event).await?;
        let page: P = self.github.body(&url, &answer, &self.missing)?;
        let (total, entries) = page.into_entries();
        self.page += 1;
        self.seen += entries.len() as u64;
        self.next = match answer.link() {
            Some(header) => {
                link::next(header).map(|target| self.own_url(&url, target)).transpose()?
            }
            // Without the header, the count tells whether there are more pages.
            None if !entries.is_empty() && self.seen < total => {
                let mut url = self.first.clone();
                url.query_pairs_mut().append_pair("page", &(self.page + 1).to_string());
                Some(url)
            }
            None => None,
        };
        if self.next.is_some() && self.page >= MAX_PAGES {
            return Err(Error::unavailable(format!("{} has pages without end", self.first)));
        }
        Ok(Some(entries))
    }

    /// The URL of a further page, which must have the API's own origin.
    fn own_url(&self, from: &Url, target: &str) -> Result<Url> {
        let url = from.join(target).ok().filter(|url| self.github.service.owns(url));
        url.ok_or_else(|| {
            Error::unavailable(format!("{} names a next page that is not its own", self.first))
        })
    }
}

impl GitHub {
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
    pub(super) async fn artifacts(
        &self,
        run: u64,
        on_event: &OnEvent<'_>,
    ) -> Result<Vec<RemoteArtifact>> {
        let url = self.url(&format!("runs/{run}/artifacts"), &[("per_page", "100")]);
        let missing = format!("no run {run} in {}", self.repository.name);
        let mut pages = Pages::<ArtifactsPage>::new(self, url, missing);
        let mut artifacts = Vec::new();
        while let Some(page) = pages.next(on_event).await? {
            artifacts.extend(page);
        }
        Ok(artifacts)
    }
}
