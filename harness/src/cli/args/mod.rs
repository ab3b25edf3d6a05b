//! The command line as it is parsed: the verbs and their arguments, a file a verb.

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
  0  done, and everything inside its bands and gates
  1  done, and a row, a gate or a check failed
  2  bad input or usage, or an output that cannot be written
  3  Mantile, its recording or a service that rows are fetched from did not answer

Without --api-url, predictions come from the recordings in fixtures/.";

/// Holds Mantile's LLM performance predictions against public benchmark measurements.
#[derive(Debug, Parser)]
#[command(name = "mantile-reconcile", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(super) struct Arguments {
    /// The folder that holds by_model/ and fixtures/
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = settings::ROOT)]
    pub root: PathBuf,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Reconcile models: rows, predictions, comparison, verdict, reports
    Run(RunArgs),
    /// Make result files of benchmarks into by_model/<model>/<source>.csv, with an account
    Extract(Box<ExtractArgs>),
    /// Check measured rows against physics and each other
    Audit(AuditArgs),
    /// Pick rows by an expression
    Filter(FilterArgs),
    /// Predict rows: writes mantile_predictions.csv, and takes up where it was cut off
    Estimate(EstimateArgs),
    /// Hold predictions against measurements: comparison_report.csv and summaries
    Compare(CompareArgs),
    /// Record a live Mantile's answers, or hold them against the recording
    Record(RecordArgs),
    /// Serve a recording as a stand-in Mantile on the loopback interface
    Serve(ServeArgs),
    /// Hold a candidate release against the accepted one and against measurement
    Gate(GateArgs),
    /// Show the error of each recorded release, by metric and GPU
    History(HistoryArgs),
    /// Show everything about one row: request, times by layer, measurement, neighbours, bands
    Explain(ExplainArgs),
    /// Make a new model's folder, filled from a live Mantile
    InitModel(InitModelArgs),
    /// Propose bands and gates from the data; write them with --accept
    Bands(BandsArgs),
    /// Write an HTML page a model, and what was found into its folder
    Report(ReportArgs),
    /// Fit Mantile's hardware parameters to the measurements, with held-out proof
    Calibrate(CalibrateArgs),
}
