//! Acme's load generator: a CSV with one line per run, in milliseconds.

use super::draft::Draft;
use super::json_fields::ms;
use super::{Artifact, GivenFacts, Reading, SkipReason, SourceReader};
use crate::base::error::Result;

/// Runs of Acme's load generator.
pub(super) struct Acme;

const NAME: &str = "acme";
const COLUMNS: [&str; 5] = ["acme_run", "model", "users", "ttft_ms", "tpot_ms"];

impl SourceReader for Acme {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Acme's load generator, runs.csv"
    }

    fn recognises(&self, artifact: &Artifact) -> bool {
        artifact.columns().contains(&COLUMNS[0])
    }

    fn read(&self, artifact: &Artifact, given: &GivenFacts) -> Result<Reading> {
        let mut reading = Reading::default();
        let table = artifact.table(&COLUMNS, &["failed"], &mut reading)?;
        for record in table.records() {
            let model = record.required("model", record.text("model"))?;
            if !reading.wants(NAME, &[model], given) {
                continue;
            }
            if record.flag("failed")?.unwrap_or(false) {
                reading.skip(NAME, SkipReason::Unusable("the run failed".to_owned()));
                continue;
            }
            let draft = Draft {
                concurrency: record.whole("users", 1..=1 << 20)?,
                ttft: ms(record.number("ttft_ms", 0.0..=1e9)?),
                tpot: ms(record.number("tpot_ms", 0.0..=1e9)?),
                ..Draft::default()
            };
            reading.take(NAME, draft.finish(artifact, &record.place(), given)?);
        }
        Ok(reading)
    }
}

mod tests {
    use std::path::Path;

    use super::*;

    const SAMPLE: &str = "acme_run,model,users,ttft_ms,tpot_ms,failed\n\
                          r1,sample/moe-120b,4,60.0,9.5,false\nr2,sample/moe-120b,8,75.0,,true\n";

    #[test]
    fn the_example_of_the_chapter_on_sources_reads_its_sample() {
        let artifact = Artifact::new(Path::new("acme.csv"), SAMPLE.to_owned());
        assert!(Acme.recognises(&artifact) && !Acme.about().is_empty());
        let given = GivenFacts {
            gpu: Some("h100".to_owned()),
            framework: Some("vllm".to_owned()),
            precision: Some("fp8".to_owned()),
            tensor_parallel: Some(2),
            input_seq_len: Some(1024),
            output_seq_len: Some(128),
            ..GivenFacts::default()
        };
        let reading = Acme.read(&artifact, &given).unwrap();
        let names: Vec<String> = reading.rows.iter().map(|row| row.identity.to_string()).collect();
        assert_eq!(names, ["h100::vllm::fp8::1024x128::tp2_ep1::c4"]);
        assert_eq!(reading.fates.len(), 2, "one taken and one skipped: {:?}", reading.fates);
    }

    #[test]
    fn the_chapter_on_sources_shows_this_file() {
        let chapter = include_str!("../../../docs/sources.md");
        let code = include_str!("example_acme.rs").split("\nmod tests {").next().unwrap();
        assert!(chapter.contains(code), "harness/docs/sources.md does not show\n{code}");
    }
}
