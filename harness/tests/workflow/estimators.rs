//! Other estimators beside Mantile: those of `reconcile.toml`, of `--also`, and the naive baselines.

use std::fs;

use serde_json::Value;

use super::project::{MODEL, Project, Ran, edit};

const COMPARE: [&str; 5] = ["compare", "--model", MODEL, "--format", "json"];

/// A project whose rows are predicted.
fn predicted() -> Project {
    let project = Project::new();
    let ran = project.run(&["estimate", "--model", MODEL]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    project
}

fn compare(project: &Project, more: &[&str]) -> Ran {
    project.run(&[&COMPARE[..], more].concat())
}

/// What the comparison says of an estimator.
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

/// Compares with `--also mine=<a file of these lines>` and expects a refusal with these words.
#[track_caller]
fn refuses(project: &Project, lines: &[String], words: &[&str]) {
    write(project, "mine.csv", lines);
    let ran = compare(project, &["--also", "mine=mine.csv"]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "no `{word}` in {}", ran.stderr);
    }
    assert!(!project.path(&format!("target/reconcile/{MODEL}/comparison_report.csv")).exists());
}

#[test]
fn the_committed_figures_of_aiconfigurator_come_out_as_known() {
    let project = predicted();
    let all = report(&compare(&project, &[]));
    let near = |side: &Value, metric: &str, by: &str, n: u64, mape: f64| {
        let statistics = &side["metrics"][metric][by];
        assert_eq!(statistics["n"], n, "{metric}");
        let found = statistics["mape_percent"].as_f64().unwrap();
        assert!((found - mape).abs() < 0.06, "{by} {metric}: {found}");
    };
    let other = side(&all, "aiconfigurator");
    // Computed from the two files by other means.
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
    assert!(skill["high"].as_f64().unwrap() < 0.0, "AIConfigurator's TTFT is the nearer: {skill}");

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
    assert_eq!(bound["metrics"]["ttft"], Value::Null, "a prefill is not bound by bandwidth");
    let bias = bound["metrics"]["tpot"]["other"]["bias"].as_f64().unwrap();
    assert!((0.2..0.6).contains(&bias), "a bound from below: {bias}");
}

#[test]
fn what_is_written_reads_back_as_the_same_estimator() {
    let project = predicted();
    let before = report(&compare(&project, &[]));
    let written = format!("target/reconcile/{MODEL}/estimators");
    let same = fs::read_to_string(project.path(&format!("{written}/aiconfigurator.csv"))).unwrap();
    assert_eq!(same, lines(&project).join("\n") + "\n");
    for name in ["group_median", "bandwidth_bound"] {
        let also = format!("again={written}/{name}.csv");
        let after = report(&compare(&project, &["--also", &also]));
        let (one, other) = (side(&before, name), side(&after, "again"));
        for metric in ["ttft", "tpot"] {
            assert_eq!(one["metrics"][metric], other["metrics"][metric], "{name} {metric}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_used_is_refused_where_it_is_wrong() {
    let project = predicted();
    let ran = compare(&project, &["--also", "mine=gone.csv"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cannot read gone.csv"), "{}", ran.stderr);
    let lines = lines(&project);
    let tpot = lines[0].split(',').position(|name| name == "predicted_tpot_sec").unwrap();
    let mut cells: Vec<&str> = lines[1].split(',').collect();
    cells[tpot] = "fast";
    let slow = vec![lines[0].clone(), cells.join(",")];
    refuses(&project, &slow, &["mine.csv:2, column `predicted_tpot_sec`: `fast` is not a number"]);
    let header = lines[0].replace("predicted_tpot_sec", "predicted_tpot_ms");
    refuses(
        &project,
        &[header, lines[1].clone()],
        &["mine.csv:1: unknown column `predicted_tpot_ms`", "did you mean `predicted_tpot_sec`?"],
    );
    let twice = vec![lines[0].clone(), lines[1].clone(), lines[2].clone(), lines[1].clone()];
    refuses(&project, &twice, &["mine.csv:4: the same configuration as line 2: b200::trt::"]);
    let elsewhere = vec![lines[0].clone(), lines[1].replacen("b200", "b300", 1)];
    refuses(&project, &elsewhere, &["mine.csv: no row in common", "help:"]);
    refuses(&project, &lines[..1], &["mine.csv: no row is predicted"]);
}

#[test]
fn a_name_comes_once_and_is_not_mantiles_or_a_baselines() {
    let project = predicted();
    write(&project, "mine.csv", &lines(&project));
    for (also, words) in [
        ("aiconfigurator=mine.csv", "`aiconfigurator` is there already: by_model/"),
        ("mantile=mine.csv", "the estimator's name `mantile` is taken"),
        ("group_median=mine.csv", "the estimator's name `group_median` is taken"),
        ("mine.csv", "not <name>=<file>"),
        ("mine=", "no file after the ="),
    ] {
        let ran = compare(&project, &["--also", also]);
        assert_eq!(ran.code, 2, "{also}");
        assert!(ran.stderr.contains(words), "no `{words}` in {}", ran.stderr);
    }
    let twice = compare(&project, &["--also", "a=mine.csv", "--also", "a=mine.csv"]);
    assert_eq!(twice.code, 2);
    assert!(twice.stderr.contains("`a` is there already: mine.csv"), "{}", twice.stderr);
    edit(&project.model_file("reconcile.toml"), "\"aiconfigurator\"", "\"Mantile\"");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("reconcile.toml:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the estimator's name `Mantile` is taken"), "{}", ran.stderr);
}

#[test]
fn a_run_sets_a_file_beside_one_named_model_and_tells_what_nobody_measured() {
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
    assert!(ran.stderr.contains("mine.csv: nobody measured b300::trt::"), "{}", ran.stderr);
    let path = project.path(&format!("target/reconcile/{MODEL}/comparison_summary.md"));
    let summary = fs::read_to_string(path).unwrap();
    assert!(
        summary.contains("- 1 prediction for configurations that nobody measured"),
        "{summary}"
    );
}
