//! The arguments of `history`.

use super::shared::{Format, SelectArgs};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile history
  mantile-reconcile history --model openai_GPT-OSS-120B --format json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct HistoryArgs {
    /// The model, by its folder's name; may be repeated; all of them without
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
