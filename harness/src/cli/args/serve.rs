//! The arguments of `serve`.

use clap::Args;

const EXAMPLES: &str = "\
Example:
  mantile-reconcile serve --model openai_GPT-OSS-120B --port 8000";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ServeArgs {
    /// Model folder name
    #[arg(long)]
    pub model: String,
    /// Recorded release [default: the accepted release]
    #[arg(long)]
    pub release: Option<String>,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
}
