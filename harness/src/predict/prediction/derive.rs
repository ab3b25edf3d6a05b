//! The formulas from TTFT and TPOT to the row's metrics.

use crate::base::units::Seconds;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Lengths};

/// Derives the row's metrics from TTFT and TPOT.
///
/// With effective lengths I and O, C requests in flight and G GPUs:
///
/// - E2E = TTFT + TPOT × (O − 1): the first token takes TTFT, every other token takes TPOT (the benchmark's client
///   defines TPOT as (latency − TTFT) / (output tokens − 1));
/// - throughput per GPU = C × (I + O) / E2E / G, and output throughput per GPU = C × O / E2E / G: Little's law for
///   a closed loop of C requests. For a disaggregated row, output throughput is divided by the decode GPUs, as the
///   provider does.
///
/// Mantile's `throughput_tokens_s` and `total_latency_ms` are not used, because they are other metrics: decode
/// tokens of the whole system, and TPOT × 1.
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

/// Completes the given metrics by the formulas of [`derive()`]: E2E from TTFT and TPOT, and the throughputs from E2E
/// and the requests in flight, if their number is known. The given metrics do not change.
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

/// E2E latency in s, from TTFT and TPOT in s.
pub(crate) fn e2e_latency(ttft: f64, tpot: f64, lengths: Lengths) -> f64 {
    ttft + tpot * (lengths.output - 1.0).max(0.0)
}

/// The total throughput and the output throughput, tokens/s per GPU, from E2E in s.
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
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use crate::predict::prediction::Estimate;
    use crate::testing::answer;

    use super::*;

    fn estimate(name: &str, lengths: Lengths, ttft_ms: f64, tpot_ms: f64) -> PerMetric<f64> {
        Estimate::new(&answer(ttft_ms, tpot_ms), &name.parse().unwrap(), 8, lengths).metrics
    }

    #[test]
    fn throughput_is_per_gpu_and_e2e_has_one_tpot_less_than_tokens() {
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
            // The prediction obeys Little's law: requests in flight = rate × time in system.
            let requests_per_s = fast[Metric::OutputThroughput] * 4.0 / output;
            prop_assert!((requests_per_s * fast[Metric::E2eLatency] / 8.0 - 1.0).abs() < 1e-9);
        }
    }
}
