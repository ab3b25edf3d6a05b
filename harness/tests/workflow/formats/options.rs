//! Folders, and options that contradict the files.

use super::samples::FORMATS;
use super::{CONFIG, MODEL, OUTPUT, extract, project, written};

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
    assert!(ran.stdout.contains("2  another model: sample/405b"), "{}", ran.stdout);
}

/// AIPerf writes a table next to the JSON of the same run.
#[test]
fn a_table_next_to_its_json_is_not_a_second_result() {
    let project = project();
    let folder = project.path("run");
    std::fs::create_dir(&folder).unwrap();
    for file in ["aiperf.json", "aiperf.csv"] {
        std::fs::copy(project.path("fixtures/samples").join(file), folder.join(file)).unwrap();
    }
    let format = FORMATS.iter().find(|format| format.file == "aiperf.json").unwrap();
    let ran = extract(&project, format, "run", None);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("1 file was not read, because a JSON file of the same name holds more."),
        "{}",
        ran.stdout
    );
    assert_eq!(written(&project).len(), 1);
}

#[test]
fn a_file_that_contradicts_the_options_is_refused() {
    let project = project();
    let vllm = &FORMATS[3];
    let ran = extract(&project, vllm, "fixtures/samples/vllm.json", Some("sglang"));
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("the file has the format of vllm, not of sglang"),
        "{}",
        ran.stderr
    );
    let mut arguments = vec!["extract", "fixtures/samples/agg_bmk.json", "--model", MODEL];
    arguments.extend(["--source", "own", "--output", OUTPUT, "--gpu", "h100"]);
    let ran = project.run(&arguments);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--gpu contradicts the file, which holds b200::trt"));
    let ran = extract(&project, vllm, "fixtures/samples/vllm.json", Some("vlm"));
    assert!(ran.stderr.contains("did you mean vllm?"), "{}", ran.stderr);
}
