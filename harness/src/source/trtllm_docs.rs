//! NVIDIA's TensorRT-LLM performance overview, transcribed to a CSV a line a figure: output tokens/s at
//! exact lengths. Where no concurrency is given the figure is the peak over all of them. The newest
//! version of the document counts.

use super::{Artifact, Given, Reading, Source};
use crate::error::Result;
use crate::metric::Metric;
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Provenance, Row};
use crate::table::{Record, Table};

/// Figures of TensorRT-LLM's documentation.
pub(super) struct TrtllmDocs;

const NAME: &str = "trtllm-docs";

const REQUIRED: [&str; 13] = [
    "source",
    "doc_version",
    "commit",
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

const OPTIONAL: [&str; 10] = [
    "path",
    "pipeline_parallel",
    "dp_attention",
    "num_gpus",
    "total_output_throughput",
    "reported_metric",
    "reported_value",
    "benchmark_date",
    "mean_time_to_first_token_sec",
    "note",
];

impl Source for TrtllmDocs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "figures of TensorRT-LLM's performance overview, as a CSV"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        artifact.text.starts_with("source,doc_version,path,commit,model,")
    }

    fn read(&self, artifact: &Artifact, given: &Given) -> Result<Reading> {
        let table = Table::parse(&artifact.path, &artifact.text, &REQUIRED, &OPTIONAL)?;
        let mut reading = Reading::default();
        for record in table.records() {
            let model = record.required("model", record.text("model"))?;
            if given.wants(&[model]) {
                reading.take(NAME, read_record(record, given)?);
            } else {
                reading.skip(NAME, format!("another model: {model}"));
            }
        }
        // The oldest document first: of rows without a date the later one counts.
        reading.rows.sort_by_key(|row| version(&row.provenance.run_id));
        Ok(reading)
    }
}

fn read_record(record: Record<'_>, given: &Given) -> Result<Row> {
    let name = |column| record.required(column, record.name(column)?);
    let count = |column| record.required(column, record.whole(column, 1..=1 << 20)?);
    let parallelism = Parallelism {
        dp_attention: record.flag("dp_attention")?.unwrap_or(false),
        pipeline_parallel: record.whole("pipeline_parallel", 1..=64)?.unwrap_or(1),
        ..Parallelism::new(count("tensor_parallel")?, count("expert_parallel")?)
    };
    if let Some(gpus) = record.whole("num_gpus", 1..=1 << 14)?
        && gpus != parallelism.gpus()
    {
        let message = format!("{gpus} GPUs where {parallelism} makes {}", parallelism.gpus());
        return Err(record.error("num_gpus", message));
    }
    let rate = record.number("output_throughput_per_gpu", f64::MIN_POSITIVE..=1e8)?;
    let mut measured = Measured::default();
    measured.means[Metric::OutputThroughput] =
        Some(record.required("output_throughput_per_gpu", rate)?);
    measured.means[Metric::Ttft] =
        record.number("mean_time_to_first_token_sec", f64::MIN_POSITIVE..=86_400.0)?;
    let version = record.required("doc_version", record.text("doc_version"))?;
    let concurrency = record.whole("concurrency", 1..=1 << 20)?;
    Ok(Row {
        provider: given.provider.clone(),
        identity: Identity {
            gpu_model: name("gpu_model")?,
            framework: name("framework")?,
            precision: name("precision")?,
            input_seq_len: count("input_seq_len")?,
            output_seq_len: count("output_seq_len")?,
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

/// The numbers of a version such as `v0.20`; what names no version, as the main branch, is newest.
fn version(text: &str) -> (bool, Vec<u32>) {
    let numbers = text.strip_prefix('v').map(|version| {
        version.split('.').map_while(|part| part.parse().ok()).collect::<Vec<u32>>()
    });
    (numbers.is_none(), numbers.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::merge;

    #[test]
    fn a_figure_without_concurrency_is_a_peak_and_the_newest_document_counts() {
        let text = "source,doc_version,path,commit,model,gpu_model,framework,precision,input_seq_len,\
                    output_seq_len,tensor_parallel,pipeline_parallel,expert_parallel,dp_attention,\
                    num_gpus,concurrency,output_throughput_per_gpu\n\
                    d,v1.0,p,c,m,h100,trt,fp8,128,128,8,1,1,False,8,,400\n\
                    d,v0.20,p,c,m,h100,trt,fp8,128,128,8,1,1,False,8,,300\n\
                    d,v0.9.0,p,c,m,h100,trt,fp8,128,128,1,1,1,False,1,64,100\n";
        let artifact = Artifact::new(Path::new("d.csv"), text.to_owned());
        assert!(TrtllmDocs.recognises(&artifact));
        let rows = merge([TrtllmDocs.read(&artifact, &Given::default()).unwrap()]).rows;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].identity.to_string(), "h100::trt::fp8::128x128::tp1_ep1::c64");
        assert_eq!(rows[1].identity.to_string(), "h100::trt::fp8::128x128::tp8_ep1::peak");
        assert_eq!(rows[1].measured.means[Metric::OutputThroughput], Some(400.0));
        let artifact = Artifact::new(Path::new("d.csv"), text.replace(",8,,400", ",4,,400"));
        let message = TrtllmDocs.read(&artifact, &Given::default()).unwrap_err().to_string();
        assert_eq!(message, "d.csv:2, column `num_gpus`: 4 GPUs where tp8_ep1 makes 8");
    }
}
