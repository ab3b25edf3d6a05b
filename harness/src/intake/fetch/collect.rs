//! Which runs are wanted, and all their results brought into the cache.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::archive::{Bounds, Refusal, size};
use super::artifact::{RemoteArtifact, Run, Selection, select};
use super::cache::{ArtifactFacts, Cache, CachedRun, RunFacts, Staged};
use super::github::GitHub;
use super::service::{Event, Tell};
use crate::base::error::{Error, Result};
use crate::base::text::plural;

/// The runs that are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// These.
    pub ids: Vec<u64>,
    /// So many of the workflow's newest successful runs that have results.
    pub recent: Option<usize>,
    /// The workflow's successful runs since this time; a limit to `recent` where both are given.
    pub since: Option<Timestamp>,
}

impl Wanted {
    fn lists(&self) -> bool {
        self.recent.is_some() || self.since.is_some()
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Collected {
    /// The runs with results, in the order that they were asked for.
    pub runs: Vec<CachedRun>,
    /// How many of them were in the cache already, as they are.
    pub cached: usize,
    /// Runs whose results are there no more.
    pub expired: Vec<u64>,
    /// Runs that have no results.
    pub empty: Vec<u64>,
    /// How many runs older than an expired one were not asked about.
    pub older: usize,
}

impl Collected {
    /// What came of it, for people.
    #[must_use]
    pub fn account(&self) -> String {
        let runs = |count: usize| format!("{count} run{}", plural(count));
        let fetched = self.runs.len() - self.cached;
        let mut text = format!("fetched {}, {} from the cache", runs(fetched), self.cached);
        for (ids, what) in [(&self.expired, "expired"), (&self.empty, "without results")] {
            if !ids.is_empty() {
                let _ = write!(text, "; {what}: {} ({})", ids.len(), listed(ids));
            }
        }
        if self.older > 0 {
            let older = runs(self.older);
            let _ = write!(text, "; {older} older than an expired one, not asked about");
        }
        text
    }
}

/// Some ids, and how many more.
fn listed(ids: &[u64]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = ids.iter().take(SHOWN).map(u64::to_string).collect();
    if ids.len() > SHOWN {
        shown.push(format!("{} more", ids.len() - SHOWN));
    }
    shown.join(", ")
}

/// What came of a run.
enum Outcome {
    Taken { run: CachedRun, cached: bool },
    Expired,
    Empty,
}

/// Brings the wanted runs into the cache. A run that cannot be had whole ends it: what was fetched until
/// then stays, and the error says what is missing. A run whose archive is refused is an error in the
/// end, after the others.
pub async fn collect(
    github: &GitHub,
    cache: &Path,
    wanted: &Wanted,
    tell: &Tell<'_>,
) -> Result<Collected> {
    let cache = Cache::to_write(cache, &github.cache_name(), || {
        tell(Event::Note("note: waiting for another run of the program that fetches"));
    })?;
    let mut collector = Collector {
        github,
        cache,
        bounds: Bounds::default(),
        tell,
        collected: Collected::default(),
        seen: BTreeSet::new(),
        refused: Vec::new(),
    };
    match collector.all(wanted).await {
        Ok(()) => collector.finish(),
        Err((missing, error)) => Err(collector.partial(error, &missing)),
    }
}

struct Collector<'a> {
    github: &'a GitHub,
    cache: Cache,
    bounds: Bounds,
    tell: &'a Tell<'a>,
    collected: Collected,
    seen: BTreeSet<u64>,
    /// Runs whose archives are refused, with the reason.
    refused: Vec<(u64, Error)>,
}

/// What was not had, and why.
type Missing = (String, Error);

impl Collector<'_> {
    async fn all(&mut self, wanted: &Wanted) -> Result<(), Missing> {
        for (index, &id) in wanted.ids.iter().enumerate() {
            let missing = |error| {
                let ids: Vec<String> = wanted.ids[index..].iter().map(u64::to_string).collect();
                let listed = if wanted.lists() { " and the workflow's runs" } else { "" };
                (format!("run{} {}{listed}", plural(ids.len()), ids.join(", ")), error)
            };
            let run = self.github.run(id, self.tell).await.map_err(missing)?;
            match run.conclusion.as_deref() {
                Some("success") => {}
                Some(conclusion) => self.note(&format!(
                    "note: run {id} ended in {conclusion}: it may have only a part of its results"
                )),
                None => self.note(&format!(
                    "note: run {id} is under way: it has the results so far, fetch it again later"
                )),
            }
            self.one(&run, Some(wanted.ids.len())).await.map_err(missing)?;
        }
        if wanted.lists() { self.listed(wanted).await } else { Ok(()) }
    }

    async fn listed(&mut self, wanted: &Wanted) -> Result<(), Missing> {
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
            let page = pages.next(self.tell).await.map_err(|error| missing(taken, error))?;
            let Some(page) = page else { return Ok(()) };
            for run in page {
                if wanted.recent.is_some_and(|recent| taken >= recent) {
                    return Ok(());
                }
                // What was named is here; what a run started meanwhile has moved to this page is, too.
                if self.seen.contains(&run.id) {
                    continue;
                }
                // Artifacts expire by age: of the runs before an expired one only the cache is left.
                if expired && self.cache.run(run.id).is_none() {
                    self.collected.older += 1;
                    continue;
                }
                let has_results =
                    self.one(&run, wanted.recent).await.map_err(|error| missing(taken, error))?;
                taken += usize::from(has_results);
                expired |= self.collected.expired.last() == Some(&run.id);
            }
        }
    }

    /// Brings a run into the cache; tells whether it has results.
    async fn one(&mut self, run: &Run, of: Option<usize>) -> Result<bool> {
        if !self.seen.insert(run.id) {
            return Ok(false);
        }
        let number = self.collected.runs.len() + 1;
        (self.tell)(Event::Run { number, of, id: run.id });
        match self.take(run).await {
            Ok(Outcome::Taken { run, cached }) => {
                self.collected.cached += usize::from(cached);
                self.collected.runs.push(run);
                Ok(true)
            }
            Ok(Outcome::Expired) => {
                self.collected.expired.push(run.id);
                Ok(false)
            }
            Ok(Outcome::Empty) => {
                self.collected.empty.push(run.id);
                Ok(false)
            }
            Err(Stop::Refused(error)) => {
                self.note(&format!("error: {error}"));
                self.refused.push((run.id, error));
                Ok(true)
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    async fn take(&mut self, run: &Run) -> Result<Outcome, Stop> {
        let cached = self.cache.run(run.id);
        if let Some(cached) = cached.as_ref().filter(|cached| cached.facts.is_current(run)) {
            return Ok(outcome(cached.clone(), true));
        }
        let Selection { wanted, expired } = select(self.github.artifacts(run.id, self.tell).await?);
        let cached = cached.filter(|cached| !cached.facts.artifacts.is_empty());
        if let Some(cached) = cached.as_ref().filter(|cached| cached.facts.has_all(&wanted)) {
            // Nothing of it changed but its time, or its artifacts expired meanwhile.
            return Ok(outcome(cached.touch(run)?, true));
        }
        let mut facts = RunFacts::new(self.github.repository().to_owned(), run);
        facts.expired = expired;
        let staged = self.cache.stage()?;
        let mut archives = Vec::new();
        for artifact in &wanted {
            let same =
                cached.as_ref().and_then(|cached| Some((cached, cached.facts.same(artifact)?)));
            if let Some((cached, artifact)) = same {
                staged.copy(cached, artifact)?;
                facts.artifacts.push(artifact.clone());
                continue;
            }
            let archive = self.cache.download(artifact);
            match self.unpacked(run, artifact, &archive, &staged).await? {
                Some(artifact) => facts.artifacts.push(artifact),
                None => facts.expired.push(artifact.name.clone()),
            }
            archives.push(archive);
        }
        if let Some(cached) = cached.as_ref().filter(|_| facts.artifacts.is_empty()) {
            // What is newer expired before it was fetched: what is here is all there is.
            return Ok(outcome(cached.touch(run)?, true));
        }
        let kept = self.cache.keep(staged, facts)?;
        for archive in &archives {
            clear(archive)?;
        }
        self.tell_of(&kept.facts, archives.len());
        Ok(outcome(kept, false))
    }

    /// An artifact unpacked, from this download or an earlier one; `None` if it is there no more.
    async fn unpacked(
        &self,
        run: &Run,
        artifact: &RemoteArtifact,
        archive: &Path,
        staged: &Staged,
    ) -> Result<Option<ArtifactFacts>, Stop> {
        let most = self.bounds.archive_bytes;
        if artifact.size_in_bytes > most {
            let why =
                format!("it has {}, the most is {}", size(artifact.size_in_bytes), size(most));
            return Err(stop(run.id, artifact, Refusal::Unsafe(why)));
        }
        let mut again = true;
        loop {
            // An archive has its name once it is whole.
            let is_here = archive.exists()
                || self.github.download(artifact, archive, most, self.tell).await?;
            if !is_here {
                return Ok(None);
            }
            match staged.unpack(artifact, archive, &self.bounds) {
                Ok(unpacked) => return Ok(Some(unpacked)),
                Err(refusal) => {
                    clear(archive)?;
                    // Once more from the beginning: it may be of parts that do not belong together.
                    if !(again && matches!(refusal, Refusal::Broken(_))) {
                        return Err(stop(run.id, artifact, refusal));
                    }
                    again = false;
                }
            }
        }
    }

    fn tell_of(&self, facts: &RunFacts, archives: usize) {
        let (files, bytes) = facts.size();
        let id = facts.run_id;
        if files > 0 {
            self.note(&format!(
                "run {id} of {}: {archives} artifact{} fetched, {files} file{}, {}",
                facts.created_at,
                plural(archives),
                plural(files),
                size(bytes)
            ));
            if let Some(first) = facts.expired.first() {
                let expired = facts.expired.len();
                let s = plural(expired);
                self.note(&format!(
                    "note: run {id}: {expired} artifact{s} expired, such as {first}"
                ));
            }
        }
    }

    fn note(&self, text: &str) {
        (self.tell)(Event::Note(text));
    }

    fn finish(self) -> Result<Collected> {
        if !self.refused.is_empty() {
            let ids: Vec<u64> = self.refused.iter().map(|(id, _)| *id).collect();
            let help = "leave them out, or take what is in the cache with --offline";
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
                "artifacts are kept for 90 days; name newer runs, or see --repository, --workflow, --since",
            ));
        }
        Ok(self.collected)
    }

    /// The error of a part that is missing, with what is missing and what is here.
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

/// What the cache has of the wanted runs, without asking anyone.
pub fn from_cache(cache: &Path, cache_name: &str, wanted: &Wanted) -> Result<Collected> {
    let cache = Cache::to_read(cache, cache_name);
    let mut collected = Collected::default();
    for &id in &wanted.ids {
        match cache.run(id).filter(|run| !run.facts.artifacts.is_empty()) {
            Some(run) => collected.runs.push(run),
            None => collected.empty.push(id),
        }
    }
    if !collected.empty.is_empty() {
        let missing = listed(&collected.empty);
        return Err(Error::usage(format!("not in the cache: {missing}"))
            .with_help("fetch them without --offline"));
    }
    if wanted.lists() {
        let since = wanted.since.unwrap_or(Timestamp::MIN);
        let listed = cache.runs()?.into_iter().filter(|run| {
            run.facts.created_at >= since
                && !run.facts.artifacts.is_empty()
                && !wanted.ids.contains(&run.facts.run_id)
        });
        collected.runs.extend(listed.take(wanted.recent.unwrap_or(usize::MAX)));
    }
    collected.cached = collected.runs.len();
    if collected.runs.is_empty() {
        return Err(Error::usage("the cache has no such run").with_help("fetch without --offline"));
    }
    Ok(collected)
}

fn outcome(run: CachedRun, cached: bool) -> Outcome {
    if !run.facts.artifacts.is_empty() {
        Outcome::Taken { run, cached }
    } else if run.facts.expired.is_empty() {
        Outcome::Empty
    } else {
        Outcome::Expired
    }
}

/// Why a run is not taken.
enum Stop {
    /// It is not to be had safely; others may.
    Refused(Error),
    /// Nothing more can be had.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

fn stop(run: u64, artifact: &RemoteArtifact, refusal: Refusal) -> Stop {
    let name = &artifact.name;
    match refusal {
        Refusal::Unsafe(why) => {
            Stop::Refused(Error::usage(format!("artifact {name} of run {run} is refused: {why}")))
        }
        Refusal::Broken(why) => Stop::Failed(
            Error::unavailable(format!("artifact {name} of run {run} came damaged, twice: {why}"))
                .with_help("run it again later; what was fetched stays"),
        ),
        Refusal::Io(error) => Stop::Failed(error),
    }
}

fn clear(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("clear", path, source))
        }
        _ => Ok(()),
    }
}
