//! A browser that opens pages and runs scripts in them.

use std::fs;
use std::io::Write as _;
use std::process::Command;

use serde_json::{Value, json};

/// An installed browser that opens pages. Without one, stderr says why the test is skipped.
pub(super) fn browser() -> Option<&'static str> {
    let opens = |name: &&str| {
        let page = "data:text/html,<p>opened</p>";
        let ran = Command::new(name).args(HEADLESS).args(["--dump-dom", page]).output();
        ran.is_ok_and(|ran| String::from_utf8_lossy(&ran.stdout).contains("opened"))
    };
    let found = ["chromium", "chromium-browser", "google-chrome", "chrome"].into_iter().find(opens);
    if found.is_none() {
        // The test harness captures the text of `eprintln!`.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no chromium, chromium-browser, google-chrome or chrome opens a page"
        );
    }
    found
}

/// The arguments for a headless browser that is alone with a page.
pub(super) const HEADLESS: [&str; 7] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Opens a page, runs a script at its end that fills `out`, and gives `out`. Fails on any error of the page and
/// on any request to the network.
pub(super) fn opened(browser: &str, page: &str, script: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let watch =
        "<script>window.faults = []; addEventListener('error', e => faults.push(e.message));
        console.error = m => faults.push(String(m));</script>";
    let end = format!(
        "<script>const out = {{}};\n{script}\nsetTimeout(() => {{
            if (typeof later === 'function') later();
            out.requests = performance.getEntriesByType('resource').length;
            out.faults = window.faults;
            const pre = document.createElement('pre');
            pre.id = 'found';
            pre.textContent = encodeURIComponent(JSON.stringify(out));
            document.body.append(pre);
        }}, 50);</script></body>"
    );
    let page = page.replacen("<head>", &format!("<head>{watch}"), 1);
    let page = page.replacen("</body>", &end, 1);
    fs::write(&path, page).unwrap();
    let ran = Command::new(browser)
        .args(HEADLESS)
        .args(["--dump-dom", "--virtual-time-budget=3000", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    // Errors that are not exceptions, such as an invalid path, are only in the log.
    let log = String::from_utf8_lossy(&ran.stderr);
    let messages: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).take(3).collect();
    assert!(messages.is_empty(), "{messages:?}");
    let document = String::from_utf8(ran.stdout).unwrap();
    let encoded =
        document.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let encoded = encoded.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    let out: Value = serde_json::from_slice(&percent_decoded(encoded)).unwrap();
    assert_eq!(out["faults"], json!([]), "{out}");
    assert_eq!(out["requests"], 0, "{out}");
    out
}

/// The bytes that `encodeURIComponent` encoded.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    bytes
}

/// Compares values that a script found with the expected ones.
pub(super) fn expect(found: &Value, expected: &[(&str, Value)]) {
    for (key, value) in expected {
        assert_eq!(found[*key], *value, "{key}: {found}");
    }
}
