//! InferenceMAX (InferenceX since 2026): the results of its sweeps, one object a configuration, alone
//! in a file (until 2025-11) or in an array of all models and GPUs of a run (`agg_bmk.json`), and the
//! answers of its HTTP API.
//!
//! The schema grew; the keys that a result has tell its generation, and what older ones lack stands in
//! the file's name.

mod api;
mod file_name;
mod hw;
mod row;
mod schema;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::{Artifact, GivenFacts, Reading, SourceReader};
use crate::base::error::Result;
use crate::row::{Provenance, Row};
use file_name::FileName;
use schema::Object;

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
                Err(Skip::Expected(reason)) => reading.skip(generation, reason),
                Err(Skip::Unusable(reason)) => {
                    let place = format!("{}: result {}", artifact.path.display(), index + 1);
                    reading.warnings.push(format!("{place} not taken: {reason}"));
                    reading.skip(generation, reason);
                }
            }
        }
        Ok(reading)
    }
}

/// A result, complete.
struct Found {
    object: Object,
    run_id: String,
    benchmark_date: Option<String>,
}

impl Found {
    /// Its row; `None` when it is another model's, which is counted.
    fn row(
        self,
        generation: &'static str,
        given: &GivenFacts,
        reading: &mut Reading,
    ) -> Result<Option<Row>, Skip> {
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

/// Why a result is not taken.
#[derive(Debug)]
enum Skip {
    /// It is of a kind that is known and no row.
    Expected(String),
    /// It should be a row and cannot be used: worth a warning.
    Unusable(String),
}

impl From<String> for Skip {
    fn from(reason: String) -> Self {
        Self::Unusable(reason)
    }
}

/// A result of an artifact, with what its file's name and the user say.
fn read_object(
    value: &Value,
    name: &FileName,
    artifact: &Artifact,
    given: &GivenFacts,
) -> Result<Found, Skip> {
    let mut object: Object = deserialize(value)?;
    name.complete(&mut object)?;
    object.framework = object.framework.or_else(|| given.framework.clone());
    object.precision = object.precision.or_else(|| given.precision.clone());
    object.isl = object.isl.or(given.input_seq_len);
    object.osl = object.osl.or(given.output_seq_len);
    let run_id =
        run_id(artifact).or_else(|| given.run_id.clone()).unwrap_or_else(|| artifact.stem());
    let benchmark_date = given.run_dates.get(&run_id).or(given.date.as_ref()).cloned();
    Ok(Found { object, run_id, benchmark_date })
}

/// Reads an object's keys; the reason names the one that is wrong.
fn deserialize<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string() {
        path if path == "." => format!("malformed: {}", error.inner()),
        path => format!("malformed: key `{path}`: {}", error.inner()),
    })
}

/// The run that an artifact belongs to, by the `run_<id>` in its path.
fn run_id(artifact: &Artifact) -> Option<String> {
    artifact.path.ancestors().find_map(|folder| {
        let id = folder.file_name()?.to_str()?.strip_prefix("run_")?;
        id.parse::<u64>().ok().map(|id| id.to_string())
    })
}
