//! AIConfigurator's `silicon_sample.csv`: mean TTFT and mean TPOT, in milliseconds, of InferenceMAX
//! results of many models, without their throughputs.
//!
//! The columns are made for its own estimator: `batch_size` is that of one data-parallel rank, not the
//! concurrency, and `tp_size` counts expert parallelism twice for some results. Therefore concurrency, TP
//! and EP are read from the id (`…_c64_tp4_ep1_303`) and compared with the columns where they must agree.
//! Results with several pools lack the numbers of workers, and AIConfigurator's own measurements (`epnone`)
//! do not belong to InferenceMAX: both are skipped.

use super::{Artifact, GivenFacts, Reading, SkipReason, SourceReader};
use crate::base::error::Result;
use crate::base::table::Record;
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Layout, Measured, Parallelism, Provenance, Row};

/// AIConfigurator's collection of measurements.
pub(super) struct AiConfigurator;

const NAME: &str = "aiconfigurator";

const REQUIRED: [&str; 13] = [
    "id",
    "silicon_data_source",
    "backend",
    "model_path",
    "system",
    "precision",
    "mode",
    "isl",
    "osl",
    "batch_size",
    "attention_dp_size",
    "silicon_ttft_ms",
    "silicon_tpot_ms",
];

const OPTIONAL: [&str; 21] = [
    "backend_version",
    "gemm_quant_mode",
    "moe_quant_mode",
    "tp_size",
    "pp_size",
    "moe_tp_size",
    "moe_ep_size",
    "prefill_batch_size",
    "prefill_num_workers",
    "prefill_tp_size",
    "prefill_pp_size",
    "prefill_attention_dp_size",
    "prefill_moe_tp_size",
    "prefill_moe_ep_size",
    "decode_batch_size",
    "decode_num_workers",
    "decode_tp_size",
    "decode_pp_size",
    "decode_attention_dp_size",
    "decode_moe_tp_size",
    "decode_moe_ep_size",
];

impl SourceReader for AiConfigurator {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "AIConfigurator's silicon_sample.csv"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        artifact.columns().starts_with(&["id", "silicon_data_source"])
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let table = artifact.table(&REQUIRED, &OPTIONAL, &mut reading)?;
        for record in table.records() {
            let model = record.required("model_path", record.text("model_path"))?;
            if !reading.wants(NAME, &[model], given) {
                continue;
            }
            match read_record(record, given)? {
                Ok(row) => reading.take(NAME, row),
                Err(reason) => reading.skip(NAME, reason),
            }
        }
        Ok(reading)
    }
}

/// A row, or the reason why the line is skipped.
fn read_record(record: Record<'_>, given: &GivenFacts) -> Result<Result<Row, SkipReason>> {
    if record.text("mode") != Some("agg") {
        return Ok(Err(SkipReason::PoolsWithoutWorkers));
    }
    let id = record.required("id", record.text("id"))?;
    let facts = record.text("silicon_data_source").unwrap_or_default();
    if id.contains("_epnone") || fact(facts, "measured").is_none() {
        return Ok(Err(SkipReason::OwnMeasurement));
    }
    let count = |column| record.required(column, record.whole(column, 1..=1 << 20)?);
    let dp_size = count("attention_dp_size")?;
    let Some((tensor_parallel, expert_parallel)) = degrees(record, id, dp_size)? else {
        return Ok(Err(SkipReason::AmbiguousParallelism));
    };
    let concurrency = concurrency(record, id, facts, dp_size)?;
    let seconds = |column| {
        let value = record.number(column, f64::MIN_POSITIVE..=1e9)?;
        Ok::<_, crate::base::error::Error>(value.map(|ms| ms / 1000.0))
    };
    let mut measured = Measured::default();
    measured.means[Metric::Ttft] = seconds("silicon_ttft_ms")?;
    measured.means[Metric::Tpot] = seconds("silicon_tpot_ms")?;
    let backend = record.required("backend", record.name("backend")?)?;
    let system = record.required("system", record.name("system")?)?;
    let identity = Identity {
        gpu_model: system.trim_end_matches("_sxm").to_owned(),
        framework: if backend == "trtllm" { "trt".to_owned() } else { backend },
        precision: record.required("precision", record.name("precision")?)?,
        input_seq_len: count("isl")?,
        output_seq_len: count("osl")?,
        layout: Layout::Aggregated(Parallelism {
            dp_attention: dp_size > 1,
            ..Parallelism::new(tensor_parallel, expert_parallel)
        }),
        concurrency: Concurrency::Fixed(concurrency),
        spec_decoding: "none".to_owned(),
        is_multinode: false,
    };
    let benchmark_date = fact(facts, "measured").map(str::to_owned);
    let run_id = fact(facts, "source_file").unwrap_or(id).trim_end_matches(".csv").to_owned();
    let image = fact(facts, "image").map(str::to_owned);
    Ok(Ok(Row {
        provider: given.provider.clone(),
        identity,
        measured,
        provenance: Provenance { benchmark_date, run_id, image },
        repeatability: None,
    }))
}

/// The value of a key in `key=value; key=value`.
fn fact<'a>(facts: &'a str, key: &str) -> Option<&'a str> {
    facts.split("; ").find_map(|fact| fact.strip_prefix(key)?.strip_prefix('='))
}

/// The number that follows a tag in an id: 64 for the tag `c` in `…_c64_…`.
fn tagged(id: &str, tag: &str) -> Option<u32> {
    id.split('_').find_map(|part| part.strip_prefix(tag)?.parse().ok())
}

/// The TP and EP of an id such as `…_tp4_ep1_303`, or `…_tp4_0_ep1_0_303`, which means the same. An id without
/// them (`…_cfg733`) has those of its columns if neither experts nor attention are spread; else `None`.
fn degrees(record: Record<'_>, id: &str, dp_size: u32) -> Result<Option<(u32, u32)>> {
    if let (Some(tp), Some(ep)) = (tagged(id, "tp"), tagged(id, "ep")) {
        return Ok(Some((tp, ep)));
    }
    let tp = record.whole("tp_size", 1..=1 << 14)?;
    let ep = record.whole("moe_ep_size", 0..=1 << 14)?;
    Ok(tp.filter(|_| ep == Some(1) && dp_size == 1).map(|tp| (tp, 1)))
}

/// The requests in flight over all ranks, as the id says: `…_c64_…`. The facts and the columns must agree with it.
fn concurrency(record: Record<'_>, id: &str, facts: &str, dp_size: u32) -> Result<u32> {
    let concurrency = tagged(id, "c").filter(|requests| *requests > 0);
    let concurrency = concurrency
        .ok_or_else(|| record.error("id", format!("`{id}` does not say its concurrency, c<n>")))?;
    let published = fact(facts, "silicon_concurrency");
    if let Some(published) = published.filter(|n| n.parse() != Ok(concurrency)) {
        let message = format!("silicon_concurrency is {published}, and {concurrency} in the id");
        return Err(record.error("silicon_data_source", message));
    }
    let batch = record.required("batch_size", record.whole("batch_size", 1..=1 << 20)?)?;
    // Fewer sequences than ranks are not divided among the ranks.
    let undivided = concurrency < dp_size && batch == concurrency;
    if !undivided && batch.checked_mul(dp_size) != Some(concurrency) {
        let message = format!(
            "{batch} sequences on each of {dp_size} ranks are not the {concurrency} of the id"
        );
        return Err(record.error("batch_size", message));
    }
    Ok(concurrency)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HEADER: &str = "id,silicon_data_source,backend,model_path,system,precision,mode,isl,osl,\
                          batch_size,tp_size,attention_dp_size,moe_ep_size,silicon_ttft_ms,\
                          silicon_tpot_ms\n";

    fn line(id: &str, mode: &str, batch: u32, tp: u32, dp: u32, ep: u32) -> String {
        format!(
            "{id},source_file=a.csv; silicon_concurrency=64; measured=2026-03-27T08:01:51Z; \
             image=e:1,trtllm,m,b200_sxm,fp4,{mode},1024,1024,{batch},{tp},{dp},{ep},116.5,9.7\n"
        )
    }

    fn read(text: &str) -> Result<Reading> {
        let artifact = Artifact::new(Path::new("s.csv"), format!("{HEADER}{text}"));
        assert!(AiConfigurator.recognises(&artifact));
        AiConfigurator.read(&artifact, &GivenFacts::default())
    }

    fn identities(text: &str) -> Vec<String> {
        let rows = read(text).unwrap().rows;
        rows.iter().map(|row| row.identity.to_string()).collect()
    }

    #[test]
    fn parallelism_comes_from_the_id() {
        let text = [
            line("x_c64_tp4_0_ep4_0_185", "agg", 64, 16, 1, 4),
            line("x_c64_tp4_ep4_7", "disagg", 64, 4, 1, 4),
            line("x_c64_tp4_epnone_1", "agg", 64, 4, 1, 1),
            line("x_c64_cfg733", "agg", 64, 4, 1, 1),
            line("x_c64_cfg734", "agg", 64, 16, 1, 4),
        ]
        .concat();
        let reading = read(&text).unwrap();
        let [row, unspread] = &reading.rows[..] else { panic!("{:?}", reading.fates) };
        assert_eq!(row.identity.to_string(), "b200::trt::fp4::1024x1024::tp4_ep4::c64");
        assert_eq!(row.measured.means[Metric::Ttft], Some(0.1165));
        assert_eq!(row.provenance.benchmark_date.as_deref(), Some("2026-03-27T08:01:51Z"));
        assert_eq!(unspread.identity.to_string(), "b200::trt::fp4::1024x1024::tp4_ep1::c64");
        assert_eq!(reading.fates.len(), 4, "{:?}", reading.fates);
        let message = read(&text.replace("116.5", "fast")).unwrap_err().to_string();
        let fault = "s.csv:2, column `silicon_ttft_ms`: `fast` is not a number";
        assert_eq!(message.lines().next(), Some(fault));
    }

    #[test]
    fn concurrency_is_of_all_data_parallel_ranks_together() {
        let text = line("x_c64_tp4_ep4_1904", "agg", 4, 1, 16, 4);
        assert_eq!(identities(&text), ["b200::trt::fp4::1024x1024::tp4_ep4_dpa::c64"]);
        let text = line("x_c64_tp8_ep8_1537", "agg", 64, 8, 128, 8);
        assert_eq!(identities(&text), ["b200::trt::fp4::1024x1024::tp8_ep8_dpa::c64"]);
        let message = |text: &str| {
            let message = read(text).unwrap_err().to_string();
            message.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(
            message(&line("x_c64_tp4_ep4_1904", "agg", 8, 1, 16, 4)),
            "s.csv:2, column `batch_size`: 8 sequences on each of 16 ranks are not the 64 of the id"
        );
        assert_eq!(
            message(&line("x_c32_tp4_ep1_1", "agg", 32, 4, 1, 1)),
            "s.csv:2, column `silicon_data_source`: silicon_concurrency is 64, and 32 in the id"
        );
        assert_eq!(
            message(&line("x_tp4_ep1_1", "agg", 64, 4, 1, 1)),
            "s.csv:2, column `id`: `x_tp4_ep1_1` does not say its concurrency, c<n>"
        );
    }
}
