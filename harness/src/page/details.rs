//! Everything about each row, folded up.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Subject, rows};
use crate::breakdown::{Breakdown, Phase};
use crate::compare::Comparison;
use crate::mantile::SystemMetricsRequest;
use crate::mapping::Recorded;
use crate::metric::Metric;
use crate::report::{figure as four_digits, layer_times, rerun_command};
use crate::verdict::{RowVerdict, Standing, Status};

/// Everything about each row, folded up.
pub(super) fn details(subject: Subject<'_>) -> Markup {
    let Subject { model, evaluation, recorded, .. } = subject;
    html! { p { "Bands are of " code { (model.config.path.display()) } "." }
    @for (index, (comparison, verdict)) in rows(evaluation).enumerate() {
        details id=(comparison.row.name()) {
            summary { (comparison.row.name()) " " em class=(verdict.status.name()) { (verdict.status.words()) } }
            @if let Some(problem) = &verdict.problem { p { (problem) } }
            p { (measured(comparison)) " " a href="#rows" { "back to the rows" } }
            @if !verdict.quantities.is_empty() { (quantities(verdict)) }
            @if let Some(Some(recorded)) = recorded.get(index) {
                p { (asked(recorded)) } p { (answered(comparison)) } pre tabindex="0" { (times(&recorded.breakdown)) }
            }
            @if verdict.status != Status::Unmapped {
                p { code { (rerun_command(model, comparison)) } }
            }
        }
    } }
}

/// The times of both phases by kind of layer.
fn times(breakdown: &Breakdown) -> String {
    [Phase::Prefill, Phase::Decode].map(|phase| layer_times(breakdown, phase, None)).join("\n\n")
}

/// When and by which run a row was measured, and what its prediction glosses over.
fn measured(comparison: &Comparison) -> String {
    let provenance = &comparison.row.provenance;
    let date = provenance.benchmark_date.as_deref().unwrap_or("no day is known");
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

/// What Mantile was asked for a row.
fn asked(recorded: &Recorded) -> String {
    let SystemMetricsRequest { prefill_req: prefill, decode_req: decode } =
        &recorded.question.request;
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, layer) in &decode.layers {
        let degrees = layer.parallelism.iter().map(|(name, degree)| format!("{name} {degree}"));
        let words: Vec<String> = std::iter::once(layer.dtype.clone()).chain(degrees).collect();
        alike.entry(words.join(" ")).or_default().push(name);
    }
    let layers: Vec<String> =
        alike.iter().map(|(words, names)| format!("{} {words}", names.join(", "))).collect();
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

/// What it answered, beside the times.
fn answered(comparison: &Comparison) -> String {
    comparison.outcome.estimate().map_or_else(String::new, |estimate| {
        format!(
            "answered: TTFT {} ms, TPOT {} ms; GB: weights {}, KV cache {}, activations {}, a GPU {} of {}",
            four_digits(1e3 * estimate.metrics[Metric::Ttft]),
            four_digits(1e3 * estimate.metrics[Metric::Tpot]),
            four_digits(estimate.memory_weight_gb),
            four_digits(estimate.memory_kv_cache_gb),
            four_digits(estimate.memory_activation_gb),
            four_digits(estimate.memory_per_package_gb),
            four_digits(estimate.hw_capacity_gb)
        )
    })
}

fn quantities(verdict: &RowVerdict) -> Markup {
    html! { div.scroll tabindex="0" { table {
        thead { tr { th { "" } th { "measured" } th { "predicted" } th { "unit" } th { "ratio" } th { "band" } th { "" } } }
        tbody { @for judged in &verdict.quantities { tr {
            th scope="row" { (judged.quantity.title()) }
            td { (four_digits(judged.pair.measured)) } td { (four_digits(judged.pair.predicted)) }
            td { (judged.quantity.unit()) } td { (format!("{:.3}", judged.pair.ratio())) }
            td { @if let Some(band) = &judged.band { (band.value.to_string())
                @if band.line > 0 { " " small { "line " (band.line) } } } }
            td { (match judged.standing { Standing::Inside => "inside", Standing::Known => "known deviation", Standing::Outside => "outside", Standing::NoBand => "no band" })
                @if let Some(deviation) = &judged.deviation { ": " (deviation.reason) } }
        } } }
    } } }
}
