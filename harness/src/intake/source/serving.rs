//! Results of the serving benchmarks of vLLM and SGLang, and of the clients modelled on them: milliseconds, and
//! tokens/s of the whole system.
//!
//! vLLM's `vllm bench serve --save-result` writes one object (`vllm/benchmarks/serve.py`). SGLang's
//! `bench_serving --output-file` writes one line per run, which may hold a bare `Infinity` and names no model.
//! `mean_tpot_ms` of both is the mean of (latency − TTFT) / (output tokens − 1) over requests.

use serde_json::Value;

use super::draft::Draft;
use super::json_fields::{JsonFields, ms, requests};
use super::python_json::parse_json;
use super::{Artifact, GivenFacts, Reading, SourceReader};
use crate::base::error::{Error, Place, Result};

/// A serving benchmark, by what sets it apart from the other.
pub(super) struct Serving {
    name: &'static str,
    about: &'static str,
    engine: &'static str,
    signature: [&'static str; 3],
    total: &'static str,
    e2e: [&'static str; 2],
}

/// vLLM's serving benchmark.
pub(super) const VLLM: Serving = Serving {
    name: "vllm",
    about: "vllm bench serve --save-result, and InferenceX's raw results",
    engine: "vllm",
    signature: ["max_concurrency", "total_token_throughput", "mean_ttft_ms"],
    total: "/total_token_throughput",
    e2e: ["/mean_e2el_ms", "/median_e2el_ms"],
};

/// SGLang's serving benchmark.
pub(super) const SGLANG: Serving = Serving {
    name: "sglang",
    about: "sglang.bench_serving --output-file",
    engine: "sglang",
    signature: ["max_concurrency", "total_throughput", "mean_e2e_latency_ms"],
    total: "/total_throughput",
    e2e: ["/mean_e2e_latency_ms", "/median_e2e_latency_ms"],
};

impl SourceReader for Serving {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        let first = artifact.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let first = parse_json(first).ok();
        artifact.has_keys(&self.signature)
            || first.is_some_and(|run| self.signature.iter().all(|key| run.get(key).is_some()))
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        match artifact.sniff() {
            Some(Value::Array(runs)) => {
                for (index, run) in runs.iter().enumerate() {
                    let place = Place::file(&artifact.path).in_column(format!("/{index}"));
                    self.read_run(artifact, run, &place, given, &mut reading)?;
                }
            }
            Some(run) => {
                self.read_run(artifact, run, &Place::file(&artifact.path), given, &mut reading)?;
            }
            None => {
                artifact.not_empty()?;
                for (index, line) in artifact.text.lines().enumerate() {
                    if line.trim().is_empty() {
                        continue;
                    }
                    let place = Place::line(&artifact.path, index as u64 + 1);
                    let run = parse_json(line).map_err(|fault| fault.at(place.clone()))?;
                    self.read_run(artifact, &run, &place, given, &mut reading)?;
                }
            }
        }
        Ok(reading)
    }
}

impl Serving {
    fn read_run(
        &self,
        artifact: &Artifact,
        value: &Value,
        place: &Place,
        given: &GivenFacts,
        reading: &mut Reading,
    ) -> Result<()> {
        let fields = JsonFields { value, place };
        if !reading.wants_model(self.name, fields.text("/model_id")?, given, place) {
            return Ok(());
        }
        let open_loop =
            fields.get("/request_rate").filter(|rate| rate.as_f64().is_some_and(f64::is_finite));
        if let Some(rate) = open_loop {
            reading.warnings.push(format!(
                "{place}: requests arrived at {rate} per second, whether or not others had finished: the \
                 concurrency is a limit that may not have been reached"
            ));
        }
        if let Some(failed) = fields.number("/failed")?.filter(|failed| *failed > 0.0) {
            reading.warnings.push(format!("{place}: {}", requests(failed, "failed")));
        }
        let draft = self.draft(fields)?;
        reading.take(self.name, draft.finish(artifact, place, given)?);
        Ok(())
    }

    /// The facts and figures of a run.
    fn draft(&self, fields: JsonFields<'_>) -> Result<Draft> {
        let requests = fields.number("/completed")?.filter(|requests| *requests > 0.0);
        let mean = |total: &str| {
            Ok::<_, Error>(fields.number(total)?.zip(requests).map(|(total, n)| total / n))
        };
        let engine = fields.text("/backend")?.filter(|backend| *backend == self.engine);
        Ok(Draft {
            // vLLM's --metadata adds keys that the user chooses.
            gpu: fields.text("/gpu")?.map(str::to_owned),
            framework: fields.text("/framework")?.or(engine).map(str::to_owned),
            precision: fields.text("/precision")?.map(str::to_owned),
            tensor_parallel: match fields.count("/tp")? {
                None => fields.count("/tensor_parallel_size")?,
                tp => tp,
            },
            input_seq_len: fields.count("/random_input_len")?,
            output_seq_len: fields.count("/random_output_len")?,
            concurrency: fields.count("/max_concurrency")?,
            mean_input_tokens: mean("/total_input_tokens")?,
            mean_output_tokens: mean("/total_output_tokens")?,
            total_tokens_per_s: fields.number(self.total)?,
            output_tokens_per_s: fields.number("/output_throughput")?,
            ttft: ms(fields.number("/mean_ttft_ms")?),
            p90_ttft: ms(fields.number("/p90_ttft_ms")?),
            p99_ttft: ms(fields.number("/p99_ttft_ms")?),
            p99_9_ttft: ms(fields.number("/p99.9_ttft_ms")?),
            tpot: ms(fields.number("/mean_tpot_ms")?),
            e2e_latency: ms(fields.number(self.e2e[0])?),
            median_e2e_latency: ms(fields.number(self.e2e[1])?),
            date: fields.text("/date")?.and_then(compact_date),
            ..Draft::default()
        })
    }
}

/// `20260601-120000` as `2026-06-01`. The time is left out because its zone is not known.
fn compact_date(text: &str) -> Option<String> {
    let day = text.get(..8)?;
    day.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    Some(format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..8]))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::row::metric::Metric;

    const VLLM_RUN: &str = r#"{"date": "20260601-120000", "backend": "vllm", "model_id": "m",
        "tp": "2", "gpu": "H200", "request_rate": "inf", "max_concurrency": 32, "completed": 100,
        "total_input_tokens": 92000, "total_output_tokens": 93000, "output_throughput": 2900.0,
        "total_token_throughput": 5800.0, "mean_ttft_ms": 118.0, "p99_ttft_ms": 780.0,
        "mean_tpot_ms": 10.0}"#;

    fn read(source: &Serving, text: &str, given: &GivenFacts) -> Result<Reading> {
        let artifact = Artifact::new(Path::new("r.json"), text.to_owned());
        assert!(source.recognises(&artifact));
        source.read(&artifact, given)
    }

    fn given() -> GivenFacts {
        GivenFacts {
            precision: Some("fp4".to_owned()),
            models: vec!["m".to_owned()],
            ..GivenFacts::default()
        }
    }

    #[test]
    fn a_vllm_run_is_a_row_with_its_exact_lengths_and_a_derived_latency() {
        let reading = read(&VLLM, VLLM_RUN, &given()).unwrap();
        let row = &reading.rows[0];
        assert_eq!(row.identity.to_string(), "h200::vllm::fp4::920x930::tp2_ep1::c32");
        let lengths = row.measured.mean_lengths.unwrap();
        assert_eq!((lengths.input, lengths.output), (920.0, 930.0));
        assert_eq!(row.measured.means[Metric::Throughput], Some(2900.0));
        assert_eq!(row.measured.means[Metric::Ttft], Some(0.118));
        let e2e = row.measured.means[Metric::E2eLatency].unwrap();
        assert!((e2e - (0.118 + 0.010 * 929.0)).abs() < 1e-12);
        assert!(row.measured.derived[Metric::E2eLatency] && !row.measured.derived[Metric::Tpot]);
        assert_eq!(row.provenance.benchmark_date.as_deref(), Some("2026-06-01"));
    }

    #[test]
    fn missing_facts_are_asked_for_and_contradicting_ones_are_errors() {
        let message = |given: &GivenFacts| read(&VLLM, VLLM_RUN, given).unwrap_err().to_string();
        assert_eq!(
            message(&GivenFacts::default()),
            "r.json: the precision is not in the file\n  help: give it with --precision"
        );
        let nothing = read(&VLLM, &VLLM_RUN.replace("\"tp\": \"2\",", ""), &GivenFacts::default());
        let nothing = nothing.unwrap_err().to_string();
        assert!(nothing.ends_with("give it with --precision, --tensor-parallel"), "{nothing}");
        let other = message(&GivenFacts { gpu: Some("b200".to_owned()), ..given() });
        assert!(other.starts_with("r.json: the file says GPU h200 and --gpu says b200"), "{other}");
        assert!(
            read(&VLLM, VLLM_RUN, &GivenFacts { gpu: Some("H200".to_owned()), ..given() }).is_ok()
        );
        let other = GivenFacts { models: vec!["x".to_owned()], ..given() };
        assert_eq!(read(&VLLM, VLLM_RUN, &other).unwrap().rows.len(), 0);
        let text = VLLM_RUN.replace("118.0", "\"fast\"");
        let wrong = read(&VLLM, &text, &given()).unwrap_err().to_string();
        assert!(wrong.contains("key `mean_ttft_ms`: \"fast\" is not a number"), "{wrong}");
        let zero = VLLM_RUN.replace("118.0", "0");
        assert!(read(&VLLM, &zero, &given()).unwrap_err().to_string().contains("ttft is 0"));
    }

    #[test]
    fn sglang_writes_one_line_per_run_with_bare_infinities_and_no_model() {
        let line = r#"{"backend": "sglang", "request_rate": Infinity, "max_concurrency": 8, "tag": "Infinity \" NaN",
            "random_input_len": 1024, "random_output_len": 512, "completed": 80, "total_input_tokens": 81920,
            "total_output_tokens": 40960, "total_throughput": 300.0, "output_throughput": 100.0,
            "mean_e2e_latency_ms": 5000.0, "mean_ttft_ms": 40.0, "mean_tpot_ms": 9.7, "x": -Infinity}"#
            .replace('\n', " ");
        let text = format!(
            "{line}\n{}\n",
            line.replace("\"max_concurrency\": 8", "\"max_concurrency\": 16")
        );
        let given =
            GivenFacts { gpu: Some("b200".to_owned()), tensor_parallel: Some(4), ..given() };
        let reading = read(&SGLANG, &text, &given).unwrap();
        let names: Vec<String> = reading.rows.iter().map(|row| row.identity.to_string()).collect();
        assert_eq!(names[1], "b200::sglang::fp4::1024x512::tp4_ep1::c16");
        assert_eq!(reading.rows[0].measured.means[Metric::Throughput], Some(75.0));
        assert_eq!(reading.warnings.len(), 2, "no model is named");
        let cut = &text[..text.len() - 30];
        let message = read(&SGLANG, cut, &given).unwrap_err().to_string();
        assert!(message.starts_with("r.json:2:"), "{message}");
    }

    #[test]
    fn an_open_loop_is_a_warning() {
        let text = VLLM_RUN.replace("\"inf\"", "4.0");
        assert!(
            read(&VLLM, &text, &given()).unwrap().warnings[0].contains("arrived at 4.0 per second")
        );
    }
}
