//! The cache: runs are fetched once, again when they changed, and by one program at a time.

use serde_json::json;

use super::super::extract::result;
use super::super::project::{MODEL, Project, Ran};
use super::stand_in::{GitHub, artifact, cached, run, run_ids, says};

#[tokio::test]
async fn a_fetched_run_gives_the_same_account_and_is_fetched_once() {
    let project = Project::new();
    let github = GitHub::start(vec![run(302, 8), run(301, 4), run(300, 2)]).await;
    let ran = github.fetch(&project, &["--collect-recent", "2"]);
    says(
        &ran,
        0,
        &[
            "run 302 of 2026-06-03T12:00:00Z: 1 artifact fetched, 1 file, ",
            "fetched 2 runs, 0 from the cache",
            "Wrote 2 rows to out.csv",
        ],
    );
    assert_eq!(run_ids(&project), ["301", "302"]);
    // The account is the same as that of the files.
    let account = |ran: &Ran| ran.stdout.clone();
    let from_files = project.run(&[
        "extract",
        "--model",
        MODEL,
        "--output",
        "out.csv",
        cached(&project, &github, "run_301").to_str().unwrap(),
        cached(&project, &github, "run_302").to_str().unwrap(),
    ]);
    assert_eq!(account(&from_files), account(&ran));
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    assert!(text.contains("2026-06-02T12:00:00Z"), "{text}");

    // The token went to the API and not to the store.
    let (api, store) = (github.asked("/repos/"), github.asked("/blob/"));
    assert_eq!(store, 2);
    for (path, token) in &github.state.lock().unwrap().asked {
        assert_eq!(*token, path.starts_with("/repos/"), "{path}");
    }
    // A second time, only the list is asked for.
    let again = github.fetch(&project, &["--collect-recent", "2"]);
    says(&again, 0, &["fetched 0 runs, 2 from the cache"]);
    assert_eq!(account(&again), account(&ran));
    assert_eq!((github.asked("/repos/"), github.asked("/blob/")), (api + 1, store));
    // Offline, nothing is asked for.
    let offline = github.fetch(&project, &["--collect-recent", "2", "--offline"]);
    assert_eq!(account(&offline), account(&ran));
    assert_eq!(github.asked("/repos/"), api + 1);
}

#[tokio::test]
async fn a_run_is_fetched_again_when_the_remote_is_newer() {
    let project = Project::new();
    let github = GitHub::start(vec![run(301, 4)]).await;
    says(&github.fetch(&project, &["301"]), 0, &["fetched 1 run, 0 from the cache"]);
    // A change that leaves the artifacts as they are downloads none.
    github.change(|state| state.runs[0].updated_at = "2026-06-20T00:00:00Z".to_owned());
    says(&github.fetch(&project, &["301"]), 0, &["fetched 0 runs, 1 from the cache"]);
    assert_eq!((github.asked("/blob/"), github.asked("/artifacts?")), (1, 2));
    says(&github.fetch(&project, &["301"]), 0, &["fetched 0 runs, 1 from the cache"]);
    assert_eq!(github.asked("/artifacts?"), 2);
    // A further attempt uploads its artifact again, and the newest one with the name counts.
    github.change(|state| {
        state.runs[0].updated_at = "2026-06-21T00:00:00Z".to_owned();
        let results = json!([result(4, 100.0), result(16, 100.0)]);
        state.runs[0].artifacts.push(artifact(3019, "results_bmk", "agg_bmk.json", &results));
    });
    says(
        &github.fetch(&project, &["301"]),
        0,
        &["fetched 1 run, 0 from the cache", "Wrote 2 rows"],
    );
    assert_eq!((github.asked("/blob/3010"), github.asked("/blob/3019")), (1, 1));
    // When they expire, the cached ones stay.
    github.change(|state| {
        state.runs[0].updated_at = "2026-06-22T00:00:00Z".to_owned();
        state.runs[0].artifacts.iter_mut().for_each(|artifact| artifact.expired = true);
    });
    says(&github.fetch(&project, &["301"]), 0, &["fetched 0 runs, 1 from the cache"]);
    // A damaged run in the cache does not count.
    std::fs::write(cached(&project, &github, "run_301/results_bmk/agg_bmk.json"), "[").unwrap();
    says(&github.fetch(&project, &["301"]), 2, &["no results: ", "expired: 1 (301)"]);
}

#[tokio::test]
async fn two_programs_that_fetch_at_once_wait_for_each_other() {
    let project = Project::new();
    let github = GitHub::start(vec![run(302, 8), run(301, 4)]).await;
    let uri = github.api.uri();
    let children: Vec<_> = (0..3)
        .map(|number| {
            let output = format!("out{number}.csv");
            let arguments =
                ["extract", "--model", MODEL, "--collect-recent", "2", "--cache", "cache"];
            let mut command = project.command(&arguments);
            command
                .args(["--github-api", &uri, "--output", &output])
                .stderr(std::process::Stdio::null());
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(github.asked("/blob/"), 2);
}
