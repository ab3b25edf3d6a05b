//! The cache: a folder a run, complete or not there, with the facts of the run beside its results.
//!
//! ```text
//! <cache>/<owner>_<repository>/run_<id>/run.json
//!                                       <artifact>/agg_bmk.json
//!                              downloads/<artifact id>.zip, .zip.part
//! ```
//!
//! A download stays in `downloads/` until the run that it belongs to is complete: what a cut left is
//! there for the next try.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::archive::{self, Bounds, Refusal};
use super::artifact::{RemoteArtifact, Run};
use crate::base::error::{Error, Result};
use crate::base::file;

/// The file that a fetched run's facts are in.
pub const RUN_FACTS: &str = "run.json";

const SCHEMA_VERSION: u32 = 1;

/// What a run's folder holds, and what GitHub said of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFacts {
    schema_version: u32,
    /// `<owner>/<name>`.
    pub repository: String,
    /// The run; ids grow with time.
    pub run_id: u64,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The commit that ran.
    pub head_sha: String,
    /// Its artifacts with results.
    pub artifacts: Vec<ArtifactFacts>,
    /// Names of artifacts with results that were there no more.
    pub expired: Vec<String>,
}

/// An artifact that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactFacts {
    id: u64,
    name: String,
    /// Of the archive, bytes.
    size_in_bytes: u64,
    digest: Option<String>,
    /// Its result files, relative to the artifact's folder, with their sizes in bytes.
    files: Vec<(PathBuf, u64)>,
}

/// A run that is in the cache, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// What is in there.
    pub facts: RunFacts,
}

impl RunFacts {
    pub(super) fn new(repository: String, run: &Run) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            repository,
            run_id: run.id,
            created_at: run.created_at,
            updated_at: run.updated_at,
            head_sha: run.head_sha.clone(),
            artifacts: Vec::new(),
            expired: Vec::new(),
        }
    }

    fn to_json(&self) -> Vec<u8> {
        let text = serde_json::to_string_pretty(self).expect("facts are plain JSON");
        (text + "\n").into_bytes()
    }

    /// Whether nothing of the run can have changed since.
    pub(super) fn is_current(&self, run: &Run) -> bool {
        self.updated_at >= run.updated_at
    }

    /// What there is of an artifact, if it is the same still: artifacts are never changed, a further
    /// attempt uploads another.
    pub(super) fn same(&self, remote: &RemoteArtifact) -> Option<&ArtifactFacts> {
        self.artifacts.iter().find(|here| {
            here.id == remote.id && (here.digest.is_none() || here.digest == remote.digest)
        })
    }

    /// Whether all of these are here as they are there.
    pub(super) fn has_all(&self, remote: &[RemoteArtifact]) -> bool {
        remote.iter().all(|remote| self.same(remote).is_some())
    }

    /// Results, in how many files and bytes.
    pub(super) fn size(&self) -> (usize, u64) {
        let files = self.artifacts.iter().flat_map(|artifact| &artifact.files);
        files.fold((0, 0), |(files, sum), (_, bytes)| (files + 1, sum + bytes))
    }
}

impl CachedRun {
    /// Notes that a run is still as it was, though it changed.
    pub(super) fn touch(&self, run: &Run) -> Result<Self> {
        let facts = RunFacts { updated_at: run.updated_at, ..self.facts.clone() };
        file::replace(&self.folder.join(RUN_FACTS), &facts.to_json())?;
        Ok(Self { folder: self.folder.clone(), facts })
    }
}

/// The part of the cache that is a repository's. While it is held, no other program changes it.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    /// Held until dropped.
    _lock: Option<File>,
}

impl Cache {
    /// The folder of this name, to read from.
    pub(super) fn to_read(cache: &Path, name: &str) -> Self {
        Self { folder: cache.join(name), _lock: None }
    }

    /// The folder of this name, to write to; waits while another run of the program does.
    pub(super) fn to_write(cache: &Path, name: &str, waiting: impl FnOnce()) -> Result<Self> {
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

    /// Clears what a run that was cut off has staged, and puts back what it was about to replace.
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

    fn entries(&self) -> Result<Vec<String>> {
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

    /// A run of the cache; `None` if it is not there, or not as its facts say.
    pub(super) fn run(&self, id: u64) -> Option<CachedRun> {
        let folder = self.run_folder(id);
        let text = fs::read_to_string(folder.join(RUN_FACTS)).ok()?;
        let facts: RunFacts = serde_json::from_str(&text).ok()?;
        let is_whole = facts.artifacts.iter().all(|artifact| {
            artifact.files.iter().all(|(path, bytes)| {
                let path = folder.join(&artifact.name).join(path);
                fs::metadata(path).is_ok_and(|meta| meta.len() == *bytes)
            })
        });
        let known = facts.schema_version == SCHEMA_VERSION && facts.run_id == id && is_whole;
        known.then_some(CachedRun { folder, facts })
    }

    /// All runs of the cache, newest first.
    pub(super) fn runs(&self) -> Result<Vec<CachedRun>> {
        let ids = self
            .entries()?
            .into_iter()
            .filter_map(|name| name.strip_prefix("run_").and_then(|id| id.parse().ok()));
        let mut runs: Vec<CachedRun> = ids.filter_map(|id| self.run(id)).collect();
        runs.sort_by_key(|run| std::cmp::Reverse((run.facts.created_at, run.facts.run_id)));
        Ok(runs)
    }

    /// Where an artifact's archive is downloaded to.
    pub(super) fn download(&self, artifact: &RemoteArtifact) -> PathBuf {
        self.folder.join("downloads").join(format!("{}.zip", artifact.id))
    }

    /// Begins a run's folder, to be filled and then kept.
    pub(super) fn stage(&self) -> Result<Staged> {
        let folder = tempfile::Builder::new()
            .prefix(STAGED)
            .tempdir_in(&self.folder)
            .map_err(|source| Error::io("create", &self.folder, source))?;
        Ok(Staged { folder })
    }

    /// Makes a staged folder the run's, in place of the one before.
    pub(super) fn keep(&self, staged: Staged, facts: RunFacts) -> Result<CachedRun> {
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
        // Nothing is left at the old name to be cleared away.
        let _ = staged.folder.keep();
        if replaced.exists() {
            fs::remove_dir_all(&replaced).map_err(io)?;
        }
        Ok(CachedRun { folder: target, facts })
    }
}

const STAGED: &str = ".staged-";
const REPLACED: &str = ".replaced-";

/// A run's folder in the making; it goes when dropped.
#[derive(Debug)]
pub(super) struct Staged {
    folder: tempfile::TempDir,
}

impl Staged {
    /// Unpacks a downloaded artifact.
    pub(super) fn unpack(
        &self,
        remote: &RemoteArtifact,
        archive: &Path,
        bounds: &Bounds,
    ) -> std::result::Result<ArtifactFacts, Refusal> {
        let folder = self.artifact_folder(&remote.name)?;
        if folder.exists() {
            // What was unpacked of it until it broke.
            fs::remove_dir_all(&folder)
                .map_err(|source| Refusal::Io(Error::io("clear", &folder, source)))?;
        }
        let files = archive::unpack(archive, &folder, bounds)?;
        let RemoteArtifact { id, ref name, size_in_bytes, ref digest, .. } = *remote;
        Ok(ArtifactFacts { id, name: name.clone(), size_in_bytes, digest: digest.clone(), files })
    }

    /// Takes an artifact over from the run as it was.
    pub(super) fn copy(&self, cached: &CachedRun, facts: &ArtifactFacts) -> Result<()> {
        for (path, _) in &facts.files {
            let from = cached.folder.join(&facts.name).join(path);
            let to = self.folder.path().join(&facts.name).join(path);
            let io = |source| Error::io("write", &to, source);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(io)?;
            }
            fs::copy(&from, &to).map_err(io)?;
        }
        Ok(())
    }

    /// An artifact's folder has its name, which is a single one as a path.
    fn artifact_folder(&self, name: &str) -> std::result::Result<PathBuf, Refusal> {
        let unsafe_name = || Refusal::Unsafe(format!("the name {name:?} is no folder's"));
        let path = archive::entry_path(name).map_err(|_| unsafe_name())?;
        if name == RUN_FACTS || name.contains('/') {
            return Err(unsafe_name());
        }
        Ok(self.folder.path().join(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(updated_at: &str) -> Run {
        Run {
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

    fn put(cache: &Cache, facts: RunFacts, text: &str) -> CachedRun {
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
    fn a_run_that_is_kept_is_there_and_one_that_is_not_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::to_write(folder.path(), "o_r", || ()).unwrap();
        drop(cache.stage().unwrap());
        assert_eq!(cache.runs().unwrap(), []);
        let kept = put(&cache, facts(), "[]");
        assert_eq!(cache.run(7), Some(kept.clone()));
        let newer = RunFacts { head_sha: "def".to_owned(), ..facts() };
        let kept_again = put(&cache, newer, "{}");
        assert_eq!(cache.runs().unwrap(), [kept_again]);
        assert_eq!(cache.entries().unwrap(), [".lock", "downloads", "run_7"]);
        // A file that is gone or cut makes it none.
        fs::write(kept.folder.join("results_bmk/agg_bmk.json"), "[").unwrap();
        assert_eq!(cache.run(7), None);
    }

    #[test]
    fn what_a_cut_left_is_put_right() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::to_write(folder.path(), "o_r", || ()).unwrap();
        let kept = put(&cache, facts(), "[]");
        let path = |name: &str| folder.path().join("o_r").join(name);
        fs::create_dir(path(".staged-1")).unwrap();
        fs::rename(path("run_7"), path(".replaced-run_7")).unwrap();
        drop(cache);
        let cache = Cache::to_write(folder.path(), "o_r", || ()).unwrap();
        assert_eq!(cache.run(7), Some(kept));
        fs::create_dir(path(".replaced-run_7")).unwrap();
        drop(cache);
        let cache = Cache::to_write(folder.path(), "o_r", || ()).unwrap();
        assert_eq!(cache.entries().unwrap(), [".lock", "downloads", "run_7"]);
    }

    #[test]
    fn an_artifacts_name_is_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::to_write(folder.path(), "o_r", || ()).unwrap();
        let staged = cache.stage().unwrap();
        for name in ["..", "a/b", "/a", "", "run.json", "a\\b"] {
            assert!(staged.artifact_folder(name).is_err(), "{name}");
        }
    }
}
