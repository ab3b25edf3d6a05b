//! The space of the parameters that a fit moves.

use std::collections::BTreeMap;

use super::{FittedSetting, Parameter, ParameterKind, Physics};
use crate::mantile::datasheet::Datasheet;
use crate::mantile::hardware::{Hardware, Overlap};

/// The parameters that a fit may move, with their bounds.
#[derive(Debug, Clone)]
pub struct ParameterSpace {
    /// The parameters, in the order of a point's coordinates.
    pub parameters: Vec<Parameter>,
    /// The datasheet's peak of every dtype, by index, 10¹⁵ FLOP/s.
    peaks: Vec<f64>,
    /// The datasheet's peaks of memory and interconnect, GB/s.
    bandwidth: f64,
    interconnect: f64,
}

impl ParameterSpace {
    /// The space over a datasheet for these dtypes, with the serving terms or without. The compute of the
    /// dtypes in `in_use`, which are indices, is fitted.
    pub(in crate::calibrate) fn new(
        sheet: &Datasheet,
        dtypes: &[String],
        in_use: &[usize],
        serving: bool,
        physics: Physics,
    ) -> Result<Self, String> {
        let peaks: Vec<f64> =
            dtypes.iter().map(|dtype| peak(sheet, dtype)).collect::<Result<_, String>>()?;
        let mut parameters = compute_parameters(&peaks, in_use, physics);
        parameters.extend(other_hardware_parameters(sheet, physics));
        if serving {
            parameters.extend(serving_parameters());
        }
        let (bandwidth, interconnect) = (sheet.bandwidth_gb_per_s, sheet.interconnect_gb_per_s);
        Ok(Self { parameters, peaks, bandwidth, interconnect })
    }

    /// The logarithms of a property of each parameter.
    pub(in crate::calibrate) fn logarithms(
        &self,
        property: impl Fn(&Parameter) -> f64,
    ) -> Vec<f64> {
        self.parameters.iter().map(|parameter| property(parameter).ln()).collect()
    }

    /// The setting at a point, whose coordinates are logarithms. A dtype that is not fitted computes at the
    /// mean share of its peak that the fitted ones reach.
    #[must_use]
    pub fn setting(&self, point: &[f64], overlap: Overlap) -> FittedSetting {
        let parameters = || self.parameters.iter().zip(point);
        let shares: Vec<f64> = parameters()
            .filter_map(|(parameter, x)| match parameter.kind {
                ParameterKind::Compute(dtype) => Some(x - self.peaks[dtype].ln()),
                _ => None,
            })
            .collect();
        let share = if shares.is_empty() { 0.0 } else { mean(&shares) };
        let hardware = Hardware {
            compute_pflops: BTreeMap::new(),
            bandwidth_gb_per_s: self.bandwidth,
            interconnect_gb_per_s: self.interconnect,
            interconnect_latency_us: 0.0,
            kernel_overhead_us: 0.0,
            overlap,
        };
        let pflops = self.peaks.iter().map(|peak| share.exp() * peak).collect();
        let mut setting = FittedSetting { pflops, hardware, correction: None };
        for (parameter, x) in parameters() {
            setting.set(parameter.kind, x.exp());
        }
        setting
    }

    /// The point that other hardware's fitted parameters give here. Compute and bandwidths take the geometric
    /// mean of their shares of the peaks, the other parameters the geometric mean of their values.
    #[must_use]
    pub fn transferred(&self, from: &[(&Self, &[f64])]) -> Vec<f64> {
        let per_peak = |space: &Self, kind: ParameterKind| match kind {
            ParameterKind::Compute(dtype) => space.peaks[dtype],
            ParameterKind::Bandwidth => space.bandwidth,
            ParameterKind::Interconnect => space.interconnect,
            _ => 1.0,
        };
        let logs_of = |wanted: &dyn Fn(ParameterKind) -> bool| {
            let mut logs = Vec::new();
            for (space, point) in from {
                for (parameter, x) in space.parameters.iter().zip(*point) {
                    if wanted(parameter.kind) {
                        logs.push(x - per_peak(space, parameter.kind).ln());
                    }
                }
            }
            logs
        };
        let transfer = |parameter: &Parameter| {
            let mut logs = logs_of(&|kind| kind == parameter.kind);
            if logs.is_empty() {
                logs = logs_of(&|kind| matches!(kind, ParameterKind::Compute(_)));
            }
            let log = if logs.is_empty() {
                parameter.center.ln()
            } else {
                mean(&logs) + per_peak(self, parameter.kind).ln()
            };
            log.clamp(parameter.lower.ln(), parameter.upper.ln())
        };
        self.parameters.iter().map(transfer).collect()
    }
}

/// A parameter between `lower` and all of its peak.
fn share_of_peak(
    kind: ParameterKind,
    peak: f64,
    [center, lower]: [f64; 2],
    spread: f64,
    physics: Physics,
) -> Parameter {
    let headroom = match physics {
        Physics::Bounded => 1.0,
        Physics::BeyondDatasheet => 2.0,
    };
    let [center, lower, upper] = [center * peak, lower * peak, headroom * peak];
    Parameter { kind, center, lower, upper, spread }
}

fn compute_parameters(peaks: &[f64], in_use: &[usize], physics: Physics) -> Vec<Parameter> {
    let compute = |&dtype: &usize| {
        share_of_peak(ParameterKind::Compute(dtype), peaks[dtype], [0.4, 0.01], 3.0, physics)
    };
    in_use.iter().map(compute).collect()
}

fn other_hardware_parameters(sheet: &Datasheet, physics: Physics) -> [Parameter; 4] {
    use ParameterKind::{Bandwidth, Interconnect, InterconnectLatency, KernelOverhead};
    let share = |kind, peak, shares, spread| share_of_peak(kind, peak, shares, spread, physics);
    [
        share(Bandwidth, sheet.bandwidth_gb_per_s, [0.7, 0.1], 1.7),
        share(Interconnect, sheet.interconnect_gb_per_s, [0.2, 0.005], 4.0),
        plain(InterconnectLatency, 3.0, 0.1, 200.0, 4.0),
        plain(KernelOverhead, 6.0, 0.05, 60.0, 3.0),
    ]
}

fn serving_parameters() -> [Parameter; 4] {
    [
        plain(ParameterKind::PrefillShare, 0.5, 0.001, 1.0, 3.0),
        plain(ParameterKind::Host, 10.0, 0.1, 5000.0, 6.0),
        plain(ParameterKind::WaitSteps, 1.0, 0.001, 20.0, 4.0),
        plain(ParameterKind::BurstShare, 0.05, 1e-4, 0.5, 3.0),
    ]
}

fn plain(kind: ParameterKind, center: f64, lower: f64, upper: f64, spread: f64) -> Parameter {
    Parameter { kind, center, lower, upper, spread }
}

/// A dtype's peak compute by the datasheet, 10¹⁵ FLOP/s.
pub(super) fn peak(sheet: &Datasheet, dtype: &str) -> Result<f64, String> {
    let peak = sheet.peak_pflops(dtype);
    peak.ok_or_else(|| format!("{} has no datasheet peak for {dtype}", sheet.name))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;
    use crate::mantile::datasheet;

    fn space(gpu: &str, in_use: &[usize], serving: bool) -> ParameterSpace {
        let dtypes = ["bf16".to_owned(), "nvfp8".to_owned()];
        let sheet = datasheet::of(gpu).unwrap();
        ParameterSpace::new(sheet, &dtypes, in_use, serving, Physics::Bounded).unwrap()
    }

    #[test]
    fn a_dtype_that_no_row_has_computes_at_the_share_of_the_others() {
        let space = space("h100", &[0], false);
        let mut point = space.logarithms(|parameter| parameter.center);
        point[0] = (0.5f64 * 0.989).ln();
        let setting = space.setting(&point, Overlap::default());
        assert_relative_eq!(setting.pflops[0], 0.4945);
        assert_relative_eq!(setting.pflops[1], 0.9895);
        assert_eq!(setting.correction, None);
    }

    #[test]
    fn a_transferred_parameter_keeps_its_share_of_the_peak() {
        let (from, to) = (space("h100", &[0], true), space("h200", &[0, 1], true));
        let mut point = from.logarithms(|parameter| parameter.center);
        point[1] = 1675f64.ln();
        let there = to.setting(&to.transferred(&[(&from, &point)]), Overlap::default());
        assert_relative_eq!(there.hardware.bandwidth_gb_per_s, 2400.0, max_relative = 1e-9);
        assert_relative_eq!(there.pflops[1], 0.4 * 1.979, max_relative = 1e-9);
        assert_relative_eq!(there.hardware.kernel_overhead_us, 6.0, max_relative = 1e-9);
        assert_relative_eq!(there.correction.unwrap().wait_steps, 1.0, max_relative = 1e-9);
    }

    #[test]
    fn nothing_exceeds_the_datasheet_unless_asked() {
        let dtypes = ["bf16".to_owned()];
        let sheet = datasheet::of("h200").unwrap();
        let upper = |physics| {
            let space = ParameterSpace::new(sheet, &dtypes, &[0], false, physics).unwrap();
            space.parameters.iter().map(|parameter| parameter.upper).collect::<Vec<_>>()
        };
        assert_eq!(upper(Physics::Bounded)[..3], [0.989, 4800.0, 450.0]);
        assert_eq!(upper(Physics::BeyondDatasheet)[..3], [1.978, 9600.0, 900.0]);
        let unknown = ["fp3".to_owned()];
        assert!(ParameterSpace::new(sheet, &unknown, &[], false, Physics::Bounded).is_err());
    }
}
