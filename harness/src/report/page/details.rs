//! The details of each row, folded up.

use std::collections::BTreeMap;
use std::path::Path;

use maud::{Markup, html};

use super::{PageSubject, judged_rows};
use crate::judge::compare::Comparison;
use crate::judge::verdict::{RowVerdict, Status};
use crate::mantile::SystemMetricsRequest;
use crate::mantile::breakdown::{LayerBreakdown, RequestPhase};
use crate::predict::mapping::Recorded;
use crate::report::quantities::verdict_table;
use crate::report::{explain_command, figure, layer_times, rerun_command};
use crate::row::metric::Metric;

/// One folded element per row: how it was measured, judged, asked and answered, and the commands to rerun it.
pub(super) fn details(subject: PageSubject<'_>) -> Markup {
    let PageSubject { model, evaluation, recorded, .. } = subject;
    // The path in the repository, wherever the page is made.
    let repository_path = |path: &Path| {
        let file = path.file_name().unwrap_or_default();
        format!("by_model/{}/{}", model.name, file.to_string_lossy())
    };
    html! { p { "Line numbers of bands refer to " code { (repository_path(&model.config.path)) } ", those of known \
        deviations to " code { (repository_path(&model.deviations.path)) } ". For memory, \"measured\" is a GPU's capacity \
        and \"predicted\" is what Mantile counts." }
    @for (index, (comparison, verdict)) in judged_rows(evaluation).enumerate() {
        details id=(comparison.row.name()) {
            summary { (comparison.row.name()) " " em class=(verdict.status.name()) { (verdict.status.words()) } }
            @if let Some(problem) = &verdict.problem { p { (problem) } }
            p { (measured(comparison)) " " a.back href="#rows" { "Back to the rows" } }
            @if !verdict.quantities.is_empty() { pre { (verdict_table(verdict, true).to_text()) } }
            @for reason in reasons(verdict) { p { (reason) } }
            @if let Some(Some(recorded)) = recorded.get(index) {
                p { (asked(recorded)) } p { (answered(comparison)) } pre { (times(&recorded.breakdown)) }
            }
            @if verdict.status != Status::Unmapped {
                p { code { (rerun_command(model, comparison)) } br; code { (explain_command(model, comparison)) } }
            }
        }
    } }
}

/// The times of prefill and decode by kind of layer.
fn times(breakdown: &LayerBreakdown) -> String {
    [RequestPhase::Prefill, RequestPhase::Decode]
        .map(|phase| layer_times(breakdown, phase, None))
        .join("\n\n")
}

/// The date and run of the measurement, and the approximations in the prediction.
fn measured(comparison: &Comparison) -> String {
    let provenance = &comparison.row.provenance;
    let date = provenance.benchmark_date.as_deref().unwrap_or("date unknown");
    let run = match &provenance.run_id[..] {
        "" => String::new(),
        run => format!(", run {run}"),
    };
    let approximations = if comparison.approximations.is_empty() {
        String::new()
    } else {
        format!("; approximations: {}", comparison.approximations.join(", "))
    };
    format!("measured: {date}{run}{approximations}.")
}

/// The request to Mantile: hardware, batch and lengths of both phases, and the layers' dtypes and parallelism.
fn asked(recorded: &Recorded) -> String {
    let SystemMetricsRequest { prefill_req: prefill, decode_req: decode } =
        &recorded.question.request;
    let mut layers_by_settings: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, layer) in &decode.layers {
        let degrees = layer.parallelism.iter().map(|(name, degree)| format!("{name} {degree}"));
        let settings: Vec<String> = std::iter::once(layer.dtype.clone()).chain(degrees).collect();
        layers_by_settings.entry(settings.join(" ")).or_default().push(name);
    }
    let layers: Vec<String> = layers_by_settings
        .iter()
        .map(|(settings, names)| format!("{} {settings}", names.join(", ")))
        .collect();
    format!(
        "asked: {}, prefill {} × {} tokens, decode {} × {} over {}; {}; recorded as {}",
        decode.hardware_id,
        prefill.batch_size,
        prefill.seq_len,
        decode.batch_size,
        decode.seq_len,
        decode.context_len.unwrap_or(0),
        layers.join("; "),
        recorded.question.request.key()
    )
}

/// Mantile's answer without the times of layers; empty for a row without a prediction.
fn answered(comparison: &Comparison) -> String {
    comparison.outcome.estimate().map_or_else(String::new, |estimate| {
        format!(
            "answered: TTFT {} ms, TPOT {} ms; GB: weights {}, KV cache {}, activations {}, total per GPU {} of {}",
            figure(1e3 * estimate.metrics[Metric::Ttft]),
            figure(1e3 * estimate.metrics[Metric::Tpot]),
            figure(estimate.memory_weight_gb),
            figure(estimate.memory_kv_cache_gb),
            figure(estimate.memory_activation_gb),
            figure(estimate.memory_per_package_gb),
            figure(estimate.hw_capacity_gb)
        )
    })
}

/// Each reason for a known deviation, once, with its line in the file.
fn reasons(verdict: &RowVerdict) -> Vec<String> {
    let known = verdict.quantities.iter().filter_map(|judged| judged.deviation.as_ref());
    let mut reasons: Vec<String> = known
        .map(|known| {
            let line = known.bound.line;
            format!("known deviation until {} (line {line}): {}", known.expires, known.reason)
        })
        .collect();
    reasons.dedup();
    reasons
}
