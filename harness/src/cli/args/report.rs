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

A page is one file that needs no network; index.html is over all of them. RECONCILIATION_SUMMARY.md
in the model's folder, what was found in sentences and tables, is made anew. Both are of the
recording of the accepted release; what stands between the summary's marks for notes is kept.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ReportArgs {
    /// Models, by their folders' names; all of them without
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Where the pages go [default: target/reconcile/pages]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Also take screenshots of the pages into this folder, light, dark and as wide as a phone, with a
    /// Chromium that is installed
    #[arg(long, value_name = "DIR")]
    pub screenshots: Option<PathBuf>,
    /// Write nothing; exit with 1 where a RECONCILIATION_SUMMARY.md is out of date
    #[arg(long, conflicts_with_all = ["output", "screenshots"])]
    pub check: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
