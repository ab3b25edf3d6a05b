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

The recorded answers tell the work of every layer, so that no Mantile is needed. With --output, a
hardware configuration for Mantile is written for each group whose held-out error improves, and into
the model's folder calibration.toml and the held-out predictions as two estimators. It exits with 1
when no group improves; then nothing is written.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CalibrateArgs {
    /// The model, by its folder's name; may be repeated, to be fitted jointly; all of them without
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<String>,
    #[command(flatten)]
    pub select: SelectArgs,
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
pub(in crate::cli) enum CalibrateBy {
    /// Each GPU
    Gpu,
    /// Each GPU under each framework
    #[value(name = "gpu,framework")]
    GpuFramework,
}

impl CalibrateBy {
    /// The group of a row of this identity.
    pub(in crate::cli) fn group(self, row: &Identity) -> FitGroup {
        let framework = (self == Self::GpuFramework).then(|| row.framework.clone());
        FitGroup { gpu_model: row.gpu_model.clone(), framework }
    }
}
