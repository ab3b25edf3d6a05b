//! `gate` on the recorded releases, forward and backward, and on candidates that cannot be judged.

use std::collections::BTreeSet;

use mantile_reconcile::judge::model::Model;
use mantile_reconcile::mantile::recording;
use mantile_reconcile::predict::mapping;
use mantile_reconcile::row::Row;
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

/// The rows that a recorded release has an answer for, by name.
fn answered(project: &Project, release: &str) -> BTreeSet<String> {
    let recording = recording::load(project.root(), release, MODEL).unwrap();
    let layers = recording.layers().unwrap();
    let Model { rows, config, .. } = project.model();
    let has_answer = |row: &Row| {
        let Ok(mapped) = mapping::map(row, &config) else { return false };
        let questions = mapped.questions(&layers);
        questions.iter().all(|asked| recording.entries[&asked.request.key()].reply.status == 200)
    };
    rows.iter().filter(|row| has_answer(row)).map(Row::name).collect()
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
    // The rows that the older release refuses are lost.
    let (newer, older) = (answered(&project, "95eb60b"), answered(&project, "7e81fcd"));
    assert!(older.len() < newer.len() && older.is_subset(&newer));
    assert_eq!(lost["drift"]["lost"], newer.len() - older.len());
    let rows = lost["rows"].as_array().unwrap();
    let renamed = rows.iter().filter(|row| row["request_changed"] == true).count();
    assert_eq!(renamed, project.mapped(), "layers were renamed between them");
}

#[test]
fn a_change_too_small_for_any_report_is_neither_better_nor_worse() {
    let project = Project::new();
    let judge = |factor: f64| {
        let project = Project::new();
        // The baseline shares its answers with the candidate, so it gets its own before those change.
        let baseline = recording::load(project.root(), "2fd00c1", MODEL).unwrap();
        recording::save(&baseline).unwrap();
        project.change_answers(|body, _| {
            let tpot = body["tpot_ms"].as_f64().unwrap();
            body["tpot_ms"] = (tpot * factor).into();
        });
        gate(&project, "2fd00c1", "72ff84e", &["--verbose"]).stdout
    };
    let unseen = judge(1.0 + 2e-6);
    assert!(unseen.contains("CHANGED: does not block"), "{unseen}");
    assert!(unseen.contains(&format!("{} changed", project.mapped())), "{unseen}");
    assert!(!unseen.contains("significantly"), "{unseen}");
    let seen = judge(1.0 + 2e-3);
    assert!(seen.contains("rose significantly (95% interval)"), "{seen}");
}

#[test]
fn ci_services_get_junit_annotations_and_a_summary() {
    let project = Project::new();
    let arguments = ["--junit", "out/gate.xml", "--summary", "summary.md", "--annotations"];
    let ran = gate(&project, "72ff84e", "95eb60b", &arguments);
    assert_eq!(ran.code, 1);
    let annotations: Vec<&str> =
        ran.stderr.lines().filter(|line| line.starts_with("::error file=by_model/")).collect();
    let found = json(&gate(&project, "72ff84e", "95eb60b", &["--format", "json"]));
    let rows = found["rows"].as_array().unwrap();
    let outside = rows.iter().filter(|row| row["verdict"] == "outside").count();
    let crossed = found["crossed"].as_array().unwrap().len();
    assert!(outside > 0 && crossed > 0);
    assert_eq!(annotations.len(), outside + crossed);
    assert!(annotations[0].contains("reconcile.toml,line="), "{}", annotations[0]);
    let junit = std::fs::read_to_string(project.path("out/gate.xml")).unwrap();
    // A case per row, one per failed gate, and one for the decision.
    let (tests, failures) = (rows.len() + crossed + 1, outside + crossed + 1);
    let skipped = rows.len() - project.mapped();
    let counts = format!("tests=\"{tests}\" skipped=\"{skipped}\" failures=\"{failures}\"");
    assert!(junit.contains(&counts), "no {counts} in {}", &junit[..300]);
    let summary = std::fs::read_to_string(project.path("summary.md")).unwrap();
    assert!(
        summary
            .starts_with(&format!("# {MODEL}: 95eb60b compared with 72ff84e\n\nREGRESSED: blocks"))
    );
    gate(&project, "72ff84e", "2fd00c1", &["--summary", "summary.md"]);
    let both = std::fs::read_to_string(project.path("summary.md")).unwrap();
    assert!(
        both.starts_with(&summary) && both.contains("OK: does not block"),
        "a summary is appended"
    );
}

#[test]
fn a_missing_or_unknown_candidate_is_an_error() {
    let project = Project::new();
    let ran = gate(&project, "72ff84e", "http://127.0.0.1:9", &["--retries", "0"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let ran = gate(&project, "72ff84e", "72ff84f", &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("the releases are: 11a8e89, 7e81fcd"), "{}", ran.stderr);
    assert_eq!(gate(&project, "1234567", "72ff84e", &[]).code, 3);
}

#[test]
fn the_decision_and_its_reasons_are_printed_last() {
    let project = Project::new();
    gate(&project, "72ff84e", "95eb60b", &[]).is_as_reviewed("gate_regressed");
    gate(&project, "72ff84e", "95eb60b", &["--verbose"]).is_as_reviewed("gate_regressed_verbose");
    gate(&project, "72ff84e", "2fd00c1", &[]).is_as_reviewed("gate_ok");
}

#[test]
fn a_baseline_with_a_missing_answer_is_an_error() {
    let project = Project::new();
    let mut recording = project.recording();
    recording.entries.pop_first();
    recording::save(&recording).unwrap();
    let ran = gate(&project, "72ff84e", "95eb60b", &[]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(ran.stderr.contains("the baseline does not answer "), "{}", ran.stderr);
    assert!(ran.stderr.contains("no recording of request"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_answers_some_requests_only_is_broken() {
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
    let Model { rows, config, .. } = project.model();
    let layers = project.recording().layers().unwrap();
    let answered = rows.iter().filter_map(|row| mapping::map(row, &config).ok()).filter(|mapped| {
        mapped.questions(&layers).iter().all(|asked| asked.request.decode_req.batch_size != 64)
    });
    assert_eq!(json(&ran)["drift"]["identical"], answered.count());
}
