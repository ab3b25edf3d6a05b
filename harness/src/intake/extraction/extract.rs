//! The extraction of one source's rows, from locations of artifacts to an account.

use std::collections::BTreeSet;

use super::super::source::{GivenFacts, SourceReader};
use super::account::ExtractionAccount;
use super::artifacts::read_artifacts;
use super::location::ArtifactLocation;
use super::merge::merge;
use super::overlap::SourceOverlaps;
use crate::base::error::Result;
use crate::row::Row;

/// Everything that an extraction depends on.
pub struct ExtractionPlan {
    /// The places to read artifacts from.
    pub locations: Vec<ArtifactLocation>,
    /// The reader of the files; without one, the content of each file decides.
    pub reader: Option<&'static dyn SourceReader>,
    /// The facts that the files may not hold.
    pub given: GivenFacts,
    /// The rows of an earlier extraction to add to.
    pub existing: Vec<Row>,
    /// The rows of the sources that are listed before this one.
    pub earlier_sources: Vec<Row>,
}

/// The rows of an extraction, and what became of every result.
#[derive(Debug, Default)]
pub struct Extraction {
    /// The newest result of each configuration.
    pub rows: Vec<Row>,
    /// The models that the wanted results name.
    pub models: BTreeSet<String>,
    /// Remarks for people, one sentence each.
    pub warnings: Vec<String>,
    /// The number of results that were taken and that were not, with the reasons.
    pub account: ExtractionAccount,
}

/// Reads all artifacts and merges their results with the existing rows. `on_file` is called with the number of
/// all files before each of them.
pub fn extract(plan: &ExtractionPlan, on_file: &dyn Fn(usize)) -> Result<Extraction> {
    let mut artifacts = read_artifacts(&plan.locations, plan.reader, &plan.given, on_file)?;
    let mut results = plan.existing.clone();
    results.append(&mut artifacts.reading.rows);
    let mut merged = merge(results);
    let overlaps = SourceOverlaps::resolve(&mut merged.rows, &plan.earlier_sources);
    let account = ExtractionAccount::new(&artifacts, &merged, overlaps);
    let mut warnings = artifacts.reading.warnings;
    warnings.append(&mut merged.warnings);
    Ok(Extraction { rows: merged.rows, models: artifacts.reading.models, warnings, account })
}
