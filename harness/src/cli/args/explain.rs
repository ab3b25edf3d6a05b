//! The arguments of `explain`.

use super::shared::{Format, PatienceArgs, parse_url};
use crate::base::settings;
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile explain openai_GPT-OSS-120B::inferencemax::b200::trt::fp4::1024x1024::tp8_ep1::c4
  mantile-reconcile explain --against 95eb60b \\
      openai_GPT-OSS-120B::inferencemax::b200::trt::fp4::1024x1024::tp8_ep1::c4";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ExplainArgs {
    /// The row's name, which is the name of its test
    #[arg(value_name = "MODEL::ROW")]
    pub row: String,
    /// Another recorded release to compare the times with
    #[arg(long, value_name = "RELEASE")]
    pub against: Option<String>,
    /// A live Mantile instead of the accepted release's recording
    #[arg(long, value_name = "URL", env = settings::API_URL, value_parser = parse_url)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub patience: PatienceArgs,
    /// The format of the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
