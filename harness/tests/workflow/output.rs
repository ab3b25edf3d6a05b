//! The formats that every reporting verb can print.

use super::project::{MODEL, Project};

const ROW: &str = "openai_GPT-OSS-120B::inferencemax::b200::vllm::fp4::1024x1024::tp4_ep1::c64";

#[test]
fn every_report_is_also_json_csv_and_markdown() {
    let project = Project::new();
    project.must(&["estimate", "--model", MODEL]);
    let h200 = ["--where", "gpu_model = h200 and concurrency <= 16"];
    let verbs: [&[&str]; 12] = [
        &["filter", "--model", MODEL, h200[0], h200[1]],
        &["estimate", "--model", MODEL, "--output", "predictions.csv"],
        &["bands", "--model", MODEL],
        &["report", MODEL],
        &["run", MODEL],
        &["compare", "--model", MODEL],
        &["audit", "--model", MODEL],
        &["history", "--model", MODEL],
        &["gate", "--candidate", "95eb60b"],
        &["explain", ROW],
        &["calibrate", "--model", MODEL, h200[0], h200[1]],
        &["calibrate", "--model", MODEL, h200[0], h200[1], "--explain"],
    ];
    for verb in verbs {
        let print = |format: &str| {
            let ran = project.run(&[verb, &["--format", format]].concat());
            assert!(ran.code < 2, "{verb:?}: {}", ran.stderr);
            assert!(!ran.stdout.contains('\u{1b}'), "{verb:?}: colour is for people");
            ran.stdout
        };
        // Only long words are wider than a terminal; the rows of `filter` are a table of all columns.
        let is_long = |word: &str| word.chars().count() > 40;
        for line in print("text").lines().filter(|_| verb[0] != "filter") {
            let fits = line.chars().count() <= 80 || line.split_whitespace().any(is_long);
            assert!(fits, "{verb:?}: {line}");
        }
        let json: serde_json::Value = serde_json::from_str(&print("json")).unwrap();
        assert!(json.is_object() || json.is_array(), "{verb:?}");
        let text = print("csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().unwrap().len();
        let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.len() == columns), "{verb:?}");
        let markdown = print("markdown");
        let is_table = markdown.lines().any(|line| line.starts_with("| --- |"));
        assert!(is_table || markdown.starts_with("```\n"), "{verb:?}: {markdown}");
    }
}

#[test]
fn colour_is_for_a_terminal_and_never_where_it_is_not_wanted() {
    let project = Project::new();
    let print = |variables: &[(&str, &str)]| {
        let mut command = project.command(&["run", MODEL]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let plain = print(&[]);
    assert!(plain.contains("PASS") && !plain.contains('\u{1b}'), "not into a pipe");
    let forced = print(&[("CLICOLOR_FORCE", "1")]);
    assert!(forced.contains("\u{1b}[32mPASS"), "{forced:?}");
    assert_eq!(print(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
    assert!(plain.lines().all(|line| line.chars().count() <= 80), "{plain}");
}
