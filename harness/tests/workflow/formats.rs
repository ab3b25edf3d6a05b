//! Every format that `extract` reads: its sample in `fixtures/samples/` becomes the right rows, sniffed and
//! by name, and whatever is wrong with it is said without touching what was there.

use std::path::Path;

use mantile_reconcile::intake::source::{self, Artifact, GivenFacts, SOURCES, SourceReader};
use mantile_reconcile::row::metric::Metric;
use mantile_reconcile::row::{self, Row};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::project::{Project, Ran};

/// A sample and what must come of it.
struct Format {
    from: &'static str,
    file: &'static str,
    /// What the file does not hold, as options.
    options: &'static str,
    rows: &'static [Expected],
    /// A figure in the file, with the key or column that its complaint must name.
    figure: (&'static str, &'static str),
    /// A key that a row needs, and words of the complaint when it is missing.
    needed: (&'static str, &'static str),
}

struct Expected {
    identity: &'static str,
    /// Seconds; 0 where there is none.
    ttft: f64,
    tpot: f64,
    e2e_latency: f64,
    /// Tokens/s/GPU; 0 where there is none.
    throughput: f64,
    output_throughput: f64,
    derived: &'static [Metric],
    /// Mean lengths as they were run.
    lengths: Option<(f64, f64)>,
}

/// A row of one line.
const fn expected(
    identity: &'static str,
    [ttft, tpot, e2e_latency]: [f64; 3],
    [throughput, output_throughput]: [f64; 2],
    derived: &'static [Metric],
    lengths: Option<(f64, f64)>,
) -> Expected {
    Expected { identity, ttft, tpot, e2e_latency, throughput, output_throughput, derived, lengths }
}

/// AIPerf's: its JSON holds the nominal lengths, its table the mean ones alone.
const fn aiperf(identity: &'static str) -> Expected {
    expected(
        identity,
        [0.13, 0.0082, 4.15],
        [469.0 * 2494.0 / 491.0, 469.0],
        &[Metric::Throughput],
        Some((2003.0, 491.0)),
    )
}

/// genai-perf's JSON and table hold the same.
const GENAI_PERF: Expected = expected(
    "h100::vllm::fp8::500x256::tp2_ep1::c4",
    [0.07, 0.01016, 2.66],
    [192.0 * 756.0 / 256.0, 192.0],
    &[Metric::Throughput],
    Some((500.0, 256.0)),
);

const ENGINE: &str = "--gpu h100 --framework vllm --precision fp8 --tensor-parallel 2";

const FORMATS: &[Format] = &[
    Format {
        from: "inferencex",
        file: "agg_70b_1k8k_fp8_vllm_tp4_conc16_h200-nb_1.json",
        options: "",
        rows: &[expected(
            "h200::vllm::fp8::1024x8192::tp4_ep1::c16",
            [0.125, 0.0142, 104.8],
            [310.5, 276.0],
            &[],
            None,
        )],
        figure: ("0.125", "mean_ttft"),
        needed: ("\"hw\"", "no hw"),
    },
    Format {
        from: "inferencemax",
        file: "agg_bmk.json",
        options: "",
        rows: &[
            expected(
                "b200::trt::fp4::1024x1024::tp4_ep4_dpa::c64",
                [0.2, 0.0048, 4.6],
                [6000.0, 3010.0],
                &[],
                None,
            ),
            expected(
                "gb200::dynamo-trt::fp4::8192x1024::prefill-3w3g_tp1_ep1+decode-1w4g_tp4_ep4_dpa::c96\
                 ::spec-mtp::multinode",
                [1.5, 0.0105, 11.2],
                [9000.0, 1800.0],
                &[],
                None,
            ),
        ],
        figure: ("", ""),
        needed: ("", ""),
    },
    Format {
        from: "inferencex",
        file: "inferencex_api.json",
        options: "",
        rows: &[expected(
            "h200::sglang::fp8::8192x1024::tp2_ep2::c32",
            [0.9, 0.0185, 17.9],
            [7000.0, 780.0],
            &[],
            None,
        )],
        figure: ("0.9,", "mean_ttft"),
        needed: ("\"conc\"", "no conc"),
    },
    Format {
        from: "vllm",
        file: "vllm.json",
        options: "--gpu h200 --precision fp4",
        rows: &[expected(
            "h200::vllm::fp4::920x930::tp2_ep1::c16",
            [0.095, 0.00825, 0.095 + 0.00825 * 929.0],
            [1850.0, 930.0],
            &[Metric::E2eLatency],
            Some((920.0, 930.0)),
        )],
        figure: ("95.0", "mean_ttft_ms"),
        needed: ("\"max_concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "sglang",
        file: "sglang.jsonl",
        options: "--gpu b200 --precision fp4 --tensor-parallel 4",
        rows: &[
            expected(
                "b200::sglang::fp4::2048x512::tp4_ep1::c8",
                [0.14, 0.01166, 6.1],
                [832.5, 166.5],
                &[],
                Some((2048.0, 512.0)),
            ),
            expected(
                "b200::sglang::fp4::2048x512::tp4_ep1::c16",
                [0.19, 0.01323, 6.95],
                [1462.5, 292.5],
                &[],
                Some((2048.0, 512.0)),
            ),
        ],
        figure: ("140.0", "mean_ttft_ms"),
        needed: ("\"max_concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "aiperf",
        file: "aiperf.json",
        options: ENGINE,
        rows: &[aiperf("h100::vllm::fp8::2048x512::tp2_ep1::c8")],
        figure: ("130.0", "time_to_first_token/avg"),
        needed: ("\"concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "aiperf",
        file: "aiperf.csv",
        options: "--gpu h100 --framework vllm --precision fp8 --tensor-parallel 2 --concurrency 8",
        rows: &[aiperf("h100::vllm::fp8::2003x491::tp2_ep1::c8")],
        figure: ("130.00", "avg"),
        needed: ("Metric,avg", "neither a JSON object nor a table that begins with `Metric,avg`"),
    },
    Format {
        from: "genai-perf",
        file: "genai_perf.json",
        options: ENGINE,
        rows: &[GENAI_PERF],
        figure: ("70.0", "time_to_first_token/avg"),
        needed: ("\"concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "genai-perf",
        file: "genai_perf.csv",
        options: "--gpu h100 --framework vllm --precision fp8 --tensor-parallel 2 --concurrency 4",
        rows: &[GENAI_PERF],
        figure: ("70.00", "avg"),
        needed: ("Metric,avg", "neither a JSON object nor a table that begins with `Metric,avg`"),
    },
    Format {
        from: "guidellm",
        file: "guidellm.json",
        options: ENGINE,
        // Its time_per_output_token_ms counts the first token: it is not TPOT.
        rows: &[expected(
            "h100::vllm::fp8::1000x501::tp2_ep1::c8",
            [0.25, 0.0125, 6.5],
            [900.6, 300.6],
            &[Metric::Throughput, Metric::OutputThroughput],
            Some((1000.0, 501.0)),
        )],
        figure: ("250.0", "benchmarks/0/metrics/time_to_first_token_ms/successful/mean"),
        needed: ("\"benchmarks\"", "no array `benchmarks`"),
    },
    Format {
        from: "trtllm-bench",
        file: "trtllm_bench.json",
        options: "--gpu b200",
        rows: &[expected(
            "b200::trt::fp4::2048x256::tp4_ep2::c32",
            [0.12, 0.007, 1.908],
            [9600.0, 1066.75],
            &[],
            Some((2048.0, 256.0)),
        )],
        figure: ("120.0", "streaming_metrics/avg_ttft_ms"),
        needed: ("\"tp_size\"", "the tensor parallelism is not in the file"),
    },
    Format {
        from: "llmperf",
        file: "llmperf_summary.json",
        options: ENGINE,
        // Seconds; its inter_token_latency_s counts the first token: TPOT follows from the latencies.
        rows: &[expected(
            "h100::vllm::fp8::550x150::tp2_ep1::c2",
            [0.2, 0.02, 3.18],
            [47.0 * 699.0 / 150.0, 47.0],
            &[Metric::Throughput, Metric::Tpot],
            Some((549.0, 150.0)),
        )],
        figure: ("0.2,", "results_ttft_s_mean"),
        needed: ("\"num_concurrent_requests\"", "the concurrency is not in the file"),
    },
    Format {
        from: "aiconfigurator",
        file: "aiconfigurator.csv",
        options: "",
        rows: &[expected(
            "b200::trt::fp4::1024x1024::tp2_ep2_dpa::c64",
            [0.2105, 0.00975, 0.0],
            [0.0, 0.0],
            &[],
            None,
        )],
        figure: ("210.5", "silicon_ttft_ms"),
        needed: ("attention_dp_size", "missing column attention_dp_size"),
    },
    Format {
        from: "argonne",
        file: "argonne.csv",
        options: "--precision fp16",
        rows: &[expected(
            "h100::vllm::fp16::256x256::tp2_ep1::c8",
            [0.0, 0.0, 1.6],
            [1280.0, 640.0],
            &[Metric::OutputThroughput],
            None,
        )],
        figure: ("2560.0", "Throughput"),
        needed: ("Batch Size", "missing column Batch Size"),
    },
    Format {
        from: "trtllm-docs",
        file: "trtllm_docs.csv",
        options: "",
        rows: &[expected(
            "h200::trt::fp8::500x2000::tp8_ep1::peak",
            [0.0, 0.0, 0.0],
            [0.0, 350.0],
            &[],
            None,
        )],
        figure: ("350.0", "output_throughput_per_gpu"),
        needed: ("gpu_model", "missing column gpu_model"),
    },
    Format {
        from: "nvidia-docs",
        file: "nim_docs.csv",
        options: "",
        rows: &[expected(
            "h100::nim-trtllm::fp8::4000x400::tp2_ep1::c10",
            [0.61, 0.0255, 0.0],
            [0.0, 151.5],
            &[],
            None,
        )],
        figure: ("151.5", "output_throughput_per_gpu"),
        needed: ("precision", "missing column precision"),
    },
];

const MODEL: &str = "sample_model";
const OUTPUT: &str = "out.csv";

/// A project with a model that says nothing of names.
fn project() -> Project {
    let project = Project::new();
    let folder = project.path("by_model").join(MODEL);
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("reconcile.toml"), CONFIG).unwrap();
    project
}

const CONFIG: &str = r#"
schema_version = 1
model_id = "sample_model"
min_coverage_percent = 100.0
expert_layer_classes = []

[[source]]
name = "own"
file = "own.csv"
mean_length_ratio = 1.0

[[gpu]]
model = "b200"
unmapped = "-"

[features]
dp_attention = { unmapped = "-" }
disaggregation = { unmapped = "-" }
uneven_batch = { unmapped = "-" }
spec_decoding = { unmapped = "-" }

[noise_floor]
throughput = 1.05
output_throughput = 1.05
ttft = 1.25
tpot = 1.05
e2e_latency = 1.05

[band_rule]
alpha = 0.1
by = ["gpu_model"]
"#;

fn extract(project: &Project, format: &Format, file: &str, from: Option<&str>) -> Ran {
    let mut arguments =
        vec!["extract", file, "--model", MODEL, "--source", "own", "--output", OUTPUT];
    arguments.extend(format.options.split_whitespace());
    arguments.extend(from.iter().flat_map(|from| ["--from", from]));
    project.run(&arguments)
}

fn written(project: &Project) -> Vec<Row> {
    let text = std::fs::read_to_string(project.path(OUTPUT)).unwrap();
    row::read(Path::new(OUTPUT), &text, "own", &[]).unwrap()
}

#[track_caller]
fn same(file: &str, what: &str, held: Option<f64>, expected: f64) {
    let agrees = match held {
        Some(held) => (held / expected - 1.0).abs() < 1e-9,
        None => expected == 0.0,
    };
    assert!(agrees, "{file}: {what} is {held:?}, not {expected}");
}

#[test]
fn every_sample_is_its_rows_sniffed_and_by_name() {
    let project = project();
    for source in SOURCES {
        let has_sample = |format: &Format| {
            source::named(format.from).is_some_and(|named| named.name() == source.name())
        };
        assert!(FORMATS.iter().any(has_sample), "no sample of {}", source.name());
    }
    for format in FORMATS {
        let file = format.file;
        let sample = format!("fixtures/samples/{file}");
        let sniffed = extract(&project, format, &sample, None);
        assert_eq!(sniffed.code, 0, "{file}: {}", sniffed.stderr);
        let rows = written(&project);
        let named = extract(&project, format, &sample, Some(format.from));
        assert_eq!((named.code, written(&project)), (0, rows.clone()), "{}", named.stderr);
        assert_eq!(rows.len(), format.rows.len(), "{file}: {}", sniffed.stdout);
        for expected in format.rows {
            let row = rows.iter().find(|row| row.identity.to_string() == expected.identity);
            let row = row.unwrap_or_else(|| panic!("{file}: {}\n{rows:?}", expected.identity));
            let measured = &row.measured;
            same(file, "ttft", measured.means[Metric::Ttft], expected.ttft);
            same(file, "tpot", measured.means[Metric::Tpot], expected.tpot);
            same(file, "e2e", measured.means[Metric::E2eLatency], expected.e2e_latency);
            same(file, "throughput", measured.means[Metric::Throughput], expected.throughput);
            let output = measured.means[Metric::OutputThroughput];
            same(file, "output throughput", output, expected.output_throughput);
            for metric in Metric::ALL {
                let derived = expected.derived.contains(&metric);
                assert_eq!(measured.derived[metric], derived, "{file}: {}", metric.name());
            }
            let lengths = measured.mean_lengths.map(|lengths| (lengths.input, lengths.output));
            assert_eq!(lengths, expected.lengths, "{file}");
            // Exact mean lengths count instead of the provider's ratio.
            if let Some((input, _)) = expected.lengths {
                assert!((row.lengths(0.5).input - input).abs() < 1e-9, "{file}");
            }
        }
    }
}

#[test]
fn what_is_no_row_is_counted_with_its_reason() {
    let project = project();
    let says = |file: &str, words: &[&str]| {
        let format = FORMATS.iter().find(|format| format.file == file).unwrap();
        let ran = extract(&project, format, &format!("fixtures/samples/{file}"), None);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        for word in words {
            assert!(said.contains(word), "{file}: no `{word}` in\n{said}");
        }
    };
    says(
        "agg_bmk.json",
        &[
            "1 not taken: agentic scenario: prompts of many turns, of no one length",
            "keys of no known generation, not read: a_key_of_tomorrow (1)",
            "2026-05: 1 taken, 1 not",
        ],
    );
    says("guidellm.json", &["1 not taken: load of kind constant has no concurrency"]);
    says(
        "aiconfigurator.csv",
        &["separate pools without", "AIConfigurator's own measurement, not InferenceMAX's"],
    );
    says("argonne.csv", &["1 not taken: latency and throughput of llama.cpp disagree"]);
    says("trtllm_docs.csv", &["1 not taken: superseded by a newer result"]);
    says("sglang.jsonl", &["names no model; it is taken to be of this one"]);
}

#[test]
fn a_folder_of_files_of_several_models_is_refused_until_the_names_are_given() {
    let project = project();
    let mut arguments = vec!["extract", "fixtures/samples", "--model", MODEL, "--source", "own"];
    arguments.extend(["--output", OUTPUT, "--from", "nvidia-docs"]);
    let ran = project.run(&arguments);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("of several models: sample/405b, sample/70b"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: list this model's names as artifact_models"));
    assert!(!project.path(OUTPUT).exists());
    let config = project.path("by_model").join(MODEL).join("reconcile.toml");
    let names = "mean_length_ratio = 1.0\nartifact_models = [\"sample/70b\"]";
    std::fs::write(config, CONFIG.replacen("mean_length_ratio = 1.0", names, 1)).unwrap();
    let ran = project.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("2 not taken: another model: sample/405b"), "{}", ran.stdout);
}

/// A table of AIPerf's lies beside the JSON of the same run.
#[test]
fn a_table_beside_its_json_is_not_a_second_result() {
    let project = project();
    let folder = project.path("run");
    std::fs::create_dir(&folder).unwrap();
    for file in ["aiperf.json", "aiperf.csv"] {
        std::fs::copy(project.path("fixtures/samples").join(file), folder.join(file)).unwrap();
    }
    let format = FORMATS.iter().find(|format| format.file == "aiperf.json").unwrap();
    let ran = extract(&project, format, "run", None);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("1 file not read: a JSON file of the same name"), "{}", ran.stdout);
    assert_eq!(written(&project).len(), 1);
}

#[test]
fn a_file_of_another_tool_than_was_said() {
    let project = project();
    let vllm = &FORMATS[3];
    let ran = extract(&project, vllm, "fixtures/samples/vllm.json", Some("sglang"));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("this is of vllm, not of sglang"), "{}", ran.stderr);
    let mut arguments = vec!["extract", "fixtures/samples/agg_bmk.json", "--model", MODEL];
    arguments.extend(["--source", "own", "--output", OUTPUT, "--gpu", "h100"]);
    let ran = project.run(&arguments);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--gpu says otherwise than the file, which holds b200::trt"));
    let ran = extract(&project, vllm, "fixtures/samples/vllm.json", Some("vlm"));
    assert!(ran.stderr.contains("did you mean vllm?"), "{}", ran.stderr);
}

/// The ways that a file goes wrong, with the words that its complaint must have beside the file's name.
fn damages(format: &Format, sample: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let text = std::str::from_utf8(sample).unwrap();
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{} does not hold {from}", format.file);
        text.replacen(from, to, 1).into_bytes()
    };
    let half = sample.len() / 2;
    let mut not_text = sample.to_vec();
    not_text[half] = 0xff;
    let mut damages = vec![
        (Vec::new(), "the file is empty"),
        (b" \n\n".to_vec(), "the file is empty"),
        (sample[..half].to_vec(), ""),
        (not_text, "not UTF-8 text at byte"),
    ];
    let (figure, key) = format.figure;
    if !figure.is_empty() {
        let number = figure.trim_end_matches(',');
        let is_csv = Path::new(format.file).extension().is_some_and(|end| end == "csv");
        let word = if is_csv { "fast" } else { "\"fast\"" };
        for wrong in [word, "NaN", "Infinity", "-1"] {
            damages.push((
                replaced(figure, &figure.replace(number, wrong)),
                if wrong == "-1" { "" } else { key },
            ));
        }
        let (needed, words) = format.needed;
        damages
            .push((replaced(needed, &needed.replace(|c: char| c.is_alphanumeric(), "x")), words));
    }
    damages
}

#[test]
fn a_malformed_file_of_every_format_is_a_clear_error_and_changes_nothing() {
    let project = project();
    std::fs::create_dir(project.path("bad")).unwrap();
    std::fs::write(project.path(OUTPUT), "what was there\n").unwrap();
    for format in FORMATS {
        let path = format!("bad/{}", format.file);
        let sample = std::fs::read(project.path("fixtures/samples").join(format.file)).unwrap();
        for (content, words) in damages(format, &sample) {
            std::fs::write(project.path(&path), &content).unwrap();
            for from in [Some(format.from), None] {
                let ran = extract(&project, format, &path, from);
                let said = &ran.stderr;
                let shown = String::from_utf8_lossy(&content);
                assert_eq!(ran.code, 2, "{said}\n{}\n{shown}", ran.stdout);
                assert!(said.contains(&path) && said.contains("help: "), "{said}\n{shown}");
                assert!(!said.contains("panicked"), "{said}");
                // Without its marks a file is of no format that could be named.
                let is_sniffed = !said.contains("no source recognises it");
                assert!(!is_sniffed || said.contains(words), "no `{words}` in {said}\n{shown}");
                assert!(from.is_none() || is_sniffed, "{said}");
                let there = std::fs::read_to_string(project.path(OUTPUT)).unwrap();
                assert_eq!(there, "what was there\n", "{shown}");
            }
        }
    }
}

#[test]
fn windows_files_and_files_without_a_last_newline_are_read() {
    let project = project();
    std::fs::create_dir(project.path("odd")).unwrap();
    for format in FORMATS {
        let sample = format!("fixtures/samples/{}", format.file);
        assert_eq!(extract(&project, format, &sample, None).code, 0);
        let rows = written(&project);
        let text = std::fs::read_to_string(project.path(&sample)).unwrap();
        let path = format!("odd/{}", format.file);
        let odd = [
            format!("\u{feff}{text}"),
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
            format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n")),
        ];
        for text in odd {
            std::fs::write(project.path(&path), &text).unwrap();
            let ran = extract(&project, format, &path, None);
            assert_eq!(ran.code, 0, "{path}: {}", ran.stderr);
            assert_eq!(written(&project), rows, "{path}");
        }
    }
}

/// Reads with these sources: whatever comes, no panic, and no figure that is none.
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
            assert!(!row::write(&source::merge([reading]).rows).is_empty());
        }
    }
}

/// What a hostile hand puts into a file.
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

/// Each cell, key and value of each sample, in turn replaced by each scrap.
#[test]
fn no_value_in_a_samples_place_makes_a_reader_panic() {
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
