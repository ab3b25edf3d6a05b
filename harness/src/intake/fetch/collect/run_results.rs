//! The results of one run: fetched, taken from the cache, or missing.

use std::fs;
use std::path::Path;

use super::super::archive::{ArchiveRefusal, size};
use super::super::artifact::{ArtifactSelection, RemoteArtifact, WorkflowRun, select};
use super::super::cache::{ArtifactFacts, RunFacts, StagedRun};
use super::collector::Collector;
use super::outcome::{RunFailure, RunOutcome};
use crate::base::error::{Error, Result};
use crate::base::text::plural;

impl Collector<'_> {
    /// Brings the results of a run into the cache.
    pub(super) async fn fetch_run(&self, run: &WorkflowRun) -> Result<RunOutcome, RunFailure> {
        let cached = self.cache.run(run.id);
        if let Some(cached) = cached.as_ref().filter(|cached| cached.facts.is_current(run)) {
            return Ok(RunOutcome::of(cached.clone(), true));
        }
        let ArtifactSelection { wanted, expired } =
            select(self.github.artifacts(run.id, self.on_event).await?);
        let cached = cached.filter(|cached| !cached.facts.artifacts.is_empty());
        if let Some(cached) = cached.as_ref().filter(|cached| cached.facts.has_all(&wanted)) {
            // Only the time of the run changed, or its artifacts have expired since.
            return Ok(RunOutcome::of(cached.touch(run)?, true));
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
            // Newer artifacts expired before they were fetched, so only the cached ones are left.
            return Ok(RunOutcome::of(cached.touch(run)?, true));
        }
        let kept = self.cache.keep(staged, facts)?;
        for archive in &archives {
            clear(archive)?;
        }
        self.note_fetched(&kept.facts, archives.len());
        Ok(RunOutcome::of(kept, false))
    }

    /// An artifact, unpacked from this download or an earlier one; `None` if it is no longer there.
    async fn unpacked(
        &self,
        run: &WorkflowRun,
        artifact: &RemoteArtifact,
        archive: &Path,
        staged: &StagedRun,
    ) -> Result<Option<ArtifactFacts>, RunFailure> {
        let most = self.bounds.archive_bytes;
        if artifact.size_in_bytes > most {
            let why =
                format!("it has {}, the most is {}", size(artifact.size_in_bytes), size(most));
            return Err(RunFailure::of(run.id, artifact, ArchiveRefusal::Unsafe(why)));
        }
        let mut may_repeat = true;
        loop {
            // An archive has this name only once it is complete.
            let is_downloaded = archive.exists()
                || self.github.download(artifact, archive, most, self.on_event).await?;
            if !is_downloaded {
                return Ok(None);
            }
            match staged.unpack(artifact, archive, &self.bounds) {
                Ok(unpacked) => return Ok(Some(unpacked)),
                Err(refusal) => {
                    clear(archive)?;
                    // Download it once more: it may be made of parts that do not belong together.
                    if !(may_repeat && matches!(refusal, ArchiveRefusal::Broken(_))) {
                        return Err(RunFailure::of(run.id, artifact, refusal));
                    }
                    may_repeat = false;
                }
            }
        }
    }

    /// Notes a run that was fetched.
    fn note_fetched(&self, facts: &RunFacts, archives: usize) {
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
}

/// Removes a file, if it is there.
fn clear(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("clear", path, source))
        }
        _ => Ok(()),
    }
}
