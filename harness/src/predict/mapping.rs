//! From a row to Mantile's request.
//!
//! The rules, driven by `reconcile.toml`: effective lengths are the nominal ones times the
//! provider's mean length ratio; concurrency is the batch of both phases, per worker where pools
//! are separate; prefill processes the whole prompt; decode processes one token a sequence over a
//! KV cache as long as it is half-way through the output; tensor parallelism goes to every layer
//! that takes it, and layers of experts get `expert_parallel` and TP / EP, because Mantile spreads
//! a layer over `expert_parallel × tensor_parallel` packages.

use crate::mantile::breakdown::LayerBreakdown;
use crate::mantile::recording::Recording;
use crate::mantile::{Answer, LayerRequest, LayerTable, PhaseRequest, SystemMetricsRequest};
use crate::row::{Concurrency, Identity, Layout, Lengths, Parallelism, Row};
use crate::rules::config::{Config, Precision, Treatment};

/// A row in Mantile's terms; the request follows once the model's layers are known.
#[derive(Debug, Clone)]
pub struct Mapped<'a> {
    config: &'a Config,
    hardware_id: &'a str,
    precision: &'a Precision,
    prefill: Engine,
    decode: Engine,
    /// The numbers of requests in flight to ask for: one, or those that a peak is sought over.
    concurrencies: Vec<u32>,
    /// Mean lengths that the prediction is for.
    pub lengths: Lengths,
    /// What the prediction glosses over, by name, sorted.
    pub approximations: Vec<String>,
}

/// The engines of a phase.
#[derive(Debug, Clone, Copy)]
struct Engine {
    parallelism: Parallelism,
    workers: u32,
}

/// What is asked for a number of requests in flight.
#[derive(Debug, Clone)]
pub struct CandidateRequest {
    /// The number of requests in flight.
    pub concurrency: u32,
    /// The request.
    pub request: SystemMetricsRequest,
}

/// A question with its recorded answer.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What was asked.
    pub question: CandidateRequest,
    /// What was answered.
    pub answer: Answer,
    /// The times of it by layer.
    pub breakdown: LayerBreakdown,
}

/// Why a row has no counterpart in Mantile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// In words that follow "unmapped: ".
    pub reason: String,
}

/// Puts a row into Mantile's terms, or says why that cannot be done.
///
/// ```
/// use std::path::Path;
///
/// use mantile_reconcile::judge::model;
/// use mantile_reconcile::predict::mapping;
///
/// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
/// let model = model::load(root, "openai_GPT-OSS-120B")?;
/// let mapped = model.rows.iter().filter_map(|row| mapping::map(row, &model.config).ok());
/// assert!(mapped.count() > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn map<'a>(row: &Row, config: &'a Config) -> Result<Mapped<'a>, Unmapped> {
    let identity = &row.identity;
    let source = config
        .sources
        .iter()
        .find(|source| source.name == row.provider)
        .ok_or_else(|| unmapped(format!("no source `{}` in reconcile.toml", row.provider)))?;
    let gpu = config
        .gpu(&identity.gpu_model, &identity.framework)
        .ok_or_else(|| unmapped(format!("no gpu `{}` in reconcile.toml", identity.gpu_model)))?;
    let hardware_id = gpu
        .hardware_id
        .as_deref()
        .ok_or_else(|| unmapped(gpu.unmapped.clone().unwrap_or_default()))?;
    let precision = gpu.precision.get(&identity.precision).ok_or_else(|| {
        unmapped(format!("no precision `{}` for gpu `{}`", identity.precision, gpu.model))
    })?;
    let (prefill, decode) = engines(identity)?;
    let concurrencies = match identity.concurrency {
        Concurrency::Fixed(requests) => vec![requests],
        Concurrency::Peak if source.peak_concurrencies.is_empty() => {
            return Err(unmapped(
                "a peak, and its source has no peak_concurrencies in reconcile.toml".to_owned(),
            ));
        }
        Concurrency::Peak => source.peak_concurrencies.clone(),
    };

    let mut approximations = source.approximations.clone();
    approximations.extend(gpu.approximation.clone());
    approximations.extend(precision.approximation.clone());
    let features = &config.features;
    let either = |has: fn(Parallelism) -> bool| has(prefill.parallelism) || has(decode.parallelism);
    for (present, treatment) in [
        (either(|p| p.dp_attention), &features.dp_attention),
        (either(|p| p.pipeline_parallel > 1), &features.pipeline_parallel),
        (
            either(|p| p.prefill_context_parallel > 1 || p.decode_context_parallel > 1),
            &features.context_parallel,
        ),
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

    let lengths = row.lengths(source.mean_length_ratio);
    Ok(Mapped {
        config,
        hardware_id,
        precision,
        prefill,
        decode,
        concurrencies,
        lengths,
        approximations,
    })
}

/// The engines of each phase.
fn engines(identity: &Identity) -> Result<(Engine, Engine), Unmapped> {
    let engine = |parallelism: Parallelism, workers: u32| {
        let Parallelism { tensor_parallel: tp, expert_parallel: ep, .. } = parallelism;
        if tp.is_multiple_of(ep) {
            Ok(Engine { parallelism, workers })
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
            identity.concurrency.fixed().is_some_and(|requests| {
                [prefill, decode].iter().any(|pool| !requests.is_multiple_of(pool.workers))
            })
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

    /// What is to be asked, for a model with these layers: one question, or of a peak several.
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

    /// The recorded answer to what is asked, of a peak for the most requests; or why there is none.
    pub fn recorded(&self, recording: &Recording, layers: &LayerTable) -> Result<Recorded, String> {
        let question = self.questions(layers).pop().ok_or("nothing is asked for it")?;
        let entry =
            recording.entries.get(&question.request.key()).ok_or("its request is not recorded")?;
        if entry.reply.status != 200 {
            return Err(format!("Mantile refuses it with status {}", entry.reply.status));
        }
        let body = entry.reply.text();
        let answer = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        let breakdown = LayerBreakdown::parse(&body, layers)?;
        Ok(Recorded { question, answer, breakdown })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mantile::Layer;
    use crate::row::identity_tests::any_identity;
    use crate::testing::bare_row as row;

    const CONFIG: &str = "
        schema_version = 1
        model_id = 'm'
        min_coverage_percent = 90
        expert_layer_classes = ['MoELayer']
        source = [{ name = 'p', file = 'p.csv', mean_length_ratio = 0.9, approximations = ['queueing'] }]
        noise_floor = { throughput = 1, output_throughput = 1, ttft = 1, tpot = 1, e2e_latency = 1 }
        [[gpu]]
        model = 'b200'
        hardware_id = 'blackwell'
        precision.fp4 = { dtype = 'nvfp4', layer_class = { NormLayer = 'bf16' } }
        [[gpu]]
        model = 'h200'
        hardware_id = 'hopper'
        approximation = 'h200_as_h100'
        precision.fp4 = { dtype = 'nvfp8', approximation = 'fp4_as_fp8' }
        [[gpu]]
        model = 'mi355x'
        unmapped = 'no AMD'
        [features]
        dp_attention = { approximation = 'dpa' }
        disaggregation = { approximation = 'no_kv' }
        uneven_batch = { approximation = 'fullest' }
        spec_decoding = { unmapped = 'no speculation' }
        [approximations]
        queueing = ''
        h200_as_h100 = ''
        fp4_as_fp8 = ''
        dpa = ''
        no_kv = ''
        fullest = ''
    ";

    fn config() -> Config {
        crate::rules::config::parse(std::path::Path::new("reconcile.toml"), CONFIG).unwrap()
    }

    fn layers() -> LayerTable {
        let layer = |name: &str, class: &str, takes: &[&str]| Layer {
            name: name.to_owned(),
            class: class.to_owned(),
            count: 1,
            available_parallelism: takes.iter().map(|&name| name.to_owned()).collect(),
        };
        LayerTable {
            layers: vec![
                layer("attention", "Attention", &["context_parallel", "tensor_parallel"]),
                layer(
                    "MoE",
                    "MoELayer",
                    &["context_parallel", "expert_parallel", "tensor_parallel"],
                ),
                // As Mantile's own: it takes expert_parallel and holds no experts.
                layer("norm", "NormLayer", &["expert_parallel", "tensor_parallel"]),
                layer("plain", "Plain", &[]),
            ],
        }
    }

    fn phases(name: &str) -> (PhaseRequest, PhaseRequest, Vec<String>) {
        let config = config();
        let row = row(name);
        let mapped = map(&row, &config).unwrap();
        let request = mapped.questions(&layers()).remove(0).request;
        (request.prefill_req, request.decode_req, mapped.approximations)
    }

    fn degrees(phase: &PhaseRequest, layer: &str) -> Vec<(String, u32)> {
        phase.layers[layer].parallelism.clone().into_iter().collect()
    }

    fn pairs(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
        expected.iter().map(|&(name, degree)| (name.to_owned(), degree)).collect()
    }

    #[test]
    fn lengths_are_the_mean_ones_and_decode_processes_one_token() {
        let (prefill, decode, approximations) = phases("b200::vllm::fp4::1024x8192::tp4_ep1::c64");
        assert_eq!((prefill.seq_len, prefill.context_len, prefill.batch_size), (922, None, 64));
        // 921.6 + 7372.8 / 2 = 4608
        assert_eq!((decode.seq_len, decode.context_len, decode.batch_size), (1, Some(4608), 64));
        assert_eq!(decode.hardware_id, "blackwell");
        assert_eq!(approximations, ["queueing"]);
    }

    #[test]
    fn experts_share_the_packages_between_both_kinds_of_parallelism() {
        let (_, decode, _) = phases("b200::trt::fp4::1024x1024::tp4_ep2::c8");
        assert_eq!(
            degrees(&decode, "MoE"),
            pairs(&[("expert_parallel", 2), ("tensor_parallel", 2)])
        );
        assert_eq!(degrees(&decode, "attention"), pairs(&[("tensor_parallel", 4)]));
        assert_eq!(degrees(&decode, "norm"), pairs(&[("tensor_parallel", 4)]));
        assert_eq!(degrees(&decode, "plain"), pairs(&[]));
        assert_eq!(decode.layers["MoE"].dtype, "nvfp4");
        assert_eq!(decode.layers["norm"].dtype, "bf16");
    }

    #[test]
    fn pools_have_their_own_parallelism_and_their_workers_share_the_requests() {
        let name = "b200::trt::fp4::8192x1024::prefill-3w3g_tp1_ep1+decode-2w8g_tp4_ep4_dpa::c64";
        let (prefill, decode, approximations) = phases(name);
        assert_eq!((prefill.batch_size, decode.batch_size), (22, 32));
        assert_eq!(degrees(&prefill, "attention"), pairs(&[("tensor_parallel", 1)]));
        assert_eq!(
            degrees(&decode, "MoE"),
            pairs(&[("expert_parallel", 4), ("tensor_parallel", 1)])
        );
        assert_eq!(approximations, ["dpa", "fullest", "no_kv", "queueing"]);
        let config = config();
        assert_eq!(map(&row(name), &config).unwrap().packages(), 4);
    }

    #[test]
    fn approximations_come_from_gpu_precision_and_feature() {
        let (_, _, approximations) = phases("h200::vllm::fp4::1024x1024::tp2_ep1_dpa::c8");
        assert_eq!(approximations, ["dpa", "fp4_as_fp8", "h200_as_h100", "queueing"]);
    }

    #[test]
    fn what_cannot_be_mapped_says_why() {
        let config = config();
        for (name, reason) in [
            ("mi355x::atom::fp4::1024x1024::tp1_ep1::c8", "no AMD"),
            ("b300::vllm::fp4::1024x1024::tp1_ep1::c8", "no gpu `b300` in reconcile.toml"),
            ("b200::vllm::fp8::1024x1024::tp1_ep1::c8", "no precision `fp8` for gpu `b200`"),
            (
                "b200::vllm::fp4::1024x1024::tp4_ep3::c8",
                "tensor_parallel 4 does not divide by expert_parallel 3",
            ),
            ("b200::vllm::fp4::1024x1024::tp4_ep1::c8::spec-mtp", "no speculation"),
        ] {
            assert_eq!(map(&row(name), &config).unwrap_err().reason, reason);
        }
    }

    proptest! {
        #[test]
        fn every_layer_is_spread_over_its_engines_packages(
            identity in any_identity(), tp_over_ep in 1u32..9,
        ) {
            // Make the identity one that maps: a known GPU, and TP a multiple of EP.
            let mut row = row("b200::vllm::fp4::1x1::tp1_ep1::c1");
            row.identity = Identity { gpu_model: "b200".to_owned(), precision: "fp4".to_owned(),
                                      spec_decoding: "none".to_owned(), ..identity };
            // Stages and shared tokens do not map.
            let concurrency = row.identity.concurrency.fixed().unwrap_or(64);
            row.identity.concurrency = Concurrency::Fixed(concurrency);
            let widen = |parallelism: &mut Parallelism| {
                let ep = parallelism.expert_parallel;
                let dp_attention = parallelism.dp_attention;
                *parallelism =
                    Parallelism { dp_attention, ..Parallelism::new(ep * tp_over_ep, ep) };
            };
            match &mut row.identity.layout {
                Layout::Aggregated(parallelism) => widen(parallelism),
                Layout::Disaggregated { prefill, decode } => {
                    widen(&mut prefill.parallelism);
                    widen(&mut decode.parallelism);
                }
            }
            let config = config();
            let mapped = map(&row, &config).unwrap();
            let question = mapped.questions(&layers()).remove(0);
            let request = question.request;
            let spread = |phase: &PhaseRequest, layer: &str| -> u32 {
                phase.layers[layer].parallelism.values().product()
            };
            let widest = [&request.prefill_req, &request.decode_req].map(|phase| {
                prop_assert_eq!(spread(phase, "MoE"), spread(phase, "attention"));
                prop_assert!(phase.batch_size >= 1 && phase.seq_len >= 1);
                Ok(spread(phase, "MoE"))
            });
            let [prefill, decode] = widest;
            prop_assert_eq!(prefill?.max(decode?), mapped.packages());
            // No request is lost: the workers hold at least the concurrency between them.
            if let Layout::Disaggregated { decode, .. } = &row.identity.layout {
                prop_assert!(request.decode_req.batch_size * decode.workers >= concurrency);
                prop_assert!((request.decode_req.batch_size - 1) * decode.workers < concurrency);
            }
        }
    }
}
