//! Where rows come from: result files of providers and of benchmark tools, read into rows.
//!
//! A source is one file with one [`Source`]: bytes in; rows, what was skipped with reasons, and
//! warnings out. It is registered in [`SOURCES`] and nowhere else.

mod aiconfigurator;
mod argonne;
mod draft;
mod guidellm;
mod inferencemax;
mod inferencex_api;
mod llmperf;
mod perf_analyzer;
mod serving;
mod trtllm_bench;
mod trtllm_docs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Place, Result};
use crate::metric::Metric;
use crate::row::{Identity, Repeatability, Row};

pub use draft::Given;
pub use inferencemax::gpu_model;

/// A kind of artifact that rows can be read from.
pub trait Source: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What it is, in a few words for `--help`.
    fn about(&self) -> &'static str;

    /// Whether a file is one of its artifacts, by its content.
    fn recognises(&self, artifact: &Artifact) -> bool;

    /// Reads an artifact. A result that is no row is skipped with a reason; what cannot be read at
    /// all, or lacks what only the caller can know, is an error.
    fn read(&self, artifact: &Artifact, given: &Given) -> Result<Reading>;
}

/// All sources, the more particular first: a file is of the first that recognises it.
pub const SOURCES: [&dyn Source; 12] = [
    &inferencemax::InferenceMax,
    &inferencex_api::InferenceXApi,
    &serving::SGLANG,
    &serving::VLLM,
    &perf_analyzer::AIPERF,
    &perf_analyzer::GENAI_PERF,
    &guidellm::GuideLlm,
    &trtllm_bench::TrtllmBench,
    &llmperf::LlmPerf,
    &aiconfigurator::AiConfigurator,
    &argonne::Argonne,
    &trtllm_docs::TrtllmDocs,
];

/// The source of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Source> {
    SOURCES.into_iter().find(|source| source.name() == name)
}

/// A file as a source sees it.
#[derive(Debug)]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
    /// What it holds as JSON, if it does.
    json: std::result::Result<Value, serde_json::Error>,
}

impl Artifact {
    /// A file of this text.
    #[must_use]
    pub fn new(path: &Path, text: String) -> Self {
        let json = serde_json::from_str(&text);
        Self { path: path.to_path_buf(), text, json }
    }

    /// The file's name without its last extension.
    #[must_use]
    pub fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its JSON, where it is some.
    #[must_use]
    pub fn sniff(&self) -> Option<&Value> {
        self.json.as_ref().ok()
    }

    /// Its JSON; the error names line and column.
    pub fn json(&self) -> Result<&Value> {
        self.json.as_ref().map_err(|error| {
            let place =
                Place::line(&self.path, error.line() as u64).in_column(error.column().to_string());
            Error::content(place, format!("not JSON: {error}"))
                .with_help("make or fetch the file again; it may be cut short")
        })
    }

    /// Its JSON objects: one, or an array of them.
    pub fn objects(&self) -> Result<Vec<&Value>> {
        match self.json()? {
            Value::Array(values) => Ok(values.iter().collect()),
            one => Ok(vec![one]),
        }
    }

    /// Whether its JSON object, or the first of its array, has all these keys.
    #[must_use]
    pub fn has_keys(&self, keys: &[&str]) -> bool {
        let object = match self.sniff() {
            Some(Value::Array(values)) => values.first(),
            other => other,
        };
        object.is_some_and(|object| keys.iter().all(|key| object.get(key).is_some()))
    }

    /// An error about the whole file.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::content(Place::file(&self.path), message)
    }
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
        self.warnings.extend(other.warnings);
    }
}

/// Reads one artifact by the source asked for, or else by the first that recognises it; `None` when
/// none does.
pub fn read(
    artifact: &Artifact,
    source: Option<&'static dyn Source>,
    given: &Given,
) -> Result<Option<(&'static dyn Source, Reading)>> {
    let recognising = || SOURCES.into_iter().find(|source| source.recognises(artifact));
    match source.or_else(recognising) {
        Some(source) => Ok(Some((source, source.read(artifact, given)?))),
        None => Ok(None),
    }
}

/// The rows of all artifacts, and an account of everything that is not a row.
#[derive(Debug, Default)]
pub struct Extraction {
    /// The rows, newest result of each configuration.
    pub rows: Vec<Row>,
    /// What the artifacts held.
    pub reading: Reading,
    /// Results that another took the place of, by reason.
    pub superseded: BTreeMap<&'static str, usize>,
}

const NEWER: &str = "superseded by a newer result of the same configuration";
const AGAIN: &str = "the same result again";

/// Puts readings together: of each configuration the newest result, by run and date; results of the
/// same configuration on the same image become its [`Repeatability`]. A result that was published
/// twice, with the same figures, counts once.
#[must_use]
pub fn merge(readings: impl IntoIterator<Item = Reading>) -> Extraction {
    let mut extraction = Extraction::default();
    for reading in readings {
        extraction.reading.add(reading);
    }
    let mut configurations: BTreeMap<Identity, Vec<Row>> = BTreeMap::new();
    for row in std::mem::take(&mut extraction.reading.rows) {
        configurations.entry(row.identity.clone()).or_default().push(row);
    }
    for rows in configurations.values_mut() {
        let results = rows.len();
        // Stable: of two results of one run, the later one counts.
        rows.sort_by_key(|row| (row.provenance.run_id.parse::<u64>().ok(), date(row)));
        let mut distinct: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows.drain(..) {
            distinct.retain(|other| other.measured.means != row.measured.means);
            distinct.push(row);
        }
        if results > distinct.len() {
            *extraction.superseded.entry(AGAIN).or_default() += results - distinct.len();
        }
        for pair in distinct.windows(2) {
            if pair[0].provenance.run_id == pair[1].provenance.run_id {
                extraction.reading.warnings.push(format!(
                    "run {} holds {} twice; the later one counts",
                    pair[0].provenance.run_id, pair[0].identity
                ));
            }
        }
        if distinct.len() > 1 {
            *extraction.superseded.entry(NEWER).or_default() += distinct.len() - 1;
        }
        let image = distinct.last().and_then(|row| row.provenance.image.clone());
        // Without an image nobody knows whether two results are of the same software.
        let same_image: Vec<&Row> = distinct
            .iter()
            .filter(|row| image.is_some() && row.provenance.image == image)
            .collect();
        let repeatability = repeatability(&same_image);
        if let Some(row) = distinct.pop() {
            extraction.rows.push(Row { repeatability, ..row });
        }
    }
    extraction
}

/// When a row was measured, comparable as text: dates and times are written the same way round.
#[must_use]
pub fn date(row: &Row) -> String {
    row.provenance.benchmark_date.clone().unwrap_or_default()
}

/// How far the measurements of one configuration lie apart; `None` for a single one.
fn repeatability(rows: &[&Row]) -> Option<Repeatability> {
    if rows.len() < 2 {
        return None;
    }
    let max_min = |metric| {
        let values: Vec<f64> = rows.iter().filter_map(|row| row.measured.means[metric]).collect();
        let max = values.iter().copied().fold(f64::MIN, f64::max);
        let min = values.iter().copied().fold(f64::MAX, f64::min);
        if values.is_empty() { 1.0 } else { max / min }
    };
    Some(Repeatability {
        repeats: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        throughput_max_min_ratio: max_min(Metric::Throughput),
        ttft_max_min_ratio: max_min(Metric::Ttft),
        tpot_max_min_ratio: max_min(Metric::Tpot),
        e2e_latency_max_min_ratio: max_min(Metric::E2eLatency),
    })
}
