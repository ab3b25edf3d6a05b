//! `audit` of a model's own rows and of rows in further files.

use mantile_reconcile::row::group::Group;
use mantile_reconcile::row::property::Field;

use super::project::{MODEL, Project, edit};

/// The columns that grow as a row gets slower, and those that shrink.
const SLOWER: [&str; 5] = [
    "mean_time_to_first_token_sec",
    "p99_time_to_first_token_sec",
    "mean_time_per_output_token_sec",
    "mean_end_to_end_latency_sec",
    "median_end_to_end_latency_sec",
];
const FEWER: [&str; 2] = ["throughput_tokens_per_sec_per_gpu", "output_throughput_per_gpu"];

/// The model's rows of H100 as a file of their own, each slower by a factor.
fn offered(project: &Project, factor: f64) {
    let text = std::fs::read_to_string(project.model_file("inferencemax.csv")).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let slowed = |line: &str| {
        let cells = line.split(',').zip(&header).map(|(cell, column)| match cell.parse::<f64>() {
            Ok(value) if SLOWER.contains(column) => (value * factor).to_string(),
            Ok(value) if FEWER.contains(column) => (value / factor).to_string(),
            _ => cell.to_owned(),
        });
        cells.collect::<Vec<_>>().join(",")
    };
    let rows = text.lines().filter(|line| line.starts_with("h100,")).map(slowed);
    let lines: Vec<String> = std::iter::once(header.join(",")).chain(rows).collect();
    assert!(lines.len() > 10);
    std::fs::write(project.path("theirs.csv"), lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_set_that_is_slower_than_its_peers_is_caught_before_it_is_added() {
    let project = Project::new();
    let summary = ["audit", "--model", MODEL, "theirs.csv"];
    let audit = [&summary[..], &["--all"]].concat();
    offered(&project, 1.7);
    project.must(&summary).is_as_reviewed("audit_of_a_slow_file");
    let ran = project.must(&audit);
    assert!(ran.stdout.contains("peers: 1 warning"), "{}", ran.stdout);
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("h100 vllm fp4 is 1.70 times slower than other sources"), "{words}");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);

    // As fast as its peers it is no slow set, but the same measurements over again.
    offered(&project, 1.0);
    let ran = project.must(&audit);
    assert!(!ran.stdout.contains("peers:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("duplicate:"), "{}", ran.stdout);
}

#[test]
fn a_set_that_is_faster_than_its_memory_is_an_error() {
    let project = Project::new();
    offered(&project, 0.2);
    let ran = project.run(&["audit", "--model", MODEL, "theirs.csv", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let impossible = found["findings"].as_array().unwrap().iter().filter(|finding| {
        finding["check"] == "faster_than_hardware" && finding["severity"] == "error"
    });
    assert!(impossible.count() > 10, "{}", ran.stdout);
    assert!(found["counts"]["errors"].as_u64() > Some(10));
}

#[test]
fn an_error_is_accepted_with_a_reason_and_only_while_it_is_one() {
    let project = Project::new();
    let rows = project.model_file("inferencemax.csv");
    let sound = std::fs::read_to_string(&rows).unwrap();
    let line = sound.lines().nth(1).unwrap().to_owned();
    let (row, curve) = {
        let row = &project.model().rows[0];
        let fields = [Field::GpuModel, Field::Framework, Field::Context, Field::TensorParallel];
        (row.name(), Group::of(&fields, row).expression())
    };
    let mut cells: Vec<&str> = line.split(',').collect();
    let p99 = sound.lines().next().unwrap().split(',').position(|name| name == SLOWER[1]).unwrap();
    cells[p99] = "0.000001";
    std::fs::write(&rows, sound.replace(&line, &cells.join(","))).unwrap();
    let audit = ["audit", "--model", MODEL, "--where", &curve];
    project.run(&audit).is_as_reviewed("audit_with_an_unaccepted_error");
    assert_eq!(project.run(&["run"]).code, 1);

    let config = project.model_file("reconcile.toml");
    let unchanged = std::fs::read_to_string(&config).unwrap();
    let accept = |check: &str, reason: &str| {
        let entry = format!(
            "[[audit_accepted]]\nrow = \"{row}\"\ncheck = \"{check}\"\nreason = \"{reason}\"\n"
        );
        std::fs::write(&config, &unchanged).unwrap();
        edit(&config, "[[gpu]]", &format!("{entry}\n[[gpu]]"));
    };
    for (check, reason, words) in [
        ("p99_above_mean", " ", "has no reason"),
        ("p99", "the clock was off", "there is no audit check `p99`"),
        ("p99", "the clock was off", "help: the checks are faster_than_hardware, "),
    ] {
        accept(check, reason);
        let ran = project.run(&audit);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains("reconcile.toml:"), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "no `{words}` in {}", ran.stderr);
    }
    accept("p99_above_mean", "the clock was off");
    project.must(&[&audit[..], &["--all"]].concat()).is_as_reviewed("audit_with_an_accepted_error");
    assert!(project.must(&["run"]).stdout.contains("1 error (1 accepted)"));

    std::fs::write(&rows, sound).unwrap();
    let ran = project.run(&["run", "--verbose"]);
    assert_eq!(ran.code, 1);
    let unwrapped = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let dead = format!("p99_above_mean of {row} is no longer an error");
    assert!(unwrapped.contains(&dead), "no `{dead}` in {}", ran.stdout);
}

#[test]
fn a_file_that_cannot_be_read_is_reported_by_line() {
    let project = Project::new();
    offered(&project, 1.0);
    edit(&project.path("theirs.csv"), ",1024,1024,", ",1024,many,");
    let ran = project.run(&["audit", "--model", MODEL, "theirs.csv"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("theirs.csv:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`many` is not"), "{}", ran.stderr);
}
