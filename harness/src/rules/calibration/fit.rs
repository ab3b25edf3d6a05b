//! The kinds of fits, and of proofs that they hold.

/// Which parameters a fit moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitMode {
    /// Mantile's own parameters.
    Alone,
    /// Mantile's own parameters and the serving terms.
    WithCorrection,
}

impl FitMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Alone, Self::WithCorrection];

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::WithCorrection => "with_correction",
        }
    }

    /// The name in tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::WithCorrection => "corrected",
        }
    }
}

/// The rows that a fit did not see, and on which its errors are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// None: the errors are in-sample.
    Nothing,
    /// Each workload (model, ISL, OSL, TP) in turn.
    Workload,
    /// Each context (ISL, OSL) in turn, over all widths.
    Context,
    /// Each model in turn.
    Model,
    /// All rows of this GPU: its parameters are transferred from other GPUs, as shares of the datasheet's peaks.
    Gpu,
    /// The newest rows by day, about a fifth; older rows of the same configurations are not fitted to either.
    Newest,
}

impl HeldOut {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "in_sample",
            Self::Workload => "workload_out",
            Self::Context => "context_out",
            Self::Model => "model_out",
            Self::Gpu => "gpu_out",
            Self::Newest => "newest_out",
        }
    }
}
