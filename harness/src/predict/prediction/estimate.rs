//! An answer in the row's metrics.

use super::derive;
use crate::base::units::Seconds;
use crate::mantile::Answer;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Lengths};

/// An answer in the row's metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The compared metrics, in the rows' units.
    pub metrics: PerMetric<f64>,
    /// The requests in flight: the row's or, for a peak row, the number with the highest throughput.
    pub concurrency: u32,
    /// Tokens/s/user.
    pub tps_user: f64,
    /// Weights, GB.
    pub memory_weight_gb: f64,
    /// Activations, GB.
    pub memory_activation_gb: f64,
    /// KV cache, GB.
    pub memory_kv_cache_gb: f64,
    /// The memory per package that Mantile compares with the capacity, GB.
    pub memory_per_package_gb: f64,
    /// The memory capacity of a package, GB.
    pub hw_capacity_gb: f64,
    /// Whether the memory suffices, according to Mantile.
    pub fits_on_hardware: bool,
    /// The number of packages that the answer is for.
    pub num_packages: u32,
    /// The bottleneck, in Mantile's words.
    pub bottleneck: String,
}

impl Estimate {
    /// Converts an answer for `concurrency` requests in flight into the row's metrics.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use mantile_reconcile::judge::model;
    /// use mantile_reconcile::mantile::recording;
    /// use mantile_reconcile::predict::{mapping, prediction::Estimate};
    /// use mantile_reconcile::row::metric::Metric;
    ///
    /// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    /// let model = model::load(root, "openai_GPT-OSS-120B")?;
    /// let recording = recording::load(root, &model.release, &model.config.model_id)?;
    /// let layers = recording.layers()?;
    /// let row = model.rows.iter().find(|row| mapping::map(row, &model.config).is_ok());
    /// let row = row.expect("some rows are mapped");
    /// let mapped = mapping::map(row, &model.config).map_err(|unmapped| unmapped.reason)?;
    /// let answer = mapped.recorded(&recording, &layers)?.answer;
    /// let requests = row.identity.concurrency.fixed().unwrap_or(1);
    /// let estimate = Estimate::new(&answer, &row.identity, requests, mapped.lengths);
    /// assert!(estimate.metrics[Metric::E2eLatency] > estimate.metrics[Metric::Ttft]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(answer: &Answer, identity: &Identity, concurrency: u32, lengths: Lengths) -> Self {
        Self {
            concurrency,
            metrics: derive(
                answer.ttft_ms.to_seconds(),
                answer.tpot_ms.to_seconds(),
                identity,
                concurrency,
                lengths,
            ),
            tps_user: answer.tps_user,
            memory_weight_gb: answer.memory.weight_memory_gb,
            memory_activation_gb: answer.memory.activation_memory_gb,
            memory_kv_cache_gb: answer.memory.kv_cache_gb,
            memory_per_package_gb: answer.memory.memory_per_package_gb,
            hw_capacity_gb: answer.memory.hw_capacity_gb,
            fits_on_hardware: answer.system.fits_on_hardware,
            num_packages: answer.system.num_packages,
            bottleneck: answer.system.bottleneck.clone(),
        }
    }

    /// Whether its metrics follow from its TTFT and TPOT for a row of these lengths.
    #[must_use]
    pub fn is_for(&self, identity: &Identity, lengths: Lengths) -> bool {
        let seconds = |metric| Seconds(self.metrics[metric]);
        derive(seconds(Metric::Ttft), seconds(Metric::Tpot), identity, self.concurrency, lengths)
            == self.metrics
    }
}
