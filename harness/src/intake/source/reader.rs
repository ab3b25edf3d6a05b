//! The readers of published formats: what each can do, which there are, and the choice among them.

use super::{
    Artifact, GivenFacts, Reading, aiconfigurator, argonne, guidellm, inferencemax, llmperf,
    nvidia_docs, perf_analyzer, serving, trtllm_bench,
};
use crate::base::error::{Error, Result};
use crate::base::text::nearest;

/// A reader of one published format.
pub trait SourceReader: Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// Other names on the command line.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// A description in a few words for `--help`.
    fn about(&self) -> &'static str;

    /// Whether a file is of this format, judged by its content.
    fn recognises(&self, artifact: &Artifact) -> bool;

    /// Reads an artifact. A result that cannot be a row is skipped with a reason. An artifact that cannot be
    /// read at all, or that lacks what only the caller can know, is an error.
    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading>;
}

/// All readers. The first that recognises a file reads it, so more specific ones come first.
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

/// The reader of this name or alias.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn SourceReader> {
    SOURCES.iter().copied().find(|source| source.name() == name || source.aliases().contains(&name))
}

/// The reader of this name or alias; an unknown name is an error that suggests one.
pub fn choose(name: &str) -> Result<&'static dyn SourceReader> {
    named(name).ok_or_else(|| {
        let names = names();
        Error::usage(format!("no source format `{name}`")).with_help(match nearest(name, &names) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the formats are {}", names.join(", ")),
        })
    })
}

/// The names and aliases of all readers.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let names = |source: &&'static dyn SourceReader| {
        std::iter::once(source.name()).chain(source.aliases().iter().copied())
    };
    SOURCES.iter().flat_map(names).collect()
}

/// Reads one artifact by the reader asked for, or else by the first that recognises it; `None` when no
/// reader does. A given fact that contradicts the artifact is an error.
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
                .error(format!("the file has the format of {other}, not of {asked}"))
                .with_help(format!("use --from {other}, or leave --from out")));
        }
        (Some(source), _) | (None, Some(source)) => source,
        (None, None) => return Ok(None),
    };
    let reading = source.read(artifact, given).map_err(|error| {
        error.or_help(format!(
            "the file was read as {} ({}): correct it, or make it again",
            source.name(),
            source.about()
        ))
    })?;
    for row in &reading.rows {
        if let Some(option) = given.contradicts(&row.identity) {
            return Err(artifact
                .error(format!("{option} contradicts the file, which holds {}", row.identity))
                .with_help(format!("leave {option} out; to select rows, use `filter`")));
        }
    }
    Ok(Some((source, reading)))
}
