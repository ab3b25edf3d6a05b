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

The rows are written in the standard format: the required columns, and the optional ones in which any of the
rows has a value. A source's extra_columns are left out. Rows of several sources have a column `provider`.

The fields are gpu_model, framework, precision, tensor_parallel, expert_parallel, context, concurrency,
dp_attention, disagg, provider, input_seq_len, output_seq_len, gpus, spec_decoding, is_multinode,
run_id, benchmark_date, image, and the measured throughput, output_throughput, ttft, tpot and
e2e_latency. The operators are =, !=, <, <=, >, >=, in (…), not in (…), and, or, not and parentheses;
* and ? are wildcards.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct FilterArgs {
    #[command(flatten)]
    pub rows: RowsArgs,
    /// The rows to pick, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Filter,
    /// The file to write [default: stdout]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// The format in which the rows are printed; a file is always CSV
    #[arg(long, value_enum, default_value_t = Format::Csv, conflicts_with = "output")]
    pub format: Format,
}
