//! The InferenceX HTTP API.

use std::path::Path;

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::super::project::{MODEL, Project, Ran};
use super::stand_in::{TOKEN, no_secret_in, says};

fn api_row(concurrency: u32) -> Value {
    json!({
        "hardware": "b200", "framework": "trt", "model": "gptoss120b", "precision": "fp4",
        "spec_method": "none", "disagg": false, "is_multinode": false, "prefill_tp": 4,
        "prefill_ep": 1, "prefill_dp_attention": false, "prefill_num_workers": 0, "decode_tp": 4,
        "decode_ep": 1, "decode_dp_attention": false, "decode_num_workers": 0,
        "num_prefill_gpu": 16, "num_decode_gpu": 16, "isl": 1024, "osl": 1024,
        "conc": concurrency, "image": "engine:1", "date": "2026-06-11",
        "run_url": "https://github.com/o/r/actions/runs/27213443242/attempts/1",
        "metrics": { "mean_ttft": 0.1, "mean_tpot": 0.01, "mean_e2el": 9.4, "tput_per_gpu": 900.0 }
    })
}

#[tokio::test]
async fn the_api_is_asked_by_the_models_display_name() {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        assert!(!request.headers.contains_key("authorization"));
        if request.headers.get("if-none-match").is_some_and(|tag| tag == "\"tag-1\"") {
            return ResponseTemplate::new(304);
        }
        match request.url.query() {
            Some("model=gpt-oss-120b") => ResponseTemplate::new(200)
                .insert_header("etag", "\"tag-1\"")
                .set_body_json(json!([api_row(8), api_row(16)])),
            Some("model=gpt-oss-120b&date=2026-06-01") => {
                ResponseTemplate::new(200).set_body_json(json!([]))
            }
            Some("model=down") => ResponseTemplate::new(500),
            Some("model=listed") => ResponseTemplate::new(400)
                .set_body_json(json!({ "error": "Unknown model", "models": ["a-1", "b-2"] })),
            _ => ResponseTemplate::new(400).set_body_json(json!({ "error": "Unknown model" })),
        }
    };
    Mock::given(wiremock::matchers::path("/api/v1/benchmarks"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let project = Project::new();
    let uri = server.uri();
    let ask = |arguments: &[&str]| {
        let mut command = project.command(&["extract", "--model", MODEL, "--output", "out.csv"]);
        command.args(["--cache", "cache", "--retries", "0", "--api", &uri]).args(arguments);
        let ran = Ran::from(command.env("GITHUB_TOKEN", TOKEN).output().unwrap());
        no_secret_in(&ran, &project);
        ran
    };
    let ran = ask(&[]);
    says(&ran, 0, &["(inferencemax 1)", "Wrote 2 rows"]);
    // The GPUs of a single node are its parallelism, 4, not the 16 in the answer.
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let rows = mantile_reconcile::row::read(Path::new("out.csv"), &text, "inferencemax", &[]);
    assert_eq!(rows.unwrap()[0].identity.gpus(), 4);
    let again = ask(&[]);
    says(&again, 0, &["has not changed since"]);
    assert_eq!(again.stdout, ran.stdout);
    let before = server.received_requests().await.unwrap().len();
    assert_eq!(ask(&["--offline"]).stdout, ran.stdout);
    assert_eq!(server.received_requests().await.unwrap().len(), before);
    // A cached answer that was changed is asked for again.
    let port = server.address().port();
    let path = format!("cache/127.0.0.1_{port}/model_gpt-oss-120b/benchmarks.json");
    std::fs::write(project.path(&path), "[]").unwrap();
    assert_eq!(ask(&[]).stdout, ran.stdout);

    says(&ask(&["--api-date", "2026-06-01"]), 2, &["has no rows", "--api-date"]);
    let ran = ask(&["--api-model", "nobody"]);
    says(&ran, 2, &["answered 400: Unknown model", "the API knows no model `nobody`"]);
    says(&ask(&["--api-model", "listed"]), 2, &["the models are: a-1, b-2"]);
    says(&ask(&["--api-model", "down"]), 3, &["answered 500 (1 try)"]);
}
