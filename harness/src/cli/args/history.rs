//! The arguments of `history`.

use super::shared::{Format, SelectArgs};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile history
  mantile-reconcile history --model openai_GPT-OSS-120B --verbose
  mantile-reconcile history --model openai_GPT-OSS-120B --format json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct HistoryArgs {
    /// Model folder name; may be repeated [default: all]
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Also print every release and group
    #[arg(long, short)]
    pub verbose: bool,
}
