//! What Mantile answers, and the checks that tell an answer from nonsense.
//!
//! Mantile ignores keys that it does not know and accepts a batch of 0 with a 200, so an answer is
//! believed only after it echoes the packages asked for and is finite and positive.

use std::fmt;

use serde::Deserialize;

use crate::base::units::Milliseconds;

/// The part of an answer that predictions are made of; further keys are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// Duration of the prefill step.
    pub ttft_ms: Milliseconds,
    /// Duration of a decode step.
    pub tpot_ms: Milliseconds,
    /// 1 / TPOT, tokens/s/user.
    pub tps_user: f64,
    /// Memory of one package.
    pub memory: Memory,
    /// The deployment as Mantile understood it.
    pub system: System,
}

/// Memory figures, GB (10⁹ bytes).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Memory {
    /// Weights.
    pub weight_memory_gb: f64,
    /// Activations of the prefill step.
    pub activation_memory_gb: f64,
    /// KV cache of the decode step.
    pub kv_cache_gb: f64,
    /// What Mantile holds against the capacity.
    pub memory_per_package_gb: f64,
    /// Capacity of one package.
    pub hw_capacity_gb: f64,
}

/// The deployment as Mantile understood it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct System {
    /// The most packages that any layer is spread over.
    pub num_packages: u32,
    /// What limits, in Mantile's words.
    pub bottleneck: String,
    /// Whether the memory suffices, in Mantile's judgement.
    pub fits_on_hardware: bool,
}

/// Why an answer is not to be believed.
#[derive(Debug, Clone, PartialEq)]
pub enum Anomaly {
    /// The answer is for another number of GPUs.
    Packages {
        /// As the row has.
        asked: u32,
        /// As the answer says.
        answered: u32,
    },
    /// A figure that must be finite and above zero is not.
    NotPositive {
        /// Its key in the answer.
        field: &'static str,
        /// Its value.
        value: f64,
    },
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packages { asked, answered } => write!(
                f,
                "the answer is for {answered} packages where {asked} were asked for \
                 (Mantile ignores parallelism names that it does not know)"
            ),
            Self::NotPositive { field, value } => {
                write!(f, "{field} is {value}, not finite and above 0")
            }
        }
    }
}

impl Answer {
    /// Everything that is wrong with the answer, for a deployment over `packages` packages.
    #[must_use]
    pub fn anomalies(&self, packages: u32) -> Vec<Anomaly> {
        let mut found = Vec::new();
        if self.system.num_packages != packages {
            found.push(Anomaly::Packages { asked: packages, answered: self.system.num_packages });
        }
        let figures = [
            ("ttft_ms", self.ttft_ms.0),
            ("tpot_ms", self.tpot_ms.0),
            ("tps_user", self.tps_user),
            ("memory.weight_memory_gb", self.memory.weight_memory_gb),
            ("memory.activation_memory_gb", self.memory.activation_memory_gb),
            ("memory.kv_cache_gb", self.memory.kv_cache_gb),
        ];
        for (field, value) in figures {
            if !(value.is_finite() && value > 0.0) {
                found.push(Anomaly::NotPositive { field, value });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    #[test]
    fn nonsense_is_named() {
        assert_eq!(answer(5.0, 2.0).anomalies(4), []);
        assert_eq!(answer(5.0, 2.0).anomalies(8), [Anomaly::Packages { asked: 8, answered: 4 }]);
        let fields = |answer: &Answer| -> Vec<String> {
            answer.anomalies(4).iter().map(ToString::to_string).collect()
        };
        assert_eq!(fields(&answer(0.0, 2.0)), ["ttft_ms is 0, not finite and above 0"]);
        assert_eq!(fields(&answer(5.0, f64::NAN)).len(), 2);
    }
}
