//! The arguments of `estimate`.

use super::shared::{Format, RowsArgs, SelectArgs, ServiceArgs};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile estimate --model openai_GPT-OSS-120B
  mantile-reconcile estimate --model openai_GPT-OSS-120B --api-url http://localhost:8000 \\
      --input my_rows.csv --output my_predictions.csv";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct EstimateArgs {
    #[command(flatten)]
    pub rows: RowsArgs,
    #[command(flatten)]
    pub select: SelectArgs,
    /// Output file [default: target/reconcile/<model>/mantile_predictions.csv]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// Ask for every row again instead of continuing an interrupted run
    #[arg(long)]
    pub no_resume: bool,
    /// Ask a live Mantile as a newcomer would, and write the answers as another estimator to compare with
    /// [default output: naive_conversion.csv in the model's folder]
    #[arg(long, requires = "api_url", conflicts_with = "no_resume")]
    pub naive: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub service: ServiceArgs,
}
