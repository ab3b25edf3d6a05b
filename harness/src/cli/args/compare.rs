//! The arguments of `compare`.

use super::shared::{Format, SelectArgs, parse_also};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile compare --model openai_GPT-OSS-120B --predictions my_predictions.csv
  mantile-reconcile compare --model openai_GPT-OSS-120B --also mine=other_estimator.csv

A file of --also has the first eight columns of the standard format, the columns that complete the
identity if rows need them, and any of predicted_ttft_sec, predicted_tpot_sec,
predicted_e2e_latency_sec, predicted_throughput_per_gpu and predicted_output_throughput_per_gpu. It may
have status, provider and mode. Missing E2E and throughput are derived.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CompareArgs {
    /// The model's folder name
    #[arg(long)]
    pub model: String,
    /// Measured rows in the standard format [default: all rows of the model]
    #[arg(long, value_name = "CSV")]
    pub actuals: Option<PathBuf>,
    /// The source in reconcile.toml that the actuals belong to, if the model has several; without
    /// actuals, only the rows of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// Predictions, as `estimate` writes them [default: target/reconcile/<model>/mantile_predictions.csv]
    #[arg(long, value_name = "CSV")]
    pub predictions: Option<PathBuf>,
    /// Also compare another estimator's predictions; may be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_also)]
    pub also: Vec<(String, PathBuf)>,
    /// The report; the summaries go into its folder [default: target/reconcile/<model>/comparison_report.csv]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// Print the full summary
    #[arg(long, short)]
    pub verbose: bool,
    /// The format of the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
