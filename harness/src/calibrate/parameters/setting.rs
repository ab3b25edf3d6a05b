//! The setting of all parameters: everything that a prediction needs.

use super::super::correction::Correction;
use super::super::{Latencies, Load, Observation};
use super::ParameterKind;
use super::space::peak;
use crate::mantile::datasheet::Datasheet;
use crate::mantile::hardware::Hardware;

/// Everything that a prediction needs.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSetting {
    /// Compute of every dtype, by index, 10¹⁵ FLOP/s.
    pub pflops: Vec<f64>,
    /// Mantile's other parameters.
    pub hardware: Hardware,
    /// The serving terms, where they were fitted.
    pub correction: Option<Correction>,
}

impl FittedSetting {
    /// Mantile's parameters today, for layers of any of these dtypes. A dtype that the configuration lacks
    /// computes at the datasheet's peak.
    pub(in crate::calibrate) fn today(
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

    /// The value of a parameter; 0 for a serving term that was not fitted.
    pub(in crate::calibrate) fn get(&self, kind: ParameterKind) -> f64 {
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

    /// Sets a parameter; setting a serving term adds a correction if there is none.
    pub(in crate::calibrate) fn set(&mut self, kind: ParameterKind, value: f64) {
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

    /// The latencies that a client sees of a row's requests, with the work that Mantile counts.
    #[must_use]
    pub fn predict(&self, row: &Observation) -> Latencies {
        self.predict_with(row, Load::Counted)
    }

    /// The latencies that a client sees of a row's requests, with either load.
    #[must_use]
    pub fn predict_with(&self, row: &Observation, load: Load) -> Latencies {
        let steps = row.on(&self.hardware, &self.pflops, load);
        self.correction.map_or(steps, |correction| correction.apply(steps, row))
    }
}
