//! The client distinguishes answers from faults, retries, and gives up in the end.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mantile_reconcile::mantile::{Client, ClientOptions, Reply};

use super::project::{MODEL, Project, Ran};

/// The behaviour of a service on its n-th connection.
type Behaviour = fn(usize, &mut TcpStream);

/// Starts a service with this behaviour; returns its URL and its count of connections.
fn service(behaviour: Behaviour) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let number = counter.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            behaviour(number, &mut stream);
        }
    });
    (url, connections)
}

fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
}

async fn get(url: &str) -> Result<Reply, String> {
    let options = ClientOptions {
        timeout: Duration::from_millis(300),
        retries: 2,
        first_delay: Duration::from_millis(1),
    };
    Client::new(url, options).unwrap().get("/").await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_500_is_an_answer_and_not_retried() {
    let (url, connections) = service(|_, stream| {
        answer(
            stream,
            "500 Internal Server Error",
            "content-type: text/plain; charset=utf-8\r\n",
            "Oops",
        );
    });
    let reply = get(&url).await.unwrap();
    assert_eq!(
        (reply.status, reply.content_type.as_str(), reply.body.as_str()),
        (500, "text/plain", "Oops")
    );
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_busy_service_is_asked_again_after_the_delay_that_it_requests() {
    let (url, connections) = service(|number, stream| match number {
        0 => answer(stream, "503 Service Unavailable", "retry-after: 1\r\n", ""),
        1 => answer(stream, "429 Too Many Requests", "", ""),
        _ => answer(stream, "200 OK", "", "fine"),
    });
    let started = Instant::now();
    assert_eq!(get(&url).await.unwrap().body, "fine");
    assert_eq!(connections.load(Ordering::SeqCst), 3);
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "it did not wait as long as the service asked"
    );
}

#[tokio::test]
async fn a_dropped_connection_is_retried() {
    let (url, connections) = service(|number, stream| {
        if number > 0 {
            answer(stream, "200 OK", "", "fine");
        }
    });
    assert_eq!(get(&url).await.unwrap().body, "fine");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_incomplete_body_is_not_an_answer() {
    let (url, connections) = service(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{{\"ttft_ms\": 1");
    });
    let error = get(&url).await.unwrap_err();
    assert!(error.contains("the answer broke off") && error.contains("(3 tries)"), "{error}");
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_slow_service_is_an_error_after_the_last_try() {
    let (url, _) = service(|_, _| std::thread::sleep(Duration::from_millis(400)));
    let error = get(&url).await.unwrap_err();
    assert!(error.contains("no answer in time (3 tries)"), "{error}");
}

#[tokio::test]
async fn the_error_names_the_url_of_a_service_that_cannot_be_reached() {
    let url = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let error = get(&url).await.unwrap_err();
    assert!(error.contains(&url) && error.contains("cannot connect: "), "{error}");
}

#[test]
fn a_url_that_cannot_work_is_refused_at_once() {
    for url in ["localhost:8000", "ftp://example.invalid", "not a url"] {
        let error = Client::new(url, ClientOptions::default()).unwrap_err();
        assert_eq!(error.exit() as u8, 2, "{error}");
    }
}

#[test]
fn a_url_without_http_is_refused_with_a_suggestion_by_every_verb() {
    let project = Project::empty();
    let url = "127.0.0.1:8000";
    for verb in [
        &["run", "--api-url", url][..],
        &["estimate", "--model", MODEL, "--api-url", url],
        &["record", "--model", MODEL, "--release", "r", "--api-url", url],
        &["init-model", MODEL, "--api-url", url],
        &["audit", "--model", MODEL, "--api-url", url],
        &["explain", "m::r", "--api-url", url],
        &["gate", "--candidate", url],
        &["extract", "--model", MODEL, "--api", url],
    ] {
        let ran = project.run(verb);
        assert_eq!(ran.code, 2, "{verb:?}");
        let suggestion = "missing http://: did you mean http://127.0.0.1:8000?";
        assert!(ran.stderr.contains(suggestion), "{verb:?}: {}", ran.stderr);
    }
    let mut command = project.command(&["run"]);
    let ran = Ran::from(command.env("MANTILE_API_URL", "localhost:8000").output().unwrap());
    ran.is_as_reviewed("url_without_http");
}
