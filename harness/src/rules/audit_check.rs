//! The checks of the audit by name, and the accepted findings in a model's files.

use serde::Serialize;

/// A check of the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditCheck {
    /// TTFT and TPOT add up to E2E.
    E2eIdentity,
    /// The number of requests in flight is the concurrency.
    LittlesLaw,
    /// Input and output throughput have the ratio of the lengths.
    TokenRatio,
    /// The 99th percentile of TTFT is not below its mean.
    P99AboveMean,
    /// Outputs have the length that the source states.
    EffectiveLength,
    /// A row is not faster than its hardware.
    FasterThanHardware,
    /// A set of rows is as fast as comparable rows.
    Peers,
    /// TPOT and throughput do not fall as concurrency rises.
    CurveFall,
    /// A row lies on the line through its neighbours.
    CurveOutlier,
    /// Repeated measurements agree.
    Spread,
    /// Two sources agree on a configuration.
    Duplicate,
    /// Two configurations do not have identical figures.
    Copied,
    /// All metrics are published.
    MissingMetrics,
}

impl AuditCheck {
    /// All checks in the order of reports.
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

    /// A finding of the check in at most 30 characters.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::E2eIdentity => "TTFT and TPOT do not give E2E",
            Self::LittlesLaw => "Little's law is violated",
            Self::TokenRatio => "rates do not match the lengths",
            Self::P99AboveMean => "p99 TTFT below the mean",
            Self::EffectiveLength => "unexpected output length",
            Self::FasterThanHardware => "faster than the hardware",
            Self::Peers => "slower or faster than peers",
            Self::CurveFall => "falls as concurrency rises",
            Self::CurveOutlier => "off the line of its neighbours",
            Self::Spread => "repeated measurements differ",
            Self::Duplicate => "measured by two sources",
            Self::Copied => "identical figures in two rows",
            Self::MissingMetrics => "metrics not published",
        }
    }

    /// A description of the check, and what a finding means.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::E2eIdentity => {
                "A request takes TTFT for its first token and TPOT for each further one. For mean outputs \
                 of O tokens, TTFT + TPOT x (O - 1) is therefore E2E. If it is not, a unit, a column or \
                 the mean length is wrong."
            }
            Self::LittlesLaw => {
                "The number of requests in flight is their rate times their time in the system (Little \
                 1961), so output throughput x GPUs x E2E / O is the concurrency. If it is not, the number \
                 of GPUs, the concurrency or the throughput belongs to another run."
            }
            Self::TokenRatio => {
                "Input throughput divided by output throughput is ISL / OSL. If it is not, the lengths \
                 belong to another run, or the throughput counts other tokens."
            }
            Self::P99AboveMean => {
                "A 99th percentile below the mean is impossible in practice. Probably two columns are \
                 swapped."
            }
            Self::EffectiveLength => {
                "((E2E - TTFT) / TPOT + 1) / OSL is the share of the nominal output length that was \
                 generated. For a file it should be mean_length_ratio in reconcile.toml, and for a row the \
                 median of its file. Published mean lengths should be near the nominal ones."
            }
            Self::FasterThanHardware => {
                "A decode step cannot read the weights and the KV cache faster than the peak memory \
                 bandwidth allows, and a token cannot cost its FLOPs at more than the peak rate. If a row \
                 is faster, its label is wrong: the GPUs, the precision, the lengths or the concurrency."
            }
            Self::Peers => {
                "A set of rows (one source's rows of a GPU, engine and precision, or of one day) is \
                 compared with other rows of the same configurations by the median of the paired ratios \
                 and its 90% interval. A set that is slower throughout probably ran with another setup, \
                 clock or software than its label says."
            }
            Self::CurveFall => {
                "With more requests in flight, a token does not come sooner, and a GPU that is not yet \
                 saturated does not serve fewer tokens."
            }
            Self::CurveOutlier => {
                "A row lies off the line through its two neighbours on the concurrency curve, on log \
                 scales, and no bend of the curve can explain it."
            }
            Self::Spread => {
                "The configuration was measured more than once on one image, and the results differ by \
                 more than is usual. A band of the row cannot be tighter than that."
            }
            Self::Duplicate => {
                "Two sources have the same configuration. Either they differ by more than repeated \
                 measurements do, or it is one measurement, which then counts twice."
            }
            Self::Copied => {
                "Two different configurations have identical figures. One of them was probably copied."
            }
            Self::MissingMetrics => {
                "The source does not publish these metrics, so they are not compared."
            }
        }
    }
}

/// An audit error that was examined and accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedFinding {
    /// The row's name within its model, or the name of the source.
    pub row: String,
    /// The check whose error is accepted.
    pub check: AuditCheck,
    /// The reason why the row is kept.
    pub reason: String,
    /// The line in the file, from 1.
    pub line: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_has_a_name_that_reads_back_a_title_and_an_explanation() {
        for check in AuditCheck::ALL {
            assert_eq!(AuditCheck::from_name(check.name()), Some(check));
            assert_eq!(serde_json::json!(check), check.name());
            assert!(check.title().len() <= 30, "{}", check.title());
            assert!(check.explanation().ends_with('.'), "{}", check.explanation());
        }
    }
}
