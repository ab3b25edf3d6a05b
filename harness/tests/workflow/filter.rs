//! `filter`, and `--where` on the other verbs.

use std::path::Path;

use mantile_reconcile::row::{self, Row};

use super::project::{MODEL, Project};

#[test]
fn the_picked_rows_are_written_in_the_standard_format() {
    let project = Project::new();
    let expression = "gpu_model = b200 and framework not in (vllm) and concurrency >= 64";
    let ran =
        project.run(&["filter", "--model", MODEL, "--where", expression, "--output", "out.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let rows = row::read(Path::new("out.csv"), &text, "inferencemax", &[]).unwrap();
    let all = project.model().rows;
    let printed = format!("{} of {} rows written to out.csv\n", rows.len(), all.len());
    assert_eq!(ran.stderr, printed);
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
fn rows_of_several_sources_name_their_provider() {
    let project = Project::new();
    // Some of the same configurations, without the optional columns.
    let text = std::fs::read_to_string(project.model_file("inferencemax.csv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("gb200")).take(30);
    let cut = |line: &str| line.split(',').take(21).collect::<Vec<_>>().join(",");
    project.add_source("other", &lines.map(cut).collect::<Vec<_>>());
    let all = project.model().rows;
    let b200_rows = |source: &str| {
        let is_meant = |row: &&Row| row.provider == source && row.identity.gpu_model == "b200";
        all.iter().filter(is_meant).cloned().collect::<Vec<Row>>()
    };
    let (own, other) = (b200_rows("inferencemax"), b200_rows("other"));
    assert!(!other.is_empty() && other.len() < own.len());
    assert!(other.iter().all(|row| own.iter().any(|twin| twin.identity == row.identity)));

    let pick = ["filter", "--model", MODEL, "--output", "out.csv", "--where"];
    project.must(&[&pick[..], &["gpu_model = b200"]].concat());
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let path = Path::new("out.csv");
    let picked = row::read_of(path, &text, &["inferencemax", "other"], &[]).unwrap();
    let mut both = [&own[..], &other[..]].concat();
    both.sort_by(|a, b| (&a.identity, &a.provider).cmp(&(&b.identity, &b.provider)));
    assert_eq!(picked, both);
    let estimate = ["estimate", "--model", MODEL, "--input", "out.csv", "--output", "p.csv"];
    // The other source has another length ratio, so its requests differ and are not recorded.
    let ran = project.run(&estimate);
    assert_eq!(ran.code, 3);
    let unanswered = format!("no answer for {} rows, the first is other::b200", other.len());
    assert!(ran.stderr.contains(&unanswered), "{}", ran.stderr);
    let summary = format!("{} predicted, {} unavailable", own.len(), other.len());
    assert!(ran.stdout.contains(&summary), "no `{summary}` in {}", ran.stdout);
    let ran = project.run(&[&estimate[..], &["--source", "other"]].concat());
    assert_eq!(ran.code, 2);
    let fault = "column `provider`: the row is of `inferencemax`, and read as one of other";
    assert!(ran.stderr.contains(fault), "{}", ran.stderr);
    let strange = text.replace(",other\n", ",nobody\n");
    std::fs::write(project.path("out.csv"), strange).unwrap();
    let ran = project.run(&estimate);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("column `provider`: no source `nobody`"), "{}", ran.stderr);

    for (expression, source, expected) in [
        ("gpu_model = b200", "inferencemax", &own),
        ("gpu_model = b200", "other", &other),
        ("gpu_model = b200 and provider = other", "", &other),
    ] {
        let source_option = ["--source", source];
        let named = if source.is_empty() { &[][..] } else { &source_option[..] };
        project.must(&[&pick[..], &[expression], named].concat());
        let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
        let provider = &expected[0].provider;
        let picked = row::read(Path::new("out.csv"), &text, provider, &[]).unwrap();
        assert_eq!(picked, *expected, "{expression} {source}");
    }
    let ran = project.run(&[&pick[..], &["gpu_model = b200", "--source", "othr"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("the sources are: other, inferencemax"), "{}", ran.stderr);
}

#[test]
fn a_run_of_some_rows_judges_only_those() {
    let project = Project::new();
    let rows = project.model().rows;
    let h100 = rows.iter().filter(|row| row.identity.gpu_model == "h100").count();
    let ran = project.run(&["run", "--where", "gpu_model = h100"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("{h100} of {h100} rows predicted")), "{}", ran.stdout);
    assert!(!ran.stdout.contains("checks:"), "{}", ran.stdout);
}

#[test]
fn a_mistaken_expression_shows_the_place_and_the_field_that_is_meant() {
    let project = Project::new();
    let ran = project.run(&["run", "--where", "gpu_modle = h100"]);
    assert_eq!(ran.code, 2);
    ran.is_as_reviewed("filter_mistyped_field");
    let ran = project.run(&["run", "--where", "framework = vllm and tp = 4"]);
    assert_eq!(ran.code, 2);
    ran.is_as_reviewed("filter_abbreviated_field");
}

#[test]
fn an_expression_that_picks_no_row_is_an_error() {
    let project = Project::new();
    let ran = project.run(&["run", "--where", "gpu_model = b300"]);
    assert_eq!(ran.code, 2);
    let error = format!("error: --where picks none of {} rows", project.model().rows.len());
    let help = "help: the rows have gpu_model b200, gb200, h100, h200, mi355x";
    assert_eq!(ran.stderr, format!("{error}\n  {help}\n"));
}
