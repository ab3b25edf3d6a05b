//! A fit of Mantile's parameters to rows: its aim, its conditions and its result.

use super::least_squares::{Minimum, Problem, minimise};
use super::{FittedSetting, Load, Observation, ParameterSpace, Physics};
use crate::mantile::datasheet::Datasheet;
use crate::mantile::hardware::Overlap;
use crate::row::metric::Metric;
use crate::rules::calibration::FitMode;

/// The parameters that a fit moves and the metrics that it is to get right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    pub mode: FitMode,
    /// The metrics with the weights of their errors.
    pub targets: [(Metric, f64); 2],
    /// The bytes that the steps load.
    pub load: Load,
}

/// The weight of TTFT's error against TPOT's, with the correction: TTFT is measured less precisely (its noise
/// is several times that of TPOT) and matters less to a request.
const TTFT_WEIGHT: f64 = 0.4;

impl Aim {
    /// The aim of a mode. Alone, it is TPOT and E2E, so that a prefill counts as much as it takes of a
    /// request: Mantile's TTFT is that of a whole batch, which is not what is measured. With the correction,
    /// it is TPOT and TTFT.
    pub(super) fn of(mode: FitMode) -> Self {
        let second = match mode {
            FitMode::Alone => (Metric::E2eLatency, 1.0),
            FitMode::WithCorrection => (Metric::Ttft, TTFT_WEIGHT),
        };
        Self { mode, targets: [(Metric::Tpot, 1.0), second], load: Load::Divided }
    }

    /// One metric and nothing else.
    pub(super) fn only(mode: FitMode, metric: Metric, load: Load) -> Self {
        Self { mode, targets: [(metric, 1.0), (metric, 0.0)], load }
    }
}

/// A fit to rows.
#[derive(Debug, Clone)]
pub struct Fit {
    pub(super) space: ParameterSpace,
    pub(super) minimum: Minimum,
    /// The overlap that fits best.
    pub overlap: Overlap,
    /// The setting at the minimum.
    pub setting: FittedSetting,
}

/// The conditions that a fit is made under.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// The datasheet, whose peaks bound the parameters.
    pub sheet: &'a Datasheet,
    /// The dtypes of all observations.
    pub dtypes: &'a [String],
    /// Whether parameters may exceed the peaks.
    pub physics: Physics,
}

impl Conditions<'_> {
    /// Fits to rows, and keeps the best fit over all overlaps and starting points.
    pub(super) fn fit(&self, rows: &[&Observation], aim: Aim) -> Result<Fit, String> {
        let serving = aim.mode == FitMode::WithCorrection;
        let in_use = dtypes_in_use(rows);
        let space = ParameterSpace::new(self.sheet, self.dtypes, &in_use, serving, self.physics)?;
        let lower = space.logarithms(|parameter| parameter.lower);
        let upper = space.logarithms(|parameter| parameter.upper);
        let center = space.logarithms(|parameter| parameter.center);
        let spread = space.logarithms(|parameter| parameter.spread);
        let minimum = |overlap: Overlap, start: &[f64]| {
            let problem = Problem {
                residuals: |x: &[f64]| residuals(rows, &space.setting(x, overlap), aim),
                lower: &lower,
                upper: &upper,
                center: &center,
                spread: &spread,
            };
            (overlap, minimise(&problem, start))
        };
        let least = |best: (Overlap, Minimum), next: (Overlap, Minimum)| {
            if next.1.cost < best.1.cost { next } else { best }
        };
        // The overlap is chosen by fits from the centre; its fit is then tried from the other starts.
        let [plain, others @ ..] = Overlap::ALL;
        let from_center = others
            .into_iter()
            .map(|overlap| minimum(overlap, &center))
            .fold(minimum(plain, &center), least);
        let (overlap, minimum) = space
            .starts()
            .iter()
            .map(|start| minimum(from_center.0, start))
            .fold(from_center.clone(), least);
        let setting = space.setting(&minimum.x, overlap);
        Ok(Fit { space, minimum, overlap, setting })
    }
}

/// The indices of the dtypes that the rows' layers have, in order.
fn dtypes_in_use(rows: &[&Observation]) -> Vec<usize> {
    let mut in_use: Vec<usize> = rows
        .iter()
        .flat_map(|row| row.prefill.iter().chain(&row.decode))
        .map(|work| work.dtype)
        .collect();
    in_use.sort_unstable();
    in_use.dedup();
    in_use
}

/// The weighted ln(predicted / measured) of the metrics that a fit is to get right. A row that measures only
/// E2E counts by E2E.
fn residuals(rows: &[&Observation], setting: &FittedSetting, aim: Aim) -> Vec<f64> {
    let mut residuals = Vec::with_capacity(2 * rows.len());
    for row in rows {
        let predicted = setting.predict_with(row, aim.load);
        let mut add = |metric: Metric, weight: f64, measured: Option<f64>| {
            if let Some(measured) = measured.filter(|_| weight > 0.0) {
                residuals.push(weight * (row.metric(predicted, metric) / measured).ln());
            }
        };
        let means = &row.row.measured.means;
        for (metric, weight) in aim.targets {
            match metric {
                Metric::E2eLatency => add(metric, weight, row.measured_e2e()),
                Metric::Ttft if !row.has_parts() => {
                    add(Metric::E2eLatency, 1.0, row.measured_e2e());
                }
                _ => add(metric, weight, means[metric]),
            }
        }
    }
    residuals
}
