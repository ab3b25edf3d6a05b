//! The statistics of the metrics that a row is made of.

use std::collections::BTreeMap;

use super::super::draft::Draft;
use super::super::json_fields::JsonFields;
use crate::base::error::Result;

const TTFT: &str = "time_to_first_token";
const TPOT: &str = "inter_token_latency";
pub(super) const E2E: &str = "request_latency";
pub(super) const OUTPUT_RATE: &str = "output_token_throughput";
const INPUT_LENGTH: &str = "input_sequence_length";
const OUTPUT_LENGTH: &str = "output_sequence_length";

/// The metrics that are read.
const METRICS: [&str; 6] = [TTFT, TPOT, E2E, OUTPUT_RATE, INPUT_LENGTH, OUTPUT_LENGTH];

/// The mean of a metric, as the tools name it.
pub(super) const MEAN: &str = "avg";

/// The statistics that are read.
const STATISTICS: [&str; 4] = [MEAN, "p50", "p90", "p99"];

/// Values by metric and statistic, in seconds, tokens or tokens/s.
#[derive(Debug, Default)]
pub(super) struct Statistics(BTreeMap<(&'static str, &'static str), f64>);

impl Statistics {
    /// The statistics of a JSON object with one key per metric.
    pub(super) fn of_json(fields: JsonFields<'_>) -> Result<Self> {
        let mut statistics = Self::default();
        for metric in METRICS {
            let unit = fields.text(&format!("/{metric}/unit"))?.unwrap_or_default();
            for statistic in STATISTICS {
                let pointer = format!("/{metric}/{statistic}");
                if let Some(value) = fields.number(&pointer)? {
                    let divisor = divisor(unit)
                        .ok_or_else(|| fields.error(&pointer, format!("unknown unit `{unit}`")))?;
                    statistics.insert(metric, statistic, value / divisor);
                }
            }
        }
        Ok(statistics)
    }

    pub(super) fn insert(&mut self, metric: &'static str, statistic: &'static str, value: f64) {
        self.0.insert((metric, statistic), value);
    }

    pub(super) fn get(&self, metric: &'static str, statistic: &'static str) -> Option<f64> {
        self.0.get(&(metric, statistic)).copied()
    }

    /// The figures of a row.
    pub(super) fn draft(&self) -> Draft {
        Draft {
            mean_input_tokens: self.get(INPUT_LENGTH, MEAN),
            mean_output_tokens: self.get(OUTPUT_LENGTH, MEAN),
            output_tokens_per_s: self.get(OUTPUT_RATE, MEAN),
            ttft: self.get(TTFT, MEAN),
            p90_ttft: self.get(TTFT, "p90"),
            p99_ttft: self.get(TTFT, "p99"),
            tpot: self.get(TPOT, MEAN),
            e2e_latency: self.get(E2E, MEAN),
            median_e2e_latency: self.get(E2E, "p50"),
            ..Draft::default()
        }
    }
}

/// The metric of this name, if it is one that is read.
pub(super) fn metric(name: &str) -> Option<&'static str> {
    METRICS.into_iter().find(|metric| *metric == name)
}

/// The statistic in a column of this name, if it is one that is read. A metric with a single value has it in
/// the column `Value`.
pub(super) fn statistic(column: &str) -> Option<&'static str> {
    if column == "Value" {
        return Some(MEAN);
    }
    STATISTICS.into_iter().find(|statistic| *statistic == column)
}

/// The number by which a value in a unit is divided to give seconds, tokens or tokens/s.
pub(super) fn divisor(unit: &str) -> Option<f64> {
    match unit {
        "s" | "sec" | "tokens" | "tokens/sec" | "tokens/s" => Some(1.0),
        "ms" => Some(1e3),
        "us" => Some(1e6),
        "ns" => Some(1e9),
        _ => None,
    }
}
