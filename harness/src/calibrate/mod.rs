//! Calibration: Mantile's hardware parameters from measurements, with held-out proof.
//!
//! An [`Observation`] is a measured row with the work that Mantile counts for it in each layer, from its
//! recorded answer. Mantile's times are that work over the parameters of the hardware
//! ([`crate::breakdown`]), so a prediction at other parameters needs no Mantile, and the parameters that
//! fit the measurements best are found by robust least squares on the logarithms of predicted / measured
//! (`fit`), within what the datasheet allows.
//!
//! Two fits are made and kept apart. *Alone*, Mantile's own parameters take all they can: that is what a
//! hardware configuration can be given. *With the correction*, a few serving terms that Mantile does not
//! have ([`Correction`]) are fitted along, and the parameters need not make up for them.

mod correction;
mod explain;
mod fit;
mod observation;
mod parameters;
mod proof;
mod written;

pub use correction::Correction;
pub use explain::{
    ALL_PARAMETERS, AND_SERVING, Diagnosis, MetricDiagnosis, Pattern, Reach, explain,
};
pub use observation::{Latencies, Observation, Observations, Work};
pub use parameters::{Kind, Parameter, Physics, Setting, Space};
pub use proof::{Errors, Found, Group, HeldOut, MetricErrors, ParameterFound, Proof, prove};
pub use written::{
    CALIBRATED, CORRECTED, FILE_NAME, Provenance, Written, entries, estimators, read,
};

use fit::{Minimum, Problem, minimise};

use crate::datasheet::Datasheet;
use crate::hardware::Overlap;
use crate::metric::Metric;

/// Which parameters are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Mantile's own.
    Alone,
    /// Those, and the serving terms.
    WithCorrection,
}

/// What TTFT's error counts against TPOT's, with the correction: it is measured worse (its noise is
/// several times TPOT's) and matters less to a request.
const TTFT_WEIGHT: f64 = 0.4;

/// A fit to rows.
#[derive(Debug, Clone)]
pub struct Fit {
    space: Space,
    minimum: Minimum,
    /// What hides behind what: the combination that fits best.
    pub overlap: Overlap,
    /// What it comes to.
    pub setting: Setting,
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
    /// Fits to rows, for each of these combinations of overlap, and keeps the best.
    fn fit(&self, rows: &[&Observation], mode: Mode, overlaps: &[Overlap]) -> Result<Fit, String> {
        let mut in_use: Vec<usize> = rows
            .iter()
            .flat_map(|row| row.prefill.iter().chain(&row.decode))
            .map(|work| work.dtype)
            .collect();
        in_use.sort_unstable();
        in_use.dedup();
        let serving = mode == Mode::WithCorrection;
        let space = Space::new(self.sheet, self.dtypes, &in_use, serving, self.physics)?;
        let lower = space.logarithms(|parameter| parameter.lower);
        let upper = space.logarithms(|parameter| parameter.upper);
        let center = space.logarithms(|parameter| parameter.center);
        let spread = space.logarithms(|parameter| parameter.spread);
        let mut best: Option<Fit> = None;
        for &overlap in overlaps {
            let problem = Problem {
                residuals: |x: &[f64]| residuals(rows, &space.setting(x, overlap)),
                lower: &lower,
                upper: &upper,
                center: &center,
                spread: &spread,
            };
            let minimum = minimise(&problem, &center);
            if best.as_ref().is_none_or(|best| minimum.cost < best.minimum.cost) {
                let setting = space.setting(&minimum.x, overlap);
                best = Some(Fit { space: space.clone(), minimum, overlap, setting });
            }
        }
        best.ok_or_else(|| "no combination of overlap to fit".to_owned())
    }
}

impl Setting {
    /// What a client sees of a row's requests.
    #[must_use]
    pub fn predict(&self, row: &Observation) -> Latencies {
        let steps = row.on(&self.hardware, &self.pflops);
        self.correction.map_or(steps, |correction| correction.apply(steps, row))
    }
}

/// ln(predicted / measured) of what the fit is to get right.
///
/// Alone: TPOT and E2E, so that a prefill counts for what it takes of a request; Mantile's TTFT, of a whole
/// batch, is not what is measured. With the correction: TPOT and TTFT. A row of E2E alone: E2E.
fn residuals(rows: &[&Observation], setting: &Setting) -> Vec<f64> {
    let mut residuals = Vec::with_capacity(2 * rows.len());
    for row in rows {
        let predicted = setting.predict(row);
        let means = &row.row.measured.means;
        if let Some(tpot) = means[Metric::Tpot] {
            residuals.push((predicted.tpot / tpot).ln());
        }
        match (setting.correction, means[Metric::Ttft]) {
            (Some(_), Some(ttft)) if row.has_parts() => {
                residuals.push(TTFT_WEIGHT * (predicted.ttft / ttft).ln());
            }
            _ => {
                if let Some(measured) = row.measured_e2e() {
                    let e2e = row.metrics(predicted)[Metric::E2eLatency];
                    residuals.push((e2e / measured).ln());
                }
            }
        }
    }
    residuals
}
