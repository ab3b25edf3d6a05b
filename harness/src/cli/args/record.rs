//! The arguments of `record`.

use super::shared::{Format, PatienceArgs, parse_day};
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
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// The release that answers, such as a commit; the API does not say
    #[arg(long)]
    pub release: String,
    /// When the release was made; adds it to the index of releases
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    pub made: Option<jiff::civil::Date>,
    /// What to do
    #[arg(long, value_enum, default_value_t = RecordMode::Record)]
    pub mode: RecordMode,
    /// Ask only for the rows that an expression picks; with record-missing or diff
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// The live Mantile
    #[arg(long, value_name = "URL", env = settings::API_URL)]
    pub api_url: String,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RecordMode {
    /// Ask for everything and replace the recording
    Record,
    /// Ask for what the recording lacks and keep the rest
    RecordMissing,
    /// Ask for everything recorded and show what differs; writes nothing
    Diff,
}
