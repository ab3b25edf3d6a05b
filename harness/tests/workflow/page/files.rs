//! The files that make up the pages: one per model, the index, and screenshots.

use std::fs;
use std::path::Path;

use mantile_reconcile::judge::model;
use serde_json::json;

use super::super::project::{MODEL, Project};
use super::browser::{browser, expect, opened};

#[test]
fn every_model_has_a_page_that_opens_and_the_index_leads_to_it() {
    let project = Project::empty();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = project.path("pages");
    project.must(&["run", "--root", env!("CARGO_MANIFEST_DIR"), "--output", "."]);
    let models = model::list(checkout).unwrap();
    assert!(models.len() > 3);
    let read = |name: &str| fs::read_to_string(pages.join(name)).unwrap();
    let index = read("index.html");
    for model in &models {
        assert_eq!(index.matches(&format!("href=\"{model}.html\"")).count(), 1, "{model}");
    }
    let Some(browser) = browser() else { return };
    let found = opened(browser, &index, "out.rows = document.querySelectorAll('tbody tr').length;");
    expect(&found, &[("rows", json!(models.len()))]);
    for model in &models {
        let found = opened(
            browser,
            &read(&format!("{model}.html")),
            "out.empty = [...document.querySelectorAll('section')].filter(s => !s.textContent.trim()).length;
             out.nowhere = [...document.querySelectorAll('a[href^=\"#\"]')]
                .filter(a => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).length;
             out.nan = /NaN|inf\\b/.test(document.querySelector('main').textContent);",
        );
        expect(&found, &[("empty", json!(0)), ("nowhere", json!(0)), ("nan", json!(false))]);
    }
}

#[test]
fn the_index_lists_all_pages_in_its_folder() {
    let project = Project::new();
    project.must(&["report", MODEL, MODEL, "--output", "pages"]);
    let other = project.path("pages/another_model.html");
    let page = fs::read_to_string(project.path(&format!("pages/{MODEL}.html"))).unwrap();
    fs::write(&other, page.replace(MODEL, "another_model")).unwrap();
    fs::write(project.path("pages/notes.html"), "<p>not a page of this program</p>").unwrap();
    project.must(&["report", MODEL, "--output", "pages"]);
    let index = fs::read_to_string(project.path("pages/index.html")).unwrap();
    for (name, times) in [(MODEL, 1), ("another_model", 1), ("notes", 0)] {
        assert_eq!(index.matches(&format!("href=\"{name}.html\"")).count(), times, "{name}");
    }
}

#[test]
fn screenshots_are_the_same_each_time() {
    let project = Project::new();
    let take = |folder: &str| {
        let arguments = ["report", MODEL, "--output", "pages", "--screenshots", folder];
        project.run(&arguments)
    };
    let first = take("one");
    if browser().is_none() {
        assert_eq!(first.code, 2, "{}", first.stderr);
        let says = |what: &str| first.stderr.contains(what);
        assert!(says("no browser to take") || says("took no screenshot"), "{}", first.stderr);
        return;
    }
    assert_eq!(first.code, 0, "{}", first.stderr);
    take("two");
    for view in ["light", "dark", "phone"] {
        let read =
            |folder: &str| fs::read(project.path(&format!("{folder}/{MODEL}-{view}.png"))).unwrap();
        assert!(read("one") == read("two"), "{view}");
        assert!(read("one").starts_with(b"\x89PNG"));
    }
    assert!(project.path("one/index-light.png").exists());
}

#[test]
fn run_writes_pages() {
    let project = Project::new();
    let ran = project.must(&["run"]);
    let page = format!("target/reconcile/pages/{MODEL}.html");
    assert!(ran.stdout.contains(&format!("page: {page}")), "{}", ran.stdout);
    let page = fs::read_to_string(project.path(&page)).unwrap();
    assert!(page.contains("asked: nvidia_") && page.contains("answered: TTFT"));
    assert!(project.path("target/reconcile/pages/index.html").exists());
}
