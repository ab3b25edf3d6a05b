//! The explanation of a row as a document for programs.

use serde::Serialize;
use serde_json::Value;

use super::Explanation;
use super::curve::curve;
use crate::judge::model::Model;
use crate::judge::verdict::QuantityVerdict;
use crate::mantile::breakdown::{LayerBreakdown, LayerTime, RequestPhase};
use crate::report::json::{ByMetric, document};
use crate::row::Row;
use crate::row::metric::{Metric, Quantity};
use crate::rules::band::{Interval, WrittenAt, most_specific};
use crate::rules::deviation::Deviation;

/// The version of the document.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    neighbours: Vec<Neighbour>,
    model: &'a str,
    row: String,
    verdict: &'static str,
    problem: Option<&'a str>,
    approximations: &'a [String],
    request_key: String,
    request: Value,
    bands_file: String,
    quantities: Vec<JudgedQuantity<'a>>,
    times: Option<PhaseTimes<'a>>,
}

#[derive(Serialize)]
struct Neighbour {
    row: String,
    ratio: ByMetric<f64>,
}

/// A quantity of the row: both sides in its unit, and predicted / measured.
#[derive(Serialize)]
struct JudgedQuantity<'a> {
    quantity: &'static str,
    unit: &'static str,
    measured: f64,
    predicted: f64,
    ratio: f64,
    band: Option<BandEnds>,
    standing: &'static str,
    deviation: Option<KnownDeviation<'a>>,
    basis: Option<Basis<'a>>,
}

#[derive(Serialize)]
struct BandEnds {
    low: f64,
    high: f64,
    line: usize,
}

#[derive(Serialize)]
struct KnownDeviation<'a> {
    reason: &'a str,
    expires: String,
    #[serde(flatten)]
    bound: BandEnds,
}

/// The rows that a band was made from.
#[derive(Serialize)]
struct Basis<'a> {
    #[serde(rename = "where")]
    expression: String,
    of: &'a str,
}

#[derive(Serialize)]
struct PhaseTimes<'a> {
    prefill: Vec<LayerTimes<'a>>,
    decode: Vec<LayerTimes<'a>>,
}

/// The times of a kind of layer, in ms over all layers of the kind.
#[derive(Serialize)]
struct LayerTimes<'a> {
    layer: &'a str,
    count: f64,
    compute_ms: f64,
    load_ms: f64,
    communication_ms: f64,
    overhead_ms: f64,
    time_ms: f64,
}

/// The explanation of a row: verdict, request, quantities with their bands, times by layer, and neighbours.
#[must_use]
pub fn explanation_json(explanation: &Explanation<'_>) -> Value {
    let Explanation { model, comparison, verdict, request, breakdown, .. } = explanation;
    let row = &comparison.row;
    let quantities = verdict.quantities.iter();
    document(&Document {
        schema_version: SCHEMA_VERSION,
        neighbours: neighbours(explanation),
        model: &model.name,
        row: row.name(),
        verdict: verdict.status.name(),
        problem: verdict.problem.as_deref(),
        approximations: &comparison.approximations,
        request_key: request.key(),
        request: request.canonical(),
        bands_file: model.config.path.display().to_string(),
        quantities: quantities.map(|judged| quantity(judged, model, row)).collect(),
        times: breakdown.as_ref().ok().map(|breakdown| PhaseTimes {
            prefill: layers(breakdown, RequestPhase::Prefill),
            decode: layers(breakdown, RequestPhase::Decode),
        }),
    })
}

fn neighbours(explanation: &Explanation<'_>) -> Vec<Neighbour> {
    let neighbours = curve(explanation).into_iter().map(|other| {
        let ratios = Metric::ALL.into_iter();
        let ratios = ratios.filter_map(|metric| Some((metric.name(), other.pair(metric)?.ratio())));
        Neighbour { row: other.row.name(), ratio: ratios.collect() }
    });
    neighbours.collect()
}

fn quantity<'a>(judged: &'a QuantityVerdict, model: &'a Model, row: &Row) -> JudgedQuantity<'a> {
    JudgedQuantity {
        quantity: judged.quantity.name(),
        unit: judged.quantity.unit(),
        measured: judged.pair.measured,
        predicted: judged.pair.predicted,
        ratio: judged.pair.ratio(),
        band: judged.band.map(ends),
        standing: judged.standing.name(),
        deviation: judged.deviation.as_ref().map(deviation),
        basis: basis(judged.quantity, model, row),
    }
}

fn ends(band: WrittenAt<Interval>) -> BandEnds {
    BandEnds { low: band.value.low, high: band.value.high, line: band.line }
}

fn deviation(known: &Deviation) -> KnownDeviation<'_> {
    KnownDeviation {
        reason: &known.reason,
        expires: known.expires.to_string(),
        bound: ends(known.bound),
    }
}

fn basis<'a>(quantity: Quantity, model: &'a Model, row: &Row) -> Option<Basis<'a>> {
    let Quantity::Metric(metric) = quantity else { return None };
    let (band, _) = most_specific(&model.config.bands, row, metric)?;
    Some(Basis { expression: band.group.expression(), of: &band.basis })
}

fn layers(breakdown: &LayerBreakdown, phase: RequestPhase) -> Vec<LayerTimes<'_>> {
    breakdown.layers(phase).iter().map(|layer| layer_times(layer, phase)).collect()
}

fn layer_times(layer: &LayerTime, phase: RequestPhase) -> LayerTimes<'_> {
    LayerTimes {
        layer: &layer.name,
        count: layer.count,
        compute_ms: layer.count * layer.compute_ms,
        load_ms: layer.count * layer.load_ms,
        communication_ms: layer.count * layer.communication_ms,
        overhead_ms: layer.count * layer.overhead_ms,
        time_ms: layer.count * layer.time_ms(phase),
    }
}
