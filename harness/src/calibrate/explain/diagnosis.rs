//! The result of a diagnosis.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Noise, Pattern, Reach};
use crate::base::statistics::Interval95;
use crate::rules::calibration::FitGroup;

/// The diagnosis of a group's errors.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// The group.
    #[serde(flatten)]
    pub group: FitGroup,
    /// The number of rows.
    pub rows: usize,
    /// The number of rows that are left out, by reason.
    pub left_out: BTreeMap<String, usize>,
    /// The diagnosis of each measured metric.
    pub metrics: Vec<MetricDiagnosis>,
    /// The error at the best value of each parameter, with the others as they are.
    pub reach: Vec<Reach>,
}

/// The diagnosis of the error in one metric.
#[derive(Debug, Clone, Serialize)]
pub struct MetricDiagnosis {
    /// The name of the metric.
    pub metric: &'static str,
    /// The number of rows.
    pub n: usize,
    /// MAPE, percent.
    pub mape_percent: f64,
    /// exp(mean ln(predicted / measured)); its interval resamples workloads.
    pub bias: Interval95,
    /// The kind of the error, judged by `mean_abs_log_ratio`.
    pub kind: ErrorKind,
    /// The mean |ln(p / m)|, as predicted and corrected by one factor or constant.
    pub mean_abs_log_ratio: MeanLogs,
    /// The factor on predictions that leaves the least mean |ln(p / m)|.
    pub scale: f64,
    /// The MAPE with that factor, percent.
    pub scaled_mape_percent: f64,
    /// The constant that, added to predictions, leaves the least mean |ln(p / m)|, in the metric's unit, and
    /// the MAPE with it, percent. Only latencies have one.
    pub constant: Option<(f64, f64)>,
    /// The MAPE that measurement noise alone causes.
    pub noise: Noise,
    /// How predicted / measured depends on properties of the rows, the strongest first.
    pub patterns: Vec<Pattern>,
}

/// Mean |ln(p / m)|, which weighs half and double alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanLogs {
    /// As Mantile predicts.
    pub now: f64,
    /// With the best factor.
    pub scaled: f64,
    /// With the best constant; only latencies have one.
    pub moved: Option<f64>,
}

/// The kind of an error, judged by mean |ln(p / m)| minus the part that noise explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Noise explains all of it.
    Noise,
    /// One factor removes more than two thirds of it, and more than a constant does.
    Scale,
    /// One constant removes more than two thirds of it, and more than a factor does.
    Constant,
    /// Neither a factor nor a constant does.
    Structural,
}

impl ErrorKind {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Scale => "scale",
            Self::Constant => "constant",
            Self::Structural => "structural",
        }
    }
}
