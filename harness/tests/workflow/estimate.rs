//! `estimate` continues after being killed, and copes with a service that refuses or is down.

use std::path::Path;
use std::time::{Duration, Instant};

use mantile_reconcile::predict::prediction::{self, Prediction};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::project::{MODEL, Project, edit};

const OUTPUT: &str = "out.csv";

fn predictions(project: &Project) -> Vec<Prediction> {
    let text = std::fs::read_to_string(project.path(OUTPUT)).unwrap();
    prediction::read(Path::new(OUTPUT), &text).unwrap()
}

/// The bytes of the predictions without response times and the service's address.
fn timeless(project: &Project) -> Vec<u8> {
    let mut predictions = predictions(project);
    for prediction in &mut predictions {
        prediction.response_time_ms = None;
        prediction.answered_by = None;
    }
    prediction::write(&predictions)
}

/// A Mantile that answers from the recording, slowly, and refuses a batch of `refused`.
async fn slow_service(project: &Project, delay: Duration, refused: u32) -> MockServer {
    let recording = project.recording();
    let server = project.service().await;
    Mock::given(method("POST"))
        .and(path("/config/system-metrics"))
        .respond_with(move |request: &Request| {
            let request: mantile_reconcile::mantile::SystemMetricsRequest =
                request.body_json().unwrap();
            if request.decode_req.batch_size == refused {
                return ResponseTemplate::new(500)
                    .set_body_raw("Internal Server Error", "text/plain");
            }
            let body = recording.entries[&request.key()].reply.text();
            ResponseTemplate::new(200).set_body_raw(body, "application/json").set_delay(delay)
        })
        .mount(&server)
        .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_continued_and_ends_with_the_same_bytes() {
    let project = Project::new();
    let whole = ["estimate", "--model", MODEL, "--output", OUTPUT];
    project.must(&whole).is_as_reviewed("estimate");
    let expected = timeless(&project);
    std::fs::remove_file(project.path(OUTPUT)).unwrap();

    let server = slow_service(&project, Duration::from_millis(15), 0).await;
    let url = server.uri();
    let arguments = [&whole[..], &["--api-url", &url]].concat();
    let mut child = project.command(&arguments).spawn().unwrap();
    let started = Instant::now();
    while !project.path(OUTPUT).exists() || predictions(&project).len() < 40 {
        assert!(started.elapsed() < Duration::from_mins(1), "nothing was saved");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let saved = predictions(&project).len();
    let rows = project.model().rows.len();
    assert!(saved < rows, "it was not killed in time");

    let ran = project.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!(" of {rows} rows are in out.csv already")),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.starts_with("0 of"), "{}", ran.stderr);
    assert_eq!(timeless(&project), expected);

    // Another service may give other answers, so none of these is taken over.
    assert!(project.run(&whole).stderr.starts_with(&format!("0 of {rows} rows")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refusal_does_not_end_the_run() {
    let project = Project::new();
    let server = slow_service(&project, Duration::ZERO, 128).await;
    let ran = project.run(&[
        "estimate",
        "--model",
        MODEL,
        "--output",
        OUTPUT,
        "--api-url",
        &server.uri(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let predictions = predictions(&project);
    assert_eq!(predictions.len(), project.model().rows.len());
    let refused: Vec<&Prediction> =
        predictions.iter().filter(|prediction| prediction.outcome.status() == "refused").collect();
    assert!(!refused.is_empty());
    for prediction in refused {
        assert_eq!(prediction.outcome.problem(), Some("status 500: Internal Server Error"));
    }
}

#[test]
fn a_row_that_changed_is_asked_again() {
    let project = Project::new();
    let whole = ["estimate", "--model", MODEL, "--output", OUTPUT];
    assert_eq!(project.run(&whole).code, 0);
    let (all, mapped) = (project.model().rows.len(), project.mapped());
    let taken = |rows: usize| format!("{rows} of {all} rows are in");
    assert!(project.run(&whole).stderr.contains(&taken(mapped)));
    let rows = project.model_file("inferencemax.csv");
    let text = std::fs::read_to_string(&rows).unwrap();
    let line = text.lines().find(|line| line.starts_with("b200,vllm")).unwrap();
    let image = line.split(',').find(|cell| cell.contains("vllm-openai")).unwrap();
    edit(&rows, line, &line.replace(image, "engine:2"));
    assert!(project.run(&whole).stderr.contains(&taken(mapped - 1)));
    let again = [&whole[..], &["--no-resume"]].concat();
    assert!(!project.run(&again).stderr.contains("are in"));
}

#[test]
fn a_service_that_is_down_is_exit_3_and_loses_nothing() {
    let project = Project::new();
    let whole = ["estimate", "--model", MODEL, "--output", OUTPUT];
    assert_eq!(project.run(&whole).code, 0);
    let before = std::fs::read(project.path(OUTPUT)).unwrap();
    let ran =
        project.run(&[&whole[..], &["--api-url", "http://127.0.0.1:9", "--retries", "1"]].concat());
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("http://127.0.0.1:9"), "{}", ran.stderr);
    assert_eq!(std::fs::read(project.path(OUTPUT)).unwrap(), before);
}

#[test]
fn compare_reads_the_predictions_file_and_reports_rows_without_a_prediction() {
    let project = Project::new();
    assert_eq!(project.run(&["estimate", "--model", MODEL]).code, 0);
    let ran = project.run(&["compare", "--model", MODEL]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let folder = project.path("target/reconcile").join(MODEL);
    for name in ["comparison_report.csv", "comparison_summary.txt", "comparison_summary.md"] {
        assert!(folder.join(name).exists(), "no {name}");
    }
    let path = folder.join("mantile_predictions.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("h100")).collect();
    std::fs::write(&path, kept.join("\n") + "\n").unwrap();
    let ran = project.run(&["compare", "--model", MODEL]);
    assert_eq!(ran.code, 3, "rows without a prediction must not pass");
    let dropped = text.lines().filter(|line| line.starts_with("h100")).count();
    assert!(dropped > 0);
    let noted = ran.stderr.matches("note: no prediction for inferencemax::h100").count();
    assert!(noted > 0);
    assert!(ran.stderr.contains(&format!("note: no prediction for {} more", dropped - noted)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_naive_conversion_is_written_as_another_estimator() {
    let project = Project::new();
    let file = project.model_file("naive_conversion.csv");
    let naive = ["estimate", "--model", MODEL, "--naive"];
    let without = project.run(&naive);
    without.is_as_reviewed("estimate_naive_without_a_live_service");

    let server = project.service().await;
    Mock::given(method("POST"))
        .and(path("/config/system-metrics"))
        .respond_with(|request: &Request| {
            let asked: serde_json::Value = request.body_json().unwrap();
            let decode = &asked["decode_req"];
            if decode["batch_size"] == 64 {
                return ResponseTemplate::new(500).set_body_string("Internal Server Error");
            }
            let layer = decode["layers"].as_object().unwrap().values().next().unwrap();
            assert!(layer.get("tensor_parallel").is_none() && layer.get("tp").is_some(), "{layer}");
            ResponseTemplate::new(200).set_body_json(serde_json::json!({
                "ttft_ms": 50.0, "tpot_ms": 10.0, "throughput_tokens_s": 100.0,
                "total_latency_ms": decode["seq_len"],
            }))
        })
        .mount(&server)
        .await;
    let ran = project.must(&[&naive[..], &["--api-url", &server.uri()]].concat());
    ran.is_as_reviewed("estimate_naive");
    let text = std::fs::read_to_string(&file).unwrap();
    let naive = mantile_reconcile::predict::rivals::read(&file, &text).unwrap();
    for given in &naive.given {
        let e2e = given.metrics[mantile_reconcile::row::metric::Metric::E2eLatency].unwrap();
        assert!((e2e - f64::from(given.identity.input_seq_len) / 1e3).abs() < 1e-12);
    }
    let report = project.run(&["run", MODEL, "--verbose"]).stdout;
    let line = report.lines().find(|line| line.starts_with("naive_conversion")).unwrap();
    assert_eq!(line.split_whitespace().nth(1), Some(&naive.given.len().to_string()[..]), "{line}");
}
