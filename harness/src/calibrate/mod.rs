//! Calibration: Mantile's hardware parameters from measurements, with held-out proof.
//!
//! An [`Observation`] is a measured row with the work that Mantile counts for it in each layer, from its
//! recorded answer. Mantile's times are that work over the parameters of the hardware
//! ([`crate::mantile::breakdown`]), so a prediction at other parameters needs no Mantile, and the parameters that
//! fit the measurements best are found by robust least squares on the logarithms of predicted / measured
//! (`fit`), within what the datasheet allows.
//!
//! A fit is to what hardware does: weights that Mantile counts whole on every package although they are
//! divided ([`Load`]) are divided, so that no parameter makes up for that. What it is judged by is what
//! Mantile would answer, which counts them whole.
//!
//! Two fits are made and kept apart. *Alone*, Mantile's own parameters take all they can: that is what a
//! hardware configuration can be given. *With the correction*, a few serving terms that Mantile does not
//! have ([`Correction`]) are fitted along, and the parameters need not make up for them.

mod building;
mod correction;
mod errors;
mod explain;
mod fit;
mod observation;
mod parameters;
mod predictions;
mod proof;
mod reach;
mod sensitivity;

pub use building::{calibration_file, worsened};
pub use correction::Correction;
pub use errors::{MetricErrorChange, MetricErrors};
pub use explain::{Diagnosis, ErrorKind, MeanLogs, MetricDiagnosis, Noise, Pattern, explain};
pub use observation::{Latencies, LeftOut, Load, Members, Observation, Observations, Work};
pub use parameters::{FittedSetting, Parameter, ParameterKind, ParameterSpace, Physics};
pub use predictions::estimators;
pub use proof::{FoundParameters, ModelJudgement, ModelProof, Proof, prove};
pub use reach::{Best, Moved, Reach};
pub use sensitivity::ParameterFound;

use fit::{Minimum, Problem, minimise};

use crate::mantile::datasheet::Datasheet;
use crate::mantile::hardware::Overlap;
use crate::row::metric::Metric;
use crate::rules::calibration::{FitGroup, FitMode, HeldOut};

/// What a fit moves and what it is to get right.
#[derive(Debug, Clone, Copy)]
struct Aim {
    mode: FitMode,
    /// Metrics with what their errors count.
    targets: [(Metric, f64); 2],
    /// The work that times are of.
    load: Load,
}

/// What TTFT's error counts against TPOT's, with the correction: it is measured worse (its noise is
/// several times TPOT's) and matters less to a request.
const TTFT_WEIGHT: f64 = 0.4;

impl Aim {
    /// Alone: TPOT and E2E, so that a prefill counts for what it takes of a request; Mantile's TTFT, of a
    /// whole batch, is not what is measured. With the correction: TPOT and TTFT.
    fn of(mode: FitMode) -> Self {
        let other = match mode {
            FitMode::Alone => (Metric::E2eLatency, 1.0),
            FitMode::WithCorrection => (Metric::Ttft, TTFT_WEIGHT),
        };
        Self { mode, targets: [(Metric::Tpot, 1.0), other], load: Load::Divided }
    }

    /// One metric and nothing else.
    fn only(mode: FitMode, metric: Metric, load: Load) -> Self {
        Self { mode, targets: [(metric, 1.0), (metric, 0.0)], load }
    }
}

/// A fit to rows.
#[derive(Debug, Clone)]
pub struct Fit {
    space: ParameterSpace,
    minimum: Minimum,
    /// What hides behind what: the combination that fits best.
    pub overlap: Overlap,
    /// What it comes to.
    pub setting: FittedSetting,
}

/// What a fit is made under.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// The peaks.
    pub sheet: &'a Datasheet,
    /// The dtypes of all observations.
    pub dtypes: &'a [String],
    /// Whether the peaks bound.
    pub physics: Physics,
}

impl Conditions<'_> {
    /// Fits to rows, and keeps the best over what hides behind what and where the fit starts.
    fn fit(&self, rows: &[&Observation], aim: Aim) -> Result<Fit, String> {
        let mut in_use: Vec<usize> = rows
            .iter()
            .flat_map(|row| row.prefill.iter().chain(&row.decode))
            .map(|work| work.dtype)
            .collect();
        in_use.sort_unstable();
        in_use.dedup();
        let serving = aim.mode == FitMode::WithCorrection;
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
        let least = |one: (Overlap, Minimum), other: (Overlap, Minimum)| {
            if other.1.cost < one.1.cost { other } else { one }
        };
        // What hides behind what is chosen from the centre, and that fit tried from other starts.
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

impl FittedSetting {
    /// What a client sees of a row's requests, with the work that Mantile counts.
    #[must_use]
    pub fn predict(&self, row: &Observation) -> Latencies {
        self.predict_with(row, Load::Counted)
    }

    /// The same with either load.
    #[must_use]
    pub fn predict_with(&self, row: &Observation, load: Load) -> Latencies {
        let steps = row.on(&self.hardware, &self.pflops, load);
        self.correction.map_or(steps, |correction| correction.apply(steps, row))
    }
}

/// ln(predicted / measured) of what a fit is to get right; of a row that measures E2E alone: of that.
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
