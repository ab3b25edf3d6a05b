//! What came of fetching one run.

use super::super::archive::ArchiveRefusal;
use super::super::artifact::RemoteArtifact;
use super::super::cache::CachedRun;
use crate::base::error::Error;

/// The outcome of a run.
pub(super) enum RunOutcome {
    Taken { run: CachedRun, cached: bool },
    Expired,
    Empty,
}

impl RunOutcome {
    /// The outcome of a run in the cache, by its artifacts.
    pub(super) fn of(run: CachedRun, cached: bool) -> Self {
        if !run.facts.artifacts.is_empty() {
            Self::Taken { run, cached }
        } else if run.facts.expired.is_empty() {
            Self::Empty
        } else {
            Self::Expired
        }
    }
}

/// The reason why a run is not in the cache.
pub(super) enum RunFailure {
    /// The run cannot be fetched safely; others may.
    Refused(Error),
    /// Nothing more can be fetched.
    Failed(Error),
}

impl From<Error> for RunFailure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl RunFailure {
    /// The failure of a run one of whose artifacts could not be unpacked.
    pub(super) fn of(run: u64, artifact: &RemoteArtifact, refusal: ArchiveRefusal) -> Self {
        let name = &artifact.name;
        match refusal {
            ArchiveRefusal::Unsafe(why) => Self::Refused(Error::usage(format!(
                "artifact {name} of run {run} is refused: {why}"
            ))),
            ArchiveRefusal::Broken(why) => Self::Failed(
                Error::unavailable(format!(
                    "artifact {name} of run {run} came damaged, twice: {why}"
                ))
                .with_help("run it again later; fetched runs stay in the cache"),
            ),
            ArchiveRefusal::Io(error) => Self::Failed(error),
        }
    }
}
