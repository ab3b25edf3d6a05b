//! The row in Mantile's terms.

use crate::row::{Concurrency, Identity, Layout, Lengths, Parallelism, Row};
use crate::rules::config::{Config, Features, Precision, SourceConfig, Treatment};

/// A row in Mantile's terms; its requests follow once the model's layers are known.
#[derive(Debug, Clone)]
pub struct Mapped<'a> {
    pub(super) config: &'a Config,
    pub(super) hardware_id: &'a str,
    pub(super) precision: &'a Precision,
    pub(super) prefill: Engine,
    pub(super) decode: Engine,
    /// The numbers of requests in flight to ask for: one, or those among which a peak is sought.
    pub(super) concurrencies: Vec<u32>,
    /// The mean lengths that the prediction is for.
    pub lengths: Lengths,
    /// The names of the approximations that the prediction makes, sorted.
    pub approximations: Vec<String>,
}

/// The engines that run one phase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Engine {
    pub(super) parallelism: Parallelism,
    pub(super) workers: u32,
}

/// A row that Mantile cannot predict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// The reason, worded to follow "unmapped: ".
    pub reason: String,
}

/// Puts a row into Mantile's terms. The error says why that is impossible.
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
    let concurrencies = concurrencies(identity, source)?;
    let mut approximations = source.approximations.clone();
    approximations.extend(gpu.approximation.clone());
    approximations.extend(precision.approximation.clone());
    approximations.extend(feature_approximations(identity, [prefill, decode], &config.features)?);
    approximations.sort();
    approximations.dedup();
    Ok(Mapped {
        config,
        hardware_id,
        precision,
        prefill,
        decode,
        concurrencies,
        lengths: row.lengths(source.mean_length_ratio),
        approximations,
    })
}

/// The numbers of requests in flight to ask for.
fn concurrencies(identity: &Identity, source: &SourceConfig) -> Result<Vec<u32>, Unmapped> {
    match identity.concurrency {
        Concurrency::Fixed(requests) => Ok(vec![requests]),
        Concurrency::Peak if source.peak_concurrencies.is_empty() => Err(unmapped(
            "a peak, and its source has no peak_concurrencies in reconcile.toml".to_owned(),
        )),
        Concurrency::Peak => Ok(source.peak_concurrencies.clone()),
    }
}

/// The approximations for the row's features that Mantile does not have; one without an approximation is an error.
fn feature_approximations(
    identity: &Identity,
    engines: [Engine; 2],
    features: &Features,
) -> Result<Vec<String>, Unmapped> {
    let either =
        |has: fn(Parallelism) -> bool| engines.iter().any(|engine| has(engine.parallelism));
    let mut approximations = Vec::new();
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
    Ok(approximations)
}

/// The engines of prefill and of decode.
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

/// Whether the workers of a pool cannot share the requests equally.
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
