//! Rate limits that are waited for, and faults that pass.

use serde_json::json;
use wiremock::ResponseTemplate;

use super::super::project::{MODEL, Project};
use super::stand_in::{GitHub, cached, run, run_json, says};

#[tokio::test]
async fn a_rate_limit_is_waited_for_when_it_is_short() {
    let project = Project::new();
    let github = GitHub::start(vec![run(300, 4)]).await;
    let limited = |status: u16| {
        ResponseTemplate::new(status).set_body_json(json!({ "message": "API rate limit exceeded" }))
    };
    github.fault("/runs/300/artifacts", limited(429).insert_header("retry-after", "1"), 1);
    github.fault("/runs/300", limited(403).insert_header("retry-after", "1"), 1);
    let started = std::time::Instant::now();
    let ran = github.fetch(&project, &["300"]);
    says(&ran, 0, &["note: 127.0.0.1 asks to wait (status 403); waiting 1 s", "(status 429)"]);
    assert!(started.elapsed().as_secs_f64() >= 2.0);

    // The wait for a renewed allowance is too long: exit code 3, with the time at which to continue.
    let reset = (jiff::Timestamp::now().as_second() + 3000).to_string();
    let spent = |status| {
        limited(status)
            .insert_header("x-ratelimit-remaining", "0")
            .insert_header("x-ratelimit-reset", reset.as_str())
    };
    let then = jiff::Timestamp::from_second(reset.parse::<i64>().unwrap() + 1).unwrap();
    github.fault("/runs", spent(403), 1);
    let ran = github.fetch(&project, &["--collect-recent", "1"]);
    says(
        &ran,
        3,
        &[&format!("continue at {then}"), "missing: 1 of the 1 recent runs", "--max-wait"],
    );
    // A secondary limit names no time and may be stated in words only.
    let secondary = ResponseTemplate::new(403)
        .set_body_json(json!({ "message": "You have exceeded a secondary rate limit" }));
    github.fault("/runs", secondary, 1);
    let ran = github.fetch(&project, &["--collect-recent", "1", "--max-wait", "5"]);
    says(&ran, 3, &["secondary rate limit", "continue at "]);
    // The last request of an allowance is answered, and the next one is not sent.
    let project = Project::new();
    let last = ResponseTemplate::new(200).set_body_json(run_json(&run(300, 4)));
    let last = last.insert_header("x-ratelimit-remaining", "0");
    github.fault("/runs/300", last.insert_header("x-ratelimit-reset", reset.as_str()), 1);
    let before = github.asked("/artifacts");
    let ran = github.fetch(&project, &["300"]);
    says(
        &ran,
        3,
        &["the allowance of requests to 127.0.0.1 is spent", &format!("continue at {then}")],
    );
    assert_eq!(github.asked("/artifacts"), before);
}

#[tokio::test]
async fn a_passing_fault_is_retried_and_a_lasting_one_leaves_the_fetched_runs() {
    let project = Project::new();
    let github = GitHub::start(vec![run(302, 8), run(301, 4)]).await;
    let broken = |status| ResponseTemplate::new(status).set_body_string("<html>oops</html>");
    github.fault("/runs/302/artifacts", broken(502), 1);
    github.fault("/blob/3020", broken(500), 1);
    // The signed address expired: the API gives another.
    github.fault("/blob/3020", broken(403), 1);
    github.fault("/blob/3010", broken(503), 2);
    let ran = github.fetch(&project, &["--collect-recent", "2", "--retries", "2"]);
    says(&ran, 0, &["fetched 2 runs"]);
    assert_eq!(github.asked("/artifacts/3020/zip"), 3);

    let project = Project::new();
    github.fault("/blob/3010", broken(503), 2);
    let ran = github.fetch(&project, &["--collect-recent", "2", "--retries", "1"]);
    says(
        &ran,
        3,
        &[
            "artifact results_bmk: 127.0.0.1 answered 503 (2 tries)",
            "missing: 1 of the 2 recent runs; fetched 1 run",
            "fetched runs stay in the cache",
        ],
    );
    assert!(!project.path("out.csv").exists());
    assert!(cached(&project, &github, "run_302/run.json").exists());
    assert!(!cached(&project, &github, "run_301").exists());
    let before = github.asked("/blob/3020");
    says(
        &github.fetch(&project, &["--collect-recent", "2"]),
        0,
        &["fetched 1 run, 1 from the cache"],
    );
    assert_eq!(github.asked("/blob/3020"), before);

    // An answer that is not GitHub's, and no answer at all.
    github.fault("/runs", ResponseTemplate::new(200).set_body_string("<html>"), 1);
    let ran = github.fetch(&project, &["--collect-recent", "1"]);
    says(&ran, 3, &["did not answer like GitHub's API", "check --github-api"]);
    let ran = project.run(&[
        "extract",
        "--model",
        MODEL,
        "300",
        "--retries",
        "0",
        "--github-api",
        "http://127.0.0.1:9",
    ]);
    says(&ran, 3, &["cannot connect", "(1 try)"]);
}
