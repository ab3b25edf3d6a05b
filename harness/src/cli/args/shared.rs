//! The arguments that several verbs take.

use crate::base::settings;
use crate::base::text::is_name;
use crate::mantile::ClientOptions;
use crate::row::filter::Filter;
use crate::rules::names;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(in crate::cli) struct ServiceArgs {
    /// A live Mantile instead of the recording
    #[arg(long, value_name = "URL", env = settings::API_URL)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub asking: AskingArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AskingArgs {
    /// Requests under way at once
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
    /// Seconds for one try of a request
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Tries after the first when a connection fails or the service is busy
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
    /// For a terminal
    Text,
    /// For a page or a pull request
    Markdown,
    /// For a spreadsheet: a figure or a finding a line
    Csv,
    /// For programs
    Json,
}

/// Which rows: a file's, or all of a model's.
#[derive(Debug, Args)]
pub(in crate::cli) struct RowsArgs {
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// Rows in the standard format [default: all rows of the model]
    #[arg(long, value_name = "CSV")]
    pub input: Option<PathBuf>,
    /// The source of reconcile.toml that the input is of, where the model has several; without an input,
    /// only the rows of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

/// Which of the rows.
#[derive(Debug, Args)]
pub(in crate::cli) struct SelectArgs {
    /// Only the rows that an expression picks, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
}

pub(super) fn parse_name(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("use letters, digits and . _ - +".to_owned())
    }
}

pub(super) fn parse_also(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("not <name>=<file>")?;
    names::check_estimator(name)?;
    if file.is_empty() {
        Err("no file after the =".to_owned())
    } else {
        Ok((name.to_owned(), file.into()))
    }
}

pub(super) fn parse_day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "not a day; write 2026-01-28".to_owned())
}
