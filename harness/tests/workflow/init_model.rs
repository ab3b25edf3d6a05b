//! `init-model`: a new folder that works once it has rows.

use std::fs;

use mantile_reconcile::mantile::layers_path;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::project::{MODEL, Project};

/// A service that answers for models, hardware and layers as the recorded one did.
async fn service(project: &Project) -> MockServer {
    let server = MockServer::start().await;
    let pages = project.recording().pages;
    let mount = async |at: &str, body: String| {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(&server).await;
    };
    for (at, page) in &pages {
        mount(at.split('?').next().unwrap(), page.text()).await;
    }
    assert!(pages.contains_key(&layers_path(MODEL)));
    // The recording keeps the details of the hardware that it asks for alone.
    for id in ["nvidia_gb200_single", "template"] {
        mount(&format!("/hardware/{id}"), "{}".to_owned()).await;
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_folder_reconciles_once_it_has_rows_and_bands() {
    let project = Project::new();
    let server = service(&project).await;
    let rows = fs::read(project.model_file("inferencemax.csv")).unwrap();
    fs::remove_dir_all(project.path("by_model")).unwrap();
    let made = project.run(&["init-model", MODEL, "--api-url", &server.uri()]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stdout.contains("mantile-reconcile extract --model"), "{}", made.stdout);

    let run = project.run(&["run", MODEL]);
    assert_eq!(run.code, 2);
    let help =
        "extract them: mantile-reconcile extract --model openai_GPT-OSS-120B --source inferencemax";
    assert!(run.stderr.contains(help), "{}", run.stderr);

    fs::write(project.model_file("inferencemax.csv"), rows).unwrap();
    let run = project.run(&["run", MODEL]);
    assert_eq!(run.code, 1, "no bands yet: {}", run.stderr);
    assert!(run.stdout.contains("244 of 270 rows predicted"), "{}", run.stdout);
    let bands = project.run(&["bands", "--model", MODEL, "--accept"]);
    assert_eq!(bands.code, 0, "{}", bands.stderr);
    let run = project.run(&["run", MODEL, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let inside = report[0]["verdicts"]["inside"].as_u64().unwrap();
    assert!(inside > 150, "the bands hold {inside} of 244 rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_leaves_nothing() {
    let project = Project::new();
    let server = service(&project).await;
    let made = project.run(&["init-model", MODEL, "--api-url", &server.uri()]);
    assert_eq!(made.code, 2);
    assert!(made.stderr.contains("is there already"), "{}", made.stderr);
    let made = project.run(&["init-model", "openai_GPT-OSS-12B", "--api-url", &server.uri()]);
    assert_eq!(made.code, 2);
    assert!(made.stderr.contains("did you mean openai_GPT-OSS-120B?"), "{}", made.stderr);
    let made =
        project.run(&["init-model", "m", "--retries", "0", "--api-url", "http://127.0.0.1:1"]);
    assert_eq!(made.code, 3, "{}", made.stderr);
    assert_eq!(fs::read_dir(project.path("by_model")).unwrap().count(), 1);
}
