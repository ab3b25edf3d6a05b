//! The naive conversion: Mantile's answers to requests as a newcomer would write them, taken at face value.
//!
//! Three mistakes are made on purpose. Parallelism has short names (`tp`, `ep`), which Mantile ignores, so that
//! every row counts as one GPU. Decode is asked with the prompt's length as `seq_len`, which is the number of
//! tokens that a step processes. And the answer's `throughput_tokens_s`, which is the output of the whole system,
//! is taken for the throughputs per GPU, and `total_latency_ms`, which does not cover the whole output, for E2E.
//! The error of this estimator shows what the rules of [`crate::predict::mapping`] and
//! [`crate::predict::prediction::derive`] are worth.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::StreamExt as _;
use serde::Deserialize;

use super::{Estimator, RowEstimate};
use crate::base::error::{Error, Result};
use crate::mantile::{PhaseRequest, SystemMetricsRequest};
use crate::predict::mapping;
use crate::predict::service::MantileService;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Row};
use crate::rules::config;

/// The estimator's name.
pub const NAIVE_CONVERSION: &str = "naive_conversion";

/// The figures of an answer that are taken for a row's metrics.
#[derive(Debug, Deserialize)]
struct NaiveAnswer {
    ttft_ms: f64,
    tpot_ms: f64,
    throughput_tokens_s: f64,
    total_latency_ms: f64,
}

/// The naive request that corresponds to the right one.
fn request(right: &SystemMetricsRequest, identity: &Identity) -> SystemMetricsRequest {
    let phase = |right: &PhaseRequest| {
        let mut phase = right.clone();
        phase.seq_len = identity.input_seq_len;
        phase.context_len = None;
        phase.debug = false;
        for layer in phase.layers.values_mut() {
            let short = |(name, degree): (String, u32)| match name.as_str() {
                "tensor_parallel" => ("tp".to_owned(), degree),
                "expert_parallel" => ("ep".to_owned(), degree),
                _ => (name, degree),
            };
            layer.parallelism =
                std::mem::take(&mut layer.parallelism).into_iter().map(short).collect();
        }
        phase
    };
    SystemMetricsRequest {
        prefill_req: phase(&right.prefill_req),
        decode_req: phase(&right.decode_req),
    }
}

/// The metrics that are read from an answer's body; `None` if it lacks one or one is not above 0.
fn metrics(body: &str) -> Option<PerMetric<Option<f64>>> {
    let answer: NaiveAnswer = serde_json::from_str(body).ok()?;
    let metrics = PerMetric::from_fn(|metric| match metric {
        Metric::Throughput | Metric::OutputThroughput => Some(answer.throughput_tokens_s),
        Metric::Ttft => Some(answer.ttft_ms / 1e3),
        Metric::Tpot => Some(answer.tpot_ms / 1e3),
        Metric::E2eLatency => Some(answer.total_latency_ms / 1e3),
    });
    metrics
        .iter()
        .all(|(_, value)| value.is_none_or(|v| v.is_finite() && v > 0.0))
        .then_some(metrics)
}

/// Asks a live Mantile the naive request of every row that maps to a single request. Rows that Mantile refuses are
/// counted by status.
pub async fn ask(service: &MantileService, rows: &[Row], concurrency: usize) -> Result<Estimator> {
    let (mut names, mut requests) = (Vec::new(), Vec::new());
    for row in rows {
        let Ok(mapped) = mapping::map(row, &service.config) else { continue };
        if let [only] = &mapped.questions(&service.layers)[..] {
            names.push(row.name());
            requests.push(request(&only.request, &row.identity));
        }
    }
    let (mut estimates, mut unpredicted) = (BTreeMap::new(), BTreeMap::new());
    let mut replies = pin!(service.client.system_metrics_of_all(requests, concurrency));
    while let Some((index, reply)) = replies.next().await {
        let reply = reply?;
        match metrics(&reply.body) {
            Some(metrics) => {
                let derived = PerMetric::from_fn(|_| false);
                let estimate = RowEstimate { metrics, derived, mode: None };
                estimates.insert(names[index].clone(), estimate);
            }
            None => *unpredicted.entry(format!("status {}", reply.status)).or_insert(0) += 1,
        }
    }
    if estimates.is_empty() {
        return Err(
            Error::usage("no row was answered").with_help("choose rows that Mantile can predict")
        );
    }
    let entry = config::EstimatorConfig { name: NAIVE_CONVERSION.to_owned(), ..Default::default() };
    Ok(Estimator { entry, path: None, estimates, unpredicted, unmeasured: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mantile::{LayerRequest, SystemMetricsRequest};

    #[test]
    fn a_naive_request_has_short_names_and_the_prompts_length() {
        let layer = LayerRequest {
            dtype: "nvfp4".to_owned(),
            parallelism: [("tensor_parallel".to_owned(), 4), ("expert_parallel".to_owned(), 2)]
                .into(),
        };
        let phase = |seq_len, context_len| PhaseRequest {
            model_id: "m".to_owned(),
            hardware_id: "h".to_owned(),
            batch_size: 8,
            seq_len,
            context_len,
            debug: true,
            layers: [("MoE".to_owned(), layer.clone())].into(),
        };
        let right = SystemMetricsRequest {
            prefill_req: phase(900, None),
            decode_req: phase(1, Some(1350)),
        };
        let identity: Identity = "b200::vllm::fp4::1000x1000::tp4_ep2::c8".parse().unwrap();
        let naive = request(&right, &identity);
        assert_eq!(naive.prefill_req, naive.decode_req);
        assert_eq!((naive.decode_req.seq_len, naive.decode_req.context_len), (1000, None));
        let names: Vec<&String> = naive.decode_req.layers["MoE"].parallelism.keys().collect();
        assert_eq!(names, ["ep", "tp"]);
    }

    #[test]
    fn an_answer_is_taken_at_face_value_and_anything_else_is_none() {
        let body =
            r#"{"ttft_ms": 20, "tpot_ms": 5, "throughput_tokens_s": 700, "total_latency_ms": 90}"#;
        let taken = metrics(body).unwrap();
        let figures = Metric::ALL.map(|metric| taken[metric]);
        assert_eq!(figures, [Some(700.0), Some(700.0), Some(0.02), Some(0.005), Some(0.09)]);
        assert!(metrics("Internal Server Error").is_none());
        assert!(metrics(&body.replace("700", "0")).is_none());
    }
}
