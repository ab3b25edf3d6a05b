//! The table of columns: each has its name, whether it is required, and how its cell is read and written.

use std::ops::RangeInclusive;

use super::cell::{
    INPUT_TOKENS, JOULES, MAX_TOKENS, OUTPUT_TOKENS, SECONDS, WATTS, concurrency_cell,
    derived_cell, figure, name, ratio, read_concurrency, read_date, read_derived, read_lengths,
    read_ratio, read_repeats, set, whole,
};
use crate::base::error::Result;
use crate::base::table::Record;
use crate::row::metric::Metric;
use crate::row::{Identity, Layout, Measured, Row};

/// A column of the standard format.
pub(super) struct Column {
    pub(super) name: &'static str,
    /// True if every file must have it.
    pub(super) is_required: bool,
    pub(super) content: Content,
}

/// The content of a column's cells.
pub(super) enum Content {
    /// A part of the identity other than parallelism: how it is written, and how it is read.
    Identity(fn(&Identity) -> String, Read<Identity>),
    /// A part of the parallelism of an engine or a pool, which belongs to the identity.
    Parallelism(Engine, Degree),
    /// A compared mean.
    Mean(Metric),
    /// Another measured figure: its possible range, how it is written, and where it goes when it is read.
    Figure(
        RangeInclusive<f64>,
        fn(&Measured) -> Option<f64>,
        fn(&mut Measured) -> &mut Option<f64>,
    ),
    /// Anything else: how it is written, and how it is read.
    Other(fn(&Row) -> String, Read<Row>),
}

/// Reads the cell of the named column of a record into what the record becomes.
type Read<T> = fn(Record<'_>, &str, &mut T) -> Result<()>;

/// The engine whose parallelism a column holds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Engine {
    /// The only one, of a row that is not disaggregated.
    Aggregated,
    /// A worker of the prefill pool.
    Prefill,
    /// A worker of the decode pool.
    Decode,
}

/// The part of a parallelism that a column holds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Degree {
    Tensor,
    Expert,
    DpAttention,
    Pipeline,
    PrefillContext,
    DecodeContext,
    /// Of a pool.
    Workers,
    /// Of a pool.
    Gpus,
}

const fn required(name: &'static str, content: Content) -> Column {
    Column { name, is_required: true, content }
}

const fn optional(name: &'static str, content: Content) -> Column {
    Column { name, is_required: false, content }
}

const fn degree(name: &'static str, engine: Engine, degree: Degree) -> Column {
    optional(name, Content::Parallelism(engine, degree))
}

/// Every column, in the order in which a file is written: those that are required come first, and of them those
/// of the identity.
pub(super) const TABLE: [Column; 53] = [
    required(
        "gpu_model",
        Content::Identity(|i| i.gpu_model.clone(), |r, c, i| set(&mut i.gpu_model, name(r, c))),
    ),
    required(
        "framework",
        Content::Identity(|i| i.framework.clone(), |r, c, i| set(&mut i.framework, name(r, c))),
    ),
    required(
        "precision",
        Content::Identity(|i| i.precision.clone(), |r, c, i| set(&mut i.precision, name(r, c))),
    ),
    required(
        "input_seq_len",
        Content::Identity(
            |i| i.input_seq_len.to_string(),
            |r, c, i| set(&mut i.input_seq_len, whole(r, c, MAX_TOKENS)),
        ),
    ),
    required(
        "output_seq_len",
        Content::Identity(
            |i| i.output_seq_len.to_string(),
            |r, c, i| set(&mut i.output_seq_len, whole(r, c, MAX_TOKENS)),
        ),
    ),
    required("tensor_parallel", Content::Parallelism(Engine::Aggregated, Degree::Tensor)),
    required("expert_parallel", Content::Parallelism(Engine::Aggregated, Degree::Expert)),
    required("concurrency", Content::Identity(concurrency_cell, read_concurrency)),
    required("throughput_tokens_per_sec_per_gpu", Content::Mean(Metric::Throughput)),
    required("output_throughput_per_gpu", Content::Mean(Metric::OutputThroughput)),
    required("mean_time_to_first_token_sec", Content::Mean(Metric::Ttft)),
    required(
        "p99_time_to_first_token_sec",
        Content::Figure(SECONDS, |m| m.p99_ttft, |m| &mut m.p99_ttft),
    ),
    required("mean_time_per_output_token_sec", Content::Mean(Metric::Tpot)),
    required("mean_end_to_end_latency_sec", Content::Mean(Metric::E2eLatency)),
    required(
        "median_end_to_end_latency_sec",
        Content::Figure(SECONDS, |m| m.median_e2e_latency, |m| &mut m.median_e2e_latency),
    ),
    required(
        "benchmark_date",
        Content::Other(|row| row.provenance.benchmark_date.clone().unwrap_or_default(), read_date),
    ),
    required(
        "run_id",
        Content::Other(
            |row| row.provenance.run_id.clone(),
            |r, c, row| {
                set(&mut row.provenance.run_id, r.required(c, r.text(c)).map(str::to_owned))
            },
        ),
    ),
    degree("dp_attention", Engine::Aggregated, Degree::DpAttention),
    optional(
        "spec_decoding",
        Content::Identity(
            |i| i.spec_decoding.clone(),
            |r, c, i| {
                set(
                    &mut i.spec_decoding,
                    r.name(c).map(|method| method.unwrap_or_else(|| "none".to_owned())),
                )
            },
        ),
    ),
    // Read before all others: the parallelism depends on it.
    optional(
        "disagg",
        Content::Identity(
            |i| matches!(i.layout, Layout::Disaggregated { .. }).to_string(),
            |_, _, _| Ok(()),
        ),
    ),
    optional(
        "is_multinode",
        Content::Identity(
            |i| i.is_multinode.to_string(),
            |r, c, i| set(&mut i.is_multinode, r.flag(c).map(Option::unwrap_or_default)),
        ),
    ),
    degree("prefill_tensor_parallel", Engine::Prefill, Degree::Tensor),
    degree("prefill_expert_parallel", Engine::Prefill, Degree::Expert),
    degree("prefill_dp_attention", Engine::Prefill, Degree::DpAttention),
    degree("prefill_num_workers", Engine::Prefill, Degree::Workers),
    degree("num_prefill_gpu", Engine::Prefill, Degree::Gpus),
    degree("decode_tensor_parallel", Engine::Decode, Degree::Tensor),
    degree("decode_expert_parallel", Engine::Decode, Degree::Expert),
    degree("decode_dp_attention", Engine::Decode, Degree::DpAttention),
    degree("decode_num_workers", Engine::Decode, Degree::Workers),
    degree("num_decode_gpu", Engine::Decode, Degree::Gpus),
    degree("pipeline_parallel", Engine::Aggregated, Degree::Pipeline),
    degree("pcp_size", Engine::Aggregated, Degree::PrefillContext),
    degree("dcp_size", Engine::Aggregated, Degree::DecodeContext),
    degree("prefill_pipeline_parallel", Engine::Prefill, Degree::Pipeline),
    degree("prefill_pcp_size", Engine::Prefill, Degree::PrefillContext),
    degree("prefill_dcp_size", Engine::Prefill, Degree::DecodeContext),
    degree("decode_pipeline_parallel", Engine::Decode, Degree::Pipeline),
    degree("decode_pcp_size", Engine::Decode, Degree::PrefillContext),
    degree("decode_dcp_size", Engine::Decode, Degree::DecodeContext),
    optional(
        "image",
        Content::Other(
            |row| row.provenance.image.clone().unwrap_or_default(),
            |r, c, row| set(&mut row.provenance.image, Ok(r.text(c).map(str::to_owned))),
        ),
    ),
    optional(
        "repeats",
        Content::Other(|row| row.repeatability.map_or(1, |r| r.repeats).to_string(), read_repeats),
    ),
    optional(
        "throughput_max_min_ratio",
        Content::Other(
            |row| ratio(row, |r| r.throughput_max_min_ratio),
            |r, c, row| read_ratio(r, c, row, |r| &mut r.throughput_max_min_ratio),
        ),
    ),
    optional(
        "ttft_max_min_ratio",
        Content::Other(
            |row| ratio(row, |r| r.ttft_max_min_ratio),
            |r, c, row| read_ratio(r, c, row, |r| &mut r.ttft_max_min_ratio),
        ),
    ),
    optional(
        "tpot_max_min_ratio",
        Content::Other(
            |row| ratio(row, |r| r.tpot_max_min_ratio),
            |r, c, row| read_ratio(r, c, row, |r| &mut r.tpot_max_min_ratio),
        ),
    ),
    optional(
        "e2e_latency_max_min_ratio",
        Content::Other(
            |row| ratio(row, |r| r.e2e_latency_max_min_ratio),
            |r, c, row| read_ratio(r, c, row, |r| &mut r.e2e_latency_max_min_ratio),
        ),
    ),
    optional(
        INPUT_TOKENS,
        Content::Other(|row| figure(row.measured.mean_lengths.map(|l| l.input)), read_lengths),
    ),
    // Read with the other length.
    optional(
        OUTPUT_TOKENS,
        Content::Other(|row| figure(row.measured.mean_lengths.map(|l| l.output)), |_, _, _| Ok(())),
    ),
    optional("derived_metrics", Content::Other(derived_cell, read_derived)),
    optional(
        "p90_time_to_first_token_sec",
        Content::Figure(SECONDS, |m| m.p90_ttft, |m| &mut m.p90_ttft),
    ),
    optional(
        "p99_9_time_to_first_token_sec",
        Content::Figure(SECONDS, |m| m.p99_9_ttft, |m| &mut m.p99_9_ttft),
    ),
    optional(
        "average_power_watts_per_gpu",
        Content::Figure(
            WATTS,
            |m| m.average_power_watts_per_gpu,
            |m| &mut m.average_power_watts_per_gpu,
        ),
    ),
    optional(
        "joules_per_output_token",
        Content::Figure(JOULES, |m| m.joules_per_output_token, |m| &mut m.joules_per_output_token),
    ),
];

/// The names of all columns, in the order of files.
pub const COLUMNS: [&str; TABLE.len()] = {
    let mut names = [""; TABLE.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = TABLE[index].name;
        index += 1;
    }
    names
};

/// The required columns of the identity, with which a configuration can be described.
#[must_use]
pub fn required_identity_columns() -> &'static [&'static str] {
    let is_one = |column: &&Column| column.is_required && column.content.is_identity();
    &COLUMNS[..TABLE.iter().take_while(is_one).count()]
}

/// The names of the columns that hold a row's identity, in the order of [`super::identity_cells`].
pub fn identity_columns() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|column| column.content.is_identity()).map(|column| column.name)
}

impl Content {
    fn is_identity(&self) -> bool {
        matches!(self, Self::Identity(..) | Self::Parallelism(..))
    }
}

/// The name of the column of a compared mean.
pub(super) fn mean_column(metric: Metric) -> &'static str {
    column(|content| matches!(content, Content::Mean(mean) if *mean == metric))
}

/// The name of the column of a part of a parallelism.
pub(super) fn degree_column(engine: Engine, degree: Degree) -> &'static str {
    column(|content| matches!(content, Content::Parallelism(e, d) if (*e, *d) == (engine, degree)))
}

fn column(is_meant: impl Fn(&Content) -> bool) -> &'static str {
    TABLE.iter().find(|column| is_meant(&column.content)).expect("the table has it").name
}
