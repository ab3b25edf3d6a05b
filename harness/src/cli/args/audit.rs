//! The arguments of `audit`.

use super::shared::{Format, PatienceArgs, SelectArgs, parse_url};
use crate::base::settings;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile audit --model openai_GPT-OSS-120B
  mantile-reconcile audit --model openai_GPT-OSS-120B --where 'gpu_model = gb200' --format json
  mantile-reconcile audit --model openai_GPT-OSS-120B --source inferencemax new_rows.csv
  mantile-reconcile audit --model openai_GPT-OSS-120B --mean-length-ratio 1 theirs.csv \\
      --api-url http://localhost:8000

FILE holds rows in the standard format that are not in the model's folder yet. They are compared
with those in the folder. With --api-url, Mantile is asked for those of their configurations that
are not recorded; its answers give the limits of the hardware, and the yardstick where no other row
has the same configuration.

The exit code is 1 if an error is not accepted in reconcile.toml.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct AuditArgs {
    /// Files of rows in the standard format, to compare with the model's [default: the model's own rows]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Model folder name
    #[arg(long)]
    pub model: String,
    /// The source in reconcile.toml whose settings apply to the files, if the model has several
    #[arg(long, value_name = "NAME", requires = "files")]
    pub source: Option<String>,
    /// Mean length / nominal length in the files [default: that of the source]
    #[arg(long, value_name = "RATIO", value_parser = parse_length_ratio, requires = "files")]
    pub mean_length_ratio: Option<f64>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// Show every finding with an explanation of its check
    #[arg(long)]
    pub all: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// URL of a live Mantile to ask for configurations that are not recorded
    #[arg(long, value_name = "URL", env = settings::API_URL, value_parser = parse_url)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

fn parse_length_ratio(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|ratio| *ratio > 0.0 && *ratio <= 1.0)
        .ok_or_else(|| "not a number above 0 and at most 1".to_owned())
}
