//! `mantile_predictions.csv`: the row's columns, then Mantile's prediction.

use std::collections::HashMap;
use std::path::Path;

use super::{Estimate, Outcome, Prediction};
use crate::base::error::{Error, Result};
use crate::base::table::{Record, Table};
use crate::row;
use crate::row::metric::{Metric, PerMetric};

/// The columns that follow those of the row.
pub const COLUMNS: [&str; 22] = [
    "status",
    "predicted_throughput_per_gpu",
    "predicted_output_throughput_per_gpu",
    "predicted_ttft_sec",
    "predicted_tpot_sec",
    "predicted_e2e_latency_sec",
    "predicted_tps_user",
    "memory_weight_gb",
    "memory_activation_gb",
    "memory_kv_cache_gb",
    "fits_on_hardware",
    "num_packages",
    "bottleneck",
    "approximations",
    "error_message",
    "api_response_time_ms",
    "provider",
    "request_key",
    "memory_per_package_gb",
    "hw_capacity_gb",
    "answered_by",
    "predicted_concurrency",
];

/// The separator between the approximations of a row.
const SEPARATOR: char = ';';

/// The column of a predicted metric.
#[must_use]
pub fn column(metric: Metric) -> &'static str {
    match metric {
        Metric::Throughput => "predicted_throughput_per_gpu",
        Metric::OutputThroughput => "predicted_output_throughput_per_gpu",
        Metric::Ttft => "predicted_ttft_sec",
        Metric::Tpot => "predicted_tpot_sec",
        Metric::E2eLatency => "predicted_e2e_latency_sec",
    }
}

/// Writes predictions in the given order.
#[must_use]
pub fn write<'a>(predictions: impl IntoIterator<Item = &'a Prediction>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header: Vec<String> =
        row::COLUMNS.iter().chain(&COLUMNS).map(ToString::to_string).collect();
    for line in std::iter::once(header).chain(predictions.into_iter().map(cells)) {
        writer.write_record(line).expect("writing to memory with equal lengths cannot fail");
    }
    writer.into_inner().expect("writing to memory cannot fail")
}

fn cells(prediction: &Prediction) -> Vec<String> {
    let Prediction { row, outcome, approximations, request_key, answered_by, response_time_ms } =
        prediction;
    let estimate = outcome.estimate();
    let figure = |value: fn(&Estimate) -> String| estimate.map(value).unwrap_or_default();
    let mut line = row::cells(row);
    line.push(outcome.status().to_owned());
    for metric in Metric::ALL {
        line.push(
            estimate.map(|estimate| estimate.metrics[metric].to_string()).unwrap_or_default(),
        );
    }
    line.extend([
        figure(|estimate| estimate.tps_user.to_string()),
        figure(|estimate| estimate.memory_weight_gb.to_string()),
        figure(|estimate| estimate.memory_activation_gb.to_string()),
        figure(|estimate| estimate.memory_kv_cache_gb.to_string()),
        figure(|estimate| estimate.fits_on_hardware.to_string()),
        figure(|estimate| estimate.num_packages.to_string()),
        figure(|estimate| estimate.bottleneck.clone()),
        approximations.join(&SEPARATOR.to_string()),
        outcome.problem().unwrap_or_default().to_owned(),
        response_time_ms.map(|time| format!("{time:.3}")).unwrap_or_default(),
        row.provider.clone(),
        request_key.clone().unwrap_or_default(),
        figure(|estimate| estimate.memory_per_package_gb.to_string()),
        figure(|estimate| estimate.hw_capacity_gb.to_string()),
        answered_by.clone().unwrap_or_default(),
        figure(|estimate| estimate.concurrency.to_string()),
    ]);
    line
}

/// Reads predictions from `text`; `path` is named in errors. A provider may have each configuration only once.
pub fn read(path: &Path, text: &str) -> Result<Vec<Prediction>> {
    let required: Vec<&str> = row::COLUMNS.iter().chain(&COLUMNS).copied().collect();
    let table = Table::parse(path, text, &required, &[])?;
    let mut lines = HashMap::new();
    let mut predictions = Vec::with_capacity(table.len());
    for record in table.records() {
        let prediction = read_record(record)?;
        if let Some(first) = lines.insert(prediction.row.name(), record.line()) {
            let message =
                format!("the same configuration as line {first}: {}", prediction.row.name());
            return Err(Error::content(record.place(), message));
        }
        predictions.push(prediction);
    }
    Ok(predictions)
}

fn read_record(record: Record<'_>) -> Result<Prediction> {
    let provider = record.required("provider", record.text("provider"))?;
    let problem = || record.text("error_message").unwrap_or_default().to_owned();
    let outcome = match record.required("status", record.text("status"))? {
        "predicted" => Outcome::Predicted(read_estimate(record)?),
        "insane" => Outcome::Insane(read_estimate(record)?, problem()),
        "unmapped" => Outcome::Unmapped(problem()),
        "refused" => Outcome::Refused(problem()),
        "unavailable" => Outcome::Unavailable(problem()),
        other => return Err(record.error("status", format!("`{other}` is not a status"))),
    };
    let approximations = record
        .text("approximations")
        .map_or_else(Vec::new, |names| names.split(SEPARATOR).map(str::to_owned).collect());
    Ok(Prediction {
        row: row::read_record(record, provider)?,
        outcome,
        approximations,
        request_key: record.text("request_key").map(str::to_owned),
        answered_by: record.text("answered_by").map(str::to_owned),
        response_time_ms: record.number("api_response_time_ms", 0.0..=f64::MAX)?,
    })
}

fn read_estimate(record: Record<'_>) -> Result<Estimate> {
    let number = |column| record.required(column, record.number(column, f64::MIN..=f64::MAX)?);
    let mut metrics = PerMetric::default();
    for metric in Metric::ALL {
        metrics[metric] = number(column(metric))?;
    }
    Ok(Estimate {
        metrics,
        concurrency: record.required(
            "predicted_concurrency",
            record.whole("predicted_concurrency", 1..=u32::MAX)?,
        )?,
        tps_user: number("predicted_tps_user")?,
        memory_weight_gb: number("memory_weight_gb")?,
        memory_activation_gb: number("memory_activation_gb")?,
        memory_kv_cache_gb: number("memory_kv_cache_gb")?,
        memory_per_package_gb: number("memory_per_package_gb")?,
        hw_capacity_gb: number("hw_capacity_gb")?,
        fits_on_hardware: record.required("fits_on_hardware", record.flag("fits_on_hardware")?)?,
        num_packages: record
            .required("num_packages", record.whole("num_packages", 0..=u32::MAX)?)?,
        bottleneck: record.text("bottleneck").unwrap_or_default().to_owned(),
    })
}
