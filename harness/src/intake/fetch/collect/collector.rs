//! Collecting runs one after the other.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::archive::ArchiveBounds;
use super::super::artifact::WorkflowRun;
use super::super::cache::RunCache;
use super::super::github::GitHub;
use super::super::service::{FetchEvent, OnEvent};
use super::outcome::{RunFailure, RunOutcome};
use super::runs::{CollectedRuns, WantedRuns, listed};
use crate::base::error::{Error, Result};
use crate::base::text::plural;

/// Brings the wanted runs into the cache. A run that cannot be fetched completely ends the collection; the runs
/// fetched so far stay, and the error says what is missing. A run whose archive is refused is reported as an
/// error after the others have been fetched.
pub async fn collect(
    github: &GitHub,
    cache: &Path,
    wanted: &WantedRuns,
    on_event: &OnEvent<'_>,
) -> Result<CollectedRuns> {
    let cache = RunCache::to_write(cache, &github.cache_name(), || {
        on_event(FetchEvent::Note("note: waiting for another run of the program that is fetching"));
    })?;
    let mut collector = Collector {
        github,
        cache,
        bounds: ArchiveBounds::default(),
        on_event,
        collected: CollectedRuns::default(),
        seen: BTreeSet::new(),
        refused: Vec::new(),
    };
    match collector.collect_all(wanted).await {
        Ok(()) => collector.finish(),
        Err((missing, error)) => Err(collector.partial(error, &missing)),
    }
}

/// A collection under way.
pub(super) struct Collector<'a> {
    pub(super) github: &'a GitHub,
    pub(super) cache: RunCache,
    pub(super) bounds: ArchiveBounds,
    pub(super) on_event: &'a OnEvent<'a>,
    collected: CollectedRuns,
    seen: BTreeSet<u64>,
    /// The runs whose archives are refused, with the errors.
    refused: Vec<(u64, Error)>,
}

/// The part that is missing, in words, and the error that it is missing for.
type MissingPart = (String, Error);

impl Collector<'_> {
    /// Brings all wanted runs into the cache.
    async fn collect_all(&mut self, wanted: &WantedRuns) -> Result<(), MissingPart> {
        for (index, &id) in wanted.ids.iter().enumerate() {
            let missing = |error| {
                let ids: Vec<String> = wanted.ids[index..].iter().map(u64::to_string).collect();
                let listed = if wanted.lists() { " and the workflow's runs" } else { "" };
                (format!("run{} {}{listed}", plural(ids.len()), ids.join(", ")), error)
            };
            let run = self.github.run(id, self.on_event).await.map_err(missing)?;
            match run.conclusion.as_deref() {
                Some("success") => {}
                Some(conclusion) => self.note(&format!(
                    "note: run {id} ended in {conclusion}: it may have only part of its results"
                )),
                None => self.note(&format!(
                    "note: run {id} is under way and has only the results so far: fetch it again later"
                )),
            }
            self.collect_run(&run, Some(wanted.ids.len())).await.map_err(missing)?;
        }
        if wanted.lists() { self.collect_listed(wanted).await } else { Ok(()) }
    }

    /// Brings the workflow's listed runs into the cache.
    async fn collect_listed(&mut self, wanted: &WantedRuns) -> Result<(), MissingPart> {
        let since = wanted.since.map(|since| since.to_string());
        let mut pages = self.github.runs(since.as_deref());
        let mut taken = 0;
        let mut expired = false;
        loop {
            let missing = |taken: usize, error| match wanted.recent {
                Some(recent) => {
                    let left = recent - taken;
                    (format!("{left} of the {recent} recent runs"), error)
                }
                None => ("the rest of the workflow's runs".to_owned(), error),
            };
            let page = pages.next(self.on_event).await.map_err(|error| missing(taken, error))?;
            let Some(page) = page else { return Ok(()) };
            for run in page {
                if wanted.recent.is_some_and(|recent| taken >= recent) {
                    return Ok(());
                }
                // A named run is here already, and so is one that moved to this page because a new run started.
                if self.seen.contains(&run.id) {
                    continue;
                }
                // Artifacts expire by age: runs older than an expired one can only be in the cache.
                if expired && self.cache.run(run.id).is_none() {
                    self.collected.older += 1;
                    continue;
                }
                let has_results = self
                    .collect_run(&run, wanted.recent)
                    .await
                    .map_err(|error| missing(taken, error))?;
                taken += usize::from(has_results);
                expired |= self.collected.expired.last() == Some(&run.id);
            }
        }
    }

    /// Brings a run into the cache; returns whether it has results.
    async fn collect_run(&mut self, run: &WorkflowRun, total: Option<usize>) -> Result<bool> {
        if !self.seen.insert(run.id) {
            return Ok(false);
        }
        let number = self.collected.runs.len() + 1;
        (self.on_event)(FetchEvent::Run { number, total, id: run.id });
        match self.fetch_run(run).await {
            Ok(RunOutcome::Taken { run, cached }) => {
                self.collected.cached += usize::from(cached);
                self.collected.runs.push(run);
                Ok(true)
            }
            Ok(RunOutcome::Expired) => {
                self.collected.expired.push(run.id);
                Ok(false)
            }
            Ok(RunOutcome::Empty) => {
                self.collected.empty.push(run.id);
                Ok(false)
            }
            Err(RunFailure::Refused(error)) => {
                self.note(&format!("error: {error}"));
                self.refused.push((run.id, error));
                Ok(true)
            }
            Err(RunFailure::Failed(error)) => Err(error),
        }
    }

    pub(super) fn note(&self, text: &str) {
        (self.on_event)(FetchEvent::Note(text));
    }

    /// The collected runs, or the error when some were refused or none has results.
    fn finish(self) -> Result<CollectedRuns> {
        if !self.refused.is_empty() {
            let ids: Vec<u64> = self.refused.iter().map(|(id, _)| *id).collect();
            let help = "leave them out, or use only the cache with --offline";
            return Err(Error::usage(format!(
                "the artifacts of {} run{} are refused ({}); {}",
                ids.len(),
                plural(ids.len()),
                listed(&ids),
                self.collected.account()
            ))
            .with_help(help));
        }
        if self.collected.runs.is_empty() {
            return Err(Error::usage(format!("no results: {}", self.collected.account())).with_help(
                "GitHub keeps artifacts for 90 days; name newer runs, or see --repository, --workflow, --since",
            ));
        }
        Ok(self.collected)
    }

    /// An error with the missing part and the collected runs added to its message.
    fn partial(&self, error: Error, missing: &str) -> Error {
        let rest = format!("missing: {missing}; {}", self.collected.account());
        match error {
            Error::Unavailable { message, help } => {
                Error::Unavailable { message: format!("{message}\n  {rest}"), help }
            }
            Error::Usage { message, help } => {
                Error::Usage { message: format!("{message}\n  {rest}"), help }
            }
            other => other,
        }
    }
}
