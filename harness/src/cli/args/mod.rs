//! The command line as it is parsed: the verbs and their arguments, one file per verb.

#![expect(clippy::doc_markdown, reason = "help is shown as it is written")]
#![allow(rustdoc::invalid_html_tags, reason = "help is shown as it is written")]
mod audit;
mod bands;
mod calibrate;
mod compare;
mod estimate;
mod explain;
mod extract;
mod filter;
mod gate;
mod history;
mod init_model;
mod record;
mod report;
mod run;
mod serve;
mod shared;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::base::settings;

pub(super) use audit::AuditArgs;
pub(super) use bands::BandsArgs;
pub(super) use calibrate::{CalibrateArgs, CalibrateBy};
pub(super) use compare::CompareArgs;
pub(super) use estimate::EstimateArgs;
pub(super) use explain::ExplainArgs;
pub(super) use extract::{ExtractArgs, FetchArgs};
pub(super) use filter::FilterArgs;
pub(super) use gate::GateArgs;
pub(super) use history::HistoryArgs;
pub(super) use init_model::InitModelArgs;
pub(super) use record::{RecordArgs, RecordMode};
pub(super) use report::ReportArgs;
pub(super) use run::RunArgs;
pub(super) use serve::ServeArgs;
pub(super) use shared::{Format, RowsArgs, ServiceArgs};

const AFTER_HELP: &str = "\
Exit codes:
  0  success: everything is within its bands and gates
  1  the work was done, but a row, a gate or a check failed
  2  the input or the command line is invalid, or an output cannot be written
  3  Mantile, its recording, or a service that rows are fetched from did not answer

Without --api-url, predictions come from the recordings in fixtures/.";

/// Compares Mantile's predictions of LLM inference performance with public benchmark measurements.
#[derive(Debug, Parser)]
#[command(name = "mantile-reconcile", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(super) struct Arguments {
    /// Folder that contains by_model/ and fixtures/
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = settings::ROOT)]
    pub root: PathBuf,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Reconcile models: predict their rows, compare, judge, and write reports
    Run(RunArgs),
    /// Convert benchmark results to by_model/<model>/<source>.csv, with an account of them
    Extract(Box<ExtractArgs>),
    /// Check measured rows against physics and against each other
    Audit(AuditArgs),
    /// Select rows with an expression
    Filter(FilterArgs),
    /// Predict rows into mantile_predictions.csv, resuming where an earlier run stopped
    Estimate(EstimateArgs),
    /// Compare predictions with measurements
    Compare(CompareArgs),
    /// Record the answers of a live Mantile, or compare them with the recording
    Record(RecordArgs),
    /// Serve a recording on the loopback interface, as a stand-in for Mantile
    Serve(ServeArgs),
    /// Compare a candidate release with the accepted one and with the measurements
    Gate(GateArgs),
    /// Show the errors of each recorded release by metric and GPU
    History(HistoryArgs),
    /// Explain one row: its request, layer times, measurement, neighbours and bands
    Explain(ExplainArgs),
    /// Create the folder of a new model, filled in by asking a live Mantile
    InitModel(InitModelArgs),
    /// Propose bands and gates from the data, and write them with --accept
    Bands(BandsArgs),
    /// Write an HTML page for each model, and a summary into its folder
    Report(ReportArgs),
    /// Fit Mantile's hardware parameters to the measurements, and test them on held-out rows
    Calibrate(CalibrateArgs),
}
