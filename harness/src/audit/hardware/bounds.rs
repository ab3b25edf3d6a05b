//! The best value that the hardware allows for each metric of a row.

use super::answers::RowAnswer;
use super::step::DecodeStep;
use crate::audit::finding::{Finding, Severity, off_by};
use crate::row::metric::Metric;
use crate::row::{Identity, Layout, Lengths, Row};
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::Config;

/// The share of its bound that a metric usually stays below. The 1,105 published rows without another fault
/// reach at most 0.73 of the bound by memory, and at most 0.44 of the bound by arithmetic.
const USUAL: f64 = 0.8;
/// The share of its bound above which a metric is impossible. A smaller excess may come from rounding, from
/// clocks above their rating, or from the choice of experts.
const POSSIBLE: f64 = 1.05;

/// The best value that a metric can have.
pub(super) struct HardwareBound {
    metric: Metric,
    /// In the unit of the metric.
    best: f64,
    /// The limit that it comes from, in words.
    cause: String,
}

impl HardwareBound {
    /// The finding in a row that comes too near to the bound or exceeds it.
    pub(super) fn finding(&self, row: &Row) -> Option<Finding> {
        let measured = row.measured.means[self.metric]?;
        let share = match self.metric {
            Metric::Throughput | Metric::OutputThroughput => measured / self.best,
            Metric::Ttft | Metric::Tpot | Metric::E2eLatency => self.best / measured,
        };
        if share <= USUAL {
            return None;
        }
        let severity = if share > POSSIBLE { Severity::Error } else { Severity::Warning };
        Some(Finding {
            subject: row.name(),
            severity,
            check: AuditCheck::FasterThanHardware,
            factor: off_by(share),
            message: format!(
                "{} is {measured:.4} {unit}; {} allows {:.4} {unit} at best, so the speed is \
                 {share:.2} of the limit, usually below {USUAL}",
                self.metric.name(),
                self.cause,
                self.best,
                unit = self.metric.unit(),
            ),
        })
    }
}

/// The bounds of a row by memory and by arithmetic.
pub(super) fn bounds(row: &Row, answer: &RowAnswer, config: &Config) -> Vec<HardwareBound> {
    let ratio = config.source(&row.provider).map_or(1.0, |source| source.mean_length_ratio);
    let lengths = row.lengths(ratio);
    let step = DecodeStep::new(&answer.breakdown.decode, &row.identity.precision);
    let mut bounds: Vec<HardwareBound> = match row.identity.concurrency.fixed() {
        Some(concurrency) => {
            bound_by_memory(row, concurrency, lengths, &step).into_iter().collect()
        }
        None => vec![peak_by_memory(row, answer.capacity_gb, &step)],
    };
    bounds.extend(bounds_by_arithmetic(row, lengths, &step));
    bounds
}

fn by_memory(metric: Metric, best: f64, step: &DecodeStep) -> HardwareBound {
    let gb_per_s = step.bandwidth / 1e9;
    let cause = format!("reading the weights and the KV cache at {gb_per_s:.0} GB/s");
    HardwareBound { metric, best, cause }
}

/// The bound of a row with so many requests in flight: of TPOT where TTFT and TPOT are known, or else of E2E or
/// of output throughput.
fn bound_by_memory(
    row: &Row,
    concurrency: u32,
    lengths: Lengths,
    step: &DecodeStep,
) -> Option<HardwareBound> {
    let means = &row.measured.means;
    let further = lengths.output - 1.0;
    // Fewer requests need at least their share of the experts that all need, because those overlap.
    let requests = f64::from(concurrency) / EngineSizes::of(&row.identity).decode_engines;
    let all = step.experts * requests / step.batch + step.kv_per_sequence * requests;
    if let (Some(ttft), Some(tpot)) = (means[Metric::Ttft], means[Metric::Tpot]) {
        let decoding = tpot * further / (ttft + tpot * further);
        return Some(by_memory(Metric::Tpot, step.weights + all * decoding, step));
    }
    if further <= 0.0 {
        return None;
    }
    // If a share d of the requests decodes, E2E is TPOT (O − 1) / d, and TPOT is at least w + d a.
    let e2e = further * (step.weights + all);
    if means[Metric::E2eLatency].is_some() {
        return Some(by_memory(Metric::E2eLatency, e2e, step));
    }
    let rate = f64::from(concurrency) * lengths.output / e2e;
    let best = rate / f64::from(row.identity.output_gpus());
    Some(by_memory(Metric::OutputThroughput, best, step))
}

/// The bound of a peak: its output throughput with as many sequences as fit into memory beside the weights.
fn peak_by_memory(row: &Row, capacity_gb: f64, step: &DecodeStep) -> HardwareBound {
    let gpus = EngineSizes::of(&row.identity).decode_gpus;
    let capacity = capacity_gb * 1e9 / step.bandwidth;
    let sequences = (capacity - step.weights) / step.kv_per_sequence;
    let best = sequences / (step.weights + sequences * step.kv_per_sequence) / gpus;
    by_memory(Metric::OutputThroughput, best, step)
}

fn bounds_by_arithmetic(row: &Row, lengths: Lengths, step: &DecodeStep) -> [HardwareBound; 3] {
    let prefill_gpus = EngineSizes::of(&row.identity).prefill_gpus;
    let output_share = match &row.identity.layout {
        Layout::Aggregated(_) => lengths.output / (lengths.input + lengths.output),
        Layout::Disaggregated { .. } => 1.0,
    };
    [
        (Metric::Ttft, lengths.input * step.token / prefill_gpus),
        (Metric::Throughput, 1.0 / step.token),
        (Metric::OutputThroughput, output_share / step.token),
    ]
    .map(|(metric, best)| HardwareBound {
        metric,
        best,
        cause: "the peak arithmetic rate".to_owned(),
    })
}

/// The sizes of the engines that serve a row.
struct EngineSizes {
    /// GPUs of one decode engine.
    decode_gpus: f64,
    decode_engines: f64,
    /// GPUs of one prefill engine.
    prefill_gpus: f64,
}

impl EngineSizes {
    fn of(identity: &Identity) -> Self {
        match &identity.layout {
            Layout::Aggregated(engine) => {
                let gpus = f64::from(engine.gpus());
                Self { decode_gpus: gpus, decode_engines: 1.0, prefill_gpus: gpus }
            }
            Layout::Disaggregated { prefill, decode } => Self {
                decode_gpus: f64::from(decode.parallelism.gpus()),
                decode_engines: f64::from(decode.workers),
                prefill_gpus: f64::from(prefill.parallelism.gpus()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answers::row_answer;
    use super::*;
    use crate::audit::{AuditSubject, audit};
    use crate::mantile::recording::Recording;
    use crate::testing::{Model, load};

    const DENSE: &str = "meta-llama_Llama-3.3-70B-Instruct";
    const EXPERTS: &str = "openai_GPT-OSS-120B";

    fn pick<'a>(model: &'a Model, name: &str) -> &'a Row {
        model.rows.iter().find(|row| row.name() == name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn bound(row: &Row, model: &Model, recording: &Recording, metric: Metric) -> f64 {
        let layers = recording.layers().unwrap();
        let answer = row_answer(row, &model.config, recording, &layers).unwrap();
        let bounds = bounds(row, &answer, &model.config);
        bounds.iter().find(|bound| bound.metric == metric).unwrap().best
    }

    #[test]
    fn a_step_reads_each_weight_once_over_all_gpus_and_the_cache_of_the_decoding_requests() {
        // By hand, from the model's published sizes: 80 layers, hidden 8192, feed-forward 28672, 8 KV heads
        // of 128, vocabulary 128256; fp8 on H100s of 3350 GB/s.
        let (model, recording) = load(DENSE);
        let name = "inferencemax::h100::vllm::fp8::1024x1024::tp4_ep1::c32";
        let row = pick(&model, name);
        let attention = 2.0 * 8192.0 * 8192.0 + 2.0 * 8192.0 * 1024.0;
        let feed_forward = 3.0 * 8192.0 * 28672.0;
        let norms = 80.0 * 8192.0;
        let weights = (80.0 * (attention + feed_forward) + 128_256.0 * 8192.0) / 4.0 + norms;
        let context = (0.9f64 * 1024.0 + 0.45 * 1024.0).round();
        let cache = 80.0 * 2.0 * 1024.0 * context * 32.0 / 4.0;
        let means = row.measured.means;
        let (ttft, tpot) = (means[Metric::Ttft].unwrap(), means[Metric::Tpot].unwrap());
        let decoding = tpot * (0.9 * 1024.0 - 1.0);
        let expected = (weights + cache * decoding / (ttft + decoding)) / 3350e9;
        let best = bound(row, &model, &recording, Metric::Tpot);
        assert!((best / expected - 1.0).abs() < 1e-3, "{best} against {expected}");
        // Prompts: 2 FLOP per weight and token without the embedding, at the datasheet's 1979 TFLOP/s.
        let flops = 2.0 * 80.0 * (attention + feed_forward) * 0.9 * 1024.0;
        let ttft = bound(row, &model, &recording, Metric::Ttft);
        let expected = flops / 4.0 / 1979e12;
        assert!((ttft / expected - 1.0).abs() < 0.02, "{ttft} against {expected}");
    }

    #[test]
    fn a_row_below_its_bound_is_an_error_and_a_row_well_above_it_is_fine() {
        let (model, recording) = load(DENSE);
        let name = "inferencemax::h100::vllm::fp8::1024x1024::tp4_ep1::c32";
        let mut row = pick(&model, name).clone();
        let severity = |row: &Row| {
            let rows = std::slice::from_ref(row);
            let recording = Some(&recording);
            let subject = AuditSubject { rows, peers: &[], config: &model.config, recording };
            let findings = audit(subject).into_iter();
            findings
                .filter(|finding| finding.check == AuditCheck::FasterThanHardware)
                .map(|f| f.severity)
                .max()
        };
        assert_eq!(severity(&row), None);
        // The share of requests that decode depends on TPOT, and so does the bound.
        let mut severity_at = |share: f64| {
            for _ in 0..20 {
                let best = bound(&row, &model, &recording, Metric::Tpot);
                row.measured.means[Metric::Tpot] = Some(best * share);
            }
            severity(&row)
        };
        assert_eq!(severity_at(1.3), None);
        assert_eq!(severity_at(1.1), Some(Severity::Warning));
        assert_eq!(severity_at(0.9), Some(Severity::Error));
    }

    #[test]
    fn fewer_requests_need_fewer_experts() {
        let (model, recording) = load(EXPERTS);
        let tpot = |concurrency: u32| {
            let name = format!("inferencemax::h100::vllm::fp4::1024x1024::tp2_ep1::c{concurrency}");
            bound(pick(&model, &name), &model, &recording, Metric::Tpot)
        };
        // All experts at 4 bits: 36 × 3.19e9 weights / 2 GPUs / 2 / 3350 GB/s.
        let experts = 36.0 * 3_186_524_288.0 / 2.0 / 2.0 / 3350e9;
        assert!(tpot(4) < 0.25 * experts && tpot(4) > 4.0 / 128.0 * experts, "{}", tpot(4));
        assert!(tpot(64) > 0.7 * experts && tpot(64) < 1.3 * experts, "{}", tpot(64));
    }
}
