//! `filter`, and `--where` on the other verbs.

use std::path::Path;

use mantile_reconcile::row::{self, Row};

use super::project::{MODEL, Project};

#[test]
fn what_is_picked_is_a_file_in_the_standard_format() {
    let project = Project::new();
    let expression = "gpu_model = b200 and framework not in (vllm) and concurrency >= 64";
    let ran =
        project.run(&["filter", "--model", MODEL, "--where", expression, "--output", "out.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let rows = row::read(Path::new("out.csv"), &text, "inferencemax", &[]).unwrap();
    let all = project.model().rows;
    assert!(
        ran.stderr.contains(&format!("{} of {} rows", rows.len(), all.len())),
        "{}",
        ran.stderr
    );
    let expected: Vec<Row> = all
        .into_iter()
        .filter(|row| {
            let identity = &row.identity;
            identity.gpu_model == "b200"
                && identity.framework != "vllm"
                && identity.concurrency.fixed() >= Some(64)
        })
        .collect();
    assert!(!rows.is_empty());
    assert_eq!(rows, expected);
    let estimate = ["estimate", "--model", MODEL, "--input", "out.csv", "--output", "p.csv"];
    assert_eq!(project.run(&estimate).code, 0);
}

#[test]
fn a_run_of_some_rows_judges_those() {
    let project = Project::new();
    let rows = project.model().rows;
    let h100 = rows.iter().filter(|row| row.identity.gpu_model == "h100").count();
    let ran = project.run(&["run", "--where", "gpu_model = h100"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("{h100} of {h100} rows predicted")), "{}", ran.stdout);
    assert!(!ran.stdout.contains("checks:"), "{}", ran.stdout);
}

#[test]
fn a_slip_has_a_caret_and_nothing_picked_is_no_pass() {
    let project = Project::new();
    let ran = project.run(&["run", "--where", "gpu_modle = h100"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean `gpu_model`?"), "{}", ran.stderr);
    assert!(ran.stderr.contains("  gpu_modle = h100\n  ^"), "{}", ran.stderr);
    let ran = project.run(&["run", "--where", "gpu_model = b300"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains(&format!("picks none of {} rows", project.model().rows.len())),
        "{}",
        ran.stderr
    );
}
