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

Decisions: ok, improved and changed exit 0; regressed and broken block with 1, and a candidate
that does not answer with 3.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct GateArgs {
    /// The model, by its folder's name; may be repeated; all of them without
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    /// The recorded release to hold it against [default: the accepted one]
    #[arg(long, value_name = "RELEASE")]
    pub baseline: Option<String>,
    /// A live Mantile, or a recorded release
    #[arg(long, value_name = "URL|RELEASE", value_parser = parse_url_or_release)]
    pub candidate: String,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Also write a JUnit report, a test case a row
    #[arg(long, value_name = "XML")]
    pub junit: Option<PathBuf>,
    /// Also append the Markdown summary to a file
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Make the candidate the accepted release: its recording, snapshots, tighter bands, no dead
    /// known deviations; all of it or nothing
    #[arg(long)]
    pub accept: bool,
    /// The name of a live candidate's release, such as its commit
    #[arg(long, value_name = "RELEASE", requires = "accept")]
    pub release: Option<String>,
    /// When the candidate's release was made [default: today]
    #[arg(long, value_name = "DAY", value_parser = parse_day, requires = "accept")]
    pub made: Option<jiff::civil::Date>,
    /// Accept although rows left their bands or gates are crossed; bands and gates are proposed
    /// anew, and the reason is written into reconcile.toml
    #[arg(long, value_name = "REASON", requires = "accept")]
    pub loosen: Option<String>,
    /// Also print GitHub annotations that point at the bands' lines
    #[arg(long)]
    pub annotations: bool,
    #[command(flatten)]
    pub asking: AskingArgs,
}
