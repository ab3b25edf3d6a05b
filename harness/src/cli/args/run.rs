//! The arguments of `run`.

use super::shared::{Format, SelectArgs, ServiceArgs, parse_also};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile run
  mantile-reconcile run openai_GPT-OSS-120B --format json
  mantile-reconcile run openai_GPT-OSS-120B --also mine=other_estimator.csv
  mantile-reconcile run --api-url http://localhost:8000";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RunArgs {
    /// Model folder names [default: all]
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// Also compare another estimator's predictions; may be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_also)]
    pub also: Vec<(String, PathBuf)>,
    /// The folder of the reports, one folder per model in it [default: target/reconcile]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Also print other estimators, all reasons, and failures in full
    #[arg(long, short)]
    pub verbose: bool,
    /// The format of the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub service: ServiceArgs,
}
