//! The serving terms: what serving adds to the times of Mantile's steps. No hardware configuration can hold them.

use super::observation::{Latencies, Observation};

/// The serving terms of a closed loop of C concurrent requests.
///
/// Mantile's TTFT is one prefill of all C prompts and its TPOT one undisturbed decode step. In a closed loop,
/// prompts arrive one at a time, as requests end:
///
/// - While a request makes its O tokens, each of the others is replaced once on average, so that C
///   prefills fall into O steps. Engines put a prompt's tokens into the steps of the running requests
///   (Yu et al. 2022, "Orca", section 3; Agrawal et al. 2024, "Taming throughput-latency tradeoff in LLM
///   inference with Sarathi-Serve", section 3), which makes those longer: TPOT' = TPOT + φ × TTFT / O, with
///   φ = 1 where a prefill stops all decoding and φ = 0 where prefills run on other GPUs.
/// - A request waits for the host (tokenizer, scheduler, network), for the steps under way, and for its
///   own prefill. Of 10 C requests, the first C arrive together and queue, for half of all prefills on
///   average: TTFT' = host + steps × TPOT' + TTFT / C + burst × TTFT, where burst is about 0.1 / 2.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Correction {
    /// φ: the share of a prefill during which decoding stands still, 0 to 1.
    pub prefill_share: f64,
    /// The host's time per request, ms.
    pub host_ms: f64,
    /// The number of decode steps that a request waits for.
    pub wait_steps: f64,
    /// The share of a prefill of all prompts that a request waits for.
    pub burst_share: f64,
}

impl Correction {
    /// The latencies that a client sees, from the times of Mantile's steps. A row that does not measure TTFT
    /// and TPOT is of a static batch, which no request joins, so that its times stay.
    #[must_use]
    pub fn apply(&self, steps: Latencies, observation: &Observation) -> Latencies {
        if !observation.has_parts() {
            return steps;
        }
        let Latencies { ttft, tpot } = steps;
        let share = if observation.separate_pools { 0.0 } else { self.prefill_share };
        let tpot = tpot + share * ttft / observation.lengths.output.max(1.0);
        let ttft = self.host_ms / 1e3
            + self.wait_steps * tpot
            + ttft / observation.prefill_batch
            + self.burst_share * ttft;
        Latencies { ttft, tpot }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::observe::tests::observation;
    use super::*;

    proptest! {
        #[test]
        fn each_serving_term_adds_time(
            ttft in 0.01..10.0, tpot in 0.001..0.1,
            prefill_share in 0.0..1.0, host_ms in 0.0..100.0, wait_steps in 0.0..10.0, burst_share in 0.0..0.5,
        ) {
            let row = observation(0.1, 0.01);
            let steps = Latencies { ttft, tpot };
            let correction = Correction { prefill_share, host_ms, wait_steps, burst_share };
            let seen = correction.apply(steps, &row);
            prop_assert!(seen.tpot >= tpot);
            prop_assert!(seen.ttft >= ttft / row.prefill_batch);
            let none = Correction::default().apply(steps, &row);
            prop_assert_eq!(none, Latencies { ttft: ttft / row.prefill_batch, tpot });
            let more = Correction { host_ms: host_ms + 5.0, ..correction }.apply(steps, &row);
            prop_assert!((more.ttft - seen.ttft - 0.005).abs() < 1e-9);
        }
    }

    #[test]
    fn a_prefill_on_other_gpus_delays_no_step_and_a_static_batch_stays() {
        let correction =
            Correction { prefill_share: 1.0, host_ms: 1.0, wait_steps: 1.0, burst_share: 0.1 };
        let steps = Latencies { ttft: 0.8, tpot: 0.01 };
        let mut row = observation(0.1, 0.01);
        let together = correction.apply(steps, &row);
        // 0.8 s over 922 tokens.
        assert!((together.tpot - 0.01 - 0.8 / 921.6).abs() < 1e-12);
        row.separate_pools = true;
        assert!((correction.apply(steps, &row).tpot - 0.01).abs() < 1e-15);
        row.row.measured.means[crate::row::metric::Metric::Ttft] = None;
        assert_eq!(correction.apply(steps, &row), steps);
    }
}
