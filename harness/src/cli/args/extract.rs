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

A result that is not taken is counted under its reason. An option must not contradict the file; an
error names the options that give what the file lacks.

Runs are fetched from GitHub with the token in GITHUB_TOKEN or GH_TOKEN (any token will do for a
public repository), kept in the cache, and fetched again only when they changed. The exit code is 2
when a token, repository, run or archive is refused, and 3 when the service does not answer or its
rate limit is spent. Fetched runs stay in the cache, and the same command continues from there.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ExtractArgs {
    /// Result files, folders with result files (a folder run_<id> gives its files the id of a run), or ids of
    /// runs to fetch. All digits is an id; write a file of such a name as ./123
    #[arg(value_name = "PATH|RUN_ID", required_unless_present_any = ["recent", "since", "api"])]
    pub inputs: Vec<PathBuf>,
    /// The name of the model's folder
    #[arg(long)]
    pub model: String,
    /// The format of the files [default: detected from content]
    #[arg(long, value_name = "FORMAT", long_help = formats_help())]
    pub from: Option<String>,
    /// The source in reconcile.toml that the rows belong to
    /// [default: the only one, or inferencemax]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The file to write the rows to [default: the source's file in the model's folder]
    #[arg(long, value_name = "CSV")]
    pub output: Option<PathBuf>,
    /// Keep the rows of the output file and add to them
    #[arg(long)]
    pub add: bool,
    /// The time of a run, which artifacts do not hold; may be repeated
    #[arg(long = "run-date", value_name = "ID=TIME", value_parser = parse_run_date)]
    pub run_dates: Vec<(String, String)>,
    /// List every reason, key, GPU and remark
    #[arg(long, short)]
    pub verbose: bool,
    /// How the account is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub fetch: FetchArgs,
    #[command(flatten)]
    pub given: GivenArgs,
}

/// The runs and answers to fetch, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fetching")]
pub(in crate::cli) struct FetchArgs {
    /// Fetch the workflow's newest N successful runs that have results
    #[arg(long = "collect-recent", id = "recent", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub recent: Option<u16>,
    /// Fetch the workflow's successful runs since a day or time
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    pub since: Option<jiff::Timestamp>,
    /// The repository of the workflow
    #[arg(long, value_name = "OWNER/NAME", default_value = "SemiAnalysisAI/InferenceX", value_parser = parse_repository)]
    pub repository: String,
    /// The workflow's file name
    #[arg(long, value_name = "FILE", default_value = "run-sweep.yml", value_parser = parse_part)]
    pub workflow: String,
    /// The URL of GitHub's API, or of that of a GitHub Enterprise Server
    #[arg(long, value_name = "URL", default_value = "https://api.github.com", value_parser = parse_url)]
    pub github_api: String,
    /// Ask the InferenceX HTTP API for the newest result of each configuration
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "https://inferencex.semianalysis.com", value_parser = parse_url)]
    pub api: Option<String>,
    /// The model's display name in that API, such as gpt-oss-120b [default: the source's api_model]
    #[arg(long, value_name = "NAME", requires = "api", value_parser = parse_name)]
    pub api_model: Option<String>,
    /// Ask for the newest results as of this day
    #[arg(long, value_name = "DAY", requires = "api", value_parser = parse_day)]
    pub api_date: Option<jiff::civil::Date>,
    /// The folder that keeps what is fetched [default: target/reconcile/cache]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Use only the cache, without the network
    #[arg(long)]
    pub offline: bool,
    /// The longest wait for a rate limit, in seconds
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

/// A part of a path that does not lead out of its folder.
fn parse_part(text: &str) -> Result<String, String> {
    parse_name(text).and_then(|name| match name.as_str() {
        "." | ".." => Err("this is not a name".to_owned()),
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
    let mut text =
        String::from("The format of the files. By default it is detected from their content.\n");
    for source in source::SOURCES {
        let _ = write!(text, "\n  {:<15} {}", source.name(), source.about());
        if !source.aliases().is_empty() {
            let _ = write!(text, "; or {}", source.aliases().join(", "));
        }
    }
    text
}

/// The facts that a result file may not hold.
#[derive(Debug, Args)]
#[command(next_help_heading = "Facts that the files do not hold")]
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
    /// The number of GPUs that share each layer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16384))]
    tensor_parallel: Option<u32>,
    /// The number of groups among these GPUs that the experts are spread over
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16384))]
    expert_parallel: Option<u32>,
    /// Attention is data-parallel
    #[arg(long)]
    dp_attention: bool,
    /// The nominal input length in tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16777216))]
    input_seq_len: Option<u32>,
    /// The nominal output length in tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16777216))]
    output_seq_len: Option<u32>,
    /// The number of requests in flight
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1048576))]
    concurrency: Option<u32>,
    /// The date of the measurement, such as 2026-06-01
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    date: Option<String>,
    /// The container image of the server
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// The id of the run [default: that of its folder, or the file's name]
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
    let known = crate::base::day::is_date(text);
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
