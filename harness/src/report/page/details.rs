//! Everything about each row, folded up.

use std::collections::BTreeMap;
use std::path::Path;

use maud::{Markup, html};

use super::{PageSubject, rows};
use crate::judge::compare::Comparison;
use crate::judge::verdict::{RowVerdict, Status};
use crate::mantile::SystemMetricsRequest;
use crate::mantile::breakdown::{LayerBreakdown, RequestPhase};
use crate::predict::mapping::Recorded;
use crate::report::{
    Align, TextTable, explain_command, figure as four_digits, layer_times, rerun_command,
};
use crate::row::metric::{Metric, Quantity};

/// Everything about each row, folded up.
pub(super) fn details(subject: PageSubject<'_>) -> Markup {
    let PageSubject { model, evaluation, recorded, .. } = subject;
    // As the files are called wherever the page is made.
    let called = |path: &Path| {
        let file = path.file_name().unwrap_or_default();
        format!("by_model/{}/{}", model.name, file.to_string_lossy())
    };
    html! { p { "Lines of bands are of " code { (called(&model.config.path)) } ", those of known deviations of "
        code { (called(&model.deviations.path)) } "." }
    @for (index, (comparison, verdict)) in rows(evaluation).enumerate() {
        details id=(comparison.row.name()) {
            summary { (comparison.row.name()) " " em class=(verdict.status.name()) { (verdict.status.words()) } }
            @if let Some(problem) = &verdict.problem { p { (problem) } }
            p { (measured(comparison)) " " a.back href="#rows" { "back to the rows" } }
            @if !verdict.quantities.is_empty() { pre { (quantities(verdict)) } }
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

/// The times of both phases by kind of layer.
fn times(breakdown: &LayerBreakdown) -> String {
    [RequestPhase::Prefill, RequestPhase::Decode]
        .map(|phase| layer_times(breakdown, phase, None))
        .join("\n\n")
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

/// What is measured and predicted of each quantity, and the band with its line in the file.
fn quantities(verdict: &RowVerdict) -> String {
    let columns = [
        ("", Align::Left),
        ("measured", Align::Right),
        ("predicted", Align::Right),
        ("", Align::Left),
        ("p/m", Align::Right),
        ("band", Align::Left),
        ("line", Align::Right),
        ("", Align::Left),
    ];
    let mut table = TextTable::new(&columns);
    for judged in &verdict.quantities {
        let band = judged.band.as_ref();
        let line = band.filter(|band| band.line > 0).map(|band| band.line.to_string());
        // Of memory there is a capacity, not a measurement.
        let title = match judged.quantity {
            Quantity::Memory => "memory of capacity",
            quantity @ Quantity::Metric(_) => quantity.title(),
        };
        table.line(vec![
            title.to_owned(),
            four_digits(judged.pair.measured),
            four_digits(judged.pair.predicted),
            judged.quantity.unit().to_owned(),
            format!("{:.3}", judged.pair.ratio()),
            band.map_or_else(String::new, |band| band.value.to_string()),
            line.unwrap_or_default(),
            judged.standing.words().to_owned(),
        ]);
    }
    table.to_text()
}

/// Each reason why a quantity is known to be outside, once, with where it is written.
fn reasons(verdict: &RowVerdict) -> Vec<String> {
    let known = verdict.quantities.iter().filter_map(|judged| judged.deviation.as_ref());
    let mut reasons: Vec<String> = known
        .map(|known| {
            let line = known.bound.line;
            format!("known until {} (line {line}): {}", known.expires, known.reason)
        })
        .collect();
    reasons.dedup();
    reasons
}
