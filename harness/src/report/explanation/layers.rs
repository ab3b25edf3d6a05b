//! The times of a request's phases by kind of layer.

use std::fmt::Write as _;

use crate::mantile::breakdown::{LayerBreakdown, RequestPhase};
use crate::report::{Align, TextTable};

/// A table per phase, with the change since another release if there is one.
pub(super) fn times(
    breakdown: &LayerBreakdown,
    against: Option<&(String, Result<LayerBreakdown, String>)>,
) -> String {
    let mut text = String::new();
    let other = against.and_then(|(name, other)| Some((&name[..], other.as_ref().ok()?)));
    for phase in [RequestPhase::Prefill, RequestPhase::Decode] {
        let _ = writeln!(text, "{}", layer_times(breakdown, phase, other));
        if let Some((name, other)) = other {
            let [before, now] = [other, breakdown].map(|breakdown| breakdown.time(phase).0);
            let change = 100.0 * (now / before - 1.0);
            let _ = writeln!(text, "release {name} had {before:.3} ms: {change:+.2}% since");
        }
    }
    if let Some((name, Err(why))) = against {
        let _ = writeln!(text, "no times by layer of release {name}: {why}");
    }
    text
}

/// The time of a phase and its parts by kind of layer, in ms over all layers of a kind, with the times of another
/// release if there is one.
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
            let before = other.layers(phase).iter().find(|other| other.name == layer.name);
            let before = before.map(|layer| format!("{:.3}", layer.count * layer.time_ms(phase)));
            line.push(before.unwrap_or_else(|| "-".to_owned()));
        }
        table.line(line);
    }
    format!("{title}: {total:.3} ms; parts in ms over all layers of a kind\n{}", table.to_text())
}
