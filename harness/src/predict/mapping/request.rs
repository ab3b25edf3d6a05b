//! The requests of a mapped row.

use std::collections::BTreeMap;

use super::row::Engine;
use super::{Mapped, map};
use crate::mantile::{Layer, LayerRequest, LayerTable, PhaseRequest, SystemMetricsRequest};
use crate::row::{Lengths, Parallelism, Row};
use crate::rules::config::Config;

/// A request for one concurrency of a row.
#[derive(Debug, Clone)]
pub struct CandidateRequest {
    /// The number of requests in flight.
    pub concurrency: u32,
    /// The request to Mantile.
    pub request: SystemMetricsRequest,
}

/// The distinct requests of all rows that map, by key.
#[must_use]
pub fn requests(
    rows: &[Row],
    config: &Config,
    layers: &LayerTable,
) -> BTreeMap<String, SystemMetricsRequest> {
    let mapped = rows.iter().filter_map(|row| map(row, config).ok());
    mapped
        .flat_map(|mapped| mapped.questions(layers))
        .map(|question| (question.request.key(), question.request))
        .collect()
}

impl Mapped<'_> {
    /// The number of packages that the answer must echo: that of the wider engine.
    #[must_use]
    pub fn packages(&self) -> u32 {
        let tp = |engine: Engine| engine.parallelism.tensor_parallel;
        tp(self.prefill).max(tp(self.decode))
    }

    /// The requests to ask for a model with these layers: one, or several for a peak.
    #[must_use]
    pub fn questions(&self, layers: &LayerTable) -> Vec<CandidateRequest> {
        let Lengths { input, output } = self.lengths;
        let context = whole_tokens(input + output / 2.0);
        let question = |&concurrency: &u32| CandidateRequest {
            concurrency,
            request: SystemMetricsRequest {
                prefill_req: self.phase(
                    layers,
                    self.prefill,
                    concurrency,
                    whole_tokens(input),
                    None,
                ),
                decode_req: self.phase(layers, self.decode, concurrency, 1, Some(context)),
            },
        };
        self.concurrencies.iter().map(question).collect()
    }

    fn phase(
        &self,
        layers: &LayerTable,
        engine: Engine,
        concurrency: u32,
        seq_len: u32,
        context_len: Option<u32>,
    ) -> PhaseRequest {
        let Parallelism { tensor_parallel, expert_parallel, .. } = engine.parallelism;
        let request = |layer: &Layer| {
            let has_experts = self.config.expert_layer_classes.contains(&layer.class)
                && layer.takes("expert_parallel");
            let experts = if has_experts { expert_parallel } else { 1 };
            let mut parallelism = BTreeMap::new();
            if layer.takes("tensor_parallel") {
                parallelism.insert("tensor_parallel".to_owned(), tensor_parallel / experts);
            }
            if has_experts {
                parallelism.insert("expert_parallel".to_owned(), experts);
            }
            let dtype = self.precision.dtype_of(&layer.class).to_owned();
            (layer.name.clone(), LayerRequest { dtype, parallelism })
        };
        PhaseRequest {
            model_id: self.config.model_id.clone(),
            hardware_id: self.hardware_id.to_owned(),
            batch_size: concurrency.div_ceil(engine.workers),
            seq_len,
            context_len,
            debug: false,
            layers: layers.layers.iter().map(request).collect(),
        }
    }
}

/// The number of tokens to ask for: Mantile takes whole numbers, and at least 1.
fn whole_tokens(length: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 2^25, above 0"
    )]
    let tokens = length.round() as u32;
    tokens.max(1)
}
