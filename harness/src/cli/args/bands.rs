//! The arguments of `bands`.

use super::shared::{Format, ServiceArgs};
use crate::row::property::Field;
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile bands --model openai_GPT-OSS-120B
  mantile-reconcile bands --model openai_GPT-OSS-120B --alpha 0.1 --by gpu_model,framework --accept
  mantile-reconcile bands --model openai_GPT-OSS-120B --deviations
  mantile-reconcile bands --model openai_GPT-OSS-120B --format csv";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct BandsArgs {
    /// Model folder name
    #[arg(long)]
    pub model: String,
    /// Share of rows that may lie outside a band [default: band_rule.alpha of reconcile.toml]
    #[arg(long, value_parser = parse_alpha)]
    pub alpha: Option<f64>,
    /// Fields that define the groups, the coarsest first [default: band_rule.by of reconcile.toml]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = parse_field)]
    pub by: Option<Vec<Field>>,
    /// Write the proposed bands and gates into reconcile.toml
    #[arg(long)]
    pub accept: bool,
    /// Print a known_deviations.toml entry for each row outside its current band instead
    #[arg(long, conflicts_with_all = ["accept", "format"])]
    pub deviations: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print every band, and not only those that would change
    #[arg(long, short)]
    pub verbose: bool,
    #[command(flatten)]
    pub service: ServiceArgs,
}

fn parse_alpha(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|alpha| (0.001..=0.5).contains(alpha))
        .ok_or_else(|| "not from 0.001 to 0.5".to_owned())
}

fn parse_field(text: &str) -> Result<Field, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}
