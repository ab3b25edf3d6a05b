//! Checks of rows against the hardware: nothing is faster than its memory and its arithmetic.
//!
//! This is the roofline (Williams, Waterman and Patterson 2009) with figures of Mantile's recorded answer to
//! the row's request, at the peaks of the GPU's datasheet ([`crate::mantile::datasheet`]; without one, at Mantile's). A
//! decode step reads the weights once, and the KV cache of the sequences in it, at peak
//! memory bandwidth; a token costs its FLOPs at peak. What Mantile counts is turned into a bound that holds of
//! any engine:
//!
//! - Of a layer's weights each GPU reads at least its share, parameters / GPUs. Mantile's own count is
//!   larger where weights are replicated, and for feed-forward layers, which it does not divide by the
//!   tensor parallelism.
//! - Experts are read as far as Mantile expects tokens to go to them, uniformly.
//! - Of the requests in flight only those past their first token are in the step, on average the share
//!   TPOT (O − 1) / (TTFT + TPOT (O − 1)); of weights in 4 bits, the scales are left out; and of the FLOPs of
//!   a prompt those of attention, so that a prompt's token costs what a generated one does.

use std::collections::{BTreeMap, HashMap};

use super::{AuditSubject, Finding, Severity, off_by};
use crate::mantile::LayerTable;
use crate::mantile::breakdown::{LayerBreakdown, LayerTime};
use crate::mantile::datasheet;
use crate::mantile::recording::Recording;
use crate::predict::mapping::{self, Recorded};
use crate::predict::prediction::Estimate;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Layout, Row};
use crate::rules::audit_check::AuditCheck;
use crate::rules::config::Config;

/// What share of its bound a row may reach: of the memory's 0.73 at most by the 1,105 published rows of
/// which nothing else is wrong, of the arithmetic's 0.44.
const USUAL: f64 = 0.8;
/// Beyond the bound by more than this it is impossible; by less, a slip of rounding, clocks above their
/// rating, or of the experts that tokens go to.
const POSSIBLE: f64 = 1.05;

/// Mantile's recorded answers to the audited rows and their peers.
pub(super) struct Answers {
    of_rows: HashMap<String, Result<Answered, String>>,
}

/// A row's answer, of a peak that for the most requests.
pub(super) struct Answered {
    /// The row's metrics as Mantile predicts them.
    pub(super) predicted: PerMetric<f64>,
    breakdown: LayerBreakdown,
    hw_capacity_gb: f64,
}

impl Answers {
    /// Finds the answers; why there is none is kept as well.
    pub(super) fn of(subject: AuditSubject<'_>) -> Self {
        let Some(recording) = subject.recording else { return Self { of_rows: HashMap::new() } };
        let layers = recording.layers().map_err(|error| error.to_string());
        let answered = |row: &Row| match &layers {
            Ok(layers) => answer(row, subject.config, recording, layers),
            Err(error) => Err(error.clone()),
        };
        Self { of_rows: subject.all().map(|row| (row.name(), answered(row))).collect() }
    }

    /// A row's answer.
    pub(super) fn get(&self, row: &Row) -> Option<&Answered> {
        self.of_rows.get(&row.name())?.as_ref().ok()
    }
}

fn answer(
    row: &Row,
    config: &Config,
    recording: &Recording,
    layers: &LayerTable,
) -> Result<Answered, String> {
    let mapped = mapping::map(row, config).map_err(|unmapped| unmapped.reason)?;
    let Recorded { question, answer, mut breakdown } = mapped.recorded(recording, layers)?;
    let estimate = Estimate::new(&answer, &row.identity, question.concurrency, mapped.lengths);
    let mut hw_capacity_gb = answer.memory.hw_capacity_gb;
    if let Some(sheet) = datasheet::of(&row.identity.gpu_model) {
        let layers = breakdown.prefill.iter().chain(&breakdown.decode);
        let peaks = sheet.peaks(layers.map(|layer| layer.dtype.as_str()));
        breakdown = breakdown.on(&peaks)?;
        hw_capacity_gb = sheet.capacity_gb;
    }
    Ok(Answered { predicted: estimate.metrics, breakdown, hw_capacity_gb })
}

/// Finds rows that are faster than the hardware allows, and counts those that cannot be checked.
pub(super) fn check(subject: AuditSubject<'_>, answers: &Answers, findings: &mut Vec<Finding>) {
    let mut unchecked: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for row in subject.rows {
        let Some(answered) = answers.of_rows.get(&row.name()) else { continue };
        let bounds = match (stand_in(row, subject.config), answered) {
            (Some(reason), _) => Err(reason),
            (None, Err(reason)) => Err(reason.clone()),
            (None, Ok(answered)) => Ok(bounds(row, answered, subject.config)),
        };
        match bounds {
            Ok(bounds) => findings.extend(bounds.iter().filter_map(|bound| bound.finding(row))),
            Err(reason) => *unchecked.entry((&row.provider, reason)).or_default() += 1,
        }
    }
    for ((provider, reason), rows) in unchecked {
        findings.push(Finding {
            subject: provider.to_owned(),
            severity: Severity::Info,
            check: AuditCheck::FasterThanHardware,
            factor: 1.0,
            message: format!("{rows} rows are not held against the hardware: {reason}"),
        });
    }
}

/// Why no peaks of the row's hardware are known, if they are not: it has no datasheet here, and Mantile's
/// hardware is another.
fn stand_in(row: &Row, config: &Config) -> Option<String> {
    let gpu = config.gpu(&row.identity.gpu_model, &row.identity.framework)?;
    if datasheet::of(&gpu.model).is_some() {
        return None;
    }
    let approximation = gpu.approximation.as_ref()?;
    Some(format!("another GPU stands in for {} ({approximation})", gpu.model))
}

/// The best value that a metric can have.
struct Bound {
    metric: Metric,
    best: f64,
    by: String,
}

impl Bound {
    fn finding(&self, row: &Row) -> Option<Finding> {
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
                "{} is {measured:.4} {}: {share:.2} of what {} allows, {:.4}; usually below {USUAL}",
                self.metric.name(),
                self.metric.unit(),
                self.by,
                self.best,
            ),
        })
    }
}

/// A step's parts on one GPU at peak.
struct Step {
    /// Reading the weights that every step reads, s.
    weights: f64,
    /// Reading the experts that this many requests need, s.
    experts: f64,
    /// Reading the KV cache of one sequence, s.
    kv_of_one: f64,
    /// The work of a token, s on one GPU.
    token: f64,
    /// Sequences in the step.
    batch: f64,
    /// Memory bandwidth, bytes/s.
    bandwidth: f64,
}

impl Step {
    fn of(layers: &[LayerTime], bytes_of_weight: Option<f64>) -> Self {
        let mut step = Self {
            weights: 0.0,
            experts: 0.0,
            kv_of_one: 0.0,
            token: 0.0,
            batch: 1.0,
            bandwidth: 1.0,
        };
        for LayerTime { count, compute_ms, package, .. } in layers {
            // The row's own bytes where Mantile has another dtype for it, or counts the scales.
            let scale = bytes_of_weight.map_or(1.0, |bytes| (bytes / package.dtype_bytes).min(1.0));
            let seconds = |bytes: f64| count * scale * bytes / package.bandwidth_bytes_per_s;
            if package.weight_bytes_read < 0.999 * package.weight_bytes {
                step.experts += seconds(package.weight_bytes_read);
            } else {
                // Without their number: as if each GPU's count were of the whole layer.
                let of_layer = package
                    .parameters
                    .map_or(package.weight_bytes, |number| number * package.dtype_bytes);
                let share = of_layer / package.count;
                step.weights += seconds(package.weight_bytes_read.min(share));
            }
            step.kv_of_one += seconds(package.kv_bytes) / package.batch_size;
            step.token += count * compute_ms / 1000.0 * package.count / package.batch_size;
            step.batch = package.batch_size;
            step.bandwidth = package.bandwidth_bytes_per_s;
        }
        step
    }
}

/// Bytes of a weight by the name of a precision: `fp8` is 1, `mxfp4` is 0.5.
fn bytes_of_weight(precision: &str) -> Option<f64> {
    let bits = precision.trim_start_matches(|c: char| !c.is_ascii_digit());
    bits.parse::<u8>()
        .ok()
        .filter(|bits| matches!(bits, 4 | 6 | 8 | 16))
        .map(|b| f64::from(b) / 8.0)
}

/// GPUs of one decode engine, decode engines, and GPUs of one prefill engine.
fn engines(identity: &Identity) -> (f64, f64, f64) {
    match &identity.layout {
        Layout::Aggregated(p) => (f64::from(p.gpus()), 1.0, f64::from(p.gpus())),
        Layout::Disaggregated { prefill, decode } => (
            f64::from(decode.parallelism.gpus()),
            f64::from(decode.workers),
            f64::from(prefill.parallelism.gpus()),
        ),
    }
}

fn bounds(row: &Row, answered: &Answered, config: &Config) -> Vec<Bound> {
    let ratio = config.sources.iter().find(|source| source.name == row.provider);
    let lengths = row.lengths(ratio.map_or(1.0, |source| source.mean_length_ratio));
    let step = Step::of(&answered.breakdown.decode, bytes_of_weight(&row.identity.precision));
    let (gpus, workers, prefill_gpus) = engines(&row.identity);
    let means = &row.measured.means;
    let mut bounds = Vec::new();
    let memory = format!("reading weights and KV cache at {:.0} GB/s", step.bandwidth / 1e9);
    let further = lengths.output - 1.0;
    match row.identity.concurrency.fixed() {
        Some(concurrency) => {
            // The experts of fewer requests are at least their share of those of all (they overlap).
            let requests = f64::from(concurrency) / workers;
            let all = step.experts * requests / step.batch + step.kv_of_one * requests;
            if let (Some(ttft), Some(tpot)) = (means[Metric::Ttft], means[Metric::Tpot]) {
                let decoding = tpot * further / (ttft + tpot * further);
                let best = step.weights + all * decoding;
                bounds.push(Bound { metric: Metric::Tpot, best, by: memory });
            } else if further > 0.0 {
                // With d of the requests decoding E2E is TPOT (O − 1) / d, and TPOT at least w + d a.
                let e2e = further * (step.weights + all);
                let output = f64::from(concurrency) * lengths.output
                    / e2e
                    / f64::from(row.identity.output_gpus());
                if means[Metric::E2eLatency].is_some() {
                    bounds.push(Bound { metric: Metric::E2eLatency, best: e2e, by: memory });
                } else {
                    bounds.push(Bound {
                        metric: Metric::OutputThroughput,
                        best: output,
                        by: memory,
                    });
                }
            }
        }
        None => {
            // The most sequences that the memory holds beside the weights give the most.
            let capacity = answered.hw_capacity_gb * 1e9 / step.bandwidth;
            let most = (capacity - step.weights) / step.kv_of_one;
            let best = most / (step.weights + most * step.kv_of_one) / gpus;
            bounds.push(Bound { metric: Metric::OutputThroughput, best, by: memory });
        }
    }
    let work = || "the arithmetic at its peak".to_owned();
    let ttft = lengths.input * step.token / prefill_gpus;
    bounds.push(Bound { metric: Metric::Ttft, best: ttft, by: work() });
    bounds.push(Bound { metric: Metric::Throughput, best: 1.0 / step.token, by: work() });
    let share = match &row.identity.layout {
        Layout::Aggregated(_) => lengths.output / (lengths.input + lengths.output),
        Layout::Disaggregated { .. } => 1.0,
    };
    bounds.push(Bound { metric: Metric::OutputThroughput, best: share / step.token, by: work() });
    bounds
}

#[cfg(test)]
mod tests {
    use super::super::audit;
    use super::*;
    use crate::row::Concurrency;
    use crate::rules::config::GpuConfig;
    use crate::testing::{Model, load};

    const DENSE: &str = "meta-llama_Llama-3.3-70B-Instruct";
    const EXPERTS: &str = "openai_GPT-OSS-120B";

    fn pick<'a>(model: &'a Model, name: &str) -> &'a Row {
        model.rows.iter().find(|row| row.name() == name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn bound(row: &Row, model: &Model, recording: &Recording, metric: Metric) -> f64 {
        let layers = recording.layers().unwrap();
        let answered = answer(row, &model.config, recording, &layers).unwrap();
        let bounds = bounds(row, &answered, &model.config);
        bounds.iter().find(|bound| bound.metric == metric).unwrap().best
    }

    #[test]
    fn a_step_reads_each_weight_once_over_all_gpus_and_the_cache_of_those_that_decode() {
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
        // Prompts: 2 FLOP a weight and token, the embedding aside, at the datasheet's 1979 TFLOP/s.
        let flops = 2.0 * 80.0 * (attention + feed_forward) * 0.9 * 1024.0;
        let ttft = bound(row, &model, &recording, Metric::Ttft);
        let expected = flops / 4.0 / 1979e12;
        assert!((ttft / expected - 1.0).abs() < 0.02, "{ttft} against {expected}");
    }

    #[test]
    fn a_row_below_its_bound_is_an_error_and_one_above_is_none() {
        let (model, recording) = load(DENSE);
        let name = "inferencemax::h100::vllm::fp8::1024x1024::tp4_ep1::c32";
        let mut row = pick(&model, name).clone();
        let severity = |row: &Row| {
            let rows = std::slice::from_ref(row);
            let recording = Some(&recording);
            let subject = AuditSubject { rows, peers: &[], config: &model.config, recording };
            let found = audit(subject).into_iter();
            found
                .filter(|finding| finding.check == AuditCheck::FasterThanHardware)
                .map(|f| f.severity)
                .max()
        };
        assert_eq!(severity(&row), None);
        // The share that decodes moves with TPOT, and the bound with it.
        let mut set = |of_bound: f64| {
            for _ in 0..20 {
                let best = bound(&row, &model, &recording, Metric::Tpot);
                row.measured.means[Metric::Tpot] = Some(best * of_bound);
            }
            severity(&row)
        };
        assert_eq!(set(1.3), None);
        assert_eq!(set(1.1), Some(Severity::Warning));
        assert_eq!(set(0.9), Some(Severity::Error));
    }

    #[test]
    fn fewer_requests_need_fewer_experts_and_four_bits_are_half_a_byte() {
        let (model, recording) = load(EXPERTS);
        let tpot = |concurrency: u32| {
            let name = format!("inferencemax::h100::vllm::fp4::1024x1024::tp2_ep1::c{concurrency}");
            bound(pick(&model, &name), &model, &recording, Metric::Tpot)
        };
        // All experts at 4 bits: 36 × 3.19e9 weights / 2 GPUs / 2 / 3350 GB/s.
        let experts = 36.0 * 3_186_524_288.0 / 2.0 / 2.0 / 3350e9;
        assert!(tpot(4) < 0.25 * experts && tpot(4) > 4.0 / 128.0 * experts, "{}", tpot(4));
        assert!(tpot(64) > 0.7 * experts && tpot(64) < 1.3 * experts, "{}", tpot(64));
        assert_eq!(bytes_of_weight("mxfp4"), Some(0.5));
        assert_eq!(bytes_of_weight("bf16"), Some(2.0));
        assert_eq!(bytes_of_weight("fp32"), None);
        assert_eq!(bytes_of_weight("int"), None);
    }

    #[test]
    fn a_peak_is_bound_by_what_the_memory_holds_and_a_stand_in_is_not_bound() {
        let (model, recording) = load("meta-llama_Llama-3.1-405B-Instruct");
        let mut row = model
            .rows
            .iter()
            .find(|row| {
                row.identity.gpu_model == "b200" && row.identity.concurrency == Concurrency::Peak
            })
            .unwrap()
            .clone();
        let by = |row: &Row, config: &Config| {
            let (rows, recording) = (std::slice::from_ref(row), Some(&recording));
            let found = audit(AuditSubject { rows, peers: &[], config, recording });
            let hardware = found.into_iter().filter(|f| f.check == AuditCheck::FasterThanHardware);
            hardware.map(|finding| (finding.severity, finding.message)).collect::<Vec<_>>()
        };
        let of = |row: &Row| by(row, &model.config);
        assert_eq!(of(&row), []);
        row.measured.means[Metric::OutputThroughput] = Some(1e6);
        assert!(of(&row).iter().all(|(severity, _)| *severity == Severity::Error));
        assert_eq!(of(&row).len(), 2, "by memory and by arithmetic");
        // A GPU without a datasheet, for which another one stands in.
        row.identity.gpu_model = "x100".to_owned();
        let stand_in = model.config.gpu("h200", "trt").unwrap().clone();
        let mut config = model.config.clone();
        config.gpus.push(GpuConfig { model: "x100".to_owned(), ..stand_in });
        let found = by(&row, &config);
        let [(Severity::Info, message)] = &found[..] else { panic!("{found:?}") };
        assert!(message.contains("h200_as_h100"), "{message}");
    }
}
