//! Requests that GitHub refuses or redirects, and requests that are never sent.

use serde_json::json;
use wiremock::ResponseTemplate;

use super::super::project::{MODEL, Project, Ran};
use super::super::reviewed::is_as_reviewed;
use super::stand_in::{GitHub, TOKEN, no_secret_in, run, says};

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let github = GitHub::start(vec![run(300, 4)]).await;
    let project = Project::new();
    let refusal = |status, message: &str| {
        ResponseTemplate::new(status).set_body_json(json!({ "message": message }))
    };
    // The service repeats the token, which is not shown even then.
    github.fault("/runs", refusal(401, &format!("Bad credentials {TOKEN}")), 1);
    let ran = github.fetch(&project, &["--collect-recent", "1"]);
    says(&ran, 2, &["answered 401: Bad credentials …", "the token of GITHUB_TOKEN is not valid"]);

    github.fault("/zip", refusal(403, "Resource not accessible"), 1);
    let ran = github.fetch(&project, &["300"]);
    says(
        &ran,
        2,
        &[
            "answered 403: Resource not accessible",
            "missing: run 300",
            "may not read the Actions of SemiAnalysisAI/InferenceX",
        ],
    );

    says(&github.fetch(&project, &["299"]), 2, &["no run 299 in SemiAnalysisAI/InferenceX"]);
    let ran = github.fetch(&project, &["--collect-recent", "1", "--workflow", "other.yml"]);
    says(&ran, 2, &["no workflow other.yml in SemiAnalysisAI/InferenceX", "--workflow"]);
    let ran = github.fetch(&project, &["--collect-recent", "1", "--repository", "o/r"]);
    says(&ran, 2, &["no workflow run-sweep.yml in o/r"]);
    github.fault("/zip", refusal(404, "Not Found"), 1);
    says(&github.fetch(&project, &["300"]), 2, &["expired: 1 (300)"]);

    // Without a token, GitHub gives no artifacts.
    github.change(|state| state.runs.push(run(309, 4)));
    github.fault("/zip", refusal(401, "Requires authentication"), 1);
    let uri = github.api.uri();
    let arguments =
        ["extract", "--model", MODEL, "309", "--github-api", &uri, "--output", "out.csv"];
    let ran = Ran::from(project.command(&arguments).output().unwrap());
    says(&ran, 2, &["answered 401", "set GITHUB_TOKEN"]);
    // The other variable works as well; an empty one counts as not set.
    let mut command = project.command(&arguments);
    let ran = Ran::from(command.env("GITHUB_TOKEN", "").env("GH_TOKEN", TOKEN).output().unwrap());
    says(&ran, 0, &["fetched 1 run"]);
    assert!(github.state.lock().unwrap().asked.iter().rev().any(|(_, token)| *token));
}

#[tokio::test]
async fn the_token_follows_a_moved_repository_but_not_to_another_host() {
    let project = Project::new();
    let github = GitHub::start(vec![run(300, 4)]).await;
    let moved = "/repos/SemiAnalysisAI/InferenceX/actions/runs/300";
    let to = |location: &str| ResponseTemplate::new(301).insert_header("location", location);
    github.fault(
        "/repos/InferenceMAX/InferenceMAX/actions/runs/300/artifacts",
        to(&format!("{moved}/artifacts")),
        1,
    );
    github.fault("/repos/InferenceMAX/InferenceMAX/actions/runs/300", to(moved), 1);
    let zip = "/repos/SemiAnalysisAI/InferenceX/actions/artifacts/3000/zip";
    github.fault("/repos/InferenceMAX/InferenceMAX/actions/artifacts/3000/zip", to(zip), 1);
    let ran = github.fetch(&project, &["300", "--repository", "InferenceMAX/InferenceMAX"]);
    says(&ran, 0, &["fetched 1 run"]);
    for (path, token) in &github.state.lock().unwrap().asked {
        assert_eq!(*token, path.starts_with("/repos/"), "{path}");
    }
    // Redirects in a circle, and to an unencrypted address.
    github.fault("/runs", to("/runs"), 99);
    says(&github.fetch(&project, &["300"]), 3, &["redirects without end"]);
    let github = GitHub::start(vec![]).await;
    github.fault("/runs", to("ftp://elsewhere.invalid/"), 1);
    says(
        &github.fetch(&project, &["300"]),
        3,
        &["redirects to an address that cannot be followed"],
    );
    // The next page of a list must have the API's own origin.
    let body = json!({ "total_count": 2, "workflow_runs": [] });
    let page = ResponseTemplate::new(200).set_body_json(body);
    let link = format!("<{}/runs>; rel=\"next\"", github.store.uri());
    github.fault("/runs", page.insert_header("link", link.as_str()), 1);
    says(
        &github.fetch(&project, &["--collect-recent", "1"]),
        3,
        &["a next page that is not its own"],
    );
}

#[test]
fn arguments_that_cannot_be_fetched_are_refused_at_once() {
    let project = Project::new();
    let mut printed = Vec::new();
    for (arguments, text) in [
        (&["--repository", "InferenceX", "1"][..], "write it as owner/name"),
        (&["--repository", "../..", "1"], "write it as owner/name"),
        (&["--workflow", "../x", "1"], "use letters"),
        (&["--workflow", "..", "1"], "this is not a name"),
        (&["--since", "yesterday"], "write 2026-06-01"),
        (&["--collect-recent", "0"], "0 is not in 1..=1000"),
        (&["--github-api", "api.github.com", "1"], "did you mean https://api.github.com?"),
        (&["--github-api", "http://example.invalid", "1"], "unencrypted"),
        (&["--api-model", "x", "a.json"], "--api"),
        (&[], "required"),
        (&["1", "--offline"], "the cache does not hold run 1"),
        (&["--collect-recent", "1", "--offline"], "the cache has no such run"),
        (&["--api", "http://127.0.0.1:9", "--offline"], "the cache has no answer"),
        // Digits are the id of a run; a file of such a name is written with its folder.
        (&["./123"], "cannot read ./123"),
    ] {
        let mut command = project.command(&["extract", "--model", MODEL, "--output", "out.csv"]);
        command.args(arguments).env("GITHUB_TOKEN", TOKEN);
        let ran = Ran::from(command.output().unwrap());
        says(&ran, 2, &[text]);
        no_secret_in(&ran, &project);
        printed.push(format!("$ extract {}\n{}", arguments.join(" "), ran.stderr.trim_end()));
    }
    is_as_reviewed("extract_refused_arguments", &printed.join("\n"));
    let mut command = project.command(&["extract", "--model", MODEL, "1"]);
    let ran = Ran::from(command.env("GITHUB_TOKEN", format!("{TOKEN}\nx")).output().unwrap());
    says(&ran, 2, &["GITHUB_TOKEN holds no token"]);
    no_secret_in(&ran, &project);
}
