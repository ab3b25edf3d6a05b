//! The checks that the audit makes, by name, and the findings of it that a model's files accept.

use serde::Serialize;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditCheck {
    /// TTFT and TPOT make up E2E.
    E2eIdentity,
    /// Requests in flight are the concurrency.
    LittlesLaw,
    /// Input and output rates are as the lengths.
    TokenRatio,
    /// A high percentile is not below the mean.
    P99AboveMean,
    /// Outputs are as long as the source says.
    EffectiveLength,
    /// The hardware can be this fast.
    FasterThanHardware,
    /// A set of rows is as fast as others like it.
    Peers,
    /// More requests are not faster.
    CurveFall,
    /// A row lies on the line of its neighbours.
    CurveOutlier,
    /// Repeated measurements agree.
    Spread,
    /// Two sources agree on a configuration.
    Duplicate,
    /// Two configurations did not measure the very same.
    Copied,
    /// All metrics are published.
    MissingMetrics,
}

impl AuditCheck {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 13] = [
        Self::FasterThanHardware,
        Self::E2eIdentity,
        Self::LittlesLaw,
        Self::TokenRatio,
        Self::P99AboveMean,
        Self::EffectiveLength,
        Self::Peers,
        Self::CurveOutlier,
        Self::CurveFall,
        Self::Spread,
        Self::Duplicate,
        Self::Copied,
        Self::MissingMetrics,
    ];

    /// The name in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::E2eIdentity => "e2e_identity",
            Self::LittlesLaw => "littles_law",
            Self::TokenRatio => "token_ratio",
            Self::P99AboveMean => "p99_above_mean",
            Self::EffectiveLength => "effective_length",
            Self::FasterThanHardware => "faster_than_hardware",
            Self::Peers => "peers",
            Self::CurveFall => "curve_fall",
            Self::CurveOutlier => "curve_outlier",
            Self::Spread => "spread",
            Self::Duplicate => "duplicate",
            Self::Copied => "copied",
            Self::MissingMetrics => "missing_metrics",
        }
    }

    /// The check of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.name() == name)
    }

    /// What is checked and what a finding means, for people.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::E2eIdentity => {
                "A request takes its first token and then a TPOT for each further one: \
                 TTFT + TPOT x (O - 1) is E2E, for mean outputs of O tokens. Else a unit, a column \
                 or the mean length is wrong."
            }
            Self::LittlesLaw => {
                "Requests in flight are their rate times their time in the system (Little 1961), so \
                 output throughput x GPUs x E2E / O is the concurrency. Else the GPUs, the \
                 concurrency or the throughput are of another run."
            }
            Self::TokenRatio => {
                "Input over output throughput is ISL over OSL. Else the lengths are of another run, or \
                 the throughput counts other tokens."
            }
            Self::P99AboveMean => {
                "A 99th percentile below the mean is impossible in practice: columns are swapped."
            }
            Self::EffectiveLength => {
                "((E2E - TTFT) / TPOT + 1) / OSL is how much of the nominal output was made: of a file \
                 the mean_length_ratio in reconcile.toml, of a row what it is in its file."
            }
            Self::FasterThanHardware => {
                "A decode step reads the weights and the KV cache at no more than peak memory \
                 bandwidth, and a token costs its FLOPs at no more than the peak. A row below that is \
                 not what it says: its GPUs, precision, lengths or concurrency are others."
            }
            Self::Peers => {
                "A set of rows (a source's of one GPU, engine and precision, or of one day) against \
                 others of the same configurations, by the median of paired ratios with its 90% \
                 interval. Slower throughout means another setup, clock or software than the label."
            }
            Self::CurveFall => {
                "With more requests in flight a token does not come sooner, and a GPU that is not yet \
                 saturated does not serve fewer tokens."
            }
            Self::CurveOutlier => {
                "A row that lies off the line through its two neighbours on the concurrency curve, on \
                 log scales, where no bend of the curve can explain it."
            }
            Self::Spread => {
                "The same configuration was measured more than once on one image, and came out \
                 farther apart than is usual. No band of the row is tighter than that."
            }
            Self::Duplicate => {
                "Two sources have the same configuration and differ by more than repeated \
                 measurements do, or are the very same measurement, which then counts twice."
            }
            Self::Copied => {
                "Two different configurations with the very same figures: one was copied."
            }
            Self::MissingMetrics => "Metrics that a source does not publish are not compared.",
        }
    }
}

/// An error that a person has looked at, with the reason why the row stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedFinding {
    /// The row's name within its model, or the source's.
    pub row: String,
    /// The check whose error is accepted.
    pub check: AuditCheck,
    /// Why.
    pub reason: String,
    /// Where it is written, from 1.
    pub line: usize,
}
