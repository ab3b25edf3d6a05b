//! The facts of a fetched run, as `run.json` in its folder holds them.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::artifact::{RemoteArtifact, WorkflowRun};

/// The name of the file that holds the facts of a fetched run.
pub const RUN_FACTS: &str = "run.json";

/// The version of that file's format.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// The content of a run's folder, and the facts about the run that GitHub stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFacts {
    pub(super) schema_version: u32,
    /// `<owner>/<name>`.
    pub repository: String,
    /// The id of the run; ids grow with time.
    pub run_id: u64,
    /// The time when the run started.
    pub created_at: Timestamp,
    /// The time when the run last changed.
    pub updated_at: Timestamp,
    /// The commit that ran.
    pub head_sha: String,
    /// The artifacts with results.
    pub artifacts: Vec<ArtifactFacts>,
    /// The names of artifacts with results that were no longer there.
    pub expired: Vec<String>,
}

/// An artifact that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactFacts {
    pub(super) id: u64,
    /// The name of the artifact and of its folder.
    pub(in crate::intake::fetch) name: String,
    /// The size of the archive, bytes.
    pub(super) size_in_bytes: u64,
    pub(super) digest: Option<String>,
    /// The result files, relative to the artifact's folder, with their sizes in bytes.
    pub(super) files: Vec<(PathBuf, u64)>,
}

impl RunFacts {
    /// The facts of a run without artifacts yet.
    pub(in crate::intake::fetch) fn new(repository: String, run: &WorkflowRun) -> Self {
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

    pub(super) fn to_json(&self) -> Vec<u8> {
        let text = serde_json::to_string_pretty(self).expect("facts are plain JSON");
        (text + "\n").into_bytes()
    }

    /// Whether the run has not changed since these facts were written.
    pub(in crate::intake::fetch) fn is_current(&self, run: &WorkflowRun) -> bool {
        self.updated_at >= run.updated_at
    }

    /// The fetched artifact that is the same as a remote one. An artifact never changes; a further attempt of the
    /// run uploads another.
    pub(in crate::intake::fetch) fn same(&self, remote: &RemoteArtifact) -> Option<&ArtifactFacts> {
        self.artifacts.iter().find(|fetched| {
            fetched.id == remote.id && (fetched.digest.is_none() || fetched.digest == remote.digest)
        })
    }

    /// Whether all remote artifacts are fetched as they are.
    pub(in crate::intake::fetch) fn has_all(&self, remote: &[RemoteArtifact]) -> bool {
        remote.iter().all(|remote| self.same(remote).is_some())
    }

    /// The number of result files and of their bytes.
    pub(in crate::intake::fetch) fn size(&self) -> (usize, u64) {
        let files = self.artifacts.iter().flat_map(|artifact| &artifact.files);
        files.fold((0, 0), |(files, sum), (_, bytes)| (files + 1, sum + bytes))
    }
}
