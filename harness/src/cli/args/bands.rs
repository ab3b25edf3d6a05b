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
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// The share of rows that a band may leave out [default: band_rule.alpha of reconcile.toml]
    #[arg(long, value_parser = parse_alpha)]
    pub alpha: Option<f64>,
    /// The fields that make the groups, coarsest first [default: band_rule.by of reconcile.toml]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = parse_field)]
    pub by: Option<Vec<Field>>,
    /// Write the proposal into reconcile.toml
    #[arg(long)]
    pub accept: bool,
    /// Instead, print an entry for known_deviations.toml for each row outside its written band
    #[arg(long, conflicts_with_all = ["accept", "format"])]
    pub deviations: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
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
