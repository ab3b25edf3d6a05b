//! `run`: what it prints for people, and where its reports go.

use std::fs;

use super::project::{MODEL, Project, edit};

/// Makes the first rows of h200 twice as fast as they were measured, which takes them out of their bands.
fn disturb(project: &Project) {
    let path = project.model_file("inferencemax.csv");
    let text = fs::read_to_string(&path).unwrap();
    let tpot = text
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|name| name == "mean_time_per_output_token_sec");
    let tpot = tpot.unwrap();
    for line in text.lines().filter(|line| line.starts_with("h200,vllm,")).take(5) {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        cells[tpot] = (cells[tpot].parse::<f64>().unwrap() / 2.0).to_string();
        edit(&path, line, &cells.join(","));
    }
}

#[test]
fn the_answer_fits_one_screen_and_ends_with_the_verdict() {
    let project = Project::new();
    let ran = project.must(&["run", MODEL]);
    assert!(ran.stdout.lines().count() <= 25, "{}", ran.stdout);
    ran.is_as_reviewed("run");
    let verbose = project.must(&["run", MODEL, "--verbose"]).stdout;
    assert!(verbose.lines().any(|line| line.starts_with("group_median")), "{verbose}");
}

#[test]
fn rows_outside_their_bands_are_named_before_the_verdict() {
    let project = Project::new();
    disturb(&project);
    let ran = project.run(&["run", MODEL]);
    ran.is_as_reviewed("run_outside");
    let failures = project.path(&format!("target/reconcile/{MODEL}/failures.txt"));
    let failures = fs::read_to_string(failures).unwrap();
    assert_eq!(failures.matches("run just this row: cargo test").count(), 5);
    let verbose = project.run(&["run", MODEL, "--verbose"]).stdout;
    assert!(verbose.contains("run just this row: cargo test"), "{verbose}");
}

#[test]
fn rows_that_are_not_recorded_share_one_line_with_the_command_that_records_them() {
    let project = Project::new();
    let text = fs::read_to_string(project.model_file("inferencemax.csv")).unwrap();
    let is_h200 = |line: &&str| line.starts_with("h200,vllm,");
    let rows = text.lines().take(1).chain(text.lines().filter(is_h200).take(5));
    // The other source has another ratio of lengths, so that its requests are not recorded.
    project.add_source("other", &rows.map(str::to_owned).collect::<Vec<_>>());
    project.run(&["run", MODEL]).is_as_reviewed("run_not_recorded");
}

#[test]
fn a_model_that_cannot_be_read_stays_in_the_closing_table() {
    let project = Project::new();
    fs::create_dir(project.path("by_model/another")).unwrap();
    fs::write(project.path("by_model/another/reconcile.toml"), "schema_version = 1\n").unwrap();
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2);
    let table = ran.stdout.lines().skip_while(|line| *line != "MAPE in % of each model");
    let table: Vec<&str> = table.collect();
    assert!(table[2].starts_with("another ") && table[2].ends_with("ERROR"), "{}", ran.stdout);
    assert!(table[3].starts_with(MODEL) && table[3].ends_with("PASS"), "{}", ran.stdout);
}

#[test]
fn the_reports_of_a_selection_leave_those_of_the_whole_model_alone() {
    let project = Project::new();
    project.must(&["run"]);
    let report = format!("target/reconcile/{MODEL}/comparison_report.csv");
    let whole = fs::read_to_string(project.path(&report)).unwrap();
    let ran = project.must(&["run", "--where", "gpu_model = h100"]);
    let folder = format!("target/reconcile/{MODEL}/selection");
    let words = format!("reports of the selection in {folder}");
    assert!(ran.stdout.contains(&words), "no `{words}` in {}", ran.stdout);
    assert!(ran.stderr.contains("--where selects a subset"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(project.path(&report)).unwrap(), whole);
    let selected =
        fs::read_to_string(project.path(&format!("{folder}/comparison_report.csv"))).unwrap();
    assert!(selected.lines().skip(1).all(|line| line.starts_with("h100,")), "{selected}");
}

#[test]
fn a_part_of_a_models_name_suggests_the_model() {
    let project = Project::new();
    for part in ["GPT-OSS", "gpt"] {
        let ran = project.run(&["run", part]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains(&format!("did you mean {MODEL}?")), "{}", ran.stderr);
    }
}
