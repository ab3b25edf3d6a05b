//! The identity and figures of a row, from a complete result.

use super::super::SkipReason;
use super::hw::gpu_model;
use super::schema::{Flag, ResultObject};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Pool};

/// The scenario whose prompts and outputs have the nominal lengths.
const FIXED_LENGTHS: &str = "fixed-seq-len";

/// Reads the identity and the figures of a result.
pub(super) fn read(object: &ResultObject) -> Result<(Identity, Measured), SkipReason> {
    match object.scenario_type.as_deref() {
        None | Some("" | FIXED_LENGTHS) => {}
        Some(kind) if kind.contains("agentic") => {
            return Err(SkipReason::AgenticScenario);
        }
        Some(other) => return Err(format!("scenario {other} is not known").into()),
    }
    let identity = identity(object)?;
    let positive = |key: &str, value: Option<f64>| match value {
        Some(value) if !(value.is_finite() && value > 0.0) => Err(format!("{key} is {value}")),
        value => Ok(value),
    };
    let mut means = PerMetric::default();
    means[Metric::Throughput] = positive("tput_per_gpu", object.tput_per_gpu)?;
    means[Metric::OutputThroughput] = positive("output_tput_per_gpu", object.output_tput_per_gpu)?;
    means[Metric::Ttft] = positive("mean_ttft", object.mean_ttft)?;
    means[Metric::Tpot] = positive("mean_tpot", object.mean_tpot)?;
    means[Metric::E2eLatency] = positive("mean_e2el", object.mean_e2el)?;
    if means.iter().all(|(_, value)| value.is_none()) {
        return Err("no metric".to_owned().into());
    }
    let measured = Measured {
        means,
        p99_ttft: positive("p99_ttft", object.p99_ttft)?,
        median_e2e_latency: positive("median_e2el", object.median_e2el)?,
        p90_ttft: positive("p90_ttft", object.p90_ttft)?,
        p99_9_ttft: positive("p99.9_ttft", object.p99_9_ttft)?,
        average_power_watts_per_gpu: positive("avg_power_w", object.avg_power_w)?,
        joules_per_output_token: positive(
            "joules_per_output_token",
            object.joules_per_output_token(),
        )?,
        ..Measured::default()
    };
    Ok((identity, measured))
}

fn identity(object: &ResultObject) -> Result<Identity, SkipReason> {
    let name = |key: &str, value: &Option<String>| {
        value.clone().ok_or_else(|| absent(key, &format!("--{key}")))
    };
    let gpu_model = match (&object.prefill_hw, &object.decode_hw) {
        (Some(prefill), Some(decode)) if gpu_model(prefill) != gpu_model(decode) => {
            format!("{}+{}", gpu_model(prefill), gpu_model(decode))
        }
        (Some(both), Some(_)) => gpu_model(both),
        _ => gpu_model(object.hw.as_deref().ok_or_else(|| "no hw".to_owned())?),
    };
    Ok(Identity {
        gpu_model,
        framework: name("framework", &object.framework)?,
        precision: name("precision", &object.precision)?,
        input_seq_len: length("isl", object.isl, "--input-seq-len")?,
        output_seq_len: length("osl", object.osl, "--output-seq-len")?,
        layout: layout(object)?,
        concurrency: Concurrency::Fixed(above_zero("conc", object.conc)?),
        spec_decoding: object.spec_decoding.clone().unwrap_or_else(|| "none".to_owned()),
        is_multinode: Flag::get(object.is_multinode.as_ref())?,
    })
}

/// The layout of the engines: one engine, or a pool for prefill and one for decode.
fn layout(object: &ResultObject) -> Result<Layout, SkipReason> {
    // Several nodes without a decode pool: one engine does both, under the names of the prefill pool.
    if object.num_decode_gpu == Some(0) {
        let (engine, gpus) = (prefill(object)?, prefill_gpus(object)?);
        return if prefill_workers(object)? == 1 && engine.gpus() == gpus {
            Ok(Layout::Aggregated(engine))
        } else {
            Err(format!("{gpus} GPUs that are not one engine of {engine}").into())
        };
    }
    if !Flag::get(object.disagg.as_ref())? {
        return Ok(Layout::Aggregated(single_engine(object)?));
    }
    if object.prefill_num_workers.unwrap_or(0) == 0 {
        return Err(SkipReason::PoolsWithoutWorkers);
    }
    Ok(Layout::Disaggregated {
        prefill: Pool {
            parallelism: prefill(object)?,
            workers: prefill_workers(object)?,
            gpus: prefill_gpus(object)?,
        },
        decode: Pool {
            parallelism: decode(object)?,
            workers: above_zero("decode_num_workers", object.decode_num_workers)?,
            gpus: above_zero("num_decode_gpu", object.num_decode_gpu)?,
        },
    })
}

fn prefill_workers(object: &ResultObject) -> Result<u32, String> {
    above_zero("prefill_num_workers", object.prefill_num_workers)
}

fn prefill_gpus(object: &ResultObject) -> Result<u32, String> {
    above_zero("num_prefill_gpu", object.num_prefill_gpu)
}

/// The parallelism of an engine that does both prefill and decode.
fn single_engine(object: &ResultObject) -> Result<Parallelism, String> {
    Ok(Parallelism {
        dp_attention: Flag::get(object.dp_attention.as_ref())?,
        pipeline_parallel: at_least_one("pp", object.pp)?,
        prefill_context_parallel: at_least_one("pcp_size", object.pcp_size)?,
        decode_context_parallel: at_least_one("dcp_size", object.dcp_size)?,
        ..Parallelism::new(above_zero("tp", object.tp)?, at_least_one("ep", object.ep)?)
    })
}

/// The parallelism of each engine in the prefill pool.
fn prefill(object: &ResultObject) -> Result<Parallelism, String> {
    Ok(Parallelism {
        dp_attention: Flag::get(object.prefill_dp_attention.as_ref())?,
        pipeline_parallel: at_least_one("prefill_pp", object.prefill_pp)?,
        prefill_context_parallel: at_least_one("prefill_pcp_size", object.prefill_pcp_size)?,
        decode_context_parallel: at_least_one("prefill_dcp_size", object.prefill_dcp_size)?,
        ..Parallelism::new(
            above_zero("prefill_tp", object.prefill_tp)?,
            at_least_one("prefill_ep", object.prefill_ep)?,
        )
    })
}

/// The parallelism of each engine in the decode pool.
fn decode(object: &ResultObject) -> Result<Parallelism, String> {
    Ok(Parallelism {
        dp_attention: Flag::get(object.decode_dp_attention.as_ref())?,
        pipeline_parallel: at_least_one("decode_pp", object.decode_pp)?,
        prefill_context_parallel: at_least_one("decode_pcp_size", object.decode_pcp_size)?,
        decode_context_parallel: at_least_one("decode_dcp_size", object.decode_dcp_size)?,
        ..Parallelism::new(
            above_zero("decode_tp", object.decode_tp)?,
            at_least_one("decode_ep", object.decode_ep)?,
        )
    })
}

fn length(key: &str, value: Option<u32>, option: &str) -> Result<u32, String> {
    above_zero(key, Some(value.ok_or_else(|| absent(key, option))?))
}

/// The fault of a result that lacks a key which older generations had in the file's name.
fn absent(key: &str, option: &str) -> String {
    format!("no {key} in it or its file's name; say it with {option}")
}

fn above_zero(key: &str, value: Option<u32>) -> Result<u32, String> {
    match value {
        None => Err(format!("no {key}")),
        Some(0) => Err(format!("{key} is 0")),
        Some(value) => Ok(value),
    }
}

/// A degree of parallelism, 1 where the result does not give it.
fn at_least_one(key: &str, value: Option<u32>) -> Result<u32, String> {
    above_zero(key, value.or(Some(1)))
}
