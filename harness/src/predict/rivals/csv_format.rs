//! The CSV format of another estimator's predictions: a subset of the columns of `mantile_predictions.csv`, which can
//! be read as well.

use std::collections::HashMap;
use std::path::Path;

use super::{Estimator, GivenPrediction, Predictions};
use crate::base::error::{Error, Place, Result};
use crate::base::table::{Record, Table};
use crate::intake::source::gpu_model;
use crate::predict::prediction;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{self, Row};

/// The column of the prediction's mode, in the estimator's own word.
const MODE: &str = "mode";
/// The column that lists the metrics that were derived from the others.
const DERIVED: &str = "predicted_derived_metrics";
/// The separator between derived metrics.
const SEPARATOR: char = ';';
/// The statuses of a predicted row. A row without a status is predicted as well.
const PREDICTED: [&str; 2] = ["predicted", "ok"];

/// Reads predictions from `text`; `path` is named in errors.
///
/// The first eight columns of the standard format are required. The other columns of a row's identity, any of the
/// five predicted metrics, `status`, `provider` and `mode` are optional. The GPU may be written as the name of a
/// benchmark runner (`b200-trt`). A row whose status is neither `predicted` nor `OK` is only counted. A metric that is
/// listed in `predicted_derived_metrics` is ignored, and derived again for the row's own lengths. A provider may have
/// each configuration only once.
pub fn read(path: &Path, text: &str) -> Result<Predictions> {
    let required = row::required_identity_columns();
    let optional: Vec<&str> = row::COLUMNS
        .iter()
        .chain(&prediction::COLUMNS)
        .copied()
        .chain([MODE, DERIVED])
        .filter(|column| !required.contains(column))
        .collect();
    let table = Table::parse(path, text, required, &optional)?;
    let mut lines = HashMap::new();
    let mut predictions = Predictions::default();
    for record in table.records() {
        let status = record.text("status").unwrap_or(PREDICTED[0]);
        if !PREDICTED.iter().any(|word| status.eq_ignore_ascii_case(word)) {
            *predictions.unpredicted.entry(status.to_ascii_lowercase()).or_default() += 1;
            continue;
        }
        let given = read_record(record)?;
        let key = (given.provider.clone(), given.identity.clone());
        if let Some(first) = lines.insert(key, record.line()) {
            let message = format!("the same configuration as line {first}: {}", given.identity);
            return Err(Error::content(record.place(), message).with_help(
                "keep one, or add the column in which they differ (dp_attention, spec_decoding, \
                 disagg, is_multinode, prefill_* and decode_*, provider)",
            ));
        }
        predictions.given.push(given);
    }
    if predictions.given.is_empty() {
        return Err(Error::content(Place::file(path), "no row is predicted"));
    }
    Ok(predictions)
}

fn read_record(record: Record<'_>) -> Result<GivenPrediction> {
    let mut identity = row::read_identity(record)?;
    identity.gpu_model = gpu_model(&identity.gpu_model);
    let mut metrics = row::read_metrics(record, prediction::column).map_err(|error| {
        let columns: Vec<&str> = Metric::ALL.into_iter().map(prediction::column).collect();
        match error {
            Error::Content { help: None, .. } => {
                error.with_help(format!("fill any of {}", columns.join(", ")))
            }
            _ => error,
        }
    })?;
    for metric in read_derived(record, &metrics)? {
        metrics[metric] = None;
    }
    Ok(GivenPrediction {
        provider: record.text("provider").map(str::to_owned),
        identity,
        metrics,
        mode: record.name(MODE)?,
    })
}

fn read_derived(record: Record<'_>, metrics: &PerMetric<Option<f64>>) -> Result<Vec<Metric>> {
    let names = record.text(DERIVED).map(|names| names.split(SEPARATOR));
    let derived: Vec<Metric> = names
        .into_iter()
        .flatten()
        .map(|name| {
            Metric::from_name(name)
                .ok_or_else(|| record.error(DERIVED, format!("`{name}` is not a metric")))
        })
        .collect::<Result<_>>()?;
    if metrics.iter().all(|(metric, value)| value.is_none() || derived.contains(&metric)) {
        return Err(
            record.error(DERIVED, "every metric is listed as derived; at least one must not be")
        );
    }
    Ok(derived)
}

/// Writes an estimator's predictions for these rows, sorted by identity, in the format of [`read()`]. Optional columns
/// that are empty in every row are left out.
#[must_use]
pub fn write<'a>(estimator: &Estimator, rows: impl IntoIterator<Item = &'a Row>) -> Vec<u8> {
    let mut rows: Vec<&Row> = rows.into_iter().collect();
    rows.sort_by(|a, b| a.identity.cmp(&b.identity).then_with(|| a.provider.cmp(&b.provider)));
    let mut header: Vec<&str> = row::identity_columns().collect();
    header.push("provider");
    header.extend(Metric::ALL.map(prediction::column));
    header.extend([DERIVED, MODE]);
    let mut lines = Vec::new();
    for row in rows {
        let Some(estimate) = estimator.estimates.get(&row.name()) else { continue };
        let mut line = row::identity_cells(&row.identity);
        line.push(row.provider.clone());
        let figures = estimate.metrics.iter();
        line.extend(figures.map(|(_, value)| value.map(|v| v.to_string()).unwrap_or_default()));
        let derived = Metric::ALL.into_iter().filter(|&metric| estimate.derived[metric]);
        line.push(derived.map(Metric::name).collect::<Vec<_>>().join(&SEPARATOR.to_string()));
        line.push(estimate.mode.clone().unwrap_or_default());
        lines.push(line);
    }
    let required = row::required_identity_columns().len();
    let written: Vec<usize> = (0..header.len())
        .filter(|&column| column < required || lines.iter().any(|line| !line[column].is_empty()))
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
    for line in std::iter::once(&header).chain(&lines) {
        let cells = written.iter().map(|&column| &line[column]);
        writer.write_record(cells).expect("writing to memory with equal lengths cannot fail");
    }
    writer.into_inner().expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const HEADER: &str = "gpu_model,framework,precision,input_seq_len,output_seq_len,tensor_parallel,\
                          expert_parallel,concurrency,run_id,dp_attention,image,status,mode,\
                          predicted_ttft_sec,predicted_tpot_sec,predicted_e2e_latency_sec\n";

    fn read_lines(lines: &str) -> Result<Predictions> {
        read(Path::new("e.csv"), &format!("{HEADER}{lines}"))
    }

    #[test]
    fn a_file_in_another_projects_format_is_read() {
        let read = read_lines(
            "b200-trt,trt,fp4,1024,1024,2.0,1.0,64,7,True,i:1,OK,HYBRID,0.1,0.01,9.3\n\
             gb200,dynamo-trt,fp4,1024,1024,,,256,7,,i:1,UNMAPPED,,,,\n",
        )
        .unwrap();
        assert_eq!(read.given.len(), 1);
        let GivenPrediction { provider, identity, metrics, mode } = &read.given[0];
        assert_eq!(identity.to_string(), "b200::trt::fp4::1024x1024::tp2_ep1_dpa::c64");
        assert_eq!((provider, mode.as_deref()), (&None, Some("HYBRID")));
        let given = Metric::ALL.map(|metric| metrics[metric]);
        assert_eq!(given, [None, None, Some(0.1), Some(0.01), Some(9.3)]);
        assert_eq!(read.unpredicted, BTreeMap::from([("unmapped".to_owned(), 1)]));
    }

    #[test]
    fn an_error_names_line_and_column() {
        let line = "b200,vllm,fp4,1024,1024,2,1,64,7,false,i,OK,S,0.1,0.01,9.3\n";
        for (lines, expected) in [
            (line.replace("0.01", "fast"), "e.csv:2, column `predicted_tpot_sec`: `fast` is not"),
            (line.replace("0.01", "-1"), "e.csv:2, column `predicted_tpot_sec`: -1 is outside"),
            (line.replace("9.3", "0.05"), "latencies are in seconds"),
            (line.replace("0.1,0.01,9.3", ",,"), "e.csv:2: no metric is given\n  |\n2 | b200,"),
            (line.replace("0.1,0.01,9.3", ",,"), "\n  help: fill any of"),
            (line.replace("2,1,64", ",1,64"), "`tensor_parallel`: the cell is empty"),
            (format!("{line}{line}"), "e.csv:3: the same configuration as line 2"),
            (line.replace("OK", "failed"), "no row is predicted"),
        ] {
            let message = read_lines(&lines).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        let message = read(Path::new("e.csv"), "gpu_model,ttft\n").unwrap_err().to_string();
        assert!(message.contains("e.csv:1: unknown column `ttft`"), "{message}");
    }

    #[test]
    fn derived_metrics_are_ignored_and_at_least_one_metric_must_not_be_derived() {
        let header = "gpu_model,framework,precision,input_seq_len,output_seq_len,tensor_parallel,\
                      expert_parallel,concurrency,predicted_ttft_sec,predicted_e2e_latency_sec,\
                      predicted_derived_metrics\n";
        let line = |derived: &str| format!("{header}b200,vllm,fp4,9,9,1,1,8,0.1,0.9,{derived}\n");
        let path = Path::new("e.csv");
        let metrics = read(path, &line("e2e_latency")).unwrap().given[0].metrics;
        assert_eq!((metrics[Metric::Ttft], metrics[Metric::E2eLatency]), (Some(0.1), None));
        for (derived, expected) in
            [("e2e", "`e2e` is not a metric"), ("ttft;e2e_latency", "at least one")]
        {
            let message = read(path, &line(derived)).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
