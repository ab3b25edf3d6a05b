//! The held-out errors that a `calibration.toml` holds, one entry per group, fit and metric.

use super::{CalibratedGroup, CalibrationFile, FitGroup, FitMode, FittedParameters, HeldOut};
use crate::row::metric::Metric;

/// The errors of a group's fit in one metric, MAPE in percent.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutErrors {
    /// The group.
    pub group: FitGroup,
    /// The fit.
    pub mode: FitMode,
    /// The metric.
    pub metric: Metric,
    /// The number of rows.
    pub rows: usize,
    /// The MAPE of Mantile's recorded answers.
    pub before: f64,
    /// The MAPE of Mantile asked for the layers' own dtypes.
    pub own_dtypes: Option<f64>,
    /// The MAPE on the rows that were fitted.
    pub in_sample: f64,
    /// The MAPE with each workload held out in turn.
    pub held_out: f64,
    /// The ends of the 95% interval of `held_out` - `before`, percentage points.
    pub change: [f64; 2],
    /// The MAPE with each context held out in turn.
    pub context_out: Option<f64>,
}

impl CalibrationFile {
    /// All held-out errors, in the file's order.
    #[must_use]
    pub fn errors(&self) -> Vec<HeldOutErrors> {
        self.calibration.iter().flat_map(CalibratedGroup::errors).collect()
    }
}

impl CalibratedGroup {
    fn errors(&self) -> Vec<HeldOutErrors> {
        let corrected = self.with_correction.iter().map(|fit| (FitMode::WithCorrection, fit));
        let fits = std::iter::once((FitMode::Alone, &self.alone)).chain(corrected);
        fits.flat_map(|(mode, fit)| {
            Metric::ALL.into_iter().filter_map(move |metric| self.errors_in(mode, fit, metric))
        })
        .collect()
    }

    fn errors_in(
        &self,
        mode: FitMode,
        fit: &FittedParameters,
        metric: Metric,
    ) -> Option<HeldOutErrors> {
        let errors = |kind: HeldOut| fit.mape.get(kind.name())?.get(metric.name());
        let workload_out = errors(HeldOut::Workload)?;
        Some(HeldOutErrors {
            group: self.group(),
            mode,
            metric,
            rows: workload_out.rows,
            before: workload_out.before,
            own_dtypes: workload_out.own_dtypes,
            in_sample: errors(HeldOut::Nothing)?.after,
            held_out: workload_out.after,
            change: workload_out.change,
            context_out: errors(HeldOut::Context).map(|errors| errors.after),
        })
    }
}
