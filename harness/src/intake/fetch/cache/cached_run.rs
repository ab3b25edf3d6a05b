//! A run in the cache.

use std::path::PathBuf;

use super::super::artifact::WorkflowRun;
use super::facts::{RUN_FACTS, RunFacts};
use crate::base::error::Result;
use crate::base::file;

/// A complete run in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRun {
    /// The folder of the run.
    pub folder: PathBuf,
    /// The content of the folder.
    pub facts: RunFacts,
}

impl CachedRun {
    /// Notes that the run changed without changing its results.
    pub(in crate::intake::fetch) fn touch(&self, run: &WorkflowRun) -> Result<Self> {
        let facts = RunFacts { updated_at: run.updated_at, ..self.facts.clone() };
        file::replace(&self.folder.join(RUN_FACTS), &facts.to_json())?;
        Ok(Self { folder: self.folder.clone(), facts })
    }
}
