//! Where rows come from: result files of providers and of benchmark tools, read into rows.
//!
//! A source is one file with one [`SourceReader`]: an artifact in; rows, what was skipped with reasons, and
//! warnings out. It is registered in [`SOURCES`] and nowhere else.

mod aiconfigurator;
mod argonne;
mod artifact;
mod draft;
mod guidellm;
mod inferencemax;
mod llmperf;
mod merge;
mod nvidia_docs;
mod perf_analyzer;
mod serving;
mod trtllm_bench;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::error::{Place, Result};
use crate::row::Row;

pub use artifact::Artifact;
pub use draft::GivenFacts;
pub use inferencemax::gpu_model;
pub use merge::{Extraction, date, merge};

/// How the reason begins why a result of another model is skipped.
pub const ANOTHER_MODEL: &str = "another model";

/// A kind of artifact that rows can be read from.
pub trait SourceReader: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Other names that it goes by.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// What it is, in a few words for `--help`.
    fn about(&self) -> &'static str;

    /// Whether a file is one of its artifacts, by its content.
    fn recognises(&self, artifact: &Artifact) -> bool;

    /// Reads an artifact. A result that is no row is skipped with a reason; what cannot be read at
    /// all, or lacks what only the caller can know, is an error.
    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading>;
}

/// All sources, the more particular first: a file is of the first that recognises it.
pub const SOURCES: &[&dyn SourceReader] = &[
    &inferencemax::InferenceMax,
    &serving::SGLANG,
    &serving::VLLM,
    &perf_analyzer::AIPERF,
    &perf_analyzer::GENAI_PERF,
    &guidellm::GuideLlm,
    &trtllm_bench::TrtllmBench,
    &llmperf::LlmPerf,
    &aiconfigurator::AiConfigurator,
    &argonne::Argonne,
    &nvidia_docs::NvidiaDocs,
];

/// The source of this name or alias.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn SourceReader> {
    SOURCES.iter().copied().find(|source| source.name() == name || source.aliases().contains(&name))
}

/// What came of reading one artifact.
#[derive(Debug, Default)]
pub struct Reading {
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// What happened to each result: by its generation and fate.
    pub fates: BTreeMap<(&'static str, Fate), usize>,
    /// Keys that the reader does not know, with how often they came: nothing was read from them.
    pub unknown_keys: BTreeMap<String, usize>,
    /// The models that results which were wanted name.
    pub models: BTreeSet<String>,
    /// What a person should know, one sentence each.
    pub warnings: Vec<String>,
}

/// What became of a result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is a row.
    Taken,
    /// It is not, for this reason.
    Skipped(String),
}

impl Reading {
    /// Takes a row of a format's generation.
    pub fn take(&mut self, generation: &'static str, row: Row) {
        *self.fates.entry((generation, Fate::Taken)).or_default() += 1;
        self.rows.push(row);
    }

    /// Whether a result whose model goes by these names is wanted; counts it when it is not. The first
    /// name is the one that it is counted by.
    #[must_use]
    pub fn wants(&mut self, generation: &'static str, names: &[&str], given: &GivenFacts) -> bool {
        let name = names.first().copied().unwrap_or("unnamed");
        let wanted = given.wants(names);
        if wanted {
            self.models.extend(names.first().map(|name| (*name).to_owned()));
        } else {
            self.skip(generation, format!("{ANOTHER_MODEL}: {name}"));
        }
        wanted
    }

    /// Warns of a table whose last line does not end: published files are not as strict as ours.
    fn unended(&mut self, artifact: &Artifact) {
        if !artifact.text.ends_with('\n') {
            self.warnings.push(format!(
                "the last line of {} does not end: it is read as if it were whole",
                artifact.path.display()
            ));
        }
    }

    /// Warns of a result that names no model.
    fn unnamed(&mut self, place: &Place) {
        self.warnings.push(format!("{place} names no model; it is taken to be of this one"));
    }

    /// Counts a result that is not taken.
    pub fn skip(&mut self, generation: &'static str, reason: impl Into<String>) {
        *self.fates.entry((generation, Fate::Skipped(reason.into()))).or_default() += 1;
    }

    fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        for (fate, results) in other.fates {
            *self.fates.entry(fate).or_default() += results;
        }
        for (key, results) in other.unknown_keys {
            *self.unknown_keys.entry(key).or_default() += results;
        }
        self.models.extend(other.models);
        self.warnings.extend(other.warnings);
    }
}

/// Reads one artifact by the source asked for, or else by the first that recognises it; `None` when
/// none does. What the user says of the rows must not be other than what the artifact says.
pub fn read(
    artifact: &Artifact,
    source: Option<&'static dyn SourceReader>,
    given: &GivenFacts,
) -> Result<Option<(&'static dyn SourceReader, Reading)>> {
    let recognising = SOURCES.iter().copied().find(|source| source.recognises(artifact));
    let source = match (source, recognising) {
        (Some(asked), Some(other)) if !asked.recognises(artifact) => {
            let (asked, other) = (asked.name(), other.name());
            return Err(artifact
                .error(format!("this is of {other}, not of {asked}"))
                .with_help(format!("say --from {other}, or leave --from out")));
        }
        (Some(source), _) | (None, Some(source)) => source,
        (None, None) => return Ok(None),
    };
    let reading = source.read(artifact, given).map_err(|error| {
        error.or_help(format!(
            "it is read as {} ({}): correct it, or make it again",
            source.name(),
            source.about()
        ))
    })?;
    for row in &reading.rows {
        if let Some(option) = given.contradicts(&row.identity) {
            return Err(artifact
                .error(format!(
                    "{option} says otherwise than the file, which holds {}",
                    row.identity
                ))
                .with_help(format!("leave {option} out; to pick rows, use `filter`")));
        }
    }
    Ok(Some((source, reading)))
}
