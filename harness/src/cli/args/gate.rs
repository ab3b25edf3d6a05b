//! The arguments of `gate`.

use super::shared::{AskingArgs, Format, parse_day, parse_url_or_release};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile gate --candidate http://localhost:8000
  mantile-reconcile gate --baseline 95eb60b --candidate 72ff84e --format markdown
  mantile-reconcile gate --candidate http://localhost:8000 --accept --release 72ff84e --made 2026-01-28
  mantile-reconcile gate --candidate http://localhost:8000 --junit gate.xml --annotations \\
      --summary \"$GITHUB_STEP_SUMMARY\"

Decisions: ok, improved and changed exit with 0. Regressed and broken block the release and exit
with 1, or with 3 if the candidate does not answer.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct GateArgs {
    /// Model folder name; may be repeated [default: all]
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    /// Recorded release to compare with [default: the accepted one]
    #[arg(long, value_name = "RELEASE")]
    pub baseline: Option<String>,
    /// A live Mantile service, or a recorded release
    #[arg(long, value_name = "URL|RELEASE", value_parser = parse_url_or_release)]
    pub candidate: String,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Also print tables of rows and groups, and what blocks
    #[arg(long, short)]
    pub verbose: bool,
    /// Also write a JUnit report with a test case per row
    #[arg(long, value_name = "XML")]
    pub junit: Option<PathBuf>,
    /// Also append the Markdown page to a file
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Accept the candidate: write its recording and snapshots, tighten bands and gates, and remove
    /// known deviations that no longer deviate; all of it or nothing
    #[arg(long)]
    pub accept: bool,
    /// Release name of a live candidate, such as its commit
    #[arg(long, value_name = "RELEASE", requires = "accept")]
    pub release: Option<String>,
    /// Day on which the candidate's release was made [default: today]
    #[arg(long, value_name = "DAY", value_parser = parse_day, requires = "accept")]
    pub made: Option<jiff::civil::Date>,
    /// Accept although rows left their bands or gates failed: replace bands and gates by new
    /// proposals, and write the reason into reconcile.toml
    #[arg(long, value_name = "REASON", requires = "accept")]
    pub loosen: Option<String>,
    /// Also print GitHub annotations at the lines of the bands
    #[arg(long)]
    pub annotations: bool,
    #[command(flatten)]
    pub asking: AskingArgs,
}

impl GateArgs {
    /// Whether the candidate is a live service rather than a recorded release.
    pub(in crate::cli) fn is_live(&self) -> bool {
        self.candidate.contains("://")
    }
}
