//! `gate` over the recorded releases, forward and backward, and against candidates that cannot be
//! judged.

use serde_json::Value;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use super::project::{MODEL, Project, Ran};

fn gate(project: &Project, baseline: &str, candidate: &str, rest: &[&str]) -> Ran {
    project.run(&[&["gate", "--baseline", baseline, "--candidate", candidate][..], rest].concat())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str::<Value>(&ran.stdout).unwrap()[0].clone()
}

#[test]
fn each_real_step_is_judged_forward_and_backward() {
    let project = Project::new();
    for (baseline, candidate, decision, code) in [
        ("11a8e89", "7e81fcd", "improved", 0),
        ("7e81fcd", "95eb60b", "improved", 0),
        ("95eb60b", "2fd00c1", "changed", 0),
        ("2fd00c1", "72ff84e", "ok", 0),
        ("72ff84e", "2fd00c1", "ok", 0),
        ("2fd00c1", "95eb60b", "regressed", 1),
        ("95eb60b", "7e81fcd", "regressed", 1),
        ("7e81fcd", "11a8e89", "changed", 0),
    ] {
        let ran = gate(&project, baseline, candidate, &["--format", "json"]);
        assert_eq!(ran.code, code, "{baseline} to {candidate}: {}", ran.stderr);
        assert_eq!(json(&ran)["decision"], decision, "{baseline} to {candidate}");
    }
    let lost = json(&gate(&project, "95eb60b", "7e81fcd", &["--format", "json"]));
    assert_eq!(lost["drift"]["lost"], 40);
    assert_eq!(
        lost["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["request_changed"] == true)
            .count(),
        244
    );
}

#[test]
fn ci_services_get_what_they_read() {
    let project = Project::new();
    let arguments = ["--junit", "out/gate.xml", "--summary", "summary.md", "--annotations"];
    let ran = gate(&project, "72ff84e", "95eb60b", &arguments);
    assert_eq!(ran.code, 1);
    let annotations: Vec<&str> =
        ran.stderr.lines().filter(|line| line.starts_with("::error file=by_model/")).collect();
    assert_eq!(annotations.len(), 22, "20 rows and 2 gates");
    assert!(annotations[0].contains("reconcile.toml,line="), "{}", annotations[0]);
    let junit = std::fs::read_to_string(project.path("out/gate.xml")).unwrap();
    assert!(junit.contains("tests=\"273\" skipped=\"26\" failures=\"23\""), "{}", &junit[..300]);
    let summary = std::fs::read_to_string(project.path("summary.md")).unwrap();
    assert!(
        summary.starts_with(&format!("# {MODEL}: 95eb60b against 72ff84e\n\nREGRESSED: blocks"))
    );
    gate(&project, "72ff84e", "2fd00c1", &["--summary", "summary.md"]);
    let both = std::fs::read_to_string(project.path("summary.md")).unwrap();
    assert!(
        both.starts_with(&summary) && both.contains("OK: does not block"),
        "a summary is appended"
    );
}

#[test]
fn a_candidate_that_is_not_there_or_not_known_is_told() {
    let project = Project::new();
    let ran = gate(&project, "72ff84e", "http://127.0.0.1:9", &["--retries", "0"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let ran = gate(&project, "72ff84e", "72ff84f", &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("the releases are: 11a8e89, 7e81fcd"), "{}", ran.stderr);
    assert_eq!(gate(&project, "1234567", "72ff84e", &[]).code, 3);
}

#[test]
fn a_baseline_with_a_hole_is_no_baseline() {
    let project = Project::new();
    let mut recording = project.recording();
    recording.entries.pop_first();
    mantile_reconcile::recording::save(&recording).unwrap();
    let ran = gate(&project, "72ff84e", "95eb60b", &[]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(ran.stderr.contains("the baseline does not answer "), "{}", ran.stderr);
    assert!(ran.stderr.contains("no recording of request"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_answers_in_part_is_broken_and_not_a_pass() {
    let project = Project::new();
    let recording = project.recording();
    let server = project.service().await;
    Mock::given(path("/config/system-metrics"))
        .respond_with(move |request: &wiremock::Request| {
            let request: mantile_reconcile::mantile::SystemMetricsRequest =
                request.body_json().unwrap();
            if request.decode_req.batch_size == 64 {
                return ResponseTemplate::new(503);
            }
            let body = recording.entries[&request.key()].reply.text();
            ResponseTemplate::new(200).set_body_raw(body, "application/json")
        })
        .mount(&server)
        .await;
    let ran = gate(&project, "72ff84e", &server.uri(), &["--retries", "0", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(json(&ran)["decision"], "broken");
    assert_eq!(json(&ran)["drift"]["identical"], 201);
}
