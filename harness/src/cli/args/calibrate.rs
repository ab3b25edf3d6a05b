//! The arguments of `calibrate`.

use super::shared::{Format, SelectArgs};
use crate::row::Identity;
use crate::rules::calibration::FitGroup;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mantile-reconcile calibrate --model openai_GPT-OSS-120B --explain
  mantile-reconcile calibrate --model openai_GPT-OSS-120B
  mantile-reconcile calibrate --model openai_GPT-OSS-120B --output hardware_configs
  mantile-reconcile calibrate --model openai_GPT-OSS-120B --where 'gpu_model = h200' --by gpu

The work of every layer is read from the recorded answers, so that no running Mantile is needed. The
details are written to target/reconcile/<model>/calibration.txt. With --output, it writes a hardware
configuration for each group whose held-out errors are significantly better, and into the model's
folder calibration.toml and two estimators with the held-out predictions. The exit code is 1 if no
group is better; then nothing is written.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CalibrateArgs {
    /// The model's folder name; repeat it to fit several models jointly [default: all]
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// The groups that get parameters of their own
    #[arg(long, value_enum, default_value_t = CalibrateBy::GpuFramework)]
    pub by: CalibrateBy,
    /// Diagnose the errors instead of fitting parameters
    #[arg(long, conflicts_with_all = ["output", "beyond_datasheet"])]
    pub explain: bool,
    /// Let compute and bandwidths be up to twice as fast as the datasheets say
    #[arg(long)]
    pub beyond_datasheet: bool,
    /// Write hardware configurations into this folder, and the calibration into the model's folder
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Print parameters, intervals and all held-out errors before the summary
    #[arg(long, short)]
    pub verbose: bool,
    /// The format of the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CalibrateBy {
    /// One group per GPU
    Gpu,
    /// One group per GPU and framework
    #[value(name = "gpu,framework")]
    GpuFramework,
}

impl CalibrateBy {
    /// The group of a row with this identity.
    pub(in crate::cli) fn group(self, row: &Identity) -> FitGroup {
        let framework = (self == Self::GpuFramework).then(|| row.framework.clone());
        FitGroup { gpu_model: row.gpu_model.clone(), framework }
    }
}
