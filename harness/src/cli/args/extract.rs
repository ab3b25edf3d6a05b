//! The arguments of `extract`.

use super::shared::{Format, PatienceArgs, parse_day, parse_name, parse_url};
use crate::intake::source;
use crate::intake::source::GivenFacts;
use clap::Args;
use std::fmt::Write as _;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
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
limit is spent: what was fetched stays, and the same command goes on from there.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ExtractArgs {
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
pub(in crate::cli) struct FetchArgs {
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
    #[arg(long, value_name = "URL", default_value = "https://api.github.com", value_parser = parse_url)]
    pub github_api: String,
    /// Ask the InferenceX HTTP API for the newest result of each configuration
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "https://inferencex.semianalysis.com", value_parser = parse_url)]
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
pub(in crate::cli) struct GivenArgs {
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
    pub(in crate::cli) fn given(&self) -> GivenFacts {
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

fn parse_time(text: &str) -> Result<String, String> {
    let known =
        text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::Date>().is_ok();
    known
        .then(|| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not a time; write 2026-01-02T22:24:09Z or 2026-01-02"))
}

fn parse_run_date(text: &str) -> Result<(String, String), String> {
    let (id, time) = text.split_once('=').ok_or("not <run id>=<time>")?;
    let time: jiff::Timestamp =
        time.parse().map_err(|_| format!("`{time}` is not a time; write 2026-01-02T22:24:09Z"))?;
    Ok((id.to_owned(), time.to_string()))
}
