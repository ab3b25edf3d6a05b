//! What serving adds to the times of Mantile's steps, which no hardware configuration can hold.

use super::observation::{Latencies, Observation};

/// The serving terms of a closed loop of C requests.
///
/// Mantile's TTFT is one prefill of all C prompts and its TPOT one undisturbed decode step. In a closed loop
/// prompts come one by one, as requests end:
///
/// - While a request makes its O tokens, each of the others is replaced once on average, so that C
///   prefills fall into O steps. Engines put a prompt's tokens into the steps of the running requests
///   (Yu et al. 2022, "Orca", section 3; Agrawal et al. 2024, "Taming throughput-latency tradeoff in LLM
///   inference with Sarathi-Serve", section 3), which makes those longer: TPOT' = TPOT + φ × TTFT / O, with
///   φ = 1 where a prefill stops all decoding and φ = 0 where it is done on other GPUs.
/// - A request waits for the host (tokenizer, scheduler, network), for the steps under way, and for its
///   own prefill; and of 10 C requests the first C come together and queue, for half of all prefills on
///   average: TTFT' = host + steps × TPOT' + TTFT / C + burst × TTFT, where burst is about 0.1 / 2.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Correction {
    /// φ: the share of a prefill that decoding stands still for, 0 to 1.
    pub prefill_share: f64,
    /// Time of the host a request, ms.
    pub host_ms: f64,
    /// Decode steps that a request waits for.
    pub wait_steps: f64,
    /// The share of a prefill of all prompts that a request waits for.
    pub burst_share: f64,
}

impl Correction {
    /// What a client sees where these are the times of Mantile's steps. A row that does not measure TTFT and
    /// TPOT is of a static batch, which nothing joins: it stays.
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

    use super::super::observation::tests::observation;
    use super::*;

    proptest! {
        #[test]
        fn serving_only_adds_and_each_term_adds_its_own(
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
    fn a_prefill_elsewhere_keeps_no_step_waiting_and_a_static_batch_stays() {
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
