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

FILE holds rows in the standard format that are not in the model's folder yet: they are held
against those that are. With --api-url, Mantile is asked for those of their configurations that are
not recorded: for the bounds of the hardware, and as the yardstick where no row has the same
configuration. It exits with 1 when a finding is an error that is not accepted: the row cannot be
what it says.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct AuditArgs {
    /// Rows in the standard format to hold against the model's [default: the model's own]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// The source of reconcile.toml that the files are like, where the model has several
    #[arg(long, value_name = "NAME", requires = "files")]
    pub source: Option<String>,
    /// Mean over nominal length in the files [default: that of the source]
    #[arg(long, value_name = "RATIO", value_parser = parse_length_ratio, requires = "files")]
    pub mean_length_ratio: Option<f64>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// Show all findings, not a few of each kind
    #[arg(long)]
    pub all: bool,
    /// How the findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// A live Mantile to ask for configurations that are not recorded
    #[arg(long, value_name = "URL", env = settings::API_URL, value_parser = parse_url)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

fn parse_length_ratio(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|ratio| *ratio > 0.0 && *ratio <= 1.0)
        .ok_or_else(|| "not above 0 and at most 1".to_owned())
}
