//! A run's folder while it is filled.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::archive::{self, ArchiveBounds, ArchiveRefusal};
use super::super::artifact::RemoteArtifact;
use super::cached_run::CachedRun;
use super::facts::{ArtifactFacts, RUN_FACTS};
use crate::base::error::{Error, Result};

/// The folder of a run that is not complete yet. It is removed when dropped.
#[derive(Debug)]
pub(in crate::intake::fetch) struct StagedRun {
    pub(super) folder: tempfile::TempDir,
}

impl StagedRun {
    /// Unpacks a downloaded artifact.
    pub(in crate::intake::fetch) fn unpack(
        &self,
        remote: &RemoteArtifact,
        archive: &Path,
        bounds: &ArchiveBounds,
    ) -> Result<ArtifactFacts, ArchiveRefusal> {
        let folder = self.artifact_folder(&remote.name)?;
        if folder.exists() {
            // An earlier archive of it was unpacked until it turned out to be broken.
            fs::remove_dir_all(&folder)
                .map_err(|source| ArchiveRefusal::Io(Error::io("clear", &folder, source)))?;
        }
        let files = archive::unpack(archive, &folder, bounds)?;
        let RemoteArtifact { id, ref name, size_in_bytes, ref digest, .. } = *remote;
        Ok(ArtifactFacts { id, name: name.clone(), size_in_bytes, digest: digest.clone(), files })
    }

    /// Copies an artifact from the run's folder in the cache.
    pub(in crate::intake::fetch) fn copy(
        &self,
        cached: &CachedRun,
        facts: &ArtifactFacts,
    ) -> Result<()> {
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

    /// The folder of an artifact, named after it. The name must be a single part of a path.
    pub(super) fn artifact_folder(&self, name: &str) -> Result<PathBuf, ArchiveRefusal> {
        let unsafe_name =
            || ArchiveRefusal::Unsafe(format!("the name {name:?} cannot be that of a folder"));
        let path = archive::entry_path(name).map_err(|_| unsafe_name())?;
        if name == RUN_FACTS || name.contains('/') {
            return Err(unsafe_name());
        }
        Ok(self.folder.path().join(path))
    }
}
