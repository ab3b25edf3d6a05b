//! Downloads that are cut, and resume.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::extract::result;
use super::super::project::Project;
use super::stand_in::{GitHub, artifact, cached, run, says};

/// A store that cuts the first download. It notes the `Range` of the request on each connection.
struct CuttingStore {
    url: String,
    ranges: Arc<Mutex<Vec<Option<String>>>>,
}

/// The way in which a store answers a `Range`.
#[derive(Clone, Copy, PartialEq)]
enum Parts {
    Given,
    Ignored,
    Wrong,
}

impl CuttingStore {
    /// A store that sends `zip`, but only its first half the first time.
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

/// The byte at which a request asks to begin.
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

/// Results with an incompressible text, so that half of their archive is long.
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
async fn a_download_resumes_where_it_was_cut() {
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
async fn a_download_starts_over_when_the_store_cannot_send_parts() {
    for parts in [Parts::Ignored, Parts::Wrong] {
        let (github, store) = cutting(parts).await;
        let project = Project::new();
        says(&github.fetch(&project, &["300"]), 0, &["fetched 1 run"]);
        let asked = store.ranges.lock().unwrap().len();
        assert_eq!(asked, if parts == Parts::Ignored { 2 } else { 3 });
    }
}
