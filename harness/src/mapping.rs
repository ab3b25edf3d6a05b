//! From a row to Mantile's request.
//!
//! The rules, driven by `reconcile.toml`: effective lengths are the nominal ones times the
//! provider's mean length ratio; concurrency is the batch of both phases, per worker where pools
//! are separate; prefill processes the whole prompt; decode processes one token a sequence over a
//! KV cache as long as it is half-way through the output; tensor parallelism goes to every layer
//! that takes it, and layers of experts get `expert_parallel` and TP / EP, because Mantile spreads
//! a layer over `expert_parallel × tensor_parallel` packages.

use crate::config::{Config, Precision, Treatment};
use crate::mantile::{LayerRequest, LayerTable, PhaseRequest, SystemMetricsRequest};
use crate::row::{Identity, Layout, Parallelism, Row};

/// Mean lengths of prompts and outputs, tokens, not rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// Of the prompt.
    pub input: f64,
    /// Of the output.
    pub output: f64,
}

/// A row in Mantile's terms; the request follows once the model's layers are known.
#[derive(Debug, Clone)]
pub struct Mapped<'a> {
    config: &'a Config,
    hardware_id: &'a str,
    precision: &'a Precision,
    prefill: Engine,
    decode: Engine,
    /// Mean lengths that the prediction is for.
    pub lengths: Lengths,
    /// What the prediction glosses over, by name, sorted.
    pub approximations: Vec<String>,
}

/// One engine's share of a phase.
#[derive(Debug, Clone, Copy)]
struct Engine {
    parallelism: Parallelism,
    batch_size: u32,
}

/// Why a row has no counterpart in Mantile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// In words that follow "unmapped: ".
    pub reason: String,
}

/// Puts a row into Mantile's terms, or says why that cannot be done.
pub fn map<'a>(row: &Row, config: &'a Config) -> Result<Mapped<'a>, Unmapped> {
    let identity = &row.identity;
    let source = config
        .sources
        .iter()
        .find(|source| source.name == row.provider)
        .ok_or_else(|| unmapped(format!("no source `{}` in reconcile.toml", row.provider)))?;
    let gpu =
        config.gpus.iter().find(|gpu| gpu.model == identity.gpu_model).ok_or_else(|| {
            unmapped(format!("no gpu `{}` in reconcile.toml", identity.gpu_model))
        })?;
    let hardware_id = gpu
        .hardware_id
        .as_deref()
        .ok_or_else(|| unmapped(gpu.unmapped.clone().unwrap_or_default()))?;
    let precision = gpu.precision.get(&identity.precision).ok_or_else(|| {
        unmapped(format!("no precision `{}` for gpu `{}`", identity.precision, gpu.model))
    })?;
    let (prefill, decode) = engines(identity)?;

    let mut approximations = source.approximations.clone();
    approximations.extend(gpu.approximation.clone());
    approximations.extend(precision.approximation.clone());
    let features = &config.features;
    let dp_attention = prefill.parallelism.dp_attention || decode.parallelism.dp_attention;
    for (present, treatment) in [
        (dp_attention, &features.dp_attention),
        (matches!(identity.layout, Layout::Disaggregated { .. }), &features.disaggregation),
        (is_uneven(identity), &features.uneven_batch),
        (identity.spec_decoding != "none", &features.spec_decoding),
    ] {
        match treatment {
            Treatment::Approximation(name) if present => approximations.push(name.clone()),
            Treatment::Unmapped(reason) if present => return Err(unmapped(reason.clone())),
            _ => {}
        }
    }
    approximations.sort();
    approximations.dedup();

    let ratio = source.mean_length_ratio;
    let lengths = Lengths {
        input: ratio * f64::from(identity.input_seq_len),
        output: ratio * f64::from(identity.output_seq_len),
    };
    Ok(Mapped { config, hardware_id, precision, prefill, decode, lengths, approximations })
}

/// The engine of each phase, with the sequences that it holds.
fn engines(identity: &Identity) -> Result<(Engine, Engine), Unmapped> {
    let engine = |parallelism: Parallelism, workers: u32| {
        let Parallelism { tensor_parallel: tp, expert_parallel: ep, .. } = parallelism;
        if tp.is_multiple_of(ep) {
            Ok(Engine { parallelism, batch_size: identity.concurrency.div_ceil(workers) })
        } else {
            Err(unmapped(format!("tensor_parallel {tp} does not divide by expert_parallel {ep}")))
        }
    };
    match &identity.layout {
        Layout::Aggregated(parallelism) => {
            let both = engine(*parallelism, 1)?;
            Ok((both, both))
        }
        Layout::Disaggregated { prefill, decode } => Ok((
            engine(prefill.parallelism, prefill.workers)?,
            engine(decode.parallelism, decode.workers)?,
        )),
    }
}

fn is_uneven(identity: &Identity) -> bool {
    match &identity.layout {
        Layout::Aggregated(_) => false,
        Layout::Disaggregated { prefill, decode } => {
            [prefill, decode].iter().any(|pool| !identity.concurrency.is_multiple_of(pool.workers))
        }
    }
}

fn unmapped(reason: String) -> Unmapped {
    Unmapped { reason }
}

impl Mapped<'_> {
    /// The packages that the answer must echo: those of the wider engine.
    #[must_use]
    pub fn packages(&self) -> u32 {
        let tp = |engine: Engine| engine.parallelism.tensor_parallel;
        tp(self.prefill).max(tp(self.decode))
    }

    /// The request, for a model with these layers.
    #[must_use]
    pub fn request(&self, layers: &LayerTable) -> SystemMetricsRequest {
        let Lengths { input, output } = self.lengths;
        SystemMetricsRequest {
            prefill_req: self.phase(layers, self.prefill, whole_tokens(input), None),
            decode_req: self.phase(
                layers,
                self.decode,
                1,
                Some(whole_tokens(input + output / 2.0)),
            ),
        }
    }

    fn phase(
        &self,
        layers: &LayerTable,
        engine: Engine,
        seq_len: u32,
        context_len: Option<u32>,
    ) -> PhaseRequest {
        let Parallelism { tensor_parallel, expert_parallel, .. } = engine.parallelism;
        let request = |layer: &crate::mantile::Layer| {
            let has_experts = self.config.expert_layer_classes.contains(&layer.class);
            let experts =
                if has_experts && layer.takes("expert_parallel") { expert_parallel } else { 1 };
            let mut parallelism = std::collections::BTreeMap::new();
            if layer.takes("tensor_parallel") {
                parallelism.insert("tensor_parallel".to_owned(), tensor_parallel / experts);
            }
            if has_experts && layer.takes("expert_parallel") {
                parallelism.insert("expert_parallel".to_owned(), experts);
            }
            let dtype =
                self.precision.layer_class.get(&layer.class).unwrap_or(&self.precision.dtype);
            (layer.name.clone(), LayerRequest { dtype: dtype.clone(), parallelism })
        };
        PhaseRequest {
            model_id: self.config.model_id.clone(),
            hardware_id: self.hardware_id.to_owned(),
            batch_size: engine.batch_size,
            seq_len,
            context_len,
            debug: false,
            layers: layers.layers.iter().map(request).collect(),
        }
    }
}

/// Mantile takes whole tokens; at least one.
fn whole_tokens(length: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 2^25, above 0"
    )]
    let tokens = length.round() as u32;
    tokens.max(1)
}
