//! A completed result as a row's identity and figures.

use super::Skip;
use super::hw::gpu_model;
use super::schema::{Flag, Object};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Pool};

/// The scenario whose prompts and outputs are of the nominal lengths.
const FIXED_LENGTHS: &str = "fixed-seq-len";

/// The identity and figures of a completed result.
pub(super) fn read(object: &Object) -> Result<(Identity, Measured), Skip> {
    match object.scenario_type.as_deref() {
        None | Some("" | FIXED_LENGTHS) => {}
        Some(kind) if kind.contains("agentic") => {
            let reason = "agentic scenario: prompts of many turns, of no one length";
            return Err(Skip::Expected(reason.to_owned()));
        }
        Some(other) => return Err(Skip::Unusable(format!("scenario {other} is not known"))),
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
        return Err(Skip::Unusable("no metric".to_owned()));
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

fn identity(object: &Object) -> Result<Identity, String> {
    let name = |key: &str, value: &Option<String>| {
        value.clone().ok_or_else(|| absent(key, &format!("--{key}")))
    };
    let gpu_model = match (&object.prefill_hw, &object.decode_hw) {
        (Some(prefill), Some(decode)) if gpu_model(prefill) != gpu_model(decode) => {
            format!("{}+{}", gpu_model(prefill), gpu_model(decode))
        }
        (Some(both), Some(_)) => gpu_model(both),
        _ => gpu_model(object.hw.as_deref().ok_or("no hw")?),
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

fn layout(object: &Object) -> Result<Layout, String> {
    let prefill = || {
        Ok::<_, String>(Parallelism {
            dp_attention: Flag::get(object.prefill_dp_attention.as_ref())?,
            pipeline_parallel: above_zero("prefill_pp", object.prefill_pp.or(Some(1)))?,
            prefill_context_parallel: above_zero(
                "prefill_pcp_size",
                object.prefill_pcp_size.or(Some(1)),
            )?,
            decode_context_parallel: above_zero(
                "prefill_dcp_size",
                object.prefill_dcp_size.or(Some(1)),
            )?,
            ..Parallelism::new(
                above_zero("prefill_tp", object.prefill_tp)?,
                above_zero("prefill_ep", object.prefill_ep.or(Some(1)))?,
            )
        })
    };
    let prefill_workers = above_zero("prefill_num_workers", object.prefill_num_workers);
    let prefill_gpus = above_zero("num_prefill_gpu", object.num_prefill_gpu);
    // Several nodes without a decode pool: one engine does both, and is called the prefill one.
    if object.num_decode_gpu == Some(0) {
        let (engine, gpus) = (prefill()?, prefill_gpus?);
        return if prefill_workers? == 1 && engine.gpus() == gpus {
            Ok(Layout::Aggregated(engine))
        } else {
            Err(format!("{gpus} GPUs that are not one engine of {engine}"))
        };
    }
    if Flag::get(object.disagg.as_ref())? {
        if object.prefill_num_workers.unwrap_or(0) == 0 {
            return Err("separate pools without the numbers of their workers".to_owned());
        }
        return Ok(Layout::Disaggregated {
            prefill: Pool {
                parallelism: prefill()?,
                workers: prefill_workers?,
                gpus: prefill_gpus?,
            },
            decode: Pool {
                parallelism: Parallelism {
                    dp_attention: Flag::get(object.decode_dp_attention.as_ref())?,
                    pipeline_parallel: above_zero("decode_pp", object.decode_pp.or(Some(1)))?,
                    prefill_context_parallel: above_zero(
                        "decode_pcp_size",
                        object.decode_pcp_size.or(Some(1)),
                    )?,
                    decode_context_parallel: above_zero(
                        "decode_dcp_size",
                        object.decode_dcp_size.or(Some(1)),
                    )?,
                    ..Parallelism::new(
                        above_zero("decode_tp", object.decode_tp)?,
                        above_zero("decode_ep", object.decode_ep.or(Some(1)))?,
                    )
                },
                workers: above_zero("decode_num_workers", object.decode_num_workers)?,
                gpus: above_zero("num_decode_gpu", object.num_decode_gpu)?,
            },
        });
    }
    Ok(Layout::Aggregated(Parallelism {
        dp_attention: Flag::get(object.dp_attention.as_ref())?,
        pipeline_parallel: above_zero("pp", object.pp.or(Some(1)))?,
        prefill_context_parallel: above_zero("pcp_size", object.pcp_size.or(Some(1)))?,
        decode_context_parallel: above_zero("dcp_size", object.dcp_size.or(Some(1)))?,
        ..Parallelism::new(above_zero("tp", object.tp)?, above_zero("ep", object.ep.or(Some(1)))?)
    }))
}

fn length(key: &str, value: Option<u32>, option: &str) -> Result<u32, String> {
    above_zero(key, Some(value.ok_or_else(|| absent(key, option))?))
}

/// Why a result is not taken that lacks what older generations had in the file's name.
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
