//! The naive conversion: what Mantile answers to a request as one writes it at first, taken at its word.
//!
//! Parallelism goes by short names (`tp`, `ep`), which Mantile ignores, so that every row is one GPU's; decode
//! is asked with the prompt's length as `seq_len`, which is the number of tokens that a step processes; and of
//! the answer `throughput_tokens_s`, of the whole system and of output alone, is held against throughputs
//! per GPU, and `total_latency_ms`, which is not of the whole output, against E2E. It is what the rules of
//! [`crate::predict::mapping`] and [`crate::predict::prediction::derive`] are worth.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Estimator, RowEstimate};
use crate::base::error::{Error, Result};
use crate::mantile::{PhaseRequest, SystemMetricsRequest};
use crate::predict::ask::bounded;
use crate::predict::mapping;
use crate::predict::service::MantileService;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Row};
use crate::rules::config;

/// The estimator's name.
pub const NAIVE_CONVERSION: &str = "naive_conversion";

/// What of an answer is taken for a row's metrics.
#[derive(Debug, Deserialize)]
struct Taken {
    ttft_ms: f64,
    tpot_ms: f64,
    throughput_tokens_s: f64,
    total_latency_ms: f64,
}

/// The naive request in place of the right one.
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

/// The metrics that an answer is taken for; `None` where it is none.
fn metrics(body: &str) -> Option<PerMetric<Option<f64>>> {
    let taken: Taken = serde_json::from_str(body).ok()?;
    let metrics = PerMetric::from_fn(|metric| match metric {
        Metric::Throughput | Metric::OutputThroughput => Some(taken.throughput_tokens_s),
        Metric::Ttft => Some(taken.ttft_ms / 1e3),
        Metric::Tpot => Some(taken.tpot_ms / 1e3),
        Metric::E2eLatency => Some(taken.total_latency_ms / 1e3),
    });
    metrics
        .iter()
        .all(|(_, value)| value.is_none_or(|v| v.is_finite() && v > 0.0))
        .then_some(metrics)
}

/// Asks a live Mantile the naive way for every row that is mapped to one number of requests. Rows that it
/// refuses are counted.
pub async fn ask(service: &MantileService, rows: &[Row], concurrency: usize) -> Result<Estimator> {
    let mut questions = Vec::new();
    for row in rows {
        let Ok(mapped) = mapping::map(row, &service.config) else { continue };
        if let [only] = &mapped.questions(&service.layers)[..] {
            questions.push((row.name(), request(&only.request, &row.identity)));
        }
    }
    let (mut estimates, mut unpredicted) = (BTreeMap::new(), BTreeMap::new());
    let work = |(name, request): (String, SystemMetricsRequest)| {
        let client = service.client.clone();
        async move { (name, client.system_metrics(&request).await) }
    };
    bounded(questions, concurrency, work, |(name, reply)| {
        let reply = reply?;
        match metrics(&reply.body) {
            Some(metrics) => {
                let derived = PerMetric::from_fn(|_| false);
                estimates.insert(name, RowEstimate { metrics, derived, mode: None });
            }
            None => *unpredicted.entry(format!("status {}", reply.status)).or_insert(0) += 1,
        }
        Ok(())
    })
    .await?;
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
    fn short_names_and_the_prompts_length_take_the_place_of_the_right_ones() {
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
    fn an_answer_is_taken_at_its_word_and_no_answer_is_none() {
        let body =
            r#"{"ttft_ms": 20, "tpot_ms": 5, "throughput_tokens_s": 700, "total_latency_ms": 90}"#;
        let taken = metrics(body).unwrap();
        let figures = Metric::ALL.map(|metric| taken[metric]);
        assert_eq!(figures, [Some(700.0), Some(700.0), Some(0.02), Some(0.005), Some(0.09)]);
        assert!(metrics("Internal Server Error").is_none());
        assert!(metrics(&body.replace("700", "0")).is_none());
    }
}
