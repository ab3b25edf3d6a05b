//! Sources of rows: the result files of providers and of benchmark tools.
//!
//! A source is one file with one [`SourceReader`], which turns an artifact into rows, reasons for skipped
//! results, and warnings. It is a module here, and is registered in [`SOURCES`].

mod aiconfigurator;
mod argonne;
mod artifact;
mod draft;
#[cfg(test)]
mod example_acme;
mod given;
mod guidellm;
mod inferencemax;
mod json_fields;
mod llmperf;
mod nvidia_docs;
mod perf_analyzer;
mod python_json;
mod reader;
mod reading;
mod serving;
mod skip_reason;
mod trtllm_bench;

pub use artifact::Artifact;
pub use given::GivenFacts;
pub use inferencemax::gpu_model;
pub use reader::{SOURCES, SourceReader, choose, named, names, read};
pub use reading::{Fate, Reading};
pub use skip_reason::SkipReason;
