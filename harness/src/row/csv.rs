//! The standard CSV format: seventeen columns, and those that complete a row's identity.

use std::collections::HashMap;
use std::path::Path;

use super::{
    Concurrency, Identity, Layout, Lengths, Measured, Parallelism, Pool, Provenance, Repeatability,
    Row,
};
use crate::base::error::{Error, Result};
use crate::base::table::{Record, Table};
use crate::row::metric::{Metric, PerMetric};

/// Every column, in the order that [`write()`] uses: the seventeen of the standard format first.
pub const COLUMNS: [&str; 53] = [
    "gpu_model",
    "framework",
    "precision",
    "input_seq_len",
    "output_seq_len",
    "tensor_parallel",
    "expert_parallel",
    "concurrency",
    "throughput_tokens_per_sec_per_gpu",
    "output_throughput_per_gpu",
    "mean_time_to_first_token_sec",
    "p99_time_to_first_token_sec",
    "mean_time_per_output_token_sec",
    "mean_end_to_end_latency_sec",
    "median_end_to_end_latency_sec",
    "benchmark_date",
    "run_id",
    "dp_attention",
    "spec_decoding",
    "disagg",
    "is_multinode",
    "prefill_tensor_parallel",
    "prefill_expert_parallel",
    "prefill_dp_attention",
    "prefill_num_workers",
    "num_prefill_gpu",
    "decode_tensor_parallel",
    "decode_expert_parallel",
    "decode_dp_attention",
    "decode_num_workers",
    "num_decode_gpu",
    "pipeline_parallel",
    "pcp_size",
    "dcp_size",
    "prefill_pipeline_parallel",
    "prefill_pcp_size",
    "prefill_dcp_size",
    "decode_pipeline_parallel",
    "decode_pcp_size",
    "decode_dcp_size",
    "image",
    "repeats",
    "throughput_max_min_ratio",
    "ttft_max_min_ratio",
    "tpot_max_min_ratio",
    "e2e_latency_max_min_ratio",
    "mean_input_tokens",
    "mean_output_tokens",
    "derived_metrics",
    "p90_time_to_first_token_sec",
    "p99_9_time_to_first_token_sec",
    "average_power_watts_per_gpu",
    "joules_per_output_token",
];

/// The column that a file of several sources' rows has besides.
const PROVIDER: &str = "provider";

/// How many of [`COLUMNS`] the standard format requires.
const REQUIRED: usize = 17;
/// How many of the required columns, from the first, belong to the identity.
const STANDARD_IDENTITY: usize = 8;
/// The columns that complete the identity.
const COMPLETING_IDENTITY: std::ops::Range<usize> = 17..40;

/// The columns of one engine's parallelism: TP, EP, DPA, PP, PCP, DCP.
type ParallelismColumns = [&'static str; 6];

const ENGINE: ParallelismColumns = [
    "tensor_parallel",
    "expert_parallel",
    "dp_attention",
    "pipeline_parallel",
    "pcp_size",
    "dcp_size",
];

/// The columns of one pool of a disaggregated row.
struct PoolColumns {
    parallelism: ParallelismColumns,
    workers: &'static str,
    gpus: &'static str,
}

const PREFILL: PoolColumns = PoolColumns {
    parallelism: [
        "prefill_tensor_parallel",
        "prefill_expert_parallel",
        "prefill_dp_attention",
        "prefill_pipeline_parallel",
        "prefill_pcp_size",
        "prefill_dcp_size",
    ],
    workers: "prefill_num_workers",
    gpus: "num_prefill_gpu",
};
const DECODE: PoolColumns = PoolColumns {
    parallelism: [
        "decode_tensor_parallel",
        "decode_expert_parallel",
        "decode_dp_attention",
        "decode_pipeline_parallel",
        "decode_pcp_size",
        "decode_dcp_size",
    ],
    workers: "decode_num_workers",
    gpus: "num_decode_gpu",
};

impl PoolColumns {
    fn all(&self) -> impl Iterator<Item = &'static str> {
        self.parallelism.into_iter().chain([self.workers, self.gpus])
    }
}

/// Between the derived metrics of a row.
const SEPARATOR: char = ';';
/// What stands for the number of requests of a peak.
const PEAK: &str = "peak";

/// The largest sizes that are not a slip of the pen.
const MAX_TOKENS: u32 = 1 << 24;
const MAX_GPUS: u32 = 1 << 14;
const MAX_CONCURRENCY: u32 = 1 << 20;
/// A request that takes longer than a day, s, is a unit slip.
const MAX_SECONDS: f64 = 86_400.0;
/// Below a microsecond, s, no request is answered and no token made.
const MIN_SECONDS: f64 = 1e-6;
/// Above this, tokens/s/GPU, no GPU works.
const MAX_THROUGHPUT: f64 = 1e8;
/// No GPU draws more, W.
const MAX_WATTS: f64 = 1e5;
/// No token costs more, J.
const MAX_JOULES: f64 = 1e9;

/// Reads the rows of a standard-format CSV; `text` came from `path`.
///
/// Every row gets `provider`. `extra` names further columns that the file's owner has documented; they are not read. A file
/// must hold at least one row, and no identity twice.
pub fn read(path: &Path, text: &str, provider: &str, extra: &[&str]) -> Result<Vec<Row>> {
    read_rows(path, text, extra, |record| match record.text(PROVIDER) {
        Some(other) if other != provider => {
            let fault = format!("the row is of `{other}`, and read as one of {provider}");
            Err(record.error(PROVIDER, fault))
        }
        _ => Ok(provider.to_owned()),
    })
}

/// Whether a file says of each row whose it is.
#[must_use]
pub fn names_providers(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    header.split(',').any(|column| column.trim() == PROVIDER)
}

/// Reads a file that says of each row which of these providers it is of.
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
    let mut optional: Vec<&str> = COLUMNS[REQUIRED..].iter().chain(extra).copied().collect();
    optional.push(PROVIDER);
    let table = Table::parse(path, text, &COLUMNS[..REQUIRED], &optional)?;
    let mut lines: HashMap<(String, Identity), u64> = HashMap::new();
    let mut rows = Vec::with_capacity(table.len());
    for record in table.records() {
        let row = read_record(record, &provider(record)?)?;
        let key = (row.provider.clone(), row.identity.clone());
        if let Some(first) = lines.insert(key, record.line()) {
            return Err(Error::content(
                record.place(),
                format!("the same configuration as line {first}: {}", row.identity),
            )
            .with_help(
                "keep one, or add the column that tells them apart (dp_attention, spec_decoding, \
                 disagg, is_multinode, prefill_* and decode_*)",
            ));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Error::content(crate::base::error::Place::file(path), "a header and no rows"));
    }
    Ok(rows)
}

/// Reads one record's row.
pub fn read_record(record: Record<'_>, provider: &str) -> Result<Row> {
    let identity = read_identity(record)?;
    let seconds = |column| record.number(column, MIN_SECONDS..=MAX_SECONDS);
    let means = read_metrics(record, |metric| match metric {
        Metric::Throughput => "throughput_tokens_per_sec_per_gpu",
        Metric::OutputThroughput => "output_throughput_per_gpu",
        Metric::Ttft => "mean_time_to_first_token_sec",
        Metric::Tpot => "mean_time_per_output_token_sec",
        Metric::E2eLatency => "mean_end_to_end_latency_sec",
    })?;
    let measured = Measured {
        means,
        p99_ttft: seconds("p99_time_to_first_token_sec")?,
        median_e2e_latency: seconds("median_end_to_end_latency_sec")?,
        p90_ttft: seconds("p90_time_to_first_token_sec")?,
        p99_9_ttft: seconds("p99_9_time_to_first_token_sec")?,
        average_power_watts_per_gpu: record
            .number("average_power_watts_per_gpu", f64::MIN_POSITIVE..=MAX_WATTS)?,
        joules_per_output_token: record
            .number("joules_per_output_token", f64::MIN_POSITIVE..=MAX_JOULES)?,
        derived: read_derived(record, &means)?,
        mean_lengths: read_lengths(record)?,
    };
    Ok(Row {
        provider: provider.to_owned(),
        identity,
        measured,
        provenance: read_provenance(record)?,
        repeatability: read_repeatability(record)?,
    })
}

/// Reads the metrics of a record from the columns that are named for them: at least one must be given,
/// each must be possible, and no part of a request longer than the whole.
pub fn read_metrics(
    record: Record<'_>,
    column: impl Fn(Metric) -> &'static str,
) -> Result<PerMetric<Option<f64>>> {
    let mut metrics = PerMetric::default();
    for metric in Metric::ALL {
        let possible = match metric {
            Metric::Throughput | Metric::OutputThroughput => f64::MIN_POSITIVE..=MAX_THROUGHPUT,
            Metric::Ttft | Metric::Tpot | Metric::E2eLatency => MIN_SECONDS..=MAX_SECONDS,
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
        return Err(Error::content(record.place(), "no metric is given"));
    }
    Ok(metrics)
}

/// Reads what a record was measured on, or predicted for.
pub fn read_identity(record: Record<'_>) -> Result<Identity> {
    let name = |column| record.required(column, record.name(column)?);
    let whole = |column, max| record.required(column, record.whole(column, 1..=max)?);
    let layout = if record.flag("disagg")?.unwrap_or(false) {
        for column in ENGINE {
            if record.text(column).is_some() {
                return Err(record
                    .error(column, "a disaggregated row has one parallelism a pool")
                    .with_help(
                        "leave this cell empty and fill the prefill_* and decode_* columns",
                    ));
            }
        }
        Layout::Disaggregated {
            prefill: read_pool(record, &PREFILL)?,
            decode: read_pool(record, &DECODE)?,
        }
    } else {
        if let Some(column) =
            PREFILL.all().chain(DECODE.all()).find(|column| record.text(column).is_some())
        {
            return Err(record
                .error(column, "this row is not disaggregated, so it has no pools")
                .with_help("empty the cell, or set disagg to true"));
        }
        Layout::Aggregated(read_parallelism(record, ENGINE)?)
    };
    Ok(Identity {
        gpu_model: name("gpu_model")?,
        framework: name("framework")?,
        precision: name("precision")?,
        input_seq_len: whole("input_seq_len", MAX_TOKENS)?,
        output_seq_len: whole("output_seq_len", MAX_TOKENS)?,
        layout,
        concurrency: match record.text("concurrency") {
            Some(PEAK) => Concurrency::Peak,
            _ => Concurrency::Fixed(whole("concurrency", MAX_CONCURRENCY)?),
        },
        spec_decoding: record.name("spec_decoding")?.unwrap_or_else(|| "none".to_owned()),
        is_multinode: record.flag("is_multinode")?.unwrap_or(false),
    })
}

fn read_parallelism(
    record: Record<'_>,
    [tp, ep, dpa, pp, pcp, dcp]: ParallelismColumns,
) -> Result<Parallelism> {
    let degree = |column| record.whole(column, 1..=MAX_GPUS);
    Ok(Parallelism {
        tensor_parallel: record.required(tp, degree(tp)?)?,
        expert_parallel: record.required(ep, degree(ep)?)?,
        dp_attention: record.flag(dpa)?.unwrap_or(false),
        pipeline_parallel: degree(pp)?.unwrap_or(1),
        prefill_context_parallel: degree(pcp)?.unwrap_or(1),
        decode_context_parallel: degree(dcp)?.unwrap_or(1),
    })
}

fn read_pool(record: Record<'_>, columns: &PoolColumns) -> Result<Pool> {
    let count = |column| record.required(column, record.whole(column, 1..=MAX_GPUS)?);
    Ok(Pool {
        parallelism: read_parallelism(record, columns.parallelism)?,
        workers: count(columns.workers)?,
        gpus: count(columns.gpus)?,
    })
}

fn read_lengths(record: Record<'_>) -> Result<Option<Lengths>> {
    let tokens = |column| record.number(column, 1.0..=f64::from(MAX_TOKENS));
    match (tokens("mean_input_tokens")?, tokens("mean_output_tokens")?) {
        (None, None) => Ok(None),
        (input, output) => Ok(Some(Lengths {
            input: record.required("mean_input_tokens", input)?,
            output: record.required("mean_output_tokens", output)?,
        })),
    }
}

fn read_derived(record: Record<'_>, means: &PerMetric<Option<f64>>) -> Result<PerMetric<bool>> {
    let mut derived = PerMetric::default();
    for name in record.text("derived_metrics").iter().flat_map(|names| names.split(SEPARATOR)) {
        let metric = Metric::from_name(name)
            .ok_or_else(|| record.error("derived_metrics", format!("`{name}` is not a metric")))?;
        if means[metric].is_none() {
            let message = format!("{name} is said to be derived and its cell is empty");
            return Err(record.error("derived_metrics", message));
        }
        derived[metric] = true;
    }
    Ok(derived)
}

fn read_provenance(record: Record<'_>) -> Result<Provenance> {
    let benchmark_date = record.text("benchmark_date").map(str::to_owned);
    if let Some(date) = &benchmark_date
        && date.parse::<jiff::Timestamp>().is_err()
        && date.parse::<jiff::civil::Date>().is_err()
    {
        return Err(record
            .error("benchmark_date", format!("`{date}` is not a date"))
            .with_help("write it as 2026-01-02T22:24:09Z or 2026-01-02"));
    }
    Ok(Provenance {
        benchmark_date,
        run_id: record.required("run_id", record.text("run_id"))?.to_owned(),
        image: record.text("image").map(str::to_owned),
    })
}

fn read_repeatability(record: Record<'_>) -> Result<Option<Repeatability>> {
    let Some(repeats) = record.whole("repeats", 1..=u32::MAX)? else { return Ok(None) };
    if repeats == 1 {
        return Ok(None);
    }
    let ratio = |column| record.required(column, record.number(column, 1.0..=1e6)?);
    Ok(Some(Repeatability {
        repeats,
        throughput_max_min_ratio: ratio("throughput_max_min_ratio")?,
        ttft_max_min_ratio: ratio("ttft_max_min_ratio")?,
        tpot_max_min_ratio: ratio("tpot_max_min_ratio")?,
        e2e_latency_max_min_ratio: ratio("e2e_latency_max_min_ratio")?,
    }))
}

/// Writes rows as a standard-format CSV, in the order of their identities: the same rows give the
/// same bytes, whatever order they come in. Columns beyond the seventeen are left out where no row
/// has a value.
#[must_use]
pub fn write(rows: &[Row]) -> Vec<u8> {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by(|a, b| (&a.identity, &a.provider).cmp(&(&b.identity, &b.provider)));
    let several = sorted.iter().any(|row| row.provider != sorted[0].provider);
    let columns: Vec<&str> = COLUMNS.iter().copied().chain([PROVIDER]).collect();
    let line = |row: &Row| {
        let mut line = cells(row);
        line.push(if several { row.provider.clone() } else { String::new() });
        line
    };
    let lines: Vec<Vec<String>> = sorted.into_iter().map(line).collect();
    let written: Vec<usize> = (0..columns.len())
        .filter(|&column| column < REQUIRED || lines.iter().any(|line| !line[column].is_empty()))
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = written.iter().map(|&column| columns[column]);
    writer.write_record(header).expect("writing to memory cannot fail");
    for line in &lines {
        let cells = written.iter().map(|&column| &line[column]);
        writer.write_record(cells).expect("writing to memory with equal lengths cannot fail");
    }
    writer.into_inner().expect("writing to memory cannot fail")
}

/// The cells of one row, in the order of [`COLUMNS`].
#[must_use]
pub fn cells(row: &Row) -> Vec<String> {
    let Row { provider: _, identity, measured, provenance, repeatability } = row;
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut line = identity_cells(identity);
    let completing = line.split_off(STANDARD_IDENTITY);
    line.extend([
        number(measured.means[Metric::Throughput]),
        number(measured.means[Metric::OutputThroughput]),
        number(measured.means[Metric::Ttft]),
        number(measured.p99_ttft),
        number(measured.means[Metric::Tpot]),
        number(measured.means[Metric::E2eLatency]),
        number(measured.median_e2e_latency),
        provenance.benchmark_date.clone().unwrap_or_default(),
        provenance.run_id.clone(),
    ]);
    line.extend(completing);
    line.extend([
        provenance.image.clone().unwrap_or_default(),
        repeatability.map_or(1, |r| r.repeats).to_string(),
        number(repeatability.map(|r| r.throughput_max_min_ratio)),
        number(repeatability.map(|r| r.ttft_max_min_ratio)),
        number(repeatability.map(|r| r.tpot_max_min_ratio)),
        number(repeatability.map(|r| r.e2e_latency_max_min_ratio)),
        number(measured.mean_lengths.map(|lengths| lengths.input)),
        number(measured.mean_lengths.map(|lengths| lengths.output)),
        Metric::ALL
            .into_iter()
            .filter(|&metric| measured.derived[metric])
            .map(Metric::name)
            .collect::<Vec<_>>()
            .join(&SEPARATOR.to_string()),
        number(measured.p90_ttft),
        number(measured.p99_9_ttft),
        number(measured.average_power_watts_per_gpu),
        number(measured.joules_per_output_token),
    ]);
    line
}

/// The columns of the standard format that must be there to tell a configuration.
#[must_use]
pub fn required_identity_columns() -> &'static [&'static str] {
    &COLUMNS[..STANDARD_IDENTITY]
}

/// The names of the columns that make a row's identity, in the order of [`identity_cells`].
pub fn identity_columns() -> impl Iterator<Item = &'static str> {
    COLUMNS[..STANDARD_IDENTITY].iter().chain(&COLUMNS[COMPLETING_IDENTITY]).copied()
}

/// The cells of one identity, in the order of [`identity_columns`].
#[must_use]
pub fn identity_cells(identity: &Identity) -> Vec<String> {
    let (aggregated, prefill, decode) = match &identity.layout {
        Layout::Aggregated(parallelism) => (Some(parallelism), None, None),
        Layout::Disaggregated { prefill, decode } => (None, Some(prefill), Some(decode)),
    };
    let mut line = vec![
        identity.gpu_model.clone(),
        identity.framework.clone(),
        identity.precision.clone(),
        identity.input_seq_len.to_string(),
        identity.output_seq_len.to_string(),
        aggregated.map(|p| p.tensor_parallel.to_string()).unwrap_or_default(),
        aggregated.map(|p| p.expert_parallel.to_string()).unwrap_or_default(),
        identity.concurrency.fixed().map_or_else(|| PEAK.to_owned(), |c| c.to_string()),
        aggregated.map(|p| p.dp_attention.to_string()).unwrap_or_default(),
        identity.spec_decoding.clone(),
        matches!(identity.layout, Layout::Disaggregated { .. }).to_string(),
        identity.is_multinode.to_string(),
    ];
    line.extend(pool_cells(prefill));
    line.extend(pool_cells(decode));
    for parallelism in [aggregated, prefill.map(|p| &p.parallelism), decode.map(|p| &p.parallelism)]
    {
        let degree = |degree: fn(&Parallelism) -> u32| match parallelism.map(degree) {
            None | Some(1) => String::new(),
            Some(degree) => degree.to_string(),
        };
        line.extend([
            degree(|p| p.pipeline_parallel),
            degree(|p| p.prefill_context_parallel),
            degree(|p| p.decode_context_parallel),
        ]);
    }
    line
}

fn pool_cells(pool: Option<&Pool>) -> [String; 5] {
    pool.map_or_else(Default::default, |pool| {
        [
            pool.parallelism.tensor_parallel.to_string(),
            pool.parallelism.expert_parallel.to_string(),
            pool.parallelism.dp_attention.to_string(),
            pool.workers.to_string(),
            pool.gpus.to_string(),
        ]
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::row::identity::tests::any_identity;

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
