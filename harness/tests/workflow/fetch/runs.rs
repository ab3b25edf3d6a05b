//! The runs of a workflow, with and without results.

use serde_json::json;
use wiremock::ResponseTemplate;

use super::super::extract::result;
use super::super::project::Project;
use super::stand_in::{Artifact, GitHub, Run, artifact, run, run_ids, says};

#[tokio::test]
async fn lists_are_read_page_by_page() {
    for without_link in [false, true] {
        let project = Project::new();
        let runs: Vec<Run> = (0..5).map(|n| run(305 - n, 1 << n)).collect();
        let github = GitHub::start(runs).await;
        github.change(|state| {
            (state.page, state.without_link) = (2, without_link);
            // Of the newest, more artifacts than a page holds, the results last.
            let mut artifacts: Vec<Artifact> = ["run-stats", "changelog-metadata", "server_logs_x"]
                .iter()
                .zip(1..)
                .map(|(name, id)| artifact(id, name, "stats.json", &json!([])))
                .collect();
            artifacts.append(&mut state.runs[0].artifacts);
            state.runs[0].artifacts = artifacts;
        });
        says(&github.fetch(&project, &["--collect-recent", "3"]), 0, &["fetched 3 runs"]);
        assert_eq!(github.asked("run-sweep.yml/runs?"), 2);
        let since = github.fetch(&project, &["--since", "2026-06-03"]);
        says(&since, 0, &["fetched 1 run, 3 from the cache"]);
        assert_eq!(run_ids(&project).len(), 4);
        assert_eq!(github.asked("created=%3E%3D2026-06-03T00%3A00%3A00Z"), 2);
    }
}

#[tokio::test]
async fn runs_without_results_are_passed_over_and_named() {
    let project = Project::new();
    let empty =
        |id| Run { artifacts: vec![artifact(1, "run-stats", "a.json", &json!([]))], ..run(id, 1) };
    let github = GitHub::start(vec![empty(303), run(302, 8), empty(301), run(300, 4)]).await;
    let ran = github.fetch(&project, &["--collect-recent", "2"]);
    says(&ran, 0, &["fetched 2 runs, 0 from the cache; without results: 2 (303, 301)"]);
    // The cache remembers that they have none.
    let lists = github.asked("/artifacts?");
    let ran = github.fetch(&project, &["--collect-recent", "2"]);
    says(&ran, 0, &["fetched 0 runs, 2 from the cache; without results: 2"]);
    assert_eq!(github.asked("/artifacts?"), lists);
}

#[tokio::test]
async fn expired_artifacts_are_counted_and_named() {
    let project = Project::new();
    let mut old = run(300, 2);
    old.artifacts[0].expired = true;
    let github = GitHub::start(vec![run(302, 8), old, run(201, 4)]).await;
    let ran = github.fetch(&project, &["--collect-recent", "3"]);
    says(
        &ran,
        0,
        &["fetched 1 run, 0 from the cache; expired: 1 (300); 1 run older than an expired one"],
    );
    assert_eq!(run_ids(&project), ["302"]);
    // One that expired since it was listed, and nothing left.
    let gone =
        ResponseTemplate::new(410).set_body_json(json!({ "message": "Artifact has expired" }));
    github.fault("/artifacts/2010/zip", gone, 9);
    let ran = github.fetch(&project, &["201"]);
    says(&ran, 2, &["no results: fetched 0 runs, 0 from the cache; expired: 1 (201)", "90 days"]);
    // A part of a run.
    let project = Project::new();
    let mut some = run(303, 8);
    let name = "gptoss_1k8k_fp4_trt_tp2_conc4_b200-trt_0";
    some.artifacts[0].name = "results_gptoss_1k1k".to_owned();
    some.artifacts.push(Artifact { expired: true, ..artifact(1, name, "a.json", &json!([])) });
    let github = GitHub::start(vec![some]).await;
    let ran = github.fetch(&project, &["303"]);
    says(&ran, 0, &["note: run 303: 1 artifact expired, such as gptoss_1k8k"]);
}

#[tokio::test]
async fn artifacts_of_old_generations_are_aggregates_or_one_per_configuration() {
    let project = Project::new();
    let name = |conc: u32| format!("gptoss_8k1k_fp4_trt_tp2_conc{conc}_b200-trt_0");
    let old = |conc: u32| {
        let mut object = result(conc, 100.0);
        for key in ["isl", "osl", "image", "infmax_model_prefix"] {
            object.as_object_mut().unwrap().remove(key);
        }
        object
    };
    let one =
        |id, conc: u32| artifact(id, &name(conc), &format!("agg_{}.json", name(conc)), &old(conc));
    let aggregate =
        artifact(5, "results_gptoss_1k1k", "agg_gptoss_1k1k.json", &json!([result(4, 100.0)]));
    let part = artifact(6, "gptoss_1k1k_fp4_trt_tp2_conc4_b200-trt_0", "x.json", &result(4, 1.0));
    let artifacts = vec![one(1, 16), one(2, 32), aggregate, part];
    let github = GitHub::start(vec![Run { artifacts, ..run(300, 1) }]).await;
    let ran = github.fetch(&project, &["300"]);
    says(&ran, 0, &["3 artifacts fetched, 3 files", "Read 3 results in 3 files"]);
    // The aggregate holds what its part would give.
    assert_eq!(github.asked("/blob/6"), 0);
}

#[tokio::test]
async fn a_run_that_failed_is_taken_with_a_note() {
    let project = Project::new();
    let mut failed = run(300, 4);
    failed.conclusion = Some("failure".to_owned());
    let github = GitHub::start(vec![failed]).await;
    let ran = github.fetch(&project, &["300"]);
    says(&ran, 0, &["note: run 300 ended in failure: it may have only part of its results"]);
}
