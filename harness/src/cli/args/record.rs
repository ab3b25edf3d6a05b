//! The arguments of `record`.

use super::shared::{Format, PatienceArgs, parse_day, parse_url};
use crate::base::settings;
use crate::row::filter::Filter;
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile record --model openai_GPT-OSS-120B --release 72ff84e --api-url http://localhost:8000
  mantile-reconcile record --model openai_GPT-OSS-120B --release 72ff84e --mode diff \\
      --api-url http://localhost:8000";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RecordArgs {
    /// Model folder name
    #[arg(long)]
    pub model: String,
    /// Name of the live release, such as its commit; the API does not report it
    #[arg(long)]
    pub release: String,
    /// Date of the release; adds it to the index of releases
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    pub made: Option<jiff::civil::Date>,
    /// What to do
    #[arg(long, value_enum, default_value_t = RecordMode::Record)]
    pub mode: RecordMode,
    /// Ask only for rows that match an expression; requires record-missing or diff
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// URL of the live Mantile
    #[arg(long, value_name = "URL", env = settings::API_URL, value_parser = parse_url)]
    pub api_url: String,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RecordMode {
    /// Ask for everything and replace the recording
    Record,
    /// Ask only for requests that are not recorded
    RecordMissing,
    /// Ask for everything that is recorded and show the answers that differ; writes nothing
    Diff,
}
