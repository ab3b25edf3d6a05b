//! The arguments of `init-model`.

use super::shared::{PatienceArgs, parse_name, parse_url};
use crate::base::settings;
use clap::Args;

const EXAMPLES: &str = "\
Example:
  mantile-reconcile init-model meta-llama_Llama-3.3-70B-Instruct --api-url http://localhost:8000";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct InitModelArgs {
    /// Id of the model in Mantile's /models
    #[arg(value_name = "ID", value_parser = parse_name)]
    pub model: String,
    /// Name of the source of its rows
    #[arg(long, value_name = "NAME", default_value = "inferencemax", value_parser = parse_name)]
    pub source: String,
    /// URL of the live Mantile
    #[arg(long, value_name = "URL", env = settings::API_URL, value_parser = parse_url)]
    pub api_url: String,
    #[command(flatten)]
    pub patience: PatienceArgs,
}
