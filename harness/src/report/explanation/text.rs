//! The explanation of a row for people.

use std::fmt::Write as _;

use super::Explanation;
use super::curve::curve_table;
use super::layers::times;
use crate::base::text::plural;
use crate::mantile::SystemMetricsRequest;
use crate::report::failure::row_text;
use crate::report::rerun_command;
use crate::report::text_table::{WIDTH, wrapped};
use crate::row::metric::Metric;
use crate::rules::band::most_specific;

/// The explanation of a row: verdict, request, times by layer and phase, neighbours on the concurrency curve, and
/// bands.
#[must_use]
pub fn explain(explanation: &Explanation<'_>) -> String {
    let Explanation { model, comparison, verdict, request, .. } = explanation;
    let mut text = row_text(comparison, verdict, model);
    let _ = writeln!(text, "\nrun just this row: {}", rerun_command(model, comparison));
    let _ = writeln!(text, "\nverdict: {}\n\n{}", verdict.status.name(), request_text(request));
    match &explanation.breakdown {
        Ok(breakdown) => {
            let _ = write!(text, "{}", times(breakdown, explanation.against.as_ref()));
        }
        Err(why) => {
            let _ = writeln!(text, "no times by layer: {why}");
        }
    }
    let _ =
        writeln!(text, "\nneighbours on the concurrency curve: measured, and predicted / measured");
    let _ = writeln!(text, "{}", curve_table(explanation));
    let _ = write!(text, "\n{}", bands_text(explanation));
    if let Some(repeated) = comparison.row.repeatability {
        let _ = write!(
            text,
            "\nmeasured {} times on the same image: the largest value over the smallest is\n  {:.3} in \
             throughput, {:.3} in TTFT, {:.3} in TPOT, {:.3} in E2E",
            repeated.repeats,
            repeated.throughput_max_min_ratio,
            repeated.ttft_max_min_ratio,
            repeated.tpot_max_min_ratio,
            repeated.e2e_latency_max_min_ratio
        );
    }
    text
}

/// The request: per phase its batch, tokens and hardware, and per kind of layer its dtype and degrees of
/// parallelism.
fn request_text(request: &SystemMetricsRequest) -> String {
    let mut text = format!("request {}\n", request.key());
    for (name, phase) in [("prefill", &request.prefill_req), ("decode", &request.decode_req)] {
        let context = phase.context_len.map(|tokens| format!(", {tokens} in the KV cache"));
        let _ = writeln!(
            text,
            "  {name}: {} sequence{} of {} token{}{} on {}",
            phase.batch_size,
            plural(phase.batch_size as usize),
            phase.seq_len,
            plural(phase.seq_len as usize),
            context.unwrap_or_default(),
            phase.hardware_id
        );
        for (layer, asked) in &phase.layers {
            let degrees: Vec<String> =
                asked.parallelism.iter().map(|(name, degree)| format!("{name} {degree}")).collect();
            let _ = writeln!(text, "    {layer}: {} {}", asked.dtype, degrees.join(", "));
        }
    }
    text
}

/// The band of each metric that holds for the row, with its line and what it was made from.
fn bands_text(explanation: &Explanation<'_>) -> String {
    let Explanation { model, comparison, .. } = explanation;
    let mut text = format!("bands in {}", model.config.path.display());
    for metric in Metric::ALL {
        if let Some((band, written)) = most_specific(&model.config.bands, &comparison.row, metric) {
            let (name, line) = (metric.name(), written.line);
            let words = format!("{name} {} at line {line}: {}", written.value, band.basis);
            let words = wrapped(&words, "  ", "    ", WIDTH);
            let _ = write!(text, "\n{words}\n    {}", band.group);
        }
    }
    text
}
