//! The cells of single columns: the values that are possible, and how each is read and written.

use std::ops::RangeInclusive;

use super::{PEAK, SEPARATOR};
use crate::base::day::is_date;
use crate::base::error::Result;
use crate::base::table::Record;
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Lengths, Repeatability, Row};

/// The largest sizes that are plausible; above them is a typing mistake.
pub(super) const MAX_TOKENS: u32 = 1 << 24;
pub(super) const MAX_GPUS: u32 = 1 << 14;
const MAX_CONCURRENCY: u32 = 1 << 20;
/// A latency in s: no request or token takes less than a microsecond, and more than a day is a mistaken unit.
pub(super) const SECONDS: RangeInclusive<f64> = 1e-6..=86_400.0;
/// Throughput in tokens/s/GPU; no GPU reaches the upper end.
pub(super) const THROUGHPUT: RangeInclusive<f64> = f64::MIN_POSITIVE..=1e8;
/// Power in W; no GPU draws more than the upper end.
pub(super) const WATTS: RangeInclusive<f64> = f64::MIN_POSITIVE..=1e5;
/// Energy in J; no token needs more than the upper end.
pub(super) const JOULES: RangeInclusive<f64> = f64::MIN_POSITIVE..=1e9;
/// The largest over the smallest of repeated measurements.
const MAX_MIN_RATIO: RangeInclusive<f64> = 1.0..=1e6;

pub(super) const INPUT_TOKENS: &str = "mean_input_tokens";
pub(super) const OUTPUT_TOKENS: &str = "mean_output_tokens";

pub(super) fn name(record: Record<'_>, column: &str) -> Result<String> {
    record.required(column, record.name(column)?)
}

pub(super) fn whole(record: Record<'_>, column: &str, max: u32) -> Result<u32> {
    record.required(column, record.whole(column, 1..=max)?)
}

/// The cell of a figure, which is empty without one.
pub(super) fn figure(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Puts what was read into its place.
pub(super) fn set<T>(place: &mut T, value: Result<T>) -> Result<()> {
    *place = value?;
    Ok(())
}

pub(super) fn read_concurrency(
    record: Record<'_>,
    column: &str,
    identity: &mut Identity,
) -> Result<()> {
    identity.concurrency = match record.text(column) {
        Some(PEAK) => Concurrency::Peak,
        _ => Concurrency::Fixed(whole(record, column, MAX_CONCURRENCY)?),
    };
    Ok(())
}

pub(super) fn concurrency_cell(identity: &Identity) -> String {
    identity.concurrency.fixed().map_or_else(|| PEAK.to_owned(), |requests| requests.to_string())
}

pub(super) fn read_date(record: Record<'_>, column: &str, row: &mut Row) -> Result<()> {
    let date = record.text(column).map(str::to_owned);
    if let Some(date) = date.as_ref().filter(|date| !is_date(date)) {
        return Err(record
            .error(column, format!("`{date}` is not a date"))
            .with_help("write it as 2026-01-02T22:24:09Z or 2026-01-02"));
    }
    row.provenance.benchmark_date = date;
    Ok(())
}

/// Reads the number of measurements; a row that was measured once has no repeatability.
pub(super) fn read_repeats(record: Record<'_>, column: &str, row: &mut Row) -> Result<()> {
    let repeats = record.whole(column, 1..=u32::MAX)?.filter(|&repeats| repeats > 1);
    row.repeatability = repeats.map(|repeats| Repeatability {
        repeats,
        throughput_max_min_ratio: 1.0,
        ttft_max_min_ratio: 1.0,
        tpot_max_min_ratio: 1.0,
        e2e_latency_max_min_ratio: 1.0,
    });
    Ok(())
}

pub(super) fn ratio(row: &Row, ratio: fn(&Repeatability) -> f64) -> String {
    figure(row.repeatability.as_ref().map(ratio))
}

pub(super) fn read_ratio(
    record: Record<'_>,
    column: &str,
    row: &mut Row,
    ratio: fn(&mut Repeatability) -> &mut f64,
) -> Result<()> {
    if let Some(repeatability) = &mut row.repeatability {
        *ratio(repeatability) = record.required(column, record.number(column, MAX_MIN_RATIO)?)?;
    }
    Ok(())
}

/// Reads both mean lengths: a row has both or none.
pub(super) fn read_lengths(record: Record<'_>, _: &str, row: &mut Row) -> Result<()> {
    let tokens = |column| record.number(column, 1.0..=f64::from(MAX_TOKENS));
    row.measured.mean_lengths = match (tokens(INPUT_TOKENS)?, tokens(OUTPUT_TOKENS)?) {
        (None, None) => None,
        (input, output) => Some(Lengths {
            input: record.required(INPUT_TOKENS, input)?,
            output: record.required(OUTPUT_TOKENS, output)?,
        }),
    };
    Ok(())
}

pub(super) fn derived_cell(row: &Row) -> String {
    let derived = Metric::ALL.into_iter().filter(|&metric| row.measured.derived[metric]);
    derived.map(Metric::name).collect::<Vec<_>>().join(&SEPARATOR.to_string())
}

pub(super) fn read_derived(record: Record<'_>, column: &str, row: &mut Row) -> Result<()> {
    for name in record.text(column).iter().flat_map(|names| names.split(SEPARATOR)) {
        let metric = Metric::from_name(name)
            .ok_or_else(|| record.error(column, format!("`{name}` is not a metric")))?;
        if row.measured.means[metric].is_none() {
            let message = format!("{name} is listed as derived, but its cell is empty");
            return Err(record.error(column, message));
        }
        row.measured.derived[metric] = true;
    }
    Ok(())
}
