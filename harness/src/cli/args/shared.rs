//! The arguments that several verbs share.

use crate::base::settings;
use crate::base::text::is_name;
use crate::mantile::ClientOptions;
use crate::mantile::client;
use crate::row::filter::Filter;
use crate::rules::names;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(in crate::cli) struct ServiceArgs {
    /// Ask a live Mantile instead of the recording
    #[arg(long, value_name = "URL", env = settings::API_URL, value_parser = parse_url)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub asking: AskingArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AskingArgs {
    /// The number of requests in flight
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

impl AskingArgs {
    pub(in crate::cli) fn concurrency(&self) -> usize {
        usize::from(self.concurrency)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PatienceArgs {
    /// Timeout of one try of a request, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Number of retries when a connection fails or the service is busy
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=10))]
    retries: u8,
}

impl PatienceArgs {
    pub(in crate::cli) fn options(&self) -> ClientOptions {
        ClientOptions {
            timeout: Duration::from_secs(self.timeout),
            retries: usize::from(self.retries),
            ..ClientOptions::default()
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For reading in a terminal
    Text,
    /// For a web page or a pull request
    Markdown,
    /// For a spreadsheet: one figure or finding per line
    Csv,
    /// For programs
    Json,
}

/// The rows that a verb works on: those of a file, or all rows of a model.
#[derive(Debug, Args)]
pub(in crate::cli) struct RowsArgs {
    /// Model folder name
    #[arg(long)]
    pub model: String,
    /// File with rows in the standard format [default: all rows of the model]
    #[arg(long, value_name = "CSV")]
    pub input: Option<PathBuf>,
    /// Source of the input file, by its name in reconcile.toml; required if the model has several sources.
    /// Without --input, only the rows of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

/// The selection of rows.
#[derive(Debug, Args)]
pub(in crate::cli) struct SelectArgs {
    /// Only rows that match an expression, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
}

/// Checks a `--api-url`, also when it comes from the environment.
pub(super) fn parse_url(text: &str) -> Result<String, String> {
    client::parse_url(text).map(|_| text.to_owned())
}

/// Checks a URL. A text without a colon is the name of a release.
pub(super) fn parse_url_or_release(text: &str) -> Result<String, String> {
    if text.contains(':') { parse_url(text) } else { Ok(text.to_owned()) }
}

pub(super) fn parse_name(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("use letters, digits and . _ - +".to_owned())
    }
}

pub(super) fn parse_also(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("write <name>=<file>")?;
    names::check_estimator(name)?;
    if file.is_empty() {
        Err("the file is missing after =".to_owned())
    } else {
        Ok((name.to_owned(), file.into()))
    }
}

pub(super) fn parse_day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "not a date; write 2026-01-28".to_owned())
}
