//! Mantile's answer, and the checks that detect nonsense.
//!
//! Mantile ignores keys that it does not know, and answers a batch of 0 with status 200. An answer is therefore
//! accepted only if it echoes the number of packages in the request and its figures are finite and above 0.

use std::fmt;

use serde::Deserialize;

use crate::base::text::plural;
use crate::base::units::Milliseconds;

/// The part of an answer from which predictions are made; other keys are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// The time of the prefill step.
    pub ttft_ms: Milliseconds,
    /// The time of one decode step.
    pub tpot_ms: Milliseconds,
    /// 1 / TPOT, tokens/s/user.
    pub tps_user: f64,
    /// The memory use of one package.
    pub memory: Memory,
    /// The deployment as Mantile understood it.
    pub system: System,
}

/// The memory use of one package, GB (10⁹ bytes).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Memory {
    /// The weights.
    pub weight_memory_gb: f64,
    /// The activations of the prefill step.
    pub activation_memory_gb: f64,
    /// The KV cache of the decode step.
    pub kv_cache_gb: f64,
    /// The sum that Mantile compares with the capacity.
    pub memory_per_package_gb: f64,
    /// The memory capacity of one package.
    pub hw_capacity_gb: f64,
}

/// The deployment as Mantile understood it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct System {
    /// The largest number of packages over which a layer is spread.
    pub num_packages: u32,
    /// The bottleneck, in Mantile's words.
    pub bottleneck: String,
    /// Whether the memory suffices, according to Mantile.
    pub fits_on_hardware: bool,
}

/// A reason not to accept an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Anomaly {
    /// The answer is for another number of GPUs.
    Packages {
        /// The number in the request.
        asked: u32,
        /// The number in the answer.
        answered: u32,
    },
    /// A figure that must be finite and above 0 is not.
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
                "the answer is for {answered} package{}, the request was for {asked} \
                 (Mantile ignores parallelism names that it does not know)",
                plural(*answered as usize)
            ),
            Self::NotPositive { field, value } => {
                write!(f, "{field} is {value}, but must be finite and above 0")
            }
        }
    }
}

impl Answer {
    /// All anomalies of an answer to a request for `packages` packages.
    #[must_use]
    pub fn anomalies(&self, packages: u32) -> Vec<Anomaly> {
        let mut anomalies = Vec::new();
        if self.system.num_packages != packages {
            anomalies
                .push(Anomaly::Packages { asked: packages, answered: self.system.num_packages });
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
                anomalies.push(Anomaly::NotPositive { field, value });
            }
        }
        anomalies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    #[test]
    fn each_anomaly_of_an_answer_is_reported() {
        assert_eq!(answer(5.0, 2.0).anomalies(4), []);
        assert_eq!(answer(5.0, 2.0).anomalies(8), [Anomaly::Packages { asked: 8, answered: 4 }]);
        let fields = |answer: &Answer| -> Vec<String> {
            answer.anomalies(4).iter().map(ToString::to_string).collect()
        };
        assert_eq!(fields(&answer(0.0, 2.0)), ["ttft_ms is 0, but must be finite and above 0"]);
        assert_eq!(fields(&answer(5.0, f64::NAN)).len(), 2);
    }
}
