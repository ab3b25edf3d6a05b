//! A stand-in for GitHub and for the store that it redirects downloads to, with faults on demand.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::super::extract::result;
use super::super::project::{MODEL, Project, Ran};

pub(super) const TOKEN: &str = "ghp_TOKENofTHEtest0123456789";

pub(super) const SIGNATURE: &str = "sigSECRETofTHEstore";

#[derive(Clone, Default)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) conclusion: Option<String>,
    pub(super) artifacts: Vec<Artifact>,
}

#[derive(Clone, Default)]
pub(super) struct Artifact {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) expired: bool,
    pub(super) zip: Vec<u8>,
    pub(super) digest: bool,
}

/// The content of a stand-in, and the requests that it received.
#[derive(Default)]
pub(super) struct State {
    pub(super) runs: Vec<Run>,
    pub(super) page: usize,
    pub(super) without_link: bool,
    /// Answers that are given first to paths that contain a text, this many times.
    pub(super) faults: Vec<(&'static str, ResponseTemplate, usize)>,
    /// The path and query of each request, and whether it had an `Authorization` header.
    pub(super) asked: Vec<(String, bool)>,
    pub(super) api: String,
    pub(super) store: String,
}

pub(super) type Shared = Arc<Mutex<State>>;

pub(super) struct GitHub {
    pub(super) api: MockServer,
    pub(super) store: MockServer,
    pub(super) state: Shared,
}

impl GitHub {
    pub(super) async fn start(runs: Vec<Run>) -> Self {
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

    pub(super) fn fault(&self, path: &'static str, answer: ResponseTemplate, times: usize) {
        self.state.lock().unwrap().faults.push((path, answer, times));
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// The number of requests for paths that contain this text.
    pub(super) fn asked(&self, path: &str) -> usize {
        let state = self.state.lock().unwrap();
        state.asked.iter().filter(|(asked, _)| asked.contains(path)).count()
    }

    pub(super) fn fetch(&self, project: &Project, arguments: &[&str]) -> Ran {
        let mut all = vec!["extract", "--model", MODEL, "--output", "out.csv", "--cache", "cache"];
        let uri = self.api.uri();
        all.extend(["--github-api", uri.as_str()]);
        all.extend(arguments);
        let ran = Ran::from(project.command(&all).env("GITHUB_TOKEN", TOKEN).output().unwrap());
        no_secret_in(&ran, project);
        ran
    }
}

pub(super) fn log(state: &mut State, request: &Request) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{}{query}", request.url.path());
    state.asked.push((path.clone(), request.headers.contains_key("authorization")));
    path
}

pub(super) fn fault(state: &mut State, path: &str) -> Option<ResponseTemplate> {
    let fault =
        state.faults.iter_mut().find(|(text, _, times)| path.contains(text) && *times > 0)?;
    fault.2 -= 1;
    Some(fault.1.clone())
}

pub(super) fn answer(state: &Shared, request: &Request) -> ResponseTemplate {
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

pub(super) fn run_json(run: &Run) -> Value {
    json!({
        "id": run.id, "created_at": run.created_at, "updated_at": run.updated_at,
        "head_sha": "abc", "status": "completed", "name": "Run Sweep",
        "conclusion": run.conclusion.as_deref().unwrap_or("success"),
    })
}

pub(super) fn artifact_json(artifact: &Artifact) -> Value {
    let digest = artifact.digest.then(|| {
        let digest = Sha256::digest(&artifact.zip);
        format!("sha256:{}", mantile_reconcile::base::text::hex(&digest))
    });
    json!({
        "id": artifact.id, "name": artifact.name, "size_in_bytes": artifact.zip.len(),
        "expired": artifact.expired, "digest": digest, "archive_download_url": "unused",
    })
}

pub(super) fn paged(
    state: &State,
    request: &Request,
    key: &str,
    items: &[Value],
) -> ResponseTemplate {
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

/// The answer of the store: an archive.
pub(super) fn blob(state: &Shared, request: &Request) -> ResponseTemplate {
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

pub(super) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn artifact(id: u64, name: &str, file: &str, results: &Value) -> Artifact {
    let zip = zip(&[(file, results.to_string().as_bytes())]);
    Artifact { id, name: name.to_owned(), zip, digest: true, ..Artifact::default() }
}

/// A run with this id, and an aggregate with one result at this concurrency.
pub(super) fn run(id: u64, conc: u32) -> Run {
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

/// Checks that neither the token nor the signature is printed or in any file.
pub(super) fn no_secret_in(ran: &Ran, project: &Project) {
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

pub(super) fn says(ran: &Ran, code: i32, texts: &[&str]) {
    assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
    for text in texts {
        let found = ran.stderr.contains(text) || ran.stdout.contains(text);
        assert!(found, "no `{text}` in\n{}\n{}", ran.stdout, ran.stderr);
    }
}

pub(super) fn run_ids(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let rows = mantile_reconcile::row::read(Path::new("out.csv"), &text, "inferencemax", &[]);
    rows.unwrap().into_iter().map(|row| row.provenance.run_id).collect()
}

/// A path in the repository's folder in the cache.
pub(super) fn cached(project: &Project, github: &GitHub, path: &str) -> std::path::PathBuf {
    let port = github.api.address().port();
    let folder = format!("cache/127.0.0.1_{port}_SemiAnalysisAI_InferenceX");
    project.path(&folder).join(path)
}
