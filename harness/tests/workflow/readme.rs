//! What the README shows is what the program does.

use std::fmt::Write as _;

use mantile_reconcile::row::metric::Metric;
use serde_json::Value;

use super::project::{MODEL, Project};

pub(crate) const README: &str = include_str!("../../../README.md");

/// What `run` prints over this project itself, and the folder of its reports.
fn run_here(models: &[&str]) -> (String, tempfile::TempDir) {
    let reports = tempfile::tempdir().unwrap();
    let output = Project::new()
        .command(&["run", "--output"])
        .arg(reports.path())
        .args(models)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    (text.replace(&reports.path().display().to_string(), "target/reconcile"), reports)
}

#[test]
fn the_session_in_the_readme_is_the_programs_own() {
    let (text, reports) = run_here(&[MODEL]);
    let session = format!("    $ cargo run --release -- run {MODEL}\n{}", indented(&text));
    assert!(README.contains(&session), "the README does not show\n{session}");

    let summary = reports.path().join(MODEL).join("comparison_summary.txt");
    let summary = std::fs::read_to_string(summary).unwrap();
    let start = summary.find("\naiconfigurator\n").unwrap() + 1;
    let end = start + summary[start..].find("\n\nMantile, other, skill").unwrap();
    let beside = indented(&summary[start..end]);
    assert!(README.contains(&beside), "the README does not show\n{beside}");
}

#[test]
fn the_table_of_models_in_the_readme_is_of_those_that_are_there() {
    let (text, _) = run_here(&[]);
    let table = text.split("\n\n").last().unwrap();
    assert!(table.starts_with("MAPE in % of each model"), "{text}");
    assert!(README.contains(&indented(table)), "the README does not show\n{table}");
}

/// What the gate decides of the model over all of its rows: with the figures that moved, or what blocks.
fn judged(baseline: &str, candidate: &str) -> String {
    let output = Project::new()
        .command(&["gate", "--model", MODEL, "--format", "json"])
        .args(["--baseline", baseline, "--candidate", candidate])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let gate: Value = serde_json::from_slice(&output.stdout).unwrap();
    let gate = &gate[0];
    let mut parts = Vec::new();
    let all = gate["groups"].as_array().unwrap().last().unwrap();
    let figures = [Metric::Throughput, Metric::Ttft, Metric::Tpot];
    for metric in figures.into_iter().filter(|_| gate["blocks"] == false) {
        let mape = &all["metrics"][metric.name()]["mape_percent"];
        let [before, after] = [0, 1].map(|side| format!("{:.2}%", mape[side].as_f64().unwrap()));
        if before != after {
            parts.push(format!("{} {before} to {after}", metric.title()));
        }
    }
    let rows = gate["rows"].as_array().unwrap();
    let left = |row: &&Value| {
        let was_inside =
            ["inside", "known_deviation"].iter().any(|was| row["verdict_before"] == *was);
        was_inside && row["verdict"] == "outside"
    };
    for (rows, text) in [
        (rows.iter().filter(|row| row["drift"] == "gained").count(), "rows gained"),
        (rows.iter().filter(|row| row["drift"] == "lost").count(), "rows lost"),
        (rows.iter().filter(left).count(), "left their bands"),
    ] {
        if rows > 0 {
            parts.push(format!("{rows} {text}"));
        }
    }
    let decision = gate["decision"].as_str().unwrap();
    if parts.is_empty() { decision.to_owned() } else { format!("{decision}: {}", parts.join(", ")) }
}

#[test]
fn the_table_of_releases_in_the_readme_is_what_the_gate_decides() {
    let releases = ["11a8e89", "7e81fcd", "95eb60b", "2fd00c1", "72ff84e"];
    let mut table = String::from("| step | forward | backward |\n|---|---|---|\n");
    for step in releases.windows(2) {
        let (forward, backward) = (judged(step[0], step[1]), judged(step[1], step[0]));
        let _ = writeln!(table, "| {}, {} | {forward} | {backward} |", step[0], step[1]);
    }
    assert!(README.contains(&table), "the README does not show\n{table}");
}

pub(crate) fn indented(text: &str) -> String {
    let lines = text.trim_end().lines();
    lines.map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

#[test]
fn every_verb_is_in_the_readme_and_has_an_example() {
    let project = Project::new();
    let help = project.run(&["--help"]).stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let verbs: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|v| *v != "help")
        .collect();
    assert!(verbs.len() >= 7, "{verbs:?}");
    for verb in verbs {
        let listed = [" ", "`"].iter().any(|end| README.contains(&format!("| `{verb}{end}")));
        assert!(listed, "the README lacks {verb}");
        let help = project.run(&[verb, "--help"]);
        assert_eq!(help.code, 0);
        assert!(
            help.stdout.contains(&format!("mantile-reconcile {verb}")),
            "no example for {verb}"
        );
    }
}

#[test]
fn every_exit_code_is_documented() {
    let help = Project::new().run(&["--help"]).stdout;
    for code in 0..=3 {
        assert!(README.contains(&format!("| {code} | ")) && help.contains(&format!("  {code}  ")));
    }
}
