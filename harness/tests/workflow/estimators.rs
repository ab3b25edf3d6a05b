//! Comparison with other estimators: those of `reconcile.toml`, those of `--also`, and the baselines.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use super::project::{MODEL, Project, Ran, edit};
use super::reviewed::is_as_reviewed;

const COMPARE: [&str; 5] = ["compare", "--model", MODEL, "--format", "json"];

/// A project with predictions.
fn predicted() -> Project {
    let project = Project::new();
    let ran = project.run(&["estimate", "--model", MODEL]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    project
}

fn compare(project: &Project, more: &[&str]) -> Ran {
    project.run(&[&COMPARE[..], more].concat())
}

/// The comparison with this estimator.
#[track_caller]
fn side<'a>(report: &'a Value, name: &str) -> &'a Value {
    let sides = report["side_by_side"].as_array().unwrap();
    let side = sides.iter().find(|side| side["name"] == name);
    side.unwrap_or_else(|| panic!("no {name} in {sides:?}"))
}

#[track_caller]
fn report(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The lines of the committed predictions of AIConfigurator, header first.
fn lines(project: &Project) -> Vec<String> {
    let text = fs::read_to_string(project.model_file("aiconfigurator.csv")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn write(project: &Project, name: &str, lines: &[String]) {
    fs::write(project.path(name), lines.join("\n") + "\n").unwrap();
}

/// Compares with `--also mine=<a file of these lines>`, and returns the error.
#[track_caller]
fn refusal(project: &Project, lines: &[String]) -> String {
    write(project, "mine.csv", lines);
    let ran = compare(project, &["--also", "mine=mine.csv"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(!project.path(&format!("target/reconcile/{MODEL}/comparison_report.csv")).exists());
    ran.stderr
}

#[test]
fn the_errors_of_aiconfigurator_are_as_computed_independently() {
    let project = predicted();
    let all = report(&compare(&project, &[]));
    let near = |side: &Value, metric: &str, by: &str, n: u64, mape: f64| {
        let statistics = &side["metrics"][metric][by];
        assert_eq!(statistics["n"], n, "{metric}");
        let actual = statistics["mape_percent"].as_f64().unwrap();
        assert!((actual - mape).abs() < 0.06, "{by} {metric}: {actual}");
    };
    let other = side(&all, "aiconfigurator");
    // Computed from the two files with another program.
    let mantile =
        [("ttft", 63.9), ("tpot", 17.0), ("e2e_latency", 16.5), ("output_throughput", 14.6)];
    let known =
        [("ttft", 39.44), ("tpot", 29.92), ("e2e_latency", 29.60), ("output_throughput", 17.84)];
    for ((metric, mape), (_, mantile)) in known.into_iter().zip(mantile) {
        near(other, metric, "other", 210, mape);
        near(other, metric, "mantile", 210, mantile);
    }
    assert_eq!(other["metrics"]["throughput"]["derived_rows"], 210);
    assert_eq!(other["metrics"]["e2e_latency"]["derived_rows"], 0);
    let skill = &other["metrics"]["ttft"]["skill"];
    assert!(skill["high"].as_f64().unwrap() < 0.0, "AIConfigurator is better at TTFT: {skill}");

    let without = report(&compare(&project, &["--where", "dp_attention = false"]));
    let modes = side(&without, "aiconfigurator")["by"]["mode"].as_array().unwrap();
    let silicon = modes.iter().find(|mode| mode["group"] == "SILICON").unwrap();
    for (metric, mape) in
        [("ttft", 38.96), ("tpot", 11.26), ("e2e_latency", 11.38), ("output_throughput", 11.10)]
    {
        near(silicon, metric, "other", 156, mape);
    }
}

#[test]
fn mantile_has_no_skill_against_itself() {
    let project = predicted();
    let itself = format!("itself=target/reconcile/{MODEL}/mantile_predictions.csv");
    let report = report(&compare(&project, &["--also", &itself]));
    let side = side(&report, "itself");
    let (rows, mapped) = (project.model().rows.len(), project.mapped());
    assert_eq!(side["rows"], mapped);
    assert_eq!(side["unpredicted"]["unmapped"], rows - mapped);
    for (metric, errors) in side["metrics"].as_object().unwrap() {
        assert_eq!(errors["mantile"], errors["other"], "{metric}");
        for end in ["estimate", "low", "high"] {
            assert_eq!(errors["skill"][end], 0.0, "{metric}");
        }
    }
}

#[test]
fn the_baselines_are_there_without_any_file() {
    let project = predicted();
    let config = project.model_file("reconcile.toml");
    let text = fs::read_to_string(&config).unwrap();
    let start = text.find("[[estimator]]").unwrap();
    let end = start + text[start..].find("[[gpu]]").unwrap();
    fs::write(&config, format!("{}{}", &text[..start], &text[end..])).unwrap();
    let report = report(&compare(&project, &[]));
    assert_eq!(report["side_by_side"].as_array().unwrap().len(), 2);
    let median = side(&report, "group_median");
    assert_eq!(median["metrics"]["ttft"]["other"]["n"], project.mapped());
    let bound = side(&report, "bandwidth_bound");
    assert_eq!(bound["metrics"]["ttft"], Value::Null, "prefill is not bound by bandwidth");
    let bias = bound["metrics"]["tpot"]["other"]["bias"].as_f64().unwrap();
    assert!((0.2..0.6).contains(&bias), "the bound is below the measurements: {bias}");
}

#[test]
fn the_written_predictions_read_back_as_the_same_estimator() {
    let project = predicted();
    let before = report(&compare(&project, &[]));
    let written = format!("target/reconcile/{MODEL}/estimators");
    let same = fs::read_to_string(project.path(&format!("{written}/aiconfigurator.csv"))).unwrap();
    assert_eq!(same, lines(&project).join("\n") + "\n");
    for name in ["group_median", "bandwidth_bound"] {
        let also = format!("again={written}/{name}.csv");
        let after = report(&compare(&project, &["--also", &also]));
        let (before, after) = (side(&before, name), side(&after, "again"));
        for metric in ["ttft", "tpot"] {
            assert_eq!(before["metrics"][metric], after["metrics"][metric], "{name} {metric}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_used_is_refused_where_it_is_wrong() {
    let project = predicted();
    let gone = compare(&project, &["--also", "mine=gone.csv"]);
    assert_eq!(gone.code, 2);
    let mut errors = gone.stderr;
    let lines = lines(&project);
    let tpot = lines[0].split(',').position(|name| name == "predicted_tpot_sec").unwrap();
    let mut cells: Vec<&str> = lines[1].split(',').collect();
    cells[tpot] = "fast";
    let not_a_number = [lines[0].clone(), cells.join(",")];
    let unknown_column =
        [lines[0].replace("predicted_tpot_sec", "predicted_tpot_ms"), lines[1].clone()];
    let twice = [&lines[..3], &lines[1..2]].concat();
    let unmeasured = [lines[0].clone(), lines[1].replacen("b200", "b300", 1)];
    for file in [&not_a_number[..], &unknown_column, &twice, &unmeasured, &lines[..1]] {
        errors.push_str(&refusal(&project, file));
    }
    is_as_reviewed("estimator_files_refused", &errors);
}

#[test]
fn an_estimators_name_is_unique_and_not_reserved() {
    let project = predicted();
    write(&project, "mine.csv", &lines(&project));
    let mut errors = String::new();
    for also in [
        &["aiconfigurator=mine.csv"][..],
        &["mantile=mine.csv"],
        &["group_median=mine.csv"],
        &["mine.csv"],
        &["mine="],
        &["a=mine.csv", "a=mine.csv"],
    ] {
        let also: Vec<&str> = also.iter().flat_map(|also| ["--also", *also]).collect();
        let ran = compare(&project, &also);
        assert_eq!(ran.code, 2, "{also:?}");
        let _ = writeln!(errors, "{}\n{}", also.join(" "), ran.stderr);
    }
    is_as_reviewed("estimator_names_refused", &errors);
    edit(&project.model_file("reconcile.toml"), "\"aiconfigurator\"", "\"Mantile\"");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("reconcile.toml:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the estimator's name `Mantile` is taken"), "{}", ran.stderr);
}

#[test]
fn a_run_compares_one_model_with_a_file_and_notes_predictions_without_a_measurement() {
    let project = Project::new();
    let mut lines = lines(&project);
    lines.truncate(4);
    lines.push(lines[1].replacen("b200", "b300", 1));
    write(&project, "mine.csv", &lines);
    let ran = project.run(&["run", "--also", "mine=mine.csv"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("name the model"), "{}", ran.stderr);
    let ran = project.run(&["run", MODEL, "--verbose", "--also", "mine=mine.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.lines().any(|line| line.starts_with("mine ") && line.contains(" 3 ")));
    assert!(ran.stderr.contains("mine.csv: no measurement of b300::trt::"), "{}", ran.stderr);
    let path = project.path(&format!("target/reconcile/{MODEL}/comparison_summary.md"));
    let summary = fs::read_to_string(path).unwrap();
    assert!(
        summary.contains("- 1 prediction for configurations that nobody measured"),
        "{summary}"
    );
}
