//! Everything about one row, for the one who asks why.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::text_table::{WIDTH, wrapped};
use super::{Align, TextTable, failure_text};
use crate::judge::compare::Comparison;
use crate::judge::model::Model;
use crate::judge::verdict::RowVerdict;
use crate::mantile::SystemMetricsRequest;
use crate::mantile::breakdown::{LayerBreakdown, LayerTime, RequestPhase};
use crate::row::Identity;
use crate::row::metric::{Metric, Quantity};
use crate::row::property::Field;
use crate::rules::band::most_specific;

/// What an explanation is made of.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// The model.
    pub model: &'a Model,
    /// The row with its prediction.
    pub comparison: &'a Comparison,
    /// Its verdict.
    pub verdict: &'a RowVerdict,
    /// What was asked.
    pub request: &'a SystemMetricsRequest,
    /// The answer's times by layer, where it has them.
    pub breakdown: Result<LayerBreakdown, String>,
    /// Another release's name with its times, where one was asked for.
    pub against: Option<(String, Result<LayerBreakdown, String>)>,
    /// All rows, predicted, to find the neighbours among.
    pub comparisons: &'a [Comparison],
}

/// Writes it: verdict, request, times by layer and phase, neighbours on the concurrency curve, bands.
#[must_use]
pub fn explain(explanation: &Explanation<'_>) -> String {
    let Explanation { model, comparison, verdict, request, .. } = explanation;
    let mut text = failure_text(comparison, verdict, model);
    let _ = writeln!(text, "\nverdict: {}\n\nrequest {}", verdict.status.name(), request.key());
    for (name, phase) in [("prefill", &request.prefill_req), ("decode", &request.decode_req)] {
        let context = phase.context_len.map(|tokens| format!(", {tokens} in the KV cache"));
        let _ = writeln!(
            text,
            "  {name}: {} sequences of {} tokens{} on {}",
            phase.batch_size,
            phase.seq_len,
            context.unwrap_or_default(),
            phase.hardware_id
        );
        for (layer, asked) in &phase.layers {
            let degrees: Vec<String> =
                asked.parallelism.iter().map(|(name, degree)| format!("{name} {degree}")).collect();
            let _ = writeln!(text, "    {layer}: {} {}", asked.dtype, degrees.join(", "));
        }
    }
    match &explanation.breakdown {
        Ok(breakdown) => {
            let _ = write!(text, "\n{}", times(breakdown, explanation.against.as_ref()));
        }
        Err(why) => {
            let _ = writeln!(text, "\nno times by layer: {why}");
        }
    }
    let _ =
        writeln!(text, "\nneighbours on the concurrency curve: measured, and predicted / measured");
    let _ = writeln!(text, "{}", neighbours(explanation));
    let _ = write!(text, "\nbands in {}", model.config.path.display());
    for metric in Metric::ALL {
        if let Some((band, written)) = most_specific(&model.config.bands, &comparison.row, metric) {
            let (name, line) = (metric.name(), written.line);
            let words = format!("{name} {} at line {line}: {}", written.value, band.basis);
            let words = wrapped(&words, "  ", "    ", WIDTH);
            let _ = write!(text, "\n{words}\n    {}", band.group);
        }
    }
    if let Some(repeated) = comparison.row.repeatability {
        let _ = write!(
            text,
            "\nmeasured {} times on the same image: largest over smallest is\n  {:.3} in throughput, \
             {:.3} in TTFT, {:.3} in TPOT, {:.3} in E2E",
            repeated.repeats,
            repeated.throughput_max_min_ratio,
            repeated.ttft_max_min_ratio,
            repeated.tpot_max_min_ratio,
            repeated.e2e_latency_max_min_ratio
        );
    }
    text
}

/// The same for programs: verdict, request, quantities with their bands, and times by layer in ms over all
/// of a kind.
#[must_use]
pub fn explanation_json(explanation: &Explanation<'_>) -> Value {
    let Explanation { model, comparison, verdict, request, breakdown, .. } = explanation;
    let basis = |quantity: Quantity| match quantity {
        Quantity::Metric(metric) => {
            let (band, _) = most_specific(&model.config.bands, &comparison.row, metric)?;
            Some(json!({ "where": band.group.expression(), "of": band.basis }))
        }
        Quantity::Memory => None,
    };
    let quantities: Vec<Value> = verdict
        .quantities
        .iter()
        .map(|judged| {
            json!({
                "quantity": judged.quantity.name(),
                "unit": judged.quantity.unit(),
                "measured": judged.pair.measured,
                "predicted": judged.pair.predicted,
                "ratio": judged.pair.ratio(),
                "band": judged.band.map(|band| json!({
                    "low": band.value.low,
                    "high": band.value.high,
                    "line": band.line,
                })),
                "standing": judged.standing.name(),
                "deviation": judged.deviation.as_ref().map(|known| json!({
                    "reason": known.reason,
                    "expires": known.expires.to_string(),
                    "low": known.bound.value.low,
                    "high": known.bound.value.high,
                    "line": known.bound.line,
                })),
                "basis": basis(judged.quantity),
            })
        })
        .collect();
    let phase = |breakdown: &LayerBreakdown, phase: RequestPhase| -> Vec<Value> {
        let layer = |layer: &LayerTime| {
            json!({
                "layer": layer.name,
                "count": layer.count,
                "compute_ms": layer.count * layer.compute_ms,
                "load_ms": layer.count * layer.load_ms,
                "communication_ms": layer.count * layer.communication_ms,
                "overhead_ms": layer.count * layer.overhead_ms,
                "time_ms": layer.count * layer.time_ms(phase),
            })
        };
        breakdown.layers(phase).iter().map(layer).collect()
    };
    let times = breakdown.as_ref().ok().map(|breakdown| {
        json!({
            "prefill": phase(breakdown, RequestPhase::Prefill),
            "decode": phase(breakdown, RequestPhase::Decode),
        })
    });
    let neighbours: Vec<Value> = curve(explanation)
        .into_iter()
        .map(|other| {
            let ratios: serde_json::Map<String, Value> = Metric::ALL
                .into_iter()
                .filter_map(|metric| {
                    Some((metric.name().to_owned(), other.pair(metric)?.ratio().into()))
                })
                .collect();
            json!({ "row": other.row.name(), "ratio": ratios })
        })
        .collect();
    json!({
        "schema_version": 1,
        "neighbours": neighbours,
        "model": model.name,
        "row": comparison.row.name(),
        "verdict": verdict.status.name(),
        "problem": verdict.problem,
        "approximations": comparison.approximations,
        "request_key": request.key(),
        "request": request.canonical(),
        "bands_file": model.config.path.display().to_string(),
        "quantities": quantities,
        "times": times,
    })
}

/// A table a phase.
fn times(
    breakdown: &LayerBreakdown,
    against: Option<&(String, Result<LayerBreakdown, String>)>,
) -> String {
    let mut text = String::new();
    let other = against.and_then(|(name, other)| Some((&name[..], other.as_ref().ok()?)));
    for phase in [RequestPhase::Prefill, RequestPhase::Decode] {
        let _ = writeln!(text, "{}", layer_times(breakdown, phase, other));
        if let Some((name, other)) = other {
            let [old, new] = [other, breakdown].map(|breakdown| breakdown.time(phase).0);
            let change = 100.0 * (new / old - 1.0);
            let _ = writeln!(text, "release {name} had {old:.3} ms: {change:+.2}% since");
        }
    }
    if let Some((name, Err(why))) = against {
        let _ = writeln!(text, "no times by layer of release {name}: {why}");
    }
    text
}

/// A phase's time, and its parts by kind of layer, ms over all of a kind; beside those of another release.
pub(crate) fn layer_times(
    breakdown: &LayerBreakdown,
    phase: RequestPhase,
    other: Option<(&str, &LayerBreakdown)>,
) -> String {
    let title = match phase {
        RequestPhase::Prefill => "prefill (TTFT)",
        RequestPhase::Decode => "decode (TPOT)",
    };
    let total = breakdown.time(phase).0;
    let mut columns = vec![("layer", Align::Left)];
    columns.extend(
        ["count", "compute", "load", "comm", "overhead", "time", "share"]
            .map(|name| (name, Align::Right)),
    );
    let before = other.map(|(name, _)| format!("time {name}"));
    columns.extend(before.as_deref().map(|name| (name, Align::Right)));
    let mut table = TextTable::new(&columns);
    for layer in breakdown.layers(phase) {
        let time = layer.count * layer.time_ms(phase);
        let mut line = vec![layer.name.clone(), layer.count.to_string()];
        let parts = [layer.compute_ms, layer.load_ms, layer.communication_ms, layer.overhead_ms];
        line.extend(parts.map(|part| format!("{:.3}", part * layer.count)));
        line.push(format!("{time:.3}"));
        line.push(format!("{:.0}%", 100.0 * time / total));
        if let Some((_, other)) = other {
            let old = other.layers(phase).iter().find(|old| old.name == layer.name);
            let old = old.map(|old| format!("{:.3}", old.count * old.time_ms(phase)));
            line.push(old.unwrap_or_else(|| "-".to_owned()));
        }
        table.line(line);
    }
    format!("{title}: {total:.3} ms; parts in ms over all layers of a kind\n{}", table.to_text())
}

/// The rows that differ in nothing but concurrency, by that.
fn curve<'a>(explanation: &Explanation<'a>) -> Vec<&'a Comparison> {
    let here = &explanation.comparison.row;
    let alike =
        |other: &Identity| Identity { concurrency: here.identity.concurrency, ..other.clone() };
    let mut curve: Vec<&Comparison> = explanation
        .comparisons
        .iter()
        .filter(|other| {
            other.row.provider == here.provider && alike(&other.row.identity) == here.identity
        })
        .collect();
    curve.sort_by_key(|other| other.row.identity.concurrency);
    curve
}

fn neighbours(explanation: &Explanation<'_>) -> String {
    let here = &explanation.comparison.row;
    let mut columns = vec![("requests", Align::Right)];
    for metric in Metric::ALL {
        columns.push((metric.title(), Align::Right));
        columns.push(("p/m", Align::Right));
    }
    let mut table = TextTable::new(&columns).dense();
    for other in curve(explanation) {
        let mark = if other.row.identity == here.identity { ">" } else { "" };
        let concurrency = Field::Concurrency.of(&other.row);
        let mut line = vec![format!("{mark}{concurrency}")];
        for metric in Metric::ALL {
            let measured = other.row.measured.means[metric];
            line.push(measured.map_or_else(|| "-".to_owned(), super::failure::figure));
            line.push(
                other
                    .pair(metric)
                    .map_or_else(|| "-".to_owned(), |pair| format!("{:.2}", pair.ratio())),
            );
        }
        table.line(line);
    }
    table.to_text()
}
