//! The parameters of a fit: what each is, where it may lie, and what a point of them means.

use super::correction::Correction;
use crate::mantile::datasheet::Datasheet;
use crate::mantile::hardware::{Hardware, Overlap};

/// A parameter that is fitted; its logarithm is what the fit moves.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// What it is.
    pub kind: ParameterKind,
    /// Where a fit starts, and what it holds to where rows say nothing.
    pub center: f64,
    /// The least that it may be.
    pub lower: f64,
    /// The most that it may be: of compute and bandwidths the datasheet's peak.
    pub upper: f64,
    /// How far from its centre it is likely to be, as a factor.
    pub spread: f64,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParameterKind {
    /// Compute of a dtype, by its index, 10¹⁵ FLOP/s.
    Compute(usize),
    /// Memory bandwidth, GB/s.
    Bandwidth,
    /// Bandwidth between GPUs, GB/s.
    Interconnect,
    /// Latency of an exchange, µs.
    InterconnectLatency,
    /// Overhead of a kernel, µs.
    KernelOverhead,
    /// [`Correction::prefill_share`].
    PrefillShare,
    /// [`Correction::host_ms`].
    Host,
    /// [`Correction::wait_steps`].
    WaitSteps,
    /// [`Correction::burst_share`].
    BurstShare,
}

impl ParameterKind {
    /// Its name in tables and files, with the unit.
    #[must_use]
    pub fn name(self, dtypes: &[String]) -> String {
        match self {
            Self::Compute(dtype) => format!("compute_pflops.{}", dtypes[dtype]),
            Self::Bandwidth => "bandwidth_gb_per_s".to_owned(),
            Self::Interconnect => "interconnect_gb_per_s".to_owned(),
            Self::InterconnectLatency => "interconnect_latency_us".to_owned(),
            Self::KernelOverhead => "kernel_overhead_us".to_owned(),
            Self::PrefillShare => "prefill_share".to_owned(),
            Self::Host => "host_ms".to_owned(),
            Self::WaitSteps => "wait_steps".to_owned(),
            Self::BurstShare => "burst_share".to_owned(),
        }
    }

    /// Its value in a configuration; `None` of what that does not hold.
    #[must_use]
    pub fn of(self, hardware: &Hardware, dtypes: &[String]) -> Option<f64> {
        match self {
            Self::Compute(dtype) => hardware.compute_pflops.get(&dtypes[dtype]).copied(),
            Self::Bandwidth => Some(hardware.bandwidth_gb_per_s),
            Self::Interconnect => Some(hardware.interconnect_gb_per_s),
            Self::InterconnectLatency => Some(hardware.interconnect_latency_us),
            Self::KernelOverhead => Some(hardware.kernel_overhead_us),
            Self::PrefillShare | Self::Host | Self::WaitSteps | Self::BurstShare => None,
        }
    }
}

/// What a fit may move, and within what.
#[derive(Debug, Clone)]
pub struct ParameterSpace {
    /// In the order of a point's coordinates.
    pub parameters: Vec<Parameter>,
    /// The datasheet's peak of every dtype, by index, 10¹⁵ FLOP/s.
    peaks: Vec<f64>,
    /// The datasheet's peaks of memory and interconnect, GB/s.
    bandwidth: f64,
    interconnect: f64,
}

/// Everything that a prediction needs.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSetting {
    /// Compute of every dtype, by index, 10¹⁵ FLOP/s.
    pub pflops: Vec<f64>,
    /// The rest of Mantile's parameters.
    pub hardware: Hardware,
    /// What serving adds, where it was fitted.
    pub correction: Option<Correction>,
}

/// Whether parameters may beat the datasheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physics {
    /// Nothing is faster than the datasheet says.
    Bounded,
    /// Up to twice as fast.
    BeyondDatasheet,
}

impl FittedSetting {
    /// Mantile's parameters as it has them now, for layers of any of these dtypes: of one that its
    /// configuration lacks, the datasheet's peak.
    pub(super) fn today(
        now: &Hardware,
        sheet: &Datasheet,
        dtypes: &[String],
    ) -> Result<Self, String> {
        let pflops = dtypes
            .iter()
            .map(|dtype| match now.compute_pflops.get(dtype) {
                Some(pflops) => Ok(*pflops),
                None => peak(sheet, dtype),
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { pflops, hardware: now.clone(), correction: None })
    }

    /// One of Mantile's parameters.
    pub(super) fn get(&self, kind: ParameterKind) -> f64 {
        match kind {
            ParameterKind::Compute(dtype) => self.pflops[dtype],
            ParameterKind::Bandwidth => self.hardware.bandwidth_gb_per_s,
            ParameterKind::Interconnect => self.hardware.interconnect_gb_per_s,
            ParameterKind::InterconnectLatency => self.hardware.interconnect_latency_us,
            ParameterKind::KernelOverhead => self.hardware.kernel_overhead_us,
            ParameterKind::PrefillShare => self.correction.map_or(0.0, |terms| terms.prefill_share),
            ParameterKind::Host => self.correction.map_or(0.0, |terms| terms.host_ms),
            ParameterKind::WaitSteps => self.correction.map_or(0.0, |terms| terms.wait_steps),
            ParameterKind::BurstShare => self.correction.map_or(0.0, |terms| terms.burst_share),
        }
    }

    /// Sets a parameter; one of the correction makes that be there.
    pub(super) fn set(&mut self, kind: ParameterKind, value: f64) {
        let correction = &mut self.correction;
        match kind {
            ParameterKind::Compute(dtype) => self.pflops[dtype] = value,
            ParameterKind::Bandwidth => self.hardware.bandwidth_gb_per_s = value,
            ParameterKind::Interconnect => self.hardware.interconnect_gb_per_s = value,
            ParameterKind::InterconnectLatency => self.hardware.interconnect_latency_us = value,
            ParameterKind::KernelOverhead => self.hardware.kernel_overhead_us = value,
            ParameterKind::PrefillShare => correction.get_or_insert_default().prefill_share = value,
            ParameterKind::Host => correction.get_or_insert_default().host_ms = value,
            ParameterKind::WaitSteps => correction.get_or_insert_default().wait_steps = value,
            ParameterKind::BurstShare => correction.get_or_insert_default().burst_share = value,
        }
    }
}

/// A dtype's peak by the datasheet, 10¹⁵ FLOP/s.
fn peak(sheet: &Datasheet, dtype: &str) -> Result<f64, String> {
    let peak = sheet.peak_pflops(dtype);
    peak.ok_or_else(|| format!("{} has no datasheet peak for {dtype}", sheet.name))
}

impl ParameterSpace {
    /// The space over a datasheet for these dtypes, of which those are fitted that `in_use` names by
    /// index; with the serving terms or without.
    pub(super) fn new(
        sheet: &Datasheet,
        dtypes: &[String],
        in_use: &[usize],
        serving: bool,
        physics: Physics,
    ) -> Result<Self, String> {
        let peaks: Vec<f64> =
            dtypes.iter().map(|dtype| peak(sheet, dtype)).collect::<Result<_, String>>()?;
        let headroom = match physics {
            Physics::Bounded => 1.0,
            Physics::BeyondDatasheet => 2.0,
        };
        // A share of a peak: from `lower` to all of it.
        let share =
            |kind: ParameterKind, peak: f64, center: f64, lower: f64, spread: f64| Parameter {
                kind,
                center: center * peak,
                lower: lower * peak,
                upper: headroom * peak,
                spread,
            };
        let plain =
            |kind, center, lower, upper, spread| Parameter { kind, center, lower, upper, spread };
        let mut parameters: Vec<Parameter> = in_use
            .iter()
            .map(|&dtype| share(ParameterKind::Compute(dtype), peaks[dtype], 0.4, 0.01, 3.0))
            .collect();
        parameters.extend([
            share(ParameterKind::Bandwidth, sheet.bandwidth_gb_per_s, 0.7, 0.1, 1.7),
            share(ParameterKind::Interconnect, sheet.interconnect_gb_per_s, 0.2, 0.005, 4.0),
            plain(ParameterKind::InterconnectLatency, 3.0, 0.1, 200.0, 4.0),
            plain(ParameterKind::KernelOverhead, 6.0, 0.05, 60.0, 3.0),
        ]);
        if serving {
            parameters.extend([
                plain(ParameterKind::PrefillShare, 0.5, 0.001, 1.0, 3.0),
                plain(ParameterKind::Host, 10.0, 0.1, 5000.0, 6.0),
                plain(ParameterKind::WaitSteps, 1.0, 0.001, 20.0, 4.0),
                plain(ParameterKind::BurstShare, 0.05, 1e-4, 0.5, 3.0),
            ]);
        }
        let (bandwidth, interconnect) = (sheet.bandwidth_gb_per_s, sheet.interconnect_gb_per_s);
        Ok(Self { parameters, peaks, bandwidth, interconnect })
    }

    /// The logarithms of a property of each parameter.
    pub(super) fn logarithms(&self, of: impl Fn(&Parameter) -> f64) -> Vec<f64> {
        self.parameters.iter().map(|parameter| of(parameter).ln()).collect()
    }

    /// Where fits start beside the centre, lest they end in a valley beside the deepest: points that are spread
    /// evenly around it (Halton 1960, "On the efficiency of certain quasi-random sequences of points").
    pub(super) fn starts(&self) -> Vec<Vec<f64>> {
        let around = |index: u32, parameter: &Parameter, base: u32| {
            let off = (2.0 * halton(index, base) - 1.0) * parameter.spread.ln();
            (parameter.center.ln() + off).clamp(parameter.lower.ln(), parameter.upper.ln())
        };
        let point = |index: u32| {
            let bases = PRIMES.into_iter().cycle();
            self.parameters.iter().zip(bases).map(|(own, base)| around(index, own, base)).collect()
        };
        (1..=STARTS).map(point).collect()
    }

    /// What a point means. A dtype that is not fitted computes at the mean share of its peak that the
    /// fitted ones do.
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
            compute_pflops: std::collections::BTreeMap::new(),
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

    /// The point that other hardware's fitted parameters come to here: of compute and bandwidths the mean
    /// share of their peaks, of the rest the mean itself (geometric both).
    #[must_use]
    pub fn transferred(&self, from: &[(&Self, &[f64])]) -> Vec<f64> {
        let per_peak = |space: &Self, kind: ParameterKind| match kind {
            ParameterKind::Compute(dtype) => space.peaks[dtype],
            ParameterKind::Bandwidth => space.bandwidth,
            ParameterKind::Interconnect => space.interconnect,
            _ => 1.0,
        };
        let of_kind = |wanted: &dyn Fn(ParameterKind) -> bool| {
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
            let mut logs = of_kind(&|kind| kind == parameter.kind);
            if logs.is_empty() {
                logs = of_kind(&|kind| matches!(kind, ParameterKind::Compute(_)));
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

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// How many points there are around the centre.
const STARTS: u32 = 2;
/// The bases of the coordinates.
const PRIMES: [u32; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// The digits of `index` in a base, mirrored at the point: from 0 to 1, each new one into the widest gap.
fn halton(mut index: u32, base: u32) -> f64 {
    let (mut value, mut digit) = (0.0, 1.0);
    while index > 0 {
        digit /= f64::from(base);
        value += digit * f64::from(index % base);
        index /= base;
    }
    value
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
    fn what_is_transferred_keeps_its_share_of_the_peak() {
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
    fn nothing_is_faster_than_the_datasheet_unless_asked() {
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
