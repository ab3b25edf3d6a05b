//! `init-model` makes a folder that works as soon as it has rows.

use std::fs;

use mantile_reconcile::mantile::layers_path;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::project::{MODEL, Project};
use super::reviewed::is_as_reviewed;

/// A service with the recorded pages of models, hardware and layers.
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
    // The recording has only the pages of the hardware that its requests name.
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
    made.is_as_reviewed("init_model");
    for (name, reviewed) in
        [("reconcile.toml", "init_model_reconcile_toml"), ("README.md", "init_model_readme")]
    {
        let text = fs::read_to_string(project.model_file(name)).unwrap();
        is_as_reviewed(reviewed, &text);
    }

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
async fn a_failed_init_model_leaves_nothing() {
    let project = Project::new();
    let server = service(&project).await;
    let made = project.run(&["init-model", MODEL, "--api-url", &server.uri()]);
    made.is_as_reviewed("init_model_of_a_folder_that_exists");
    let made = project.run(&["init-model", "openai_GPT-OSS-12B", "--api-url", &server.uri()]);
    made.is_as_reviewed("init_model_of_an_unknown_model");
    let made =
        project.run(&["init-model", "m", "--retries", "0", "--api-url", "http://127.0.0.1:1"]);
    assert_eq!(made.code, 3, "{}", made.stderr);
    assert_eq!(fs::read_dir(project.path("by_model")).unwrap().count(), 1);
}
