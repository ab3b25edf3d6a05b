//! What can be said on the command line.

#![expect(clippy::doc_markdown, reason = "help is shown as it is written")]
#![allow(rustdoc::invalid_html_tags, reason = "help is shown as it is written")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::base::settings;
use crate::base::text::is_name;
use crate::intake::source::{self, GivenFacts};
use crate::mantile::ClientOptions;
use crate::row::Identity;
use crate::row::filter::Filter;
use crate::row::property::Field;
use crate::rules::calibration::FitGroup;
use crate::rules::names;

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
    #[command(after_help = "Examples:
  mantile-reconcile run
  mantile-reconcile run openai_GPT-OSS-120B --format json
  mantile-reconcile run openai_GPT-OSS-120B --also mine=other_estimator.csv
  mantile-reconcile run --api-url http://localhost:8000")]
    Run(RunArgs),
    /// Make result files of benchmarks into by_model/<model>/<source>.csv, with an account
    #[command(after_help = "Examples:
  mantile-reconcile extract --model openai_GPT-OSS-120B artifacts/ \\
      --run-date 20667906037=2026-01-02T22:24:09Z
  mantile-reconcile extract --model openai_GPT-OSS-120B --source own --add result.json \\
      --gpu h200 --framework vllm --precision fp4 --tensor-parallel 2
  mantile-reconcile extract --model openai_GPT-OSS-120B --from sglang runs.jsonl --output rows.csv \\
      --source own --gpu b200 --precision fp4 --tensor-parallel 4

  mantile-reconcile extract --model openai_GPT-OSS-120B --collect-recent 5
  mantile-reconcile extract --model openai_GPT-OSS-120B 20667906037 20786863188
  mantile-reconcile extract --model openai_GPT-OSS-120B --since 2026-06-01 --add
  mantile-reconcile extract --model openai_GPT-OSS-120B --api --output api_rows.csv

A result that is not taken is counted with its reason. What a file holds and an option says must
agree; what neither says is asked for.

Runs are fetched from GitHub with the token in GITHUB_TOKEN or GH_TOKEN (any will do for a public
repository), kept in the cache and not fetched again unless they changed. It exits with 2 when a
token, repository, run or archive is refused, and with 3 when the service does not answer or its rate
limit is spent: what was fetched stays, and the same command goes on from there.")]
    Extract(Box<ExtractArgs>),
    /// Check measured rows against physics and each other
    #[command(after_help = "Examples:
  mantile-reconcile audit --model openai_GPT-OSS-120B
  mantile-reconcile audit --model openai_GPT-OSS-120B --where 'gpu_model = gb200' --format json
  mantile-reconcile audit --model openai_GPT-OSS-120B --source inferencemax new_rows.csv
  mantile-reconcile audit --model openai_GPT-OSS-120B --mean-length-ratio 1 theirs.csv \\
      --api-url http://localhost:8000

FILE holds rows in the standard format that are not in the model's folder yet: they are held
against those that are. With --api-url, Mantile is asked for those of their configurations that are
not recorded: for the bounds of the hardware, and as the yardstick where no row has the same
configuration. It exits with 1 when a finding is an error that is not accepted: the row cannot be
what it says.")]
    Audit(AuditArgs),
    /// Pick rows by an expression
    #[command(after_help = "Examples:
  mantile-reconcile filter --model openai_GPT-OSS-120B --where 'gpu_model = b200' --output b200.csv
  mantile-reconcile filter --model openai_GPT-OSS-120B --source inferencex \\
      --where 'benchmark_date >= 2026-02-01'
  mantile-reconcile filter --model openai_GPT-OSS-120B \\
      --where 'tensor_parallel >= 2 and framework in (vllm, trt) and not context = 8192*'

The rows are written in the standard format: the required columns and those that any picked row fills,
without the source's extra_columns; where they are of several sources, with a column provider.

Fields are gpu_model, framework, precision, tensor_parallel, expert_parallel, context, concurrency,
dp_attention, disagg, provider, input_seq_len, output_seq_len, gpus, spec_decoding, is_multinode,
run_id, benchmark_date, image, and the measured throughput, output_throughput, ttft, tpot and
e2e_latency. Operators are =, !=, <, <=, >, >=, in (…), not in (…), and, or, not and parentheses;
* and ? are wildcards.")]
    Filter(FilterArgs),
    /// Predict rows: writes mantile_predictions.csv, and takes up where it was cut off
    #[command(after_help = "Examples:
  mantile-reconcile estimate --model openai_GPT-OSS-120B
  mantile-reconcile estimate --model openai_GPT-OSS-120B --api-url http://localhost:8000 \\
      --input my_rows.csv --output my_predictions.csv")]
    Estimate(EstimateArgs),
    /// Hold predictions against measurements: comparison_report.csv and summaries
    #[command(after_help = "Examples:
  mantile-reconcile compare --model openai_GPT-OSS-120B --predictions my_predictions.csv
  mantile-reconcile compare --model openai_GPT-OSS-120B --also mine=other_estimator.csv

A file of --also has the first eight columns of the standard format, whichever complete the identity,
any of predicted_ttft_sec, predicted_tpot_sec, predicted_e2e_latency_sec, predicted_throughput_per_gpu
and predicted_output_throughput_per_gpu, and may have status, provider and mode. E2E and throughput
that it lacks are derived.")]
    Compare(CompareArgs),
    /// Record a live Mantile's answers, or hold them against the recording
    #[command(after_help = "Examples:
  mantile-reconcile record --model openai_GPT-OSS-120B --release 72ff84e --api-url http://localhost:8000
  mantile-reconcile record --model openai_GPT-OSS-120B --release 72ff84e --mode diff \\
      --api-url http://localhost:8000")]
    Record(RecordArgs),
    /// Serve a recording as a stand-in Mantile on the loopback interface
    #[command(after_help = "Example:
  mantile-reconcile serve --model openai_GPT-OSS-120B --port 8000")]
    Serve(ServeArgs),
    /// Hold a candidate release against the accepted one and against measurement
    #[command(after_help = "Examples:
  mantile-reconcile gate --candidate http://localhost:8000
  mantile-reconcile gate --baseline 95eb60b --candidate 72ff84e --format markdown
  mantile-reconcile gate --candidate http://localhost:8000 --accept --release 72ff84e --made 2026-01-28
  mantile-reconcile gate --candidate http://localhost:8000 --junit gate.xml --annotations \\
      --summary \"$GITHUB_STEP_SUMMARY\"

Decisions: ok, improved and changed exit 0; regressed and broken block with 1, and a candidate
that does not answer with 3.")]
    Gate(GateArgs),
    /// Show the error of each recorded release, by metric and GPU
    #[command(after_help = "Examples:
  mantile-reconcile history
  mantile-reconcile history --model openai_GPT-OSS-120B --format json")]
    History(HistoryArgs),
    /// Show everything about one row: request, times by layer, measurement, neighbours, bands
    #[command(after_help = "Examples:
  mantile-reconcile explain openai_GPT-OSS-120B::inferencemax::b200::trt::fp4::1024x1024::tp8_ep1::c4
  mantile-reconcile explain --against 95eb60b \\
      openai_GPT-OSS-120B::inferencemax::b200::trt::fp4::1024x1024::tp8_ep1::c4")]
    Explain(ExplainArgs),
    /// Make a new model's folder, filled from a live Mantile
    #[command(after_help = "Example:
  mantile-reconcile init-model meta-llama_Llama-3.3-70B-Instruct --api-url http://localhost:8000")]
    InitModel(InitModelArgs),
    /// Propose bands and gates from the data; write them with --accept
    #[command(after_help = "Examples:
  mantile-reconcile bands --model openai_GPT-OSS-120B
  mantile-reconcile bands --model openai_GPT-OSS-120B --alpha 0.1 --by gpu_model,framework --accept
  mantile-reconcile bands --model openai_GPT-OSS-120B --deviations
  mantile-reconcile bands --model openai_GPT-OSS-120B --format csv")]
    Bands(BandsArgs),
    /// Write an HTML page a model, and what was found into its folder
    #[command(after_help = "Examples:
  mantile-reconcile report
  mantile-reconcile report openai_GPT-OSS-120B
  mantile-reconcile report --check
  mantile-reconcile report --screenshots shots

A page is one file that needs no network; index.html is over all of them. RECONCILIATION_SUMMARY.md
in the model's folder, what was found in sentences and tables, is made anew. Both are of the
recording of the accepted release; what stands between the summary's marks for notes is kept.")]
    Report(ReportArgs),
    /// Fit Mantile's hardware parameters to the measurements, with held-out proof
    #[command(after_help = "Examples:
  mantile-reconcile calibrate --model openai_GPT-OSS-120B --explain
  mantile-reconcile calibrate --model openai_GPT-OSS-120B
  mantile-reconcile calibrate --model openai_GPT-OSS-120B --output hardware_configs
  mantile-reconcile calibrate --model openai_GPT-OSS-120B --where 'gpu_model = h200' --by gpu

The recorded answers tell the work of every layer, so that no Mantile is needed. With --output, a
hardware configuration for Mantile is written for each group whose held-out error improves, and into
the model's folder calibration.toml and the held-out predictions as two estimators. It exits with 1
when no group improves; then nothing is written.")]
    Calibrate(CalibrateArgs),
}

#[derive(Debug, Args)]
pub(super) struct ServiceArgs {
    /// A live Mantile instead of the recording
    #[arg(long, value_name = "URL", env = settings::API_URL)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub asking: AskingArgs,
}

#[derive(Debug, Args)]
pub(super) struct AskingArgs {
    /// Requests under way at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

impl AskingArgs {
    pub(super) fn concurrency(&self) -> usize {
        usize::from(self.concurrency)
    }
}

#[derive(Debug, Args)]
pub(super) struct PatienceArgs {
    /// Seconds for one try of a request
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Tries after the first when a connection fails or the service is busy
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=10))]
    retries: u8,
}

impl PatienceArgs {
    pub(super) fn options(&self) -> ClientOptions {
        ClientOptions {
            timeout: Duration::from_secs(self.timeout),
            retries: usize::from(self.retries),
            ..ClientOptions::default()
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal
    Text,
    /// For a page or a pull request
    Markdown,
    /// For a spreadsheet: a figure or a finding a line
    Csv,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Models, by their folders' names; all of them without
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Only the rows that an expression picks, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// Also set another estimator's predictions beside; may be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_also)]
    pub also: Vec<(String, PathBuf)>,
    /// Where the reports go, a folder a model [default: target/reconcile]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub service: ServiceArgs,
}

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// Result files, or folders of them (a run's id is that of its folder, run_<id>); or ids of runs to
    /// fetch: all digits is an id, a file of such a name is written ./123
    #[arg(value_name = "PATH|RUN_ID", required_unless_present_any = ["recent", "since", "api"])]
    pub inputs: Vec<PathBuf>,
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// What the files are of; found out by their content without
    #[arg(long, value_name = "FORMAT", long_help = formats_help())]
    pub from: Option<String>,
    /// The source of reconcile.toml that the rows are for
    /// [default: the only one, or inferencemax]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Where the rows go [default: the source's file in the model's folder]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// Keep the rows that are in the output, and add to them
    #[arg(long)]
    pub add: bool,
    /// When a run was made, for the artifacts do not say; may be repeated
    #[arg(long = "run-date", value_name = "ID=TIME", value_parser = parse_run_date)]
    pub run_dates: Vec<(String, String)>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub fetch: FetchArgs,
    #[command(flatten)]
    pub given: GivenArgs,
}

/// What is fetched, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fetching")]
pub(super) struct FetchArgs {
    /// Fetch the workflow's newest N successful runs that have results
    #[arg(long = "collect-recent", id = "recent", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub recent: Option<u16>,
    /// Fetch the workflow's successful runs since a day or time
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    pub since: Option<jiff::Timestamp>,
    /// The repository whose workflow ran
    #[arg(long, value_name = "OWNER/NAME", default_value = "SemiAnalysisAI/InferenceX", value_parser = parse_repository)]
    pub repository: String,
    /// The workflow's file name
    #[arg(long, value_name = "FILE", default_value = "run-sweep.yml", value_parser = parse_part)]
    pub workflow: String,
    /// GitHub's API, or that of a GitHub Enterprise Server
    #[arg(long, value_name = "URL", default_value = "https://api.github.com")]
    pub github_api: String,
    /// Ask the InferenceX HTTP API for the newest result of each configuration
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "https://inferencex.semianalysis.com")]
    pub api: Option<String>,
    /// The model's display name there, such as gpt-oss-120b [default: the source's api_model]
    #[arg(long, value_name = "NAME", requires = "api", value_parser = parse_name)]
    pub api_model: Option<String>,
    /// Its results as of this day
    #[arg(long, value_name = "DAY", requires = "api", value_parser = parse_day)]
    pub api_date: Option<jiff::civil::Date>,
    /// Where what is fetched is kept [default: target/reconcile/cache]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Take it from the cache and ask nobody
    #[arg(long)]
    pub offline: bool,
    /// The longest wait for a rate limit, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub max_wait: u64,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

fn parse_since(text: &str) -> Result<jiff::Timestamp, String> {
    let day = || text.parse::<jiff::civil::Date>().ok();
    let begin =
        |day: jiff::civil::Date| jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    let time = text.parse().ok().or_else(|| day().and_then(begin));
    time.ok_or_else(|| "not a day or a time; write 2026-06-01 or 2026-06-01T12:00:00Z".to_owned())
}

/// A part of a path, which is no way up.
fn parse_part(text: &str) -> Result<String, String> {
    parse_name(text).and_then(|name| match name.as_str() {
        "." | ".." => Err("that is no name".to_owned()),
        _ => Ok(name),
    })
}

fn parse_repository(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        Some((owner, name)) if parse_part(owner).is_ok() && parse_part(name).is_ok() => {
            Ok(text.to_owned())
        }
        _ => Err("write it as owner/name".to_owned()),
    }
}

fn formats_help() -> String {
    let mut text = String::from("What the files are of; found out by their content without:\n");
    for source in source::SOURCES {
        let _ = write!(text, "\n  {:<15} {}", source.name(), source.about());
        if !source.aliases().is_empty() {
            let _ = write!(text, "; or {}", source.aliases().join(", "));
        }
    }
    text
}

/// What a result file may not hold.
#[derive(Debug, Args)]
#[command(next_help_heading = "What the files do not hold")]
pub(super) struct GivenArgs {
    /// The GPU model, such as h200
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    gpu: Option<String>,
    /// The serving engine, such as vllm
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    framework: Option<String>,
    /// The precision of the weights: fp4, fp8, bf16 …
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    precision: Option<String>,
    /// GPUs that share each layer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16384))]
    tensor_parallel: Option<u32>,
    /// Of those, how many ways the experts are spread
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16384))]
    expert_parallel: Option<u32>,
    /// Attention is data-parallel
    #[arg(long)]
    dp_attention: bool,
    /// Nominal input length, tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16777216))]
    input_seq_len: Option<u32>,
    /// Nominal output length, tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16777216))]
    output_seq_len: Option<u32>,
    /// Requests in flight
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1048576))]
    concurrency: Option<u32>,
    /// When it was measured, such as 2026-06-01
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    date: Option<String>,
    /// The container image that served
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// The run's name [default: its folder's id, or the file's name]
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
}

impl GivenArgs {
    pub(super) fn given(&self) -> GivenFacts {
        GivenFacts {
            gpu: self.gpu.clone(),
            framework: self.framework.clone(),
            precision: self.precision.clone(),
            tensor_parallel: self.tensor_parallel,
            expert_parallel: self.expert_parallel,
            dp_attention: self.dp_attention.then_some(true),
            input_seq_len: self.input_seq_len,
            output_seq_len: self.output_seq_len,
            concurrency: self.concurrency,
            date: self.date.clone(),
            image: self.image.clone(),
            run_id: self.run_id.clone(),
            ..GivenFacts::default()
        }
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("use letters, digits and . _ - +".to_owned())
    }
}

fn parse_time(text: &str) -> Result<String, String> {
    let known =
        text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::Date>().is_ok();
    known
        .then(|| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not a time; write 2026-01-02T22:24:09Z or 2026-01-02"))
}

fn parse_also(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("not <name>=<file>")?;
    names::check_estimator(name)?;
    if file.is_empty() {
        Err("no file after the =".to_owned())
    } else {
        Ok((name.to_owned(), file.into()))
    }
}

fn parse_run_date(text: &str) -> Result<(String, String), String> {
    let (id, time) = text.split_once('=').ok_or("not <run id>=<time>")?;
    let time: jiff::Timestamp =
        time.parse().map_err(|_| format!("`{time}` is not a time; write 2026-01-02T22:24:09Z"))?;
    Ok((id.to_owned(), time.to_string()))
}

/// Which rows: a file's, or all of a model's.
#[derive(Debug, Args)]
pub(super) struct RowsArgs {
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

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// Rows in the standard format to hold against the model's [default: the model's own]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// The source of reconcile.toml that the files are like, where the model has several
    #[arg(long, value_name = "NAME", requires = "files")]
    pub source: Option<String>,
    /// Mean over nominal length in the files [default: that of the source]
    #[arg(long, value_name = "RATIO", value_parser = parse_length_ratio, requires = "files")]
    pub mean_length_ratio: Option<f64>,
    /// Only the rows that an expression picks, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// Show all findings, not a few of each kind
    #[arg(long)]
    pub all: bool,
    /// How the findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// A live Mantile to ask for configurations that are not recorded
    #[arg(long, value_name = "URL", env = settings::API_URL)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

fn parse_length_ratio(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|ratio| *ratio > 0.0 && *ratio <= 1.0)
        .ok_or_else(|| "not above 0 and at most 1".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    #[command(flatten)]
    pub rows: RowsArgs,
    /// The expression
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Filter,
    /// Where the rows go [default: stdout]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// How the rows are printed; with --output they are written as CSV, and this is not
    #[arg(long, value_enum, default_value_t = Format::Csv, conflicts_with = "output")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct EstimateArgs {
    #[command(flatten)]
    pub rows: RowsArgs,
    /// Only the rows that an expression picks, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// Where the predictions go [default: target/reconcile/<model>/mantile_predictions.csv]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// Ask for every row again instead of taking up where a run was cut off
    #[arg(long)]
    pub no_resume: bool,
    /// Ask a live Mantile the naive way instead, for an estimator to set beside [default output:
    /// naive_conversion.csv in the model's folder]
    #[arg(long, requires = "api_url", conflicts_with = "no_resume")]
    pub naive: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub service: ServiceArgs,
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// Measured rows in the standard format [default: all rows of the model]
    #[arg(long, value_name = "CSV")]
    pub actuals: Option<PathBuf>,
    /// The source of reconcile.toml that the actuals are of, where the model has several; without
    /// actuals, only the rows of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Only the rows that an expression picks, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// Predictions, as `estimate` writes them [default: target/reconcile/<model>/mantile_predictions.csv]
    #[arg(long, value_name = "CSV")]
    pub predictions: Option<PathBuf>,
    /// Also set another estimator's predictions beside; may be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_also)]
    pub also: Vec<(String, PathBuf)>,
    /// Where the report goes, the summaries beside it [default: target/reconcile/<model>/comparison_report.csv]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RecordMode {
    /// Ask for everything and replace the recording
    Record,
    /// Ask for what the recording lacks and keep the rest
    RecordMissing,
    /// Ask for everything recorded and show what differs; writes nothing
    Diff,
}

#[derive(Debug, Args)]
pub(super) struct RecordArgs {
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

fn parse_day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "not a day; write 2026-01-28".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// The recorded release [default: the accepted one]
    #[arg(long)]
    pub release: Option<String>,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
}

#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// The model, by its folder's name; may be repeated; all of them without
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    /// The recorded release to hold it against [default: the accepted one]
    #[arg(long, value_name = "RELEASE")]
    pub baseline: Option<String>,
    /// A live Mantile, or a recorded release
    #[arg(long, value_name = "URL|RELEASE")]
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

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The model, by its folder's name; may be repeated; all of them without
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    /// Only the rows that an expression picks, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The row, by its test's name
    #[arg(value_name = "MODEL::ROW")]
    pub row: String,
    /// Another recorded release to set the accepted one's times against
    #[arg(long, value_name = "RELEASE")]
    pub against: Option<String>,
    /// A live Mantile instead of the accepted release's recording
    #[arg(long, value_name = "URL", env = settings::API_URL)]
    pub api_url: Option<String>,
    #[command(flatten)]
    pub patience: PatienceArgs,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct InitModelArgs {
    /// The model, by its id in Mantile's /models
    #[arg(value_name = "ID", value_parser = parse_name)]
    pub model: String,
    /// The source that its rows will be of
    #[arg(long, value_name = "NAME", default_value = "inferencemax", value_parser = parse_name)]
    pub source: String,
    /// The live Mantile
    #[arg(long, value_name = "URL", env = settings::API_URL)]
    pub api_url: String,
    #[command(flatten)]
    pub patience: PatienceArgs,
}

#[derive(Debug, Args)]
pub(super) struct BandsArgs {
    /// The model, by its folder's name
    #[arg(long)]
    pub model: String,
    /// The share of rows that a band may leave out [default: band_rule.alpha of reconcile.toml]
    #[arg(long, value_parser = parse_alpha)]
    pub alpha: Option<f64>,
    /// The fields that make the groups, coarsest first [default: band_rule.by of reconcile.toml]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = parse_field)]
    pub by: Option<Vec<Field>>,
    /// Write the proposal into reconcile.toml
    #[arg(long)]
    pub accept: bool,
    /// Instead, print an entry for known_deviations.toml for each row outside its written band
    #[arg(long, conflicts_with_all = ["accept", "format"])]
    pub deviations: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub service: ServiceArgs,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
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

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// The model, by its folder's name; may be repeated, to be fitted jointly; all of them without
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    /// Only the rows that an expression picks, such as 'gpu_model = b200 and concurrency >= 32'
    #[arg(long = "where", value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// What gets parameters of its own
    #[arg(long, value_enum, default_value_t = CalibrateBy::GpuFramework)]
    pub by: CalibrateBy,
    /// Take the error apart instead of fitting it away
    #[arg(long, conflicts_with_all = ["output", "beyond_datasheet"])]
    pub explain: bool,
    /// Let compute and bandwidths be up to twice as fast as the datasheets say
    #[arg(long)]
    pub beyond_datasheet: bool,
    /// Write hardware configurations into this folder, and what they are into the model's
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CalibrateBy {
    /// Each GPU
    Gpu,
    /// Each GPU under each framework
    #[value(name = "gpu,framework")]
    GpuFramework,
}

impl CalibrateBy {
    /// The group of a row of this identity.
    pub(super) fn group(self, row: &Identity) -> FitGroup {
        let framework = (self == Self::GpuFramework).then(|| row.framework.clone());
        FitGroup { gpu_model: row.gpu_model.clone(), framework }
    }
}

fn parse_alpha(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|alpha| (0.001..=0.5).contains(alpha))
        .ok_or_else(|| "not from 0.001 to 0.5".to_owned())
}

fn parse_field(text: &str) -> Result<Field, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}
