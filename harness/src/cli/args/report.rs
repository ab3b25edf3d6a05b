//! The arguments of `report`.

use super::shared::Format;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile report
  mantile-reconcile report openai_GPT-OSS-120B
  mantile-reconcile report --check
  mantile-reconcile report --screenshots shots

A page is one HTML file that needs no network; index.html leads to all of them. `report` also regenerates
RECONCILIATION_SUMMARY.md in each model's folder: the findings in sentences and tables. Both come from the
recording of the accepted release. Notes between the summary's marks are kept.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ReportArgs {
    /// Model folder names [default: all]
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Folder for the pages [default: target/reconcile/pages]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Also write screenshots of the pages into this folder: light, dark and as wide as a phone.
    /// Needs an installed Chromium
    #[arg(long, value_name = "DIR")]
    pub screenshots: Option<PathBuf>,
    /// Write nothing; exit with 1 if a RECONCILIATION_SUMMARY.md is out of date
    #[arg(long, conflicts_with_all = ["output", "screenshots"])]
    pub check: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
