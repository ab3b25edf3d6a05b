//! The account of an extraction: every result is either a row or counted under a reason.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::source::{Fate, SkipReason};
use super::artifacts::ArtifactsRead;
use super::merge::MergedRows;
use super::overlap::SourceOverlaps;
use crate::base::tally::Tally;

/// The numbers of files, results and rows of an extraction, by what became of them.
#[derive(Debug, Default)]
pub struct ExtractionAccount {
    /// The number of results that the files hold.
    pub results: usize,
    /// The number of files by the reader that read them.
    pub files: Tally<&'static str>,
    /// The results by the generation of their format.
    pub generations: BTreeMap<&'static str, GenerationResults>,
    /// The number of results that are not rows, by reason.
    pub skipped: Tally<SkipReason>,
    /// The number of results by each key that belongs to no known generation and was not read.
    pub unknown_keys: Tally<String>,
    /// Files in folders that no reader recognises.
    pub unrecognised: Vec<PathBuf>,
    /// The number of tables that were not read because a JSON file of the same name holds more.
    pub beside_json: usize,
    /// The number of rows by GPU model and framework, as `b200 / vllm`.
    pub groups: Tally<String>,
    /// The number of rows that a source listed earlier has, too.
    pub overlapping: usize,
    /// The number of rows without a date.
    pub dateless: usize,
    /// The number of rows that were measured more than once on the same image.
    pub repeated: usize,
}

/// The results of one generation of a format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GenerationResults {
    /// The number of results that were read as rows.
    pub taken: usize,
    /// The number of results that were skipped.
    pub skipped: usize,
}

impl ExtractionAccount {
    pub(super) fn new(
        artifacts: &ArtifactsRead,
        merged: &MergedRows,
        overlaps: SourceOverlaps,
    ) -> Self {
        let fates = &artifacts.reading.fates;
        let mut generations: BTreeMap<_, GenerationResults> = BTreeMap::new();
        let mut skipped = merged.superseded.clone();
        for ((generation, fate), results) in fates.iter() {
            let generation = generations.entry(*generation).or_default();
            match fate {
                Fate::Taken => generation.taken += results,
                Fate::Skipped(reason) => {
                    generation.skipped += results;
                    skipped.add(reason.clone(), results);
                }
            }
        }
        skipped.add(SkipReason::InEarlierSource, overlaps.left_out);
        let rows = &merged.rows;
        let group = |row: &crate::row::Row| {
            format!("{} / {}", row.identity.gpu_model, row.identity.framework)
        };
        Self {
            results: fates.total(),
            files: artifacts.files.clone(),
            generations,
            skipped,
            unknown_keys: artifacts.reading.unknown_keys.clone(),
            unrecognised: artifacts.unrecognised.clone(),
            beside_json: artifacts.beside_json,
            groups: rows.iter().map(group).collect(),
            overlapping: overlaps.kept,
            dateless: rows.iter().filter(|row| row.provenance.benchmark_date.is_none()).count(),
            repeated: rows.iter().filter(|row| row.repeatability.is_some()).count(),
        }
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.groups.total()
    }

    /// Whether every skipped result was skipped because it belongs to another model.
    #[must_use]
    pub fn skipped_only_other_models(&self) -> bool {
        self.skipped.iter().all(|(reason, _)| matches!(reason, SkipReason::AnotherModel(_)))
    }
}
