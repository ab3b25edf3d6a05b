//! `extract` over the network, against a stand-in for GitHub, for the store that it redirects
//! downloads to, and for the InferenceX API; each with its faults.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::extract::result;
use super::project::{MODEL, Project, Ran};

const TOKEN: &str = "ghp_TOKENofTHEtest0123456789";
const SIGNATURE: &str = "sigSECRETofTHEstore";

#[derive(Clone, Default)]
struct Run {
    id: u64,
    created_at: String,
    updated_at: String,
    conclusion: Option<String>,
    artifacts: Vec<Artifact>,
}

#[derive(Clone, Default)]
struct Artifact {
    id: u64,
    name: String,
    expired: bool,
    zip: Vec<u8>,
    digest: bool,
}

/// What a stand-in holds, and what it was asked.
#[derive(Default)]
struct State {
    runs: Vec<Run>,
    page: usize,
    without_link: bool,
    /// Answers given first, to paths that hold this text; so many times.
    faults: Vec<(&'static str, ResponseTemplate, usize)>,
    /// Path and query, with whether there was an `Authorization`.
    asked: Vec<(String, bool)>,
    api: String,
    store: String,
}

type Shared = Arc<Mutex<State>>;

struct GitHub {
    api: MockServer,
    store: MockServer,
    state: Shared,
}

impl GitHub {
    async fn start(runs: Vec<Run>) -> Self {
        let api = MockServer::start().await;
        let store = MockServer::start().await;
        let (api_uri, store_uri) = (api.uri(), store.uri());
        let state = State { runs, page: 100, api: api_uri, store: store_uri, ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let (of_api, of_store) = (Arc::clone(&state), Arc::clone(&state));
        let answer = move |request: &Request| answer(&of_api, request);
        Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&api).await;
        let blob = move |request: &Request| blob(&of_store, request);
        Mock::given(wiremock::matchers::any()).respond_with(blob).mount(&store).await;
        Self { api, store, state }
    }

    fn fault(&self, path: &'static str, answer: ResponseTemplate, times: usize) {
        self.state.lock().unwrap().faults.push((path, answer, times));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// How often paths that hold this text were asked for.
    fn asked(&self, path: &str) -> usize {
        let state = self.state.lock().unwrap();
        state.asked.iter().filter(|(asked, _)| asked.contains(path)).count()
    }

    fn fetch(&self, project: &Project, arguments: &[&str]) -> Ran {
        let mut all = vec!["extract", "--model", MODEL, "--output", "out.csv", "--cache", "cache"];
        let uri = self.api.uri();
        all.extend(["--github-api", uri.as_str()]);
        all.extend(arguments);
        let ran = Ran::from(project.command(&all).env("GITHUB_TOKEN", TOKEN).output().unwrap());
        no_secret_in(&ran, project);
        ran
    }
}

fn log(state: &mut State, request: &Request) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{}{query}", request.url.path());
    state.asked.push((path.clone(), request.headers.contains_key("authorization")));
    path
}

fn fault(state: &mut State, path: &str) -> Option<ResponseTemplate> {
    let fault =
        state.faults.iter_mut().find(|(text, _, times)| path.contains(text) && *times > 0)?;
    fault.2 -= 1;
    Some(fault.1.clone())
}

fn answer(state: &Shared, request: &Request) -> ResponseTemplate {
    let mut state = state.lock().unwrap();
    let path = log(&mut state, request);
    if let Some(fault) = fault(&mut state, &path) {
        return fault;
    }
    let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    let missing = || ResponseTemplate::new(404).set_body_json(json!({ "message": "Not Found" }));
    let actions = "/repos/SemiAnalysisAI/InferenceX/actions/";
    let Some(path) = request.url.path().strip_prefix(actions) else { return missing() };
    let parts: Vec<&str> = path.split('/').collect();
    let run = |id: &str| state.runs.iter().find(|run| run.id.to_string() == id);
    match parts[..] {
        ["workflows", "run-sweep.yml", "runs"] => {
            let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
            assert_eq!(query["status"], "success");
            let since = query.get("created").map_or("", |created| &created[2..]);
            let runs = state.runs.iter().filter(|run| run.created_at.as_str() >= since);
            let runs: Vec<Value> = runs.map(run_json).collect();
            paged(&state, request, "workflow_runs", &runs)
        }
        ["runs", id] => run(id).map_or_else(missing, |run| ok(run_json(run))),
        ["runs", id, "artifacts"] => run(id).map_or_else(missing, |run| {
            let artifacts: Vec<Value> = run.artifacts.iter().map(artifact_json).collect();
            paged(&state, request, "artifacts", &artifacts)
        }),
        ["artifacts", id, "zip"] => {
            let location = format!("{}/blob/{id}?sig={SIGNATURE}", state.store);
            ResponseTemplate::new(302).insert_header("location", location.as_str())
        }
        _ => missing(),
    }
}

fn run_json(run: &Run) -> Value {
    json!({
        "id": run.id, "created_at": run.created_at, "updated_at": run.updated_at,
        "head_sha": "abc", "status": "completed", "name": "Run Sweep",
        "conclusion": run.conclusion.as_deref().unwrap_or("success"),
    })
}

fn artifact_json(artifact: &Artifact) -> Value {
    let digest = artifact.digest.then(|| {
        let digest = Sha256::digest(&artifact.zip);
        format!("sha256:{}", mantile_reconcile::base::text::hex(&digest))
    });
    json!({
        "id": artifact.id, "name": artifact.name, "size_in_bytes": artifact.zip.len(),
        "expired": artifact.expired, "digest": digest, "archive_download_url": "unused",
    })
}

fn paged(state: &State, request: &Request, key: &str, items: &[Value]) -> ResponseTemplate {
    let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
    let page: usize = query.get("page").map_or(1, |page| page.parse().unwrap());
    let start = ((page - 1) * state.page).min(items.len());
    let end = (page * state.page).min(items.len());
    let body = json!({ "total_count": items.len(), key: items[start..end] });
    let answer = ResponseTemplate::new(200).set_body_json(body);
    if end == items.len() || state.without_link {
        return answer;
    }
    let mut next: reqwest::Url = format!("{}{}", state.api, request.url.path()).parse().unwrap();
    let others: Vec<_> =
        request.url.query_pairs().into_owned().filter(|(name, _)| name != "page").collect();
    next.query_pairs_mut().extend_pairs(others).append_pair("page", &(page + 1).to_string());
    let link = format!("<{next}>; rel=\"next\", <{}>; rel=\"last\"", request.url);
    answer.insert_header("link", link.as_str())
}

/// The store: gives an archive whole, or from a byte on.
fn blob(state: &Shared, request: &Request) -> ResponseTemplate {
    let mut state = state.lock().unwrap();
    let path = log(&mut state, request);
    if let Some(fault) = fault(&mut state, &path) {
        return fault;
    }
    let id = request.url.path().strip_prefix("/blob/").unwrap();
    let mut artifacts = state.runs.iter().flat_map(|run| &run.artifacts);
    let artifact = artifacts.find(|artifact| artifact.id.to_string() == id).unwrap();
    ResponseTemplate::new(200).set_body_bytes(artifact.zip.clone())
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn artifact(id: u64, name: &str, file: &str, results: &Value) -> Artifact {
    let zip = zip(&[(file, results.to_string().as_bytes())]);
    Artifact { id, name: name.to_owned(), zip, digest: true, ..Artifact::default() }
}

/// A run of this id with an aggregate of one result of this concurrency.
fn run(id: u64, conc: u32) -> Run {
    let created_at = format!("2026-06-{:02}T12:00:00Z", id % 100 + 1);
    Run {
        id,
        updated_at: created_at.clone(),
        created_at,
        conclusion: None,
        artifacts: vec![artifact(
            10 * id,
            "results_bmk",
            "agg_bmk.json",
            &json!([result(conc, 100.0)]),
        )],
    }
}

/// Neither token nor signature is printed, or in any file.
fn no_secret_in(ran: &Ran, project: &Project) {
    for secret in [TOKEN, SIGNATURE] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{}", ran.stderr);
        let mut open = vec![project.path("cache")];
        open.extend(project.path("out.csv").exists().then(|| project.path("out.csv")));
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else if let Ok(bytes) = std::fs::read(&path) {
                let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "{} holds a secret", path.display());
            }
        }
    }
}

fn says(ran: &Ran, code: i32, texts: &[&str]) {
    assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
    for text in texts {
        let found = ran.stderr.contains(text) || ran.stdout.contains(text);
        assert!(found, "no `{text}` in\n{}\n{}", ran.stdout, ran.stderr);
    }
}

fn run_ids(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let rows = mantile_reconcile::row::read(Path::new("out.csv"), &text, "inferencemax", &[]);
    rows.unwrap().into_iter().map(|row| row.provenance.run_id).collect()
}

/// The run's folder in the cache.
fn cached(project: &Project, github: &GitHub, path: &str) -> std::path::PathBuf {
    let port = github.api.address().port();
    let folder = format!("cache/127.0.0.1_{port}_SemiAnalysisAI_InferenceX");
    project.path(&folder).join(path)
}

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
            "2 configurations written to out.csv",
        ],
    );
    assert_eq!(run_ids(&project), ["301", "302"]);
    // As if the files had been there all along.
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
    // Again, it asks for the list and for nothing else.
    let again = github.fetch(&project, &["--collect-recent", "2"]);
    says(&again, 0, &["fetched 0 runs, 2 from the cache"]);
    assert_eq!(account(&again), account(&ran));
    assert_eq!((github.asked("/repos/"), github.asked("/blob/")), (api + 1, store));
    // And without anybody to ask.
    let offline = github.fetch(&project, &["--collect-recent", "2", "--offline"]);
    assert_eq!(account(&offline), account(&ran));
    assert_eq!(github.asked("/repos/"), api + 1);
}

#[tokio::test]
async fn a_run_is_fetched_again_when_the_remote_is_newer() {
    let project = Project::new();
    let github = GitHub::start(vec![run(301, 4)]).await;
    says(&github.fetch(&project, &["301"]), 0, &["fetched 1 run, 0 from the cache"]);
    // A change that leaves the artifacts alone downloads none.
    github.change(|state| state.runs[0].updated_at = "2026-06-20T00:00:00Z".to_owned());
    says(&github.fetch(&project, &["301"]), 0, &["fetched 0 runs, 1 from the cache"]);
    assert_eq!((github.asked("/blob/"), github.asked("/artifacts?")), (1, 2));
    says(&github.fetch(&project, &["301"]), 0, &["fetched 0 runs, 1 from the cache"]);
    assert_eq!(github.asked("/artifacts?"), 2);
    // A further attempt uploads its artifact anew; the newest of the name counts.
    github.change(|state| {
        state.runs[0].updated_at = "2026-06-21T00:00:00Z".to_owned();
        let results = json!([result(4, 100.0), result(16, 100.0)]);
        state.runs[0].artifacts.push(artifact(3019, "results_bmk", "agg_bmk.json", &results));
    });
    says(
        &github.fetch(&project, &["301"]),
        0,
        &["fetched 1 run, 0 from the cache", "2 configurations"],
    );
    assert_eq!((github.asked("/blob/3010"), github.asked("/blob/3019")), (1, 1));
    // When they expire, what is here stays.
    github.change(|state| {
        state.runs[0].updated_at = "2026-06-22T00:00:00Z".to_owned();
        state.runs[0].artifacts.iter_mut().for_each(|artifact| artifact.expired = true);
    });
    says(&github.fetch(&project, &["301"]), 0, &["fetched 0 runs, 1 from the cache"]);
    // A cache that was damaged is none.
    std::fs::write(cached(&project, &github, "run_301/results_bmk/agg_bmk.json"), "[").unwrap();
    says(&github.fetch(&project, &["301"]), 2, &["no results: ", "expired: 1 (301)"]);
}

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
    // That they have none is remembered, too.
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
async fn the_old_generations_artifacts_are_aggregates_or_one_a_configuration() {
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
    says(&ran, 0, &["3 artifacts fetched, 3 files", "read 3 results in 3 files"]);
    // The aggregate has what its part would give.
    assert_eq!(github.asked("/blob/6"), 0);
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let github = GitHub::start(vec![run(300, 4)]).await;
    let project = Project::new();
    let refusal = |status, message: &str| {
        ResponseTemplate::new(status).set_body_json(json!({ "message": message }))
    };
    // The service repeats the token, which is then still not shown.
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
    // The other variable does as well; one that is empty counts as not set.
    let mut command = project.command(&arguments);
    let ran = Ran::from(command.env("GITHUB_TOKEN", "").env("GH_TOKEN", TOKEN).output().unwrap());
    says(&ran, 0, &["fetched 1 run"]);
    assert!(github.state.lock().unwrap().asked.iter().rev().any(|(_, token)| *token));
}

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

    // Until the allowance is renewed it is too long: 3, with the time at which to go on.
    let reset = (jiff::Timestamp::now().as_second() + 3000).to_string();
    let spent = |status| {
        limited(status)
            .insert_header("x-ratelimit-remaining", "0")
            .insert_header("x-ratelimit-reset", reset.as_str())
    };
    let then = jiff::Timestamp::from_second(reset.parse::<i64>().unwrap() + 1).unwrap();
    github.fault("/runs", spent(403), 1);
    let ran = github.fetch(&project, &["--collect-recent", "1"]);
    says(&ran, 3, &[&format!("go on at {then}"), "missing: 1 of the 1 recent runs", "--max-wait"]);
    // A secondary limit names no time, and may say so in words alone.
    let secondary = ResponseTemplate::new(403)
        .set_body_json(json!({ "message": "You have exceeded a secondary rate limit" }));
    github.fault("/runs", secondary, 1);
    let ran = github.fetch(&project, &["--collect-recent", "1", "--max-wait", "5"]);
    says(&ran, 3, &["secondary rate limit", "go on at "]);
    // The last request of an allowance is answered; the next one is not sent.
    let project = Project::new();
    let last = ResponseTemplate::new(200).set_body_json(run_json(&run(300, 4)));
    let last = last.insert_header("x-ratelimit-remaining", "0");
    github.fault("/runs/300", last.insert_header("x-ratelimit-reset", reset.as_str()), 1);
    let before = github.asked("/artifacts");
    let ran = github.fetch(&project, &["300"]);
    says(
        &ran,
        3,
        &["the allowance of requests to 127.0.0.1 is spent", &format!("go on at {then}")],
    );
    assert_eq!(github.asked("/artifacts"), before);
}

#[tokio::test]
async fn a_passing_fault_is_asked_again_and_a_lasting_one_leaves_what_was_fetched() {
    let project = Project::new();
    let github = GitHub::start(vec![run(302, 8), run(301, 4)]).await;
    let broken = |status| ResponseTemplate::new(status).set_body_string("<html>oops</html>");
    github.fault("/runs/302/artifacts", broken(502), 1);
    github.fault("/blob/3020", broken(500), 1);
    // The signed address went stale: the API gives another.
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
            "what was fetched stays",
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

    // What is no JSON of GitHub's, and nobody there at all.
    github.fault("/runs", ResponseTemplate::new(200).set_body_string("<html>"), 1);
    let ran = github.fetch(&project, &["--collect-recent", "1"]);
    says(&ran, 3, &["answered what is no list", "check --github-api"]);
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

#[tokio::test]
async fn an_archive_that_is_not_safe_is_refused_and_the_others_are_not() {
    let project = Project::new();
    let bomb = zip(&[("agg_bmk.json", &vec![b' '; 8 << 20])]);
    let escape = zip(&[("agg_bmk.json", b"[]"), ("../../evil.json", b"[]")]);
    let mut link = ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("agg_bmk.json", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = link.finish().unwrap().into_inner();
    let with = |id, zip| {
        let mut run = run(id, 4);
        run.artifacts[0].zip = zip;
        run
    };
    let mut up = run(303, 4);
    up.artifacts[0].name = "results_/../../up".to_owned();
    let runs = vec![with(306, bomb), with(305, escape), with(304, link), up, run(302, 8)];
    let github = GitHub::start(runs).await;
    let ran = github.fetch(&project, &["--collect-recent", "5"]);
    says(
        &ran,
        2,
        &[
            "artifact results_bmk of run 306 is refused: entry \"agg_bmk.json\" unpacks to more than 200",
            "run 305 is refused: entry \"../../evil.json\" leads out of its folder",
            "run 304 is refused: entry \"agg_bmk.json\" is a symbolic link",
            "run 303 is refused: the name \"results_/../../up\" is no folder's",
            "the artifacts of 4 runs are refused (306, 305, 304, 303); fetched 1 run",
        ],
    );
    let folder = cached(&project, &github, "");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".lock", "downloads", "run_302"]);
    assert_eq!(std::fs::read_dir(folder.join("downloads")).unwrap().count(), 0);
    assert!(!project.path("cache/evil.json").exists() && !project.path("evil.json").exists());
    says(
        &github.fetch(&project, &["--collect-recent", "5", "--offline"]),
        0,
        &["1 configurations"],
    );
    // Stated sizes beyond bounds are not even asked for.
    let huge = json!({ "total_count": 1, "artifacts": [{ "id": 1, "name": "results_bmk",
                       "size_in_bytes": 1_u64 << 40, "expired": false }] });
    github.fault("/runs/302/artifacts", ResponseTemplate::new(200).set_body_json(huge), 1);
    let ran = github.fetch(&Project::new(), &["302"]);
    says(&ran, 2, &["it has 1048576.0 MiB, the most is 256.0 MiB"]);
    assert_eq!(github.asked("/artifacts/1/zip"), 0);
}

#[tokio::test]
async fn an_archive_that_comes_damaged_is_fetched_once_more() {
    let project = Project::new();
    let github = GitHub::start(vec![run(300, 4)]).await;
    // Without a digest only the archive itself tells.
    github.change(|state| state.runs[0].artifacts[0].digest = false);
    let half = || ResponseTemplate::new(200).set_body_bytes(vec![b'P', b'K', 3, 4, 0, 0]);
    github.fault("/blob/", half(), 1);
    says(&github.fetch(&project, &["300"]), 0, &["fetched 1 run"]);
    let project = Project::new();
    github.fault("/blob/", half(), 2);
    says(&github.fetch(&project, &["300"]), 3, &["run 300 came damaged, twice"]);
    assert!(!cached(&project, &github, "run_300").exists());
    // With one it tells, too.
    github.change(|state| state.runs[0].artifacts[0].digest = true);
    github.fault("/blob/", half(), 9);
    let ran = github.fetch(&project, &["300", "--retries", "1"]);
    says(&ran, 3, &["what came is not what was stored (2 tries)"]);
}

#[tokio::test]
async fn a_repository_that_moved_is_followed_with_the_token_and_a_stranger_without() {
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
    // In circles, and to where a token would be read by all.
    github.fault("/runs", to("/runs"), 99);
    says(&github.fetch(&project, &["300"]), 3, &["redirects without end"]);
    let github = GitHub::start(vec![]).await;
    github.fault("/runs", to("ftp://elsewhere.invalid/"), 1);
    says(&github.fetch(&project, &["300"]), 3, &["redirects to where nobody can follow"]);
    // The next page of a list is the API's own, or there is none.
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

#[tokio::test]
async fn a_run_that_failed_or_is_under_way_is_taken_and_said_to_be() {
    let project = Project::new();
    let mut failed = run(300, 4);
    failed.conclusion = Some("failure".to_owned());
    let github = GitHub::start(vec![failed]).await;
    let ran = github.fetch(&project, &["300"]);
    says(&ran, 0, &["note: run 300 ended in failure: it may have only a part of its results"]);
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

/// A store that cuts what it sends. It gives, for each connection, the request's `Range`.
struct CuttingStore {
    url: String,
    ranges: Arc<Mutex<Vec<Option<String>>>>,
}

/// What a store does about `Range`.
#[derive(Clone, Copy, PartialEq)]
enum Parts {
    Given,
    Ignored,
    Wrong,
}

impl CuttingStore {
    /// Sends `zip`, the first time only its first half.
    fn start(zip: Vec<u8>, parts: Parts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&ranges);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let range = range(&mut stream);
                log.lock().unwrap().push(range.clone());
                let begin: usize = range.map_or(0, |range| range.parse().unwrap());
                send(&mut stream, &zip, begin, number == 0, parts);
            }
        });
        Self { url, ranges }
    }
}

/// The byte that a request asks to begin at.
fn range(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
    }
    let request = String::from_utf8(request).unwrap().to_ascii_lowercase();
    assert!(!request.contains("authorization"), "{request}");
    let value = request.lines().find_map(|line| line.strip_prefix("range: bytes="))?;
    Some(value.trim_end_matches('-').to_owned())
}

fn send(stream: &mut TcpStream, zip: &[u8], begin: usize, cut: bool, parts: Parts) {
    let total = zip.len();
    let (status, from) = match parts {
        Parts::Given if begin > 0 => ("206 Partial Content", begin),
        Parts::Wrong if begin > 0 => ("206 Partial Content", begin - 1),
        _ => ("200 OK", 0),
    };
    let length = total - from;
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\
         content-range: bytes {from}-{}/{total}\r\n\r\n",
        total - 1
    );
    let end = if cut { total / 2 } else { total };
    let _ = stream.write_all(&zip[from..end]);
}

/// Incompressible text, so that half of its archive is a good part of it.
fn long_results() -> Value {
    let mut random = 1_u64;
    let noise: String = std::iter::repeat_with(|| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{random:x}")
    })
    .take(20_000)
    .collect();
    let mut object = result(4, 100.0);
    object["a_key_of_tomorrow"] = noise.into();
    json!([object])
}

async fn cutting(parts: Parts) -> (GitHub, CuttingStore) {
    let mut run = run(300, 4);
    run.artifacts = vec![artifact(3000, "results_bmk", "agg_bmk.json", &long_results())];
    let store = CuttingStore::start(run.artifacts[0].zip.clone(), parts);
    let github = GitHub::start(vec![run]).await;
    github.change(|state| state.store.clone_from(&store.url));
    (github, store)
}

#[tokio::test]
async fn a_download_that_was_cut_goes_on_where_it_was() {
    let (github, store) = cutting(Parts::Given).await;
    let half = github.state.lock().unwrap().runs[0].artifacts[0].zip.len() / 2;
    let project = Project::new();
    says(&github.fetch(&project, &["300"]), 0, &["fetched 1 run"]);
    assert_eq!(*store.ranges.lock().unwrap(), [None, Some(half.to_string())]);
    // In another run of the program.
    let (github, store) = cutting(Parts::Given).await;
    let project = Project::new();
    let ran = github.fetch(&project, &["300", "--retries", "0"]);
    says(&ran, 3, &["the answer broke off", "(1 try)", "missing: run 300"]);
    let partial = cached(&project, &github, "downloads/3000.zip.part");
    assert_eq!(partial.metadata().unwrap().len(), half as u64);
    says(&github.fetch(&project, &["300", "--retries", "0"]), 0, &["fetched 1 run"]);
    assert_eq!(*store.ranges.lock().unwrap(), [None, Some(half.to_string())]);
    assert!(!partial.exists());
}

#[tokio::test]
async fn a_store_without_parts_begins_anew() {
    for parts in [Parts::Ignored, Parts::Wrong] {
        let (github, store) = cutting(parts).await;
        let project = Project::new();
        says(&github.fetch(&project, &["300"]), 0, &["fetched 1 run"]);
        let asked = store.ranges.lock().unwrap().len();
        assert_eq!(asked, if parts == Parts::Ignored { 2 } else { 3 });
    }
}

#[test]
fn what_cannot_be_fetched_is_refused_at_once() {
    let project = Project::new();
    for (arguments, text) in [
        (&["--repository", "InferenceX", "1"][..], "write it as owner/name"),
        (&["--repository", "../..", "1"], "write it as owner/name"),
        (&["--workflow", "../x", "1"], "use letters"),
        (&["--workflow", "..", "1"], "that is no name"),
        (&["--since", "yesterday"], "write 2026-06-01"),
        (&["--collect-recent", "0"], "0 is not in 1..=1000"),
        (&["--github-api", "api.github.com", "1"], "is not a service's URL"),
        (&["--github-api", "http://example.invalid", "1"], "for all to read"),
        (&["--api-model", "x", "a.json"], "--api"),
        (&[], "required"),
        (&["1", "--offline"], "not in the cache: 1"),
        (&["--collect-recent", "1", "--offline"], "the cache has no such run"),
        (&["--api", "http://127.0.0.1:9", "--offline"], "the cache has no answer"),
        // Digits are a run, a file of that name is written otherwise.
        (&["./123"], "cannot read ./123"),
    ] {
        let mut command = project.command(&["extract", "--model", MODEL, "--output", "out.csv"]);
        command.args(arguments).env("GITHUB_TOKEN", TOKEN);
        let ran = Ran::from(command.output().unwrap());
        says(&ran, 2, &[text]);
        no_secret_in(&ran, &project);
    }
    let mut command = project.command(&["extract", "--model", MODEL, "1"]);
    let ran = Ran::from(command.env("GITHUB_TOKEN", format!("{TOKEN}\nx")).output().unwrap());
    says(&ran, 2, &["GITHUB_TOKEN holds no token"]);
    no_secret_in(&ran, &project);
}

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
    says(&ran, 0, &["inferencemax 1", "2 configurations written"]);
    // Of a single node the GPUs are its parallelism, 4, not the 16 that the answer says.
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let rows = mantile_reconcile::row::read(Path::new("out.csv"), &text, "inferencemax", &[]);
    assert_eq!(rows.unwrap()[0].identity.gpus(), 4);
    let again = ask(&[]);
    says(&again, 0, &["has not changed since"]);
    assert_eq!(again.stdout, ran.stdout);
    let before = server.received_requests().await.unwrap().len();
    assert_eq!(ask(&["--offline"]).stdout, ran.stdout);
    assert_eq!(server.received_requests().await.unwrap().len(), before);
    // A cached answer that was changed is asked for anew.
    let port = server.address().port();
    let path = format!("cache/127.0.0.1_{port}/model_gpt-oss-120b/benchmarks.json");
    std::fs::write(project.path(&path), "[]").unwrap();
    assert_eq!(ask(&[]).stdout, ran.stdout);

    says(&ask(&["--api-date", "2026-06-01"]), 2, &["has no rows", "--api-date"]);
    let ran = ask(&["--api-model", "nobody"]);
    says(&ran, 2, &["answered 400: Unknown model", "`nobody` is no model's display name there"]);
    says(&ask(&["--api-model", "listed"]), 2, &["the models are: a-1, b-2"]);
    says(&ask(&["--api-model", "down"]), 3, &["answered 500 (1 try)"]);
}
