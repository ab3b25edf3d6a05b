//! A page with a bad address, without its script, on paper, and with markup in the data.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::super::project::{Project, edit};
use super::browser::{HEADLESS, browser, expect, opened};
use super::page_of;

#[test]
fn an_invalid_address_does_no_harm() {
    let Some(browser) = browser() else { return };
    let page = page_of(&Project::new());
    // Before the page's own script, which must run to its end.
    let page = page.replacen("<script>", "<script>location.hash = '%';</script><script>", 1);
    let found =
        opened(browser, &page, "out.filter = document.querySelector('form.filter').hidden;");
    expect(&found, &[("filter", json!(false))]);
}

#[test]
fn a_page_can_be_read_without_its_script_on_a_phone_and_on_paper() {
    let Some(browser) = browser() else { return };
    let project = Project::new();
    let page = page_of(&project);
    let path = project.path("plain.html");
    let rows = project.model().rows.len();

    let end = page.rfind("<script>").unwrap();
    let measure = "<script>document.title = [innerWidth, document.documentElement.scrollWidth,
        document.querySelectorAll('table.rows tbody tr').length,
        document.querySelectorAll('[hidden]').length].join();</script></body></html>";
    fs::write(&path, format!("{}{measure}", &page[..end])).unwrap();
    let open = |arguments: &[&str]| {
        let profile = tempfile::tempdir().unwrap();
        let ran = Command::new(browser)
            .args(HEADLESS)
            .args(arguments)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("file://{}", path.display()))
            .output()
            .unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let document = open(&["--window-size=500,900", "--dump-dom"]);
    let title = document.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
    let [width, scrolled, shown, hidden] =
        title.split(',').map(|n| n.parse::<usize>().unwrap()).collect::<Vec<_>>()[..]
    else {
        panic!("{title}")
    };
    assert!(width <= 500 && scrolled <= width, "not wider than a phone: {title}");
    assert_eq!(shown, rows, "all rows are there without the script");
    assert!(hidden > 3, "elements that need the script are hidden: {title}");

    let paper = project.path("page.pdf");
    open(&[&format!("--print-to-pdf={}", paper.display())]);
    assert!(fs::read(&paper).unwrap().starts_with(b"%PDF"));
}

#[test]
fn text_from_files_is_not_markup() {
    let script = "<script>window.faults.push('ran')</script><b class='from-data'>";
    let project = Project::new();
    let known = project.model_file("known_deviations.toml");
    edit(&known, "what the tests start from", script);
    edit(&project.model_file("reconcile.toml"), "unmapped = \"", &format!("unmapped = \"{script}"));
    let page = page_of(&project);
    assert!(!page.contains(script));
    assert!(page.matches("&lt;script&gt;window.faults.push").count() > 2);
    let Some(browser) = browser() else { return };
    let found = opened(
        browser,
        &page,
        "out.elements = document.querySelectorAll('.from-data').length;
         out.text = document.body.textContent.includes(\"<b class='from-data'>\");",
    );
    expect(&found, &[("elements", json!(0)), ("text", json!(true))]);
}
