//! A prediction: Mantile's answer in the row's own metrics.

mod csv_format;

pub use csv_format::{COLUMNS, column, read, write};

use crate::base::text::excerpt;
use crate::base::units::Seconds;
use crate::mantile::{Anomaly, Answer, Reply};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Lengths, Row};

/// What came of asking Mantile for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The row, as it was measured.
    pub row: Row,
    /// What came of it.
    pub outcome: Outcome,
    /// What the prediction glosses over, by name.
    pub approximations: Vec<String>,
    /// The recording that answers it; `None` for an unmapped row.
    pub request_key: Option<String>,
    /// Who answered: a recorded release, or the URL of a live service; `None` for an unmapped row.
    pub answered_by: Option<String>,
    /// How long the service took, ms.
    pub response_time_ms: Option<f64>,
}

/// What came of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// An answer that passed every check.
    Predicted(Estimate),
    /// Mantile has no counterpart, for this reason.
    Unmapped(String),
    /// Mantile answered with a refusal.
    Refused(String),
    /// Mantile answered nonsense.
    Insane(Estimate, String),
    /// No answer came, or one that is not Mantile's.
    Unavailable(String),
}

/// An answer in the row's metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The compared metrics, in their units.
    pub metrics: PerMetric<f64>,
    /// Requests in flight that it is for: the row's, or of a peak those that give the most.
    pub concurrency: u32,
    /// Tokens/s/user.
    pub tps_user: f64,
    /// Weights, GB.
    pub memory_weight_gb: f64,
    /// Activations, GB.
    pub memory_activation_gb: f64,
    /// KV cache, GB.
    pub memory_kv_cache_gb: f64,
    /// What Mantile holds against the capacity, GB a package.
    pub memory_per_package_gb: f64,
    /// What a package has, GB.
    pub hw_capacity_gb: f64,
    /// Whether Mantile thinks that it fits.
    pub fits_on_hardware: bool,
    /// Packages that the answer is for.
    pub num_packages: u32,
    /// What limits, in Mantile's words.
    pub bottleneck: String,
}

impl Outcome {
    /// The word in the `status` column.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Predicted(_) => "predicted",
            Self::Unmapped(_) => "unmapped",
            Self::Refused(_) => "refused",
            Self::Insane(..) => "insane",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The figures, believed or not.
    #[must_use]
    pub fn estimate(&self) -> Option<&Estimate> {
        match self {
            Self::Predicted(estimate) | Self::Insane(estimate, _) => Some(estimate),
            _ => None,
        }
    }

    /// Why there is no prediction.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Predicted(_) => None,
            Self::Unmapped(text)
            | Self::Refused(text)
            | Self::Insane(_, text)
            | Self::Unavailable(text) => Some(text),
        }
    }

    /// Reads a reply for `concurrency` requests in flight of these lengths, which was asked for over
    /// `packages` packages.
    #[must_use]
    pub fn of_reply(
        reply: &Reply,
        identity: &Identity,
        concurrency: u32,
        lengths: Lengths,
        packages: u32,
    ) -> Self {
        if reply.status != 200 {
            return Self::Refused(format!("status {}: {}", reply.status, excerpt(&reply.body)));
        }
        let answer: Answer = match serde_json::from_str(&reply.body) {
            Ok(answer) => answer,
            Err(error) => {
                let kind =
                    if reply.content_type.is_empty() { "no type" } else { &reply.content_type };
                let text = format!("not an answer of Mantile ({kind}): {error}");
                return Self::Unavailable(text);
            }
        };
        let estimate = Estimate::new(&answer, identity, concurrency, lengths);
        let anomalies: Vec<String> =
            answer.anomalies(packages).iter().map(Anomaly::to_string).collect();
        if anomalies.is_empty() {
            Self::Predicted(estimate)
        } else {
            Self::Insane(estimate, anomalies.join("; "))
        }
    }
}

impl Estimate {
    /// Puts an answer for `concurrency` requests in flight into the row's metrics.
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
}

impl Estimate {
    /// Whether its metrics are what its own TTFT and TPOT give for a row of these lengths.
    #[must_use]
    pub fn is_for(&self, identity: &Identity, lengths: Lengths) -> bool {
        let seconds = |metric| Seconds(self.metrics[metric]);
        derive(seconds(Metric::Ttft), seconds(Metric::Tpot), identity, self.concurrency, lengths)
            == self.metrics
    }
}

/// The row's metrics from TTFT and TPOT.
///
/// With effective lengths I and O, C requests in flight and G GPUs:
///
/// - E2E = TTFT + TPOT × (O − 1): the first token comes with TTFT, each further one takes TPOT (the
///   definition of TPOT in the benchmark's client, (latency − TTFT) / (output tokens − 1));
/// - throughput per GPU = C × (I + O) / E2E / G, and of output alone C × O / E2E / G: Little's law
///   for a closed loop of C requests. For a disaggregated row the provider divides output by the
///   decode GPUs, and so does this.
///
/// Mantile's own `throughput_tokens_s` and `total_latency_ms` are not the row's metrics (decode
/// tokens of the whole system, and TPOT × 1) and are not used.
#[must_use]
pub fn derive(
    ttft: Seconds,
    tpot: Seconds,
    identity: &Identity,
    concurrency: u32,
    lengths: Lengths,
) -> PerMetric<f64> {
    let (ttft, tpot) = (ttft.0, tpot.0);
    let e2e = e2e_latency(ttft, tpot, lengths);
    let [total, output] = throughputs(e2e, identity, concurrency, lengths);
    PerMetric::from_fn(|metric| match metric {
        Metric::Throughput => total,
        Metric::OutputThroughput => output,
        Metric::Ttft => ttft,
        Metric::Tpot => tpot,
        Metric::E2eLatency => e2e,
    })
}

/// Adds to the metrics that are given those that follow from them by the formulas of [`derive()`]: E2E
/// from TTFT and TPOT, and the throughputs from E2E and the requests in flight, where their number is
/// known. What is given stays.
#[must_use]
pub fn complete(
    given: PerMetric<Option<f64>>,
    identity: &Identity,
    concurrency: Option<u32>,
    lengths: Lengths,
) -> PerMetric<Option<f64>> {
    let e2e = given[Metric::E2eLatency]
        .or_else(|| Some(e2e_latency(given[Metric::Ttft]?, given[Metric::Tpot]?, lengths)));
    let derived = e2e
        .zip(concurrency)
        .map(|(e2e, concurrency)| throughputs(e2e, identity, concurrency, lengths));
    PerMetric::from_fn(|metric| match metric {
        Metric::Throughput => given[metric].or(derived.map(|[total, _]| total)),
        Metric::OutputThroughput => given[metric].or(derived.map(|[_, output]| output)),
        Metric::Ttft | Metric::Tpot => given[metric],
        Metric::E2eLatency => e2e,
    })
}

/// E2E from TTFT and TPOT, s.
pub(crate) fn e2e_latency(ttft: f64, tpot: f64, lengths: Lengths) -> f64 {
    ttft + tpot * (lengths.output - 1.0).max(0.0)
}

/// Throughput per GPU from E2E in s: total, and of output alone.
fn throughputs(e2e: f64, identity: &Identity, concurrency: u32, lengths: Lengths) -> [f64; 2] {
    let Lengths { input, output } = lengths;
    let concurrency = f64::from(concurrency);
    [
        concurrency * (input + output) / e2e / f64::from(identity.gpus()),
        concurrency * output / e2e / f64::from(identity.output_gpus()),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::answer;

    fn estimate(name: &str, lengths: Lengths, ttft_ms: f64, tpot_ms: f64) -> PerMetric<f64> {
        Estimate::new(&answer(ttft_ms, tpot_ms), &name.parse().unwrap(), 8, lengths).metrics
    }

    #[test]
    fn throughput_is_per_gpu_and_e2e_counts_one_token_less() {
        let lengths = Lengths { input: 900.0, output: 101.0 };
        let metrics = estimate("b200::vllm::fp4::1000x1000::tp4_ep1::c8", lengths, 500.0, 10.0);
        assert_relative_eq!(metrics[Metric::E2eLatency], 1.5);
        assert_relative_eq!(metrics[Metric::Throughput], 8.0 * 1001.0 / 1.5 / 4.0);
        assert_relative_eq!(metrics[Metric::OutputThroughput], 8.0 * 101.0 / 1.5 / 4.0);
    }

    #[test]
    fn a_disaggregated_row_divides_output_by_its_decode_gpus() {
        let lengths = Lengths { input: 900.0, output: 101.0 };
        let name = "gb200::trt::fp4::1000x1000::prefill-2w2g_tp1_ep1+decode-1w6g_tp6_ep1::c8";
        let metrics = estimate(name, lengths, 500.0, 10.0);
        assert_relative_eq!(metrics[Metric::Throughput], 8.0 * 1001.0 / 1.5 / 8.0);
        assert_relative_eq!(metrics[Metric::OutputThroughput], 8.0 * 101.0 / 1.5 / 6.0);
    }

    proptest! {
        #[test]
        fn slower_steps_never_give_more_throughput(
            ttft in 0.1..1e5, tpot in 0.01..1e3, slower in 1.0..10.0, output in 1.0..1e5,
        ) {
            let lengths = Lengths { input: 1000.0, output };
            let name = "b200::vllm::fp4::1000x1000::tp4_ep1::c8";
            let (fast, slow) =
                (estimate(name, lengths, ttft, tpot), estimate(name, lengths, ttft * slower, tpot * slower));
            prop_assert!(slow[Metric::Throughput] <= fast[Metric::Throughput] * (1.0 + 1e-12));
            prop_assert!(slow[Metric::E2eLatency] >= fast[Metric::E2eLatency] * (1.0 - 1e-12));
            // Little's law holds of what is predicted: requests in flight = rate × time in system.
            let requests_per_s = fast[Metric::OutputThroughput] * 4.0 / output;
            prop_assert!((requests_per_s * fast[Metric::E2eLatency] / 8.0 - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_reply_becomes_what_it_is() {
        let identity = "b200::vllm::fp4::1000x1000::tp4_ep1::c8".parse().unwrap();
        let outcome = |status, body: &str| {
            let reply = Reply {
                status,
                content_type: "text/html".to_owned(),
                body: body.to_owned(),
                elapsed: Duration::ZERO,
            };
            Outcome::of_reply(&reply, &identity, 8, Lengths { input: 9.0, output: 9.0 }, 4)
        };
        assert_eq!(outcome(500, "Internal Server Error").status(), "refused");
        assert_eq!(outcome(200, "<html>").status(), "unavailable");
        let body = |packages: u32, ttft: &str| {
            format!(
                r#"{{"ttft_ms":{ttft},"tpot_ms":2.0,"tps_user":500.0,"memory":{{"weight_memory_gb":1.0,
                "activation_memory_gb":1.0,"kv_cache_gb":1.0,"memory_per_package_gb":1.0,
                "hw_capacity_gb":80.0}},"system":{{"num_packages":{packages},"bottleneck":"b",
                "fits_on_hardware":true}}}}"#
            )
        };
        assert_eq!(outcome(200, &body(4, "5.0")).status(), "predicted");
        assert_eq!(outcome(200, &body(1, "5.0")).status(), "insane");
        assert_eq!(outcome(200, &body(4, "-5.0")).status(), "insane");
    }
}
