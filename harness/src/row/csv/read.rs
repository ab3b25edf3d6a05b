//! Reads the standard format.

use std::collections::HashMap;
use std::path::Path;

use super::PROVIDER;
use super::cell::{MAX_GPUS, SECONDS, THROUGHPUT};
use super::columns::{COLUMNS, Content, Degree, Engine, TABLE, degree_column, mean_column};
use crate::base::error::{Error, Place, Result};
use crate::base::table::{Record, Table};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Pool, Provenance, Row};

/// Reads the rows of a standard-format CSV; `text` came from `path`.
///
/// Every row gets `provider`. `extra` names further columns that the file may have; they are not read. A file
/// must hold at least one row, and no identity twice.
///
/// ```
/// use std::path::Path;
///
/// use mantile_reconcile::row;
///
/// let file = "by_model/openai_GPT-OSS-120B/inferencemax.csv";
/// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
/// let rows = row::read(&path, &std::fs::read_to_string(&path)?, "inferencemax", &[])?;
/// assert_eq!(rows[0].provider, "inferencemax");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: &Path, text: &str, provider: &str, extra: &[&str]) -> Result<Vec<Row>> {
    read_rows(path, text, extra, |record| match record.text(PROVIDER) {
        Some(other) if other != provider => {
            let fault = format!("the row is of `{other}`, and read as one of {provider}");
            Err(record.error(PROVIDER, fault))
        }
        _ => Ok(provider.to_owned()),
    })
}

/// True if a file has the column that names each row's provider.
#[must_use]
pub fn names_providers(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    header.split(',').any(|column| column.trim() == PROVIDER)
}

/// Reads a file in which each row names its provider, which must be one of `providers`.
pub fn read_of(path: &Path, text: &str, providers: &[&str], extra: &[&str]) -> Result<Vec<Row>> {
    read_rows(path, text, extra, |record| {
        let provider = record.required(PROVIDER, record.name(PROVIDER)?)?;
        if providers.contains(&provider.as_str()) {
            return Ok(provider);
        }
        Err(record
            .error(PROVIDER, format!("no source `{provider}`"))
            .with_help(format!("the sources are: {}", providers.join(", "))))
    })
}

fn read_rows(
    path: &Path,
    text: &str,
    extra: &[&str],
    provider: impl Fn(Record<'_>) -> Result<String>,
) -> Result<Vec<Row>> {
    let (required, optional) = COLUMNS.split_at(TABLE.iter().filter(|c| c.is_required).count());
    let optional: Vec<&str> = optional.iter().chain(extra).chain([&PROVIDER]).copied().collect();
    let table = Table::parse(path, text, required, &optional)?;
    let mut lines: HashMap<(String, Identity), u64> = HashMap::new();
    let mut rows = Vec::with_capacity(table.len());
    for record in table.records() {
        let row = read_record(record, &provider(record)?)?;
        let key = (row.provider.clone(), row.identity.clone());
        if let Some(first) = lines.insert(key, record.line()) {
            let fault = format!("the same configuration as line {first}: {}", row.identity);
            return Err(record.line_error(fault).with_help(
                "keep one, or add the column in which they differ (dp_attention, spec_decoding, \
                 disagg, is_multinode, prefill_* and decode_*)",
            ));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Error::content(Place::file(path), "a header and no rows"));
    }
    Ok(rows)
}

/// Reads one record's row.
pub fn read_record(record: Record<'_>, provider: &str) -> Result<Row> {
    let identity = read_identity(record)?;
    let means = read_metrics(record, mean_column)?;
    let mut row = Row {
        provider: provider.to_owned(),
        identity,
        measured: Measured { means, ..Measured::default() },
        provenance: Provenance::default(),
        repeatability: None,
    };
    for column in &TABLE {
        if let Content::Figure(possible, _, place) = &column.content {
            *place(&mut row.measured) = record.number(column.name, possible.clone())?;
        }
    }
    for column in &TABLE {
        if let Content::Other(_, read) = column.content {
            read(record, column.name, &mut row)?;
        }
    }
    Ok(row)
}

/// Reads the metrics of a record from the columns that `column` names: at least one must be given, each must be
/// possible, and no part of a request may take longer than the whole.
pub fn read_metrics(
    record: Record<'_>,
    column: impl Fn(Metric) -> &'static str,
) -> Result<PerMetric<Option<f64>>> {
    let mut metrics = PerMetric::default();
    for metric in Metric::ALL {
        let possible = match metric {
            Metric::Throughput | Metric::OutputThroughput => THROUGHPUT,
            Metric::Ttft | Metric::Tpot | Metric::E2eLatency => SECONDS,
        };
        metrics[metric] = record.number(column(metric), possible)?;
    }
    for part in [Metric::Ttft, Metric::Tpot] {
        if let (Some(part), Some(whole)) = (metrics[part], metrics[Metric::E2eLatency])
            && part > whole
        {
            return Err(record
                .error(
                    column(Metric::E2eLatency),
                    format!("a request of {whole} s has a part of {part} s"),
                )
                .with_help("all latencies are in seconds"));
        }
    }
    if metrics.iter().all(|(_, value)| value.is_none()) {
        return Err(record.line_error("no metric is given"));
    }
    Ok(metrics)
}

/// Reads the configuration of a record.
pub fn read_identity(record: Record<'_>) -> Result<Identity> {
    let mut identity = Identity {
        gpu_model: String::new(),
        framework: String::new(),
        precision: String::new(),
        input_seq_len: 0,
        output_seq_len: 0,
        layout: read_layout(record)?,
        concurrency: Concurrency::Peak,
        spec_decoding: String::new(),
        is_multinode: false,
    };
    for column in &TABLE {
        if let Content::Identity(_, read) = column.content {
            read(record, column.name, &mut identity)?;
        }
    }
    Ok(identity)
}

fn read_layout(record: Record<'_>) -> Result<Layout> {
    let is_disaggregated = record.flag("disagg")?.unwrap_or(false);
    for column in &TABLE {
        let Content::Parallelism(engine, _) = column.content else { continue };
        let is_foreign = (engine == Engine::Aggregated) == is_disaggregated;
        if !is_foreign || record.text(column.name).is_none() {
            continue;
        }
        let (fault, help) = if is_disaggregated {
            (
                "a disaggregated row has one parallelism per pool",
                "leave this cell empty and fill the prefill_* and decode_* columns",
            )
        } else {
            (
                "this row is not disaggregated, so it has no pools",
                "empty the cell, or set disagg to true",
            )
        };
        return Err(record.error(column.name, fault).with_help(help));
    }
    Ok(if is_disaggregated {
        Layout::Disaggregated {
            prefill: read_pool(record, Engine::Prefill)?,
            decode: read_pool(record, Engine::Decode)?,
        }
    } else {
        Layout::Aggregated(read_parallelism(record, Engine::Aggregated)?)
    })
}

fn read_parallelism(record: Record<'_>, engine: Engine) -> Result<Parallelism> {
    let optional = |degree| record.whole(degree_column(engine, degree), 1..=MAX_GPUS);
    let required = |degree| record.required(degree_column(engine, degree), optional(degree)?);
    let dp_attention = degree_column(engine, Degree::DpAttention);
    Ok(Parallelism {
        tensor_parallel: required(Degree::Tensor)?,
        expert_parallel: required(Degree::Expert)?,
        dp_attention: record.flag(dp_attention)?.unwrap_or(false),
        pipeline_parallel: optional(Degree::Pipeline)?.unwrap_or(1),
        prefill_context_parallel: optional(Degree::PrefillContext)?.unwrap_or(1),
        decode_context_parallel: optional(Degree::DecodeContext)?.unwrap_or(1),
    })
}

fn read_pool(record: Record<'_>, engine: Engine) -> Result<Pool> {
    let count = |degree| {
        let column = degree_column(engine, degree);
        record.required(column, record.whole(column, 1..=MAX_GPUS)?)
    };
    Ok(Pool {
        parallelism: read_parallelism(record, engine)?,
        workers: count(Degree::Workers)?,
        gpus: count(Degree::Gpus)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::row::csv::write;
    use crate::row::identity_tests::any_identity;
    use crate::row::{Lengths, Repeatability};

    fn any_metric() -> impl Strategy<Value = Option<f64>> {
        proptest::option::of(1e-3..1e3)
    }

    prop_compose! {
        fn any_row()(
            identity in any_identity(),
            throughput in 1e-3..1e6,
            output in any_metric(),
            ttft in proptest::option::of(1e-3..1.0),
            tpot in proptest::option::of(1e-3..1.0),
            e2e in proptest::option::of(1.0..1e3),
            p99_ttft in any_metric(),
            median_e2e_latency in any_metric(),
            repeats in proptest::option::of((2u32..9, 1.0..9.0, 1.0..9.0, 1.0..9.0, 1.0..9.0)),
            lengths in proptest::option::of((1.0..1e5, 1.0..1e5)),
            derived: bool,
        ) -> Row {
            let mut measured = Measured {
                p99_ttft,
                median_e2e_latency,
                p90_ttft: p99_ttft,
                joules_per_output_token: output,
                mean_lengths: lengths.map(|(input, output)| Lengths { input, output }),
                ..Measured::default()
            };
            measured.derived[Metric::Throughput] = derived;
            measured.means[Metric::Throughput] = Some(throughput);
            measured.means[Metric::OutputThroughput] = output;
            measured.means[Metric::Ttft] = ttft;
            measured.means[Metric::Tpot] = tpot;
            measured.means[Metric::E2eLatency] = e2e;
            Row {
                provider: "p".to_owned(),
                identity,
                measured,
                provenance: Provenance {
                    benchmark_date: Some("2026-01-02T22:24:09Z".to_owned()),
                    run_id: "20667906037".to_owned(),
                    image: Some("registry/engine:v1, \"patched\"".to_owned()),
                },
                repeatability: repeats.map(|(repeats, throughput, ttft, tpot, e2e)| Repeatability {
                    repeats,
                    throughput_max_min_ratio: throughput,
                    ttft_max_min_ratio: ttft,
                    tpot_max_min_ratio: tpot,
                    e2e_latency_max_min_ratio: e2e,
                }),
            }
        }
    }

    proptest! {
        #[test]
        fn rows_survive_writing_and_reading_bit_for_bit(row in any_row()) {
            let text = String::from_utf8(write(std::slice::from_ref(&row))).unwrap();
            prop_assert_eq!(read(Path::new("r.csv"), &text, "p", &[]).unwrap(), vec![row]);
        }
    }

    const SEVENTEEN: &str = "gpu_model,framework,precision,input_seq_len,output_seq_len,\
        tensor_parallel,expert_parallel,concurrency,throughput_tokens_per_sec_per_gpu,\
        output_throughput_per_gpu,mean_time_to_first_token_sec,p99_time_to_first_token_sec,\
        mean_time_per_output_token_sec,mean_end_to_end_latency_sec,\
        median_end_to_end_latency_sec,benchmark_date,run_id\n";

    fn complaint(lines: &str) -> String {
        read(Path::new("r.csv"), &format!("{SEVENTEEN}{lines}"), "p", &[]).unwrap_err().to_string()
    }

    #[test]
    fn the_seventeen_columns_alone_are_a_file() {
        let line = "b200,vllm,fp4,1024,1024,4.0,1.0,64,900,450,0.1,0.2,0.01,9.2,9.1,2026-01-02,7\n";
        let rows = read(Path::new("r.csv"), &format!("{SEVENTEEN}{line}"), "p", &[]).unwrap();
        assert_eq!(rows[0].identity.to_string(), "b200::vllm::fp4::1024x1024::tp4_ep1::c64");
        assert_eq!(rows[0].measured.means[Metric::Tpot], Some(0.01));
    }

    #[test]
    fn a_configuration_that_comes_twice_is_refused_with_both_lines() {
        let line = "b200,vllm,fp4,1024,1024,4,1,64,900,450,0.1,,0.01,9.2,,,7\n";
        let message = complaint(&format!("{line}{line}"));
        assert!(message.starts_with("r.csv:3: the same configuration as line 2"), "{message}");
        assert!(message.contains("dp_attention"), "{message}");
    }

    #[test]
    fn impossible_figures_are_refused_where_they_stand() {
        for (line, expected) in [
            (
                "b200,vllm,fp4,1024,1024,4,1,0,900,450,0.1,,0.01,9.2,,,7\n",
                "column `concurrency`: 0",
            ),
            ("b200,vllm,fp4,1024,1024,4,1,1,-9,450,0.1,,0.01,9.2,,,7\n", "per_gpu`: -9"),
            ("b200,vllm,fp4,1024,1024,4,1,1,inf,450,0.1,,0.01,9.2,,,7\n", "not a finite number"),
            (
                "b200,vllm,fp4,1024,1024,4,1,1,900,450,0.1,,10.4,9.2,,,7\n",
                "latencies are in seconds",
            ),
            ("b200,vllm,fp4,1024,1024,4,1,1,,,,,,,,,7\n", "no metric is given"),
            ("b 2,vllm,fp4,1024,1024,4,1,1,900,450,,,,,,,7\n", "`b 2` is not a name"),
            ("b200,vllm,fp4,1024,1024,4,1,1,900,450,,,,,,soon,7\n", "`soon` is not a date"),
            (
                "b200,vllm,fp4,1024,1024,,1,1,900,450,,,,,,,7\n",
                "`tensor_parallel`: the cell is empty",
            ),
        ] {
            let message = complaint(line);
            assert!(message.contains(expected) && message.contains("r.csv:2"), "{message}");
        }
    }
}
