//! Bad input gets an error that names the place and the next step, and exit code 2, or 3 where an answer is
//! missing. It never causes a panic or half a result.

use super::project::{MODEL, Project, RELEASE, edit};

/// Runs and expects an exit code and words.
#[track_caller]
fn refuses(project: &Project, arguments: &[&str], code: i32, words: &[&str]) {
    let ran = project.run(arguments);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code, code, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in\n{said}");
    }
}

/// Compares what `run` prints after an edit of a file in the model's folder with the reviewed text.
#[track_caller]
fn after_edit(file: &str, from: &str, to: &str, name: &str) {
    let project = Project::new();
    edit(&project.model_file(file), from, to);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    ran.is_as_reviewed(name);
}

#[test]
fn a_csv_that_is_empty_cut_short_or_not_text() {
    let project = Project::new();
    let path = project.model_file("inferencemax.csv");
    let bytes = std::fs::read(&path).unwrap();
    let lines = std::str::from_utf8(&bytes).unwrap().lines().count();
    let unended = format!("inferencemax.csv:{lines}: the last line does not end");
    let broken: [(&[u8], &[&str]); 5] = [
        (b"", &["inferencemax.csv: the file is empty", "help:"]),
        (&bytes[..5000], &["inferencemax.csv:", "help: the line may be cut short"]),
        (&bytes[..bytes.len() - 1], &[&unended]),
        (b"gpu_model,framework\nb200,vllm\n", &["inferencemax.csv:1: missing columns precision"]),
        (b"gpu_model\xff\n", &["inferencemax.csv:1: not UTF-8"]),
    ];
    for (content, words) in broken {
        std::fs::write(&path, content).unwrap();
        refuses(&project, &["run"], 2, words);
    }
    let header = bytes.split(|&byte| byte == b'\n').next().unwrap();
    std::fs::write(&path, [header, b"\n"].concat()).unwrap();
    refuses(&project, &["run"], 2, &["a header and no rows"]);
    std::fs::remove_file(&path).unwrap();
    refuses(
        &project,
        &["run"],
        2,
        &[
            "inferencemax.csv: the rows of source inferencemax do not exist",
            "help: extract them: mantile-reconcile extract --model openai_GPT-OSS-120B",
        ],
    );
}

#[test]
fn a_csv_with_a_mistaken_column_or_cell() {
    let file = "inferencemax.csv";
    after_edit(file, "tensor_parallel", "tensor_paralel", "csv_unknown_column");
    let project = Project::new();
    let path = project.model_file(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let header = text.lines().next().unwrap();
    let row = "b200,vllm,fp4,1024,1024,4,1,many,900,450,0.1,0.2,0.01,9.2,9.1,2026-01-02,7";
    let surplus = ",".repeat(header.split(',').count() - row.split(',').count());
    std::fs::write(&path, format!("{header}\n{row}{surplus}\n")).unwrap();
    project.run(&["run"]).is_as_reviewed("csv_wrong_cell");
}

#[test]
fn a_configuration_with_an_unknown_key() {
    after_edit("reconcile.toml", "max_recording_age_days", "max_recoding_age_days", "unknown_key");
}

#[test]
fn overlapping_bands_of_which_neither_is_more_specific() {
    after_edit(
        "reconcile.toml",
        "[[band]]",
        "[[band]]\nwhere = \"gpu_model = b200 and tensor_parallel = 2\"\nratio.tpot = [0.5, 2.0]\n\n\
         [[band]]\nwhere = \"gpu_model = b200 and framework = trt\"\nratio.tpot = [0.5, 2.0]\n\n\
         [[band]]",
        "clashing_bands",
    );
}

#[test]
fn a_band_that_matches_nothing() {
    after_edit(
        "reconcile.toml",
        "[[band]]\nwhere = \"gpu_model = b200 ",
        "[[band]]\nwhere = \"gpu_model = b300 ",
        "band_without_rows",
    );
}

#[test]
fn a_group_that_does_not_parse_shows_the_place() {
    after_edit(
        "reconcile.toml",
        "[[band]]\nwhere = \"gpu_model = b200 ",
        "[[band]]\nwhere = \"gpu_model == b200 ",
        "mistaken_group",
    );
}

#[test]
fn a_band_that_would_gate_noise() {
    after_edit(
        "reconcile.toml",
        "[[band]]",
        "[[band]]\nwhere = \"all\"\nratio.ttft = [0.9, 1.1]\n\n[[band]]",
        "band_inside_noise",
    );
}

#[test]
fn an_approximation_without_an_explanation() {
    after_edit(
        "reconcile.toml",
        "\nh200_as_h100 = ",
        "\nh200_as_h1OO = ",
        "unexplained_approximation",
    );
}

#[test]
fn a_known_deviation_without_a_row_or_without_a_reason() {
    let project = Project::new();
    let path = project.model_file("known_deviations.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let listed = "\"inferencemax::b200::trt";
    let line = 1 + text.lines().position(|line| line.starts_with(listed)).unwrap();
    edit(&path, listed, "\"inferencemax::b200::trtx");
    let fault = format!("known_deviations.toml:{line}: no row `inferencemax::b200::trtx");
    let words = [fault.as_str(), "help: did you mean inferencemax::b200::trt::"];
    refuses(&project, &["run"], 2, &words);
    std::fs::write(&path, &text).unwrap();
    let reason = text.lines().find(|line| line.starts_with("reason")).unwrap();
    edit(&path, reason, "reason = \"\"");
    refuses(&project, &["run"], 2, &["a deviation has no reason"]);
}

#[test]
fn a_model_that_does_not_exist() {
    let project = Project::new();
    refuses(&project, &["run", "openai_GPT-OSS-20B"], 2, &["did you mean openai_GPT-OSS-120B?"]);
    refuses(&project, &["run", "--root", "elsewhere"], 2, &["no folder elsewhere/by_model"]);
    std::fs::remove_dir_all(project.path("by_model")).unwrap();
    std::fs::create_dir(project.path("by_model")).unwrap();
    refuses(&project, &["run"], 2, &["no model in by_model"]);
}

#[test]
fn a_recording_of_another_version_or_cut_short_or_missing() {
    let project = Project::new();
    let path = project.recording().path;
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"schema_version\":1", "\"schema_version\":9", 1))
        .unwrap();
    refuses(
        &project,
        &["run"],
        2,
        &["schema_version 9 is not 1", "record it again: mantile-reconcile record"],
    );
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    refuses(&project, &["run"], 2, &[&format!("{MODEL}.json:"), "not a recording: EOF"]);
    std::fs::write(&path, text.replacen("\"batch_size\":", "\"batch_size\":1", 1)).unwrap();
    refuses(&project, &["run"], 2, &["the request was changed, its key is"]);
    std::fs::remove_file(&path).unwrap();
    refuses(&project, &["run"], 3, &["no recording of", &format!("--release {RELEASE}")]);
}

#[test]
fn a_service_that_is_not_mantile() {
    let project = Project::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async {
        let server = wiremock::MockServer::start().await;
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(wiremock::ResponseTemplate::new(200).set_body_raw("<html>", "text/html"))
            .mount(&server)
            .await;
        server
    });
    refuses(
        &project,
        &["run", "--api-url", &server.uri()],
        3,
        &["not a table of layers", "help: check"],
    );
}

#[test]
fn an_output_that_cannot_be_written() {
    let project = Project::new();
    std::fs::write(project.path("file"), "").unwrap();
    refuses(
        &project,
        &["run", "--output", "file/below"],
        2,
        &["file is a file; a folder is needed"],
    );
    let pages = ["report", MODEL, "--output", "file"];
    refuses(&project, &pages, 2, &["file is a file; a folder is needed"]);
    let predictions = ["estimate", "--model", MODEL, "--output", "file/below/out.csv"];
    refuses(&project, &predictions, 2, &["cannot create file/below"]);
}

#[test]
fn output_that_is_only_for_a_file_has_no_format() {
    let project = Project::new();
    let drafted = ["bands", "--model", MODEL, "--deviations", "--format", "json"];
    refuses(&project, &drafted, 2, &["cannot be used with"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed() {
    let project = Project::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = project.command(&["run"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot write stdout: No space left"), "{said}");
}

#[test]
fn a_proposal_is_written_only_when_accepted_and_reads_back() {
    let project = Project::new();
    let path = project.model_file("reconcile.toml");
    let before = std::fs::read_to_string(&path).unwrap();
    let bands = ["bands", "--model", MODEL];
    let ran = project.run(&bands);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains("WIDER") && !ran.stdout.contains("tighter"), "{}", ran.stdout);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    assert_eq!(project.run(&[&bands[..], &["--accept"]].concat()).code, 0);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        before,
        "the bands that are there are this proposal"
    );
    let coarse = ["bands", "--model", MODEL, "--by", "gpu_model", "--accept"];
    assert_eq!(project.run(&coarse).code, 0);
    assert_eq!(project.run(&["bands", "--model", MODEL, "--deviations"]).code, 0);
    refuses(&project, &["bands", "--model", MODEL, "--alpha", "2"], 2, &["not from 0.001 to 0.5"]);
}
