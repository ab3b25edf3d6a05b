//! The runs of a repository in the cache.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::artifact::RemoteArtifact;
use super::cached_run::CachedRun;
use super::facts::{RUN_FACTS, RunFacts, SCHEMA_VERSION};
use super::staged::StagedRun;
use crate::base::error::{Error, Result};
use crate::base::file;

/// The prefix of a folder that is being filled.
const STAGED: &str = ".staged-";

/// The prefix of a folder that is being replaced.
const REPLACED: &str = ".replaced-";

/// The runs of one repository in the cache. While it is open for writing, no other program changes it.
#[derive(Debug)]
pub(in crate::intake::fetch) struct RunCache {
    folder: PathBuf,
    /// Held until dropped.
    _lock: Option<File>,
}

impl RunCache {
    /// Opens the folder of this name for reading.
    pub(in crate::intake::fetch) fn to_read(cache: &Path, name: &str) -> Self {
        Self { folder: cache.join(name), _lock: None }
    }

    /// Opens the folder of this name for writing. `waiting` is called before it waits for another run of the
    /// program that is writing.
    pub(in crate::intake::fetch) fn to_write(
        cache: &Path,
        name: &str,
        waiting: impl FnOnce(),
    ) -> Result<Self> {
        let folder = cache.join(name);
        let downloads = folder.join("downloads");
        fs::create_dir_all(&downloads).map_err(|source| Error::io("create", &downloads, source))?;
        let path = folder.join(".lock");
        let io = |source| Error::io("lock", &path, source);
        let lock = File::create(&path).map_err(io)?;
        if lock.try_lock().is_err() {
            waiting();
            lock.lock().map_err(io)?;
        }
        let cache = Self { folder, _lock: Some(lock) };
        cache.recover()?;
        Ok(cache)
    }

    /// Cleans up after a run of the program that was cut off: removes staged folders, and restores folders that
    /// were about to be replaced.
    fn recover(&self) -> Result<()> {
        for name in self.entries()? {
            let path = self.folder.join(&name);
            let clear =
                || fs::remove_dir_all(&path).map_err(|error| Error::io("clear", &path, error));
            if name.starts_with(STAGED) {
                clear()?;
            } else if let Some(run) = name.strip_prefix(REPLACED) {
                let target = self.folder.join(run);
                if target.exists() {
                    clear()?;
                } else {
                    fs::rename(&path, &target)
                        .map_err(|error| Error::io("restore", &target, error))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn entries(&self) -> Result<Vec<String>> {
        let io = |source| Error::io("read", &self.folder, source);
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io)?,
        };
        let name = |entry: std::io::Result<fs::DirEntry>| {
            Ok(entry.map_err(io)?.file_name().to_string_lossy().into_owned())
        };
        let mut names = entries.map(name).collect::<Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn run_folder(&self, id: u64) -> PathBuf {
        self.folder.join(format!("run_{id}"))
    }

    /// A run in the cache; `None` if it is absent, or not as its facts say.
    pub(in crate::intake::fetch) fn run(&self, id: u64) -> Option<CachedRun> {
        let folder = self.run_folder(id);
        let text = fs::read_to_string(folder.join(RUN_FACTS)).ok()?;
        let facts: RunFacts = serde_json::from_str(&text).ok()?;
        let is_complete = facts.artifacts.iter().all(|artifact| {
            artifact.files.iter().all(|(path, bytes)| {
                let path = folder.join(&artifact.name).join(path);
                fs::metadata(path).is_ok_and(|meta| meta.len() == *bytes)
            })
        });
        let known = facts.schema_version == SCHEMA_VERSION && facts.run_id == id && is_complete;
        known.then_some(CachedRun { folder, facts })
    }

    /// All runs in the cache, newest first.
    pub(in crate::intake::fetch) fn runs(&self) -> Result<Vec<CachedRun>> {
        let ids = self
            .entries()?
            .into_iter()
            .filter_map(|name| name.strip_prefix("run_").and_then(|id| id.parse().ok()));
        let mut runs: Vec<CachedRun> = ids.filter_map(|id| self.run(id)).collect();
        runs.sort_by_key(|run| std::cmp::Reverse((run.facts.created_at, run.facts.run_id)));
        Ok(runs)
    }

    /// The file that an artifact's archive is downloaded to.
    pub(in crate::intake::fetch) fn download(&self, artifact: &RemoteArtifact) -> PathBuf {
        self.folder.join("downloads").join(format!("{}.zip", artifact.id))
    }

    /// Creates a folder for a run, to be filled and then kept.
    pub(in crate::intake::fetch) fn stage(&self) -> Result<StagedRun> {
        let folder = tempfile::Builder::new()
            .prefix(STAGED)
            .tempdir_in(&self.folder)
            .map_err(|source| Error::io("create", &self.folder, source))?;
        Ok(StagedRun { folder })
    }

    /// Puts a staged folder in the place of the run's earlier one.
    pub(in crate::intake::fetch) fn keep(
        &self,
        staged: StagedRun,
        facts: RunFacts,
    ) -> Result<CachedRun> {
        let partial = staged.folder.path();
        file::replace(&partial.join(RUN_FACTS), &facts.to_json())?;
        file::open_to_all(partial)?;
        let target = self.run_folder(facts.run_id);
        let replaced = self.folder.join(format!("{REPLACED}run_{}", facts.run_id));
        let io = |source| Error::io("write", &target, source);
        if target.exists() {
            fs::rename(&target, &replaced).map_err(io)?;
        }
        fs::rename(partial, &target).map_err(io)?;
        // The staged folder has moved, so nothing is left to be removed.
        let _ = staged.folder.keep();
        if replaced.exists() {
            fs::remove_dir_all(&replaced).map_err(io)?;
        }
        Ok(CachedRun { folder: target, facts })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ArtifactFacts;
    use super::*;
    use crate::intake::fetch::artifact::WorkflowRun;

    fn run(updated_at: &str) -> WorkflowRun {
        WorkflowRun {
            id: 7,
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            updated_at: updated_at.parse().unwrap(),
            head_sha: "abc".to_owned(),
            conclusion: None,
        }
    }

    fn remote(id: u64, digest: Option<&str>) -> RemoteArtifact {
        RemoteArtifact {
            id,
            name: "results_bmk".to_owned(),
            size_in_bytes: 1,
            expired: false,
            digest: digest.map(str::to_owned),
        }
    }

    fn artifact(digest: Option<&str>) -> ArtifactFacts {
        ArtifactFacts {
            id: 1,
            name: "results_bmk".to_owned(),
            size_in_bytes: 1,
            digest: digest.map(str::to_owned),
            files: vec![("agg_bmk.json".into(), 2)],
        }
    }

    fn facts() -> RunFacts {
        let facts = RunFacts::new("o/r".to_owned(), &run("2026-01-02T00:00:00Z"));
        RunFacts { artifacts: vec![artifact(None)], ..facts }
    }

    fn put(cache: &RunCache, facts: RunFacts, text: &str) -> CachedRun {
        let staged = cache.stage().unwrap();
        let folder = staged.artifact_folder("results_bmk").unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("agg_bmk.json"), text).unwrap();
        cache.keep(staged, facts).unwrap()
    }

    #[test]
    fn a_run_is_current_until_the_remote_is_newer() {
        for (updated_at, current) in [
            ("2026-01-01T23:59:59Z", true),
            ("2026-01-02T00:00:00Z", true),
            ("2026-01-02T00:00:01Z", false),
        ] {
            assert_eq!(facts().is_current(&run(updated_at)), current, "{updated_at}");
        }
    }

    #[test]
    fn an_artifact_is_the_same_by_id_and_digest() {
        for (here, there, same) in [
            (None, remote(1, None), true),
            (None, remote(1, Some("sha256:a")), true),
            (Some("sha256:a"), remote(1, Some("sha256:a")), true),
            (Some("sha256:a"), remote(1, Some("sha256:b")), false),
            (None, remote(2, None), false),
        ] {
            let facts = RunFacts { artifacts: vec![artifact(here)], ..facts() };
            assert_eq!(facts.same(&there).is_some(), same, "{here:?} {there:?}");
        }
    }

    #[test]
    fn a_run_is_in_the_cache_once_it_is_kept_and_while_its_files_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cache = RunCache::to_write(folder.path(), "o_r", || ()).unwrap();
        drop(cache.stage().unwrap());
        assert_eq!(cache.runs().unwrap(), []);
        let kept = put(&cache, facts(), "[]");
        assert_eq!(cache.run(7), Some(kept.clone()));
        let newer = RunFacts { head_sha: "def".to_owned(), ..facts() };
        let kept_again = put(&cache, newer, "{}");
        assert_eq!(cache.runs().unwrap(), [kept_again]);
        assert_eq!(cache.entries().unwrap(), [".lock", "downloads", "run_7"]);
        // A run with a missing or cut file does not count.
        fs::write(kept.folder.join("results_bmk/agg_bmk.json"), "[").unwrap();
        assert_eq!(cache.run(7), None);
    }

    #[test]
    fn a_cut_off_run_of_the_program_is_cleaned_up() {
        let folder = tempfile::tempdir().unwrap();
        let cache = RunCache::to_write(folder.path(), "o_r", || ()).unwrap();
        let kept = put(&cache, facts(), "[]");
        let path = |name: &str| folder.path().join("o_r").join(name);
        fs::create_dir(path(".staged-1")).unwrap();
        fs::rename(path("run_7"), path(".replaced-run_7")).unwrap();
        drop(cache);
        let cache = RunCache::to_write(folder.path(), "o_r", || ()).unwrap();
        assert_eq!(cache.run(7), Some(kept));
        fs::create_dir(path(".replaced-run_7")).unwrap();
        drop(cache);
        let cache = RunCache::to_write(folder.path(), "o_r", || ()).unwrap();
        assert_eq!(cache.entries().unwrap(), [".lock", "downloads", "run_7"]);
    }

    #[test]
    fn an_artifacts_name_is_a_single_part_of_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let cache = RunCache::to_write(folder.path(), "o_r", || ()).unwrap();
        let staged = cache.stage().unwrap();
        for name in ["..", "a/b", "/a", "", "run.json", "a\\b"] {
            assert!(staged.artifact_folder(name).is_err(), "{name}");
        }
    }
}
