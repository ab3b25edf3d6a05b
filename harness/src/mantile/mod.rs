//! Mantile's HTTP API: requests, answers, the client, and recordings of a release's answers.

pub mod answer;
pub mod breakdown;
pub mod client;
pub mod datasheet;
mod dtype;
pub mod facts;
pub mod hardware;
pub mod layers;
pub mod recording;
pub mod releases;
pub mod request;

pub use answer::{Anomaly, Answer};
pub use client::{Client, ClientOptions, Reply};
pub use dtype::dtype_bytes;
pub use facts::{ListedHardware, ServiceFacts};
pub use layers::{Layer, LayerTable};
pub use request::{LayerRequest, PhaseRequest, SystemMetricsRequest};

/// The path of the request for a deployment's TTFT, TPOT and memory.
pub const SYSTEM_METRICS_PATH: &str = "/config/system-metrics";

/// The path that lists a model's layers.
#[must_use]
pub fn layers_path(model_id: &str) -> String {
    format!("/api/layers?model_id={model_id}")
}
