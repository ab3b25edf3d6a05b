//! No text makes a reader panic or give a figure that is not above zero.

use std::path::Path;

use mantile_reconcile::intake::extraction::merge;
use mantile_reconcile::intake::source::{self, Artifact, GivenFacts, SOURCES, SourceReader};
use mantile_reconcile::row;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::samples::FORMATS;

/// Reads a text with these readers, which must neither panic nor give a figure that is not above zero.
fn read_with(sources: &[&dyn SourceReader], path: &Path, text: &str) {
    let artifact = Artifact::new(path, text.to_owned());
    let given = GivenFacts {
        gpu: Some("h100".to_owned()),
        framework: Some("vllm".to_owned()),
        precision: Some("fp8".to_owned()),
        tensor_parallel: Some(2),
        concurrency: Some(8),
        ..GivenFacts::default()
    };
    for given in [GivenFacts::default(), given] {
        let _ = source::read(&artifact, None, &given);
        for source in sources {
            let Ok(reading) = source.read(&artifact, &given) else { continue };
            for row in &reading.rows {
                for (_, value) in row.measured.means.iter() {
                    assert!(value.is_none_or(|value| value.is_finite() && value > 0.0), "{row:?}");
                }
            }
            assert!(!row::write(&merge(reading.rows).rows).is_empty());
        }
    }
}

/// Pieces of text that a hostile file may hold.
const SCRAPS: &[&str] = &[
    "",
    "0",
    "-1",
    "1e999",
    "1e300",
    "1e-320",
    "4294967295",
    "4294967296",
    "NaN",
    "Infinity",
    "null",
    "true",
    "\"x\"",
    "\"é\"",
    "\"1234567é\"",
    "1234567é",
    "\"2026-06-é\"",
    "[]",
    "{}",
    ",",
    "\n",
    "\"",
    "\u{feff}",
    "é",
    "\\",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC*", name in "[a-z0-9_-]{0,40}") {
        read_with(SOURCES, &Path::new("run_7").join(name), &text);
    }

    #[test]
    fn no_change_of_a_sample_makes_a_reader_panic(
        format in 0..FORMATS.len(),
        changes in prop::collection::vec(
            (any::<Index>(), 0..40_usize, select(SCRAPS)),
            1..5,
        ),
    ) {
        let file = FORMATS[format].file;
        let mut text: Vec<char> = sample(file).chars().collect();
        for (place, length, scrap) in changes {
            let start = place.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, scrap.chars());
        }
        read_with(SOURCES, Path::new(file), &text.into_iter().collect::<String>());
    }
}

fn sample(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/samples").join(file);
    std::fs::read_to_string(path).unwrap()
}

/// Replaces each cell, key and value of each sample by each scrap.
#[test]
fn no_value_in_place_of_a_samples_makes_a_reader_panic() {
    for format in FORMATS {
        let source = source::named(format.from).unwrap();
        let text = sample(format.file);
        let mut start = 0;
        for part in text.split_inclusive([',', ':', ';', '[', ']', '{', '}', '\n']) {
            let end = start + part.len();
            let value = part.trim_end_matches([',', ':', ';', '[', ']', '{', '}', '\n']);
            if !value.trim().is_empty() {
                let rest = &text[start + value.len()..];
                for scrap in SCRAPS {
                    let changed = format!("{}{scrap}{rest}", &text[..start]);
                    read_with(&[source], Path::new(format.file), &changed);
                }
            }
            start = end;
        }
    }
}
