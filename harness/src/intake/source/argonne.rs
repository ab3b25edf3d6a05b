//! Argonne's LLM-Inference-Bench, `All_results.csv`: static batches of prompts that are as long as their outputs.
//! `Latency` is that of the whole batch, in seconds. `Throughput` counts input and output tokens of all
//! devices, 2 × length × batch / latency. Rows where the two disagree are skipped: most rows of llama.cpp
//! are wrong by the batch size.

use super::{Artifact, GivenFacts, Reading, SkipReason, SourceReader};
use crate::base::error::Result;
use crate::base::table::Record;
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Provenance, Row};

/// Results of LLM-Inference-Bench.
pub(super) struct Argonne;

const NAME: &str = "argonne";

const COLUMNS: [&str; 8] = [
    "Hardware",
    "Num of Hardware",
    "Framework",
    "Model",
    "Input Output Length",
    "Batch Size",
    "Latency",
    "Throughput",
];

/// The largest relative difference between latency × throughput and the tokens of the batch at which the two
/// agree.
const AGREEMENT: f64 = 0.02;

impl SourceReader for Argonne {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Argonne's LLM-Inference-Bench, All_results.csv"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        artifact.columns().starts_with(&COLUMNS[..4])
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let table = artifact.table(&COLUMNS, &[], &mut reading)?;
        for record in table.records() {
            let model = record.required("Model", record.text("Model"))?;
            if !reading.wants(NAME, &[model], given) {
                continue;
            }
            match read_record(record, artifact, given)? {
                Ok(row) => reading.take(NAME, row),
                Err(reason) => reading.skip(NAME, reason),
            }
        }
        Ok(reading)
    }
}

/// A row, or the reason why the line is skipped.
fn read_record(
    record: Record<'_>,
    artifact: &Artifact,
    given: &GivenFacts,
) -> Result<Result<Row, SkipReason>> {
    let text = |column| record.required(column, record.text(column));
    let count = |column| record.required(column, record.whole(column, 1..=1 << 20)?);
    let number = |column| record.required(column, record.number(column, f64::MIN_POSITIVE..=1e12)?);
    let (length, batch, devices) =
        (count("Input Output Length")?, count("Batch Size")?, count("Num of Hardware")?);
    let (latency, throughput) = (number("Latency")?, number("Throughput")?);
    let framework = match text("Framework")? {
        "TensorRT-LLM" => "trt".to_owned(),
        other => other.to_lowercase(),
    };
    let tokens = 2.0 * f64::from(length) * f64::from(batch);
    if (throughput * latency / tokens - 1.0).abs() > AGREEMENT {
        return Ok(Err(SkipReason::FiguresDisagree(framework)));
    }
    let precision = given.precision.clone().ok_or_else(|| {
        artifact.error("the precision is not in the file").with_help("give it with --precision")
    })?;
    // llama.cpp places whole layers on each device.
    let parallelism = if framework == "llama.cpp" {
        Parallelism { pipeline_parallel: devices, ..Parallelism::new(1, 1) }
    } else {
        Parallelism::new(devices, 1)
    };
    let run_id = given.run_id.clone().unwrap_or_else(|| artifact.stem());
    Ok(Ok(Row {
        provider: given.provider.clone(),
        identity: Identity {
            gpu_model: device(text("Hardware")?),
            framework,
            precision,
            input_seq_len: length,
            output_seq_len: length,
            layout: Layout::Aggregated(parallelism),
            concurrency: Concurrency::Fixed(batch),
            spec_decoding: "none".to_owned(),
            is_multinode: false,
        },
        measured: figures(latency, throughput / f64::from(devices)),
        provenance: Provenance { benchmark_date: given.date.clone(), run_id, image: None },
        repeatability: None,
    }))
}

/// The figures of a batch, from its latency in seconds and its throughput in tokens/s/GPU. Half of the tokens are
/// output.
fn figures(latency: f64, throughput: f64) -> Measured {
    let mut measured = Measured::default();
    measured.means[Metric::Throughput] = Some(throughput);
    measured.means[Metric::OutputThroughput] = Some(throughput / 2.0);
    measured.derived[Metric::OutputThroughput] = true;
    measured.means[Metric::E2eLatency] = Some(latency);
    measured
}

/// The GPU model of a device: `Nvidia H100 GPU` is `h100`, `Intel Max 1550` is `max-1550`.
fn device(hardware: &str) -> String {
    let name = hardware.strip_suffix(" GPU").unwrap_or(hardware);
    let (_, model) = name.split_once(' ').unwrap_or(("", name));
    model.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_batch_whose_figures_agree_is_a_row() {
        let text = "Hardware,Num of Hardware,Framework,Model,Input Output Length,Batch Size,Latency,Throughput\n\
                    Nvidia H100 GPU,2,vLLM,m,128,16,0.5,8192.0\n\
                    Nvidia H100 GPU,1,llama.cpp,m,128,16,0.5,512.0\n\
                    Intel Max 1550,4,llama.cpp,m,128,1,0.5,512.0";
        let artifact = Artifact::new(Path::new("All_results.csv"), text.to_owned());
        assert!(Argonne.recognises(&artifact));
        let message = Argonne.read(&artifact, &GivenFacts::default()).unwrap_err().to_string();
        assert!(message.ends_with("give it with --precision"), "{message}");
        let given = GivenFacts { precision: Some("fp16".to_owned()), ..GivenFacts::default() };
        let reading = Argonne.read(&artifact, &given).unwrap();
        let names: Vec<String> = reading.rows.iter().map(|row| row.identity.to_string()).collect();
        assert_eq!(names[0], "h100::vllm::fp16::128x128::tp2_ep1::c16");
        assert_eq!(names[1], "max-1550::llama.cpp::fp16::128x128::tp1_ep1_pp4::c1");
        assert_eq!(reading.rows[0].measured.means[Metric::OutputThroughput], Some(2048.0));
        assert_eq!(reading.fates.len(), 2, "{:?}", reading.fates);
    }
}
