//! `record` and `serve`: a recording holds exactly what was answered, and is written whole or not at all.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use mantile_reconcile::mantile::recording::{self, Miss, Recording};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use super::project::{MODEL, Project, RELEASE};

/// A running `serve`, which is stopped when dropped.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(project: &Project) -> Self {
        let mut command = project.command(&["serve", "--model", MODEL, "--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn record<'a>(release: &'a str, url: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&["record", "--model", MODEL, "--release", release, "--api-url", url][..], rest].concat()
}

#[test]
fn a_recording_of_the_stand_in_is_the_recording() {
    let project = Project::new();
    let serving = Serving::start(&project);
    project.must(&record("copy", &serving.url, &[])).is_as_reviewed("record");
    let (original, copy) =
        (project.recording(), recording::load(project.root(), "copy", MODEL).unwrap());
    assert_eq!(original.entries.len(), copy.entries.len());
    for (key, entry) in &original.entries {
        assert_eq!(entry.reply.digest, copy.entries[key].reply.digest, "{key}");
    }
    assert_eq!(project.run(&record(RELEASE, &serving.url, &["--mode", "diff"])).code, 0);
}

#[test]
fn only_the_rows_that_where_selects_are_asked_for() {
    let project = Project::new();
    let serving = Serving::start(&project);
    let mut recording = project.recording();
    let whole = recording.entries.len();
    recording.entries.clear();
    recording::save(&recording).unwrap();
    let of_h100 = ["--where", "gpu_model = h100", "--mode"];
    let ran = project.run(&record(RELEASE, &serving.url, &of_h100[..2]));
    ran.is_as_reviewed("record_where_without_a_mode");
    project.must(&record(RELEASE, &serving.url, &[&of_h100[..], &["record-missing"]].concat()));
    let some = project.recording().entries;
    assert!(!some.is_empty() && some.len() < whole, "{} of {whole}", some.len());
    let asks_hopper = |entry: &recording::RecordedAnswer| {
        entry.request.decode_req.hardware_id == "nvidia_h100_80gb"
    };
    assert!(some.values().all(asks_hopper));
    project.must(&record(RELEASE, &serving.url, &[&of_h100[..], &["diff"]].concat()));
}

#[test]
fn only_what_is_missing_is_asked() {
    let project = Project::new();
    let serving = Serving::start(&project);
    let mut recording = project.recording();
    let answers = recording.entries.len();
    recording.entries.pop_first();
    recording.entries.pop_last();
    recording::save(&recording).unwrap();
    let json = ["--mode", "record-missing", "--format", "json"];
    let ran = project.run(&record(RELEASE, &serving.url, &json));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.is_as_reviewed("record_missing_json");
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let line = &document["lines"][0];
    assert_eq!((&line["answers"], &line["asked"]), (&answers.into(), &2.into()));
}

#[test]
fn a_changed_answer_is_a_difference() {
    let project = Project::new();
    let serving = Serving::start(&project);
    project.change_answers(|body, _| {
        let tpot = body["tpot_ms"].as_f64().unwrap();
        body["tpot_ms"] = (tpot * 1.01).into();
    });
    let ran = project.run(&record(RELEASE, &serving.url, &["--mode", "diff"]));
    ran.is_as_reviewed("record_diff");
    let Recording { entries, pages, .. } = project.recording();
    let (answers, all) = (entries.len(), entries.len() + pages.len());
    let differ = format!("{answers} of {all} live answers differ");
    assert!(ran.stdout.contains(&differ), "{}", ran.stdout);
    let json = ["--mode", "diff", "--format", "json"];
    let ran = project.run(&record(RELEASE, &serving.url, &json));
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let lines = document["lines"].as_array().unwrap();
    assert_eq!(lines.len(), answers);
    assert_eq!((&lines[0]["field"], &lines[0]["fields"]), (&"tpot_ms".into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_midway_leaves_the_recording_as_it_was() {
    let project = Project::new();
    let before = std::fs::read(project.recording().path).unwrap();
    let server = project.service().await;
    Mock::given(path("/config/system-metrics"))
        .respond_with(ResponseTemplate::new(200).set_body_raw("{}", "application/json"))
        .up_to_n_times(20)
        .mount(&server)
        .await;
    Mock::given(path("/config/system-metrics"))
        .respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    let ran = project.run(&record(RELEASE, &server.uri(), &["--retries", "0"]));
    ran.is_as_reviewed("record_of_a_busy_service");
    assert_eq!(std::fs::read(project.recording().path).unwrap(), before);
}

#[test]
fn the_stand_in_answers_as_mantile_would() {
    let project = Project::new();
    let serving = Serving::start(&project);
    let entry = project.recording().entries.into_values().next().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let get = |path: &str| http.get(format!("{}{path}", serving.url)).send();
        assert_eq!(get("/").await.unwrap().status(), 200);
        assert!(
            get("/hardware").await.unwrap().text().await.unwrap().contains("nvidia_nvl72_rack")
        );
        let post = |body: String| {
            let request = http.post(format!("{}/config/system-metrics", serving.url));
            request.header("content-type", "application/json").body(body).send()
        };
        let terse = serde_json::to_string(&entry.request).unwrap();
        let body: serde_json::Value = post(terse).await.unwrap().json().await.unwrap();
        assert!(body["debug"]["prefill_layer_details"].is_null(), "no breakdown unless asked");
        let full = serde_json::to_string(&entry.request.clone().with_debug(true)).unwrap();
        let body: serde_json::Value = post(full).await.unwrap().json().await.unwrap();
        assert!(body["debug"]["prefill_layer_details"].is_object());
        assert_eq!(post("{}".to_owned()).await.unwrap().status(), 422);
        let mut unknown = entry.request.clone();
        unknown.decode_req.batch_size += 12_345;
        let reply = post(serde_json::to_string(&unknown).unwrap()).await.unwrap();
        assert_eq!(reply.status(), 404);
        assert!(reply.headers().contains_key(recording::RECORDING_MISS_HEADER));
        let miss: Miss = reply.json().await.unwrap();
        let nearest = miss.nearest.unwrap();
        assert!(nearest.differences.iter().any(|field| field.path == "decode_req.batch_size"));
        assert!(
            miss.help.starts_with("record it: mantile-reconcile record --model"),
            "{}",
            miss.help
        );
        assert_eq!(get("/unknown").await.unwrap().json::<Miss>().await.unwrap().nearest, None);
    });
}
