//! The arguments of `filter`.

use super::shared::{Format, RowsArgs};
use crate::row::filter::Filter;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile filter --model openai_GPT-OSS-120B --where 'gpu_model = b200' --output b200.csv
  mantile-reconcile filter --model openai_GPT-OSS-120B --source inferencex \\
      --where 'benchmark_date >= 2026-02-01'
  mantile-reconcile filter --model openai_GPT-OSS-120B \\
      --where 'tensor_parallel >= 2 and framework in (vllm, trt) and not context = 8192*'

The rows are written in the standard format: the required columns and those that any picked row fills,
without the source's extra_columns; where they are of several sources, with a column provider.

Fields are gpu_model, framework, precision, tensor_parallel, expert_parallel, context, concurrency,
dp_attention, disagg, provider, input_seq_len, output_seq_len, gpus, spec_decoding, is_multinode,
run_id, benchmark_date, image, and the measured throughput, output_throughput, ttft, tpot and
e2e_latency. Operators are =, !=, <, <=, >, >=, in (…), not in (…), and, or, not and parentheses;
* and ? are wildcards.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct FilterArgs {
    #[command(flatten)]
    pub rows: RowsArgs,
    /// The expression
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Filter,
    /// Where the rows go [default: stdout]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// How the rows are printed; with --output they are written as CSV, and this is not
    #[arg(long, value_enum, default_value_t = Format::Csv, conflicts_with = "output")]
    pub format: Format,
}
