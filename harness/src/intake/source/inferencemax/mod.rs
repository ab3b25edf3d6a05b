//! InferenceMAX (InferenceX since 2026): the results of its sweeps and the answers of its HTTP API. A result is
//! one object per configuration, alone in a file (until 2025-11) or in an array of all models and GPUs of a
//! run (`agg_bmk.json`).
//!
//! The schema grew over time. The keys of a result tell its generation, and the file's name holds what older
//! generations lack.

mod api;
mod file_name;
mod hw;
mod row;
mod schema;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::{Artifact, GivenFacts, Reading, SkipReason, SourceReader};
use crate::base::error::Result;
use crate::row::{Provenance, Row};
use file_name::FileName;
use schema::ResultObject;

pub use hw::gpu_model;

/// Results of InferenceMAX sweeps.
pub(super) struct InferenceMax;

impl SourceReader for InferenceMax {
    fn name(&self) -> &'static str {
        "inferencemax"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["inferencex"]
    }

    fn about(&self) -> &'static str {
        "results of InferenceMAX / InferenceX, agg_*.json of 2025-08 to 2026-08, and its HTTP API's"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        let is_empty_run = artifact.sniff().and_then(Value::as_array).is_some_and(Vec::is_empty)
            && artifact.stem().starts_with("agg_");
        is_empty_run || artifact.has_keys(&["hw", "conc"]) || artifact.has_keys(&api::SIGNATURE)
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let objects = artifact.objects()?;
        if objects.is_empty() {
            reading.warnings.push(format!("{} has no results", artifact.path.display()));
        }
        let name = FileName::parse(&artifact.stem());
        for (index, value) in objects.into_iter().enumerate() {
            let is_api = api::SIGNATURE.iter().all(|key| value.get(key).is_some());
            let generation = if is_api { api::GENERATION } else { schema::generation(value) };
            let result =
                if is_api { api::read(value) } else { read_object(value, &name, artifact, given) };
            match result.and_then(|result| result.row(generation, given, &mut reading)) {
                Ok(Some(row)) => reading.take(generation, row),
                Ok(None) => {}
                Err(reason) => {
                    // An agentic scenario is known not to be a row; anything else should have been one.
                    if reason != SkipReason::AgenticScenario {
                        let place = format!("{}: result {}", artifact.path.display(), index + 1);
                        reading.warnings.push(format!("{place} not taken: {reason}"));
                    }
                    reading.skip(generation, reason);
                }
            }
        }
        Ok(reading)
    }
}

/// A result with everything that its object, its file's name and the user say.
struct CompleteResult {
    object: ResultObject,
    run_id: String,
    benchmark_date: Option<String>,
}

impl CompleteResult {
    /// The row; `None` when the result belongs to another model, which is counted.
    fn row(
        self,
        generation: &'static str,
        given: &GivenFacts,
        reading: &mut Reading,
    ) -> Result<Option<Row>, SkipReason> {
        let Self { object, run_id, benchmark_date } = self;
        if !reading.wants(generation, &object.model_names(), given) {
            return Ok(None);
        }
        let (identity, measured) = row::read(&object)?;
        object.count_unknown(&mut reading.unknown_keys);
        let image = object.image.or_else(|| given.image.clone());
        Ok(Some(Row {
            provider: given.provider.clone(),
            identity,
            measured,
            provenance: Provenance { benchmark_date, run_id, image },
            repeatability: None,
        }))
    }
}

/// A result of an artifact, completed by its file's name and the user.
fn read_object(
    value: &Value,
    name: &FileName,
    artifact: &Artifact,
    given: &GivenFacts,
) -> Result<CompleteResult, SkipReason> {
    let mut object: ResultObject = deserialize(value)?;
    name.complete(&mut object)?;
    object.framework = object.framework.or_else(|| given.framework.clone());
    object.precision = object.precision.or_else(|| given.precision.clone());
    object.isl = object.isl.or(given.input_seq_len);
    object.osl = object.osl.or(given.output_seq_len);
    let run_id =
        run_id(artifact).or_else(|| given.run_id.clone()).unwrap_or_else(|| artifact.stem());
    let benchmark_date = given.run_dates.get(&run_id).or(given.date.as_ref()).cloned();
    Ok(CompleteResult { object, run_id, benchmark_date })
}

/// Reads the keys of an object; the error names the malformed one.
fn deserialize<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string() {
        path if path == "." => format!("malformed: {}", error.inner()),
        path => format!("malformed: key `{path}`: {}", error.inner()),
    })
}

/// The id of the run that an artifact belongs to, from the folder `run_<id>` in its path.
fn run_id(artifact: &Artifact) -> Option<String> {
    artifact.path.ancestors().find_map(|folder| {
        let id = folder.file_name()?.to_str()?.strip_prefix("run_")?;
        id.parse::<u64>().ok().map(|id| id.to_string())
    })
}
