//! Tables of NVIDIA's documentation, transcribed to a CSV with one line per figure. TensorRT-LLM's performance
//! overview (`doc_version`) gives only output tokens/s, mostly as the peak over all concurrencies. NIM's
//! benchmark pages (`nim_version`) also give TTFT and TPOT at each concurrency. Lengths are exact. The newest
//! version counts.

use super::{Artifact, GivenFacts, Reading, SourceReader};
use crate::base::error::Result;
use crate::base::table::Record;
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Provenance, Row};

/// Figures of NVIDIA's documentation.
pub(super) struct NvidiaDocs;

/// A document, recognised by the column that holds its version.
struct DocsEdition {
    generation: &'static str,
    version: &'static str,
}

const EDITIONS: [DocsEdition; 2] = [
    DocsEdition { generation: "TensorRT-LLM docs", version: "doc_version" },
    DocsEdition { generation: "NIM docs", version: "nim_version" },
];

const REQUIRED: [&str; 10] = [
    "model",
    "gpu_model",
    "framework",
    "precision",
    "input_seq_len",
    "output_seq_len",
    "tensor_parallel",
    "expert_parallel",
    "concurrency",
    "output_throughput_per_gpu",
];

const OPTIONAL: [&str; 15] = [
    "source",
    "doc_version",
    "nim_version",
    "path",
    "commit",
    "pipeline_parallel",
    "dp_attention",
    "num_gpus",
    "total_output_throughput",
    "reported_metric",
    "reported_value",
    "benchmark_date",
    "mean_time_to_first_token_sec",
    "mean_time_per_output_token_sec",
    "note",
];

/// The largest relative difference between a total and the sum over its GPUs; the documents round both.
const ROUNDING: f64 = 0.01;

impl SourceReader for NvidiaDocs {
    fn name(&self) -> &'static str {
        "nvidia-docs"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["trtllm-docs", "nim-docs"]
    }

    fn about(&self) -> &'static str {
        "figures of TensorRT-LLM's and NIM's documentation, as a CSV"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        edition(artifact).is_some() && artifact.columns().contains(&"output_throughput_per_gpu")
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let table = artifact.table(&REQUIRED, &OPTIONAL, &mut reading)?;
        let Some(DocsEdition { generation, version }) = edition(artifact) else {
            return Err(artifact
                .error("neither doc_version nor nim_version is among its columns")
                .with_help("add one of them: it decides which of two figures is newer"));
        };
        for record in table.records() {
            let model = record.required("model", record.text("model"))?;
            if reading.wants(generation, &[model], given) {
                reading.take(generation, read_record(record, version, given)?);
            }
        }
        // The oldest document first, because of rows without a date the later one counts.
        reading.rows.sort_by_key(|row| numbers(&row.provenance.run_id));
        Ok(reading)
    }
}

/// The document that a table was transcribed from.
fn edition(artifact: &Artifact) -> Option<DocsEdition> {
    let columns = artifact.columns();
    EDITIONS.into_iter().find(|edition| columns.contains(&edition.version))
}

fn read_record(record: Record<'_>, version: &str, given: &GivenFacts) -> Result<Row> {
    let name = |column| record.required(column, record.name(column)?);
    let parallelism = parallelism(record)?;
    let measured = figures(record, parallelism)?;
    let version = record.required(version, record.text(version))?;
    let concurrency = record.whole("concurrency", 1..=1 << 20)?;
    Ok(Row {
        provider: given.provider.clone(),
        identity: Identity {
            gpu_model: name("gpu_model")?,
            framework: name("framework")?,
            precision: name("precision")?,
            input_seq_len: count(record, "input_seq_len")?,
            output_seq_len: count(record, "output_seq_len")?,
            layout: Layout::Aggregated(parallelism),
            concurrency: concurrency.map_or(Concurrency::Peak, Concurrency::Fixed),
            spec_decoding: "none".to_owned(),
            is_multinode: false,
        },
        measured,
        provenance: Provenance {
            benchmark_date: record.text("benchmark_date").map(str::to_owned),
            run_id: version.to_owned(),
            image: None,
        },
        repeatability: None,
    })
}

/// A whole number above 0 in a cell that must not be empty.
fn count(record: Record<'_>, column: &str) -> Result<u32> {
    record.required(column, record.whole(column, 1..=1 << 20)?)
}

/// The parallelism of the engine, which must use the stated number of GPUs.
fn parallelism(record: Record<'_>) -> Result<Parallelism> {
    let parallelism = Parallelism {
        dp_attention: record.flag("dp_attention")?.unwrap_or(false),
        pipeline_parallel: record.whole("pipeline_parallel", 1..=64)?.unwrap_or(1),
        ..Parallelism::new(count(record, "tensor_parallel")?, count(record, "expert_parallel")?)
    };
    if let Some(gpus) = record.whole("num_gpus", 1..=1 << 14)?
        && gpus != parallelism.gpus()
    {
        let message = format!("{gpus} GPUs where {parallelism} makes {}", parallelism.gpus());
        return Err(record.error("num_gpus", message));
    }
    Ok(parallelism)
}

/// The figures of a line. The total throughput must be the sum over the GPUs.
fn figures(record: Record<'_>, parallelism: Parallelism) -> Result<Measured> {
    let rate = record.number("output_throughput_per_gpu", f64::MIN_POSITIVE..=1e8)?;
    let total = record.number("total_output_throughput", f64::MIN_POSITIVE..=1e12)?;
    if let (Some(rate), Some(total)) = (rate, total) {
        let sum = rate * f64::from(parallelism.gpus());
        if (total / sum - 1.0).abs() > ROUNDING {
            let message = format!("{total} tokens/s where {rate} on each of its GPUs makes {sum}");
            return Err(record.error("total_output_throughput", message));
        }
    }
    let seconds = |column| record.number(column, f64::MIN_POSITIVE..=86_400.0);
    let mut measured = Measured::default();
    measured.means[Metric::OutputThroughput] = rate;
    measured.means[Metric::Ttft] = seconds("mean_time_to_first_token_sec")?;
    measured.means[Metric::Tpot] = seconds("mean_time_per_output_token_sec")?;
    if measured.means.iter().all(|(_, value)| value.is_none()) {
        return Err(record.error("output_throughput_per_gpu", "no metric is given"));
    }
    Ok(measured)
}

/// The numbers of a version such as `v0.20` or `1.8.0`, to sort by. Any other text, such as that of the main
/// branch, counts as newest.
fn numbers(version: &str) -> (bool, Vec<u32>) {
    let version = version.strip_prefix('v').unwrap_or(version);
    let numbers: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    (numbers.is_empty(), numbers)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::intake::extraction::merge;

    #[test]
    fn a_figure_without_concurrency_is_a_peak_and_the_newest_document_counts() {
        let text = "source,doc_version,path,commit,model,gpu_model,framework,precision,input_seq_len,\
                    output_seq_len,tensor_parallel,pipeline_parallel,expert_parallel,dp_attention,\
                    num_gpus,concurrency,output_throughput_per_gpu\n\
                    d,v1.0,p,c,m,h100,trt,fp8,128,128,8,1,1,False,8,,400\n\
                    d,v0.20,p,c,m,h100,trt,fp8,128,128,8,1,1,False,8,,300\n\
                    d,v0.9.0,p,c,m,h100,trt,fp8,128,128,1,1,1,False,1,64,100\n";
        let artifact = Artifact::new(Path::new("d.csv"), text.to_owned());
        assert!(NvidiaDocs.recognises(&artifact));
        let rows = merge(NvidiaDocs.read(&artifact, &GivenFacts::default()).unwrap().rows).rows;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].identity.to_string(), "h100::trt::fp8::128x128::tp1_ep1::c64");
        assert_eq!(rows[1].identity.to_string(), "h100::trt::fp8::128x128::tp8_ep1::peak");
        assert_eq!(rows[1].measured.means[Metric::OutputThroughput], Some(400.0));
        let artifact = Artifact::new(Path::new("d.csv"), text.replace(",8,,400", ",4,,400"));
        let message = NvidiaDocs.read(&artifact, &GivenFacts::default()).unwrap_err().to_string();
        let fault = "d.csv:2, column `num_gpus`: 4 GPUs where tp8_ep1 makes 8";
        assert_eq!(message.lines().next(), Some(fault));
    }

    #[test]
    fn a_nim_page_gives_latencies_at_each_concurrency() {
        let text = "model,gpu_model,framework,precision,input_seq_len,output_seq_len,tensor_parallel,\
                    expert_parallel,concurrency,output_throughput_per_gpu,mean_time_to_first_token_sec,\
                    mean_time_per_output_token_sec,total_output_throughput,nim_version,source\n\
                    m,h100,nim-trtllm,fp8,4000,400,2,1,10,150,0.6,0.025,300,1.9.0,u\n";
        let artifact = Artifact::new(Path::new("n.csv"), text.to_owned());
        assert!(NvidiaDocs.recognises(&artifact));
        let reading = NvidiaDocs.read(&artifact, &GivenFacts::default()).unwrap();
        let row = &reading.rows[0];
        assert_eq!(row.identity.to_string(), "h100::nim-trtllm::fp8::4000x400::tp2_ep1::c10");
        assert_eq!(row.measured.means[Metric::Tpot], Some(0.025));
        assert_eq!(row.measured.means[Metric::E2eLatency], None);
        assert_eq!(row.provenance.run_id, "1.9.0");
        let first_token = text.replace(",150,0.6,0.025,300,", ",,0.6,,,");
        let artifact = Artifact::new(Path::new("n.csv"), first_token.clone());
        let reading = NvidiaDocs.read(&artifact, &GivenFacts::default()).unwrap();
        assert_eq!(reading.rows[0].measured.means[Metric::OutputThroughput], None);
        let artifact = Artifact::new(Path::new("n.csv"), first_token.replace(",,0.6,,,", ",,,,,"));
        let message = NvidiaDocs.read(&artifact, &GivenFacts::default()).unwrap_err().to_string();
        assert!(message.contains(": no metric is given\n"), "{message}");
        let artifact = Artifact::new(Path::new("n.csv"), text.replace(",300,", ",150,"));
        let message = NvidiaDocs.read(&artifact, &GivenFacts::default()).unwrap_err().to_string();
        assert!(message.starts_with("n.csv:2, column `total_output_throughput`: 150"), "{message}");
    }
}
