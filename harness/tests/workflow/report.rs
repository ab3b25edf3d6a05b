//! `report`: what was found, in the models' folders.

use super::project::{MODEL, Project, RELEASE, edit};

const FILE: &str = "RECONCILIATION_SUMMARY.md";

#[test]
fn the_summaries_of_this_project_are_up_to_date() {
    let output = Project::empty()
        .command(&["report", "--check"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_summary_follows_the_rows_and_keeps_the_notes() {
    let project = Project::new();
    project.must(&["report", MODEL]);
    assert_eq!(project.run(&["report", MODEL, "--check"]).code, 0);
    edit(&project.model_file(FILE), "<!-- end of notes -->", "Looked at.\n<!-- end of notes -->");
    project.must(&["report", MODEL]);
    let read = || std::fs::read_to_string(project.model_file(FILE)).unwrap();
    let noted = read();
    assert!(noted.contains("Looked at."));

    // One measurement less.
    let csv = project.model_file("inferencemax.csv");
    let rows = std::fs::read_to_string(&csv).unwrap();
    let (kept, _) = rows.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&csv, format!("{kept}\n")).unwrap();
    let stale = project.run(&["report", MODEL, "--check"]);
    assert_eq!(stale.code, 1, "{}", stale.stderr);
    assert!(stale.stderr.contains("is out of date"), "{}", stale.stderr);
    assert_eq!(read(), noted, "a check writes nothing");
    project.must(&["report", MODEL]);
    assert!(read() != noted && read().contains("Looked at."));

    // With a mark gone, nothing of the notes is thrown away.
    edit(&project.model_file(FILE), "<!-- end of notes -->", "");
    let damaged = read();
    let refused = project.run(&["report", MODEL]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("one of the marks around the notes"), "{}", refused.stderr);
    assert_eq!(read(), damaged);
}

#[test]
fn an_accepted_release_has_its_summary() {
    let project = Project::new();
    project.must(&["report", MODEL]);
    let before = std::fs::read_to_string(project.model_file(FILE)).unwrap();
    let accept = ["gate", "--candidate", "95eb60b", "--accept", "--loosen", "for a test"];
    project.must(&accept);
    assert_eq!(project.run(&["report", MODEL, "--check"]).code, 0, "it is of the new release");
    let after = std::fs::read_to_string(project.model_file(FILE)).unwrap();
    assert!(before.contains(RELEASE) && after.contains("Mantile 95eb60b against measurement"));
}

/// The browser, where there is one.
fn chromium() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        std::process::Command::new(name)
            .arg("--version")
            .output()
            .is_ok_and(|ran| ran.status.success())
    })
}

/// Opens a page with a script put before its end, and gives what the document holds then.
fn opened(browser: &str, page: &str, script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let watch = "<script>window.faults=[];addEventListener('error',e=>faults.push(e.message));\
                 console.error=m=>faults.push(String(m))</script>";
    let page = page.replacen("<head>", &format!("<head>{watch}"), 1).replacen(
        "</body>",
        &format!("<script>{script}</script></body>"),
        1,
    );
    std::fs::write(&path, page).unwrap();
    let ran = std::process::Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--dump-dom",
            "--virtual-time-budget=3000",
        ])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    let document = String::from_utf8(ran.stdout).unwrap();
    let found = document.split("<pre id=\"found\">").nth(1).map(|rest| rest.split("</pre>").next());
    found.flatten().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&ran.stderr))).to_owned()
}

#[test]
fn a_browser_sorts_filters_and_changes_the_theme_without_a_fault_or_a_request() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no chromium, chromium-browser or google-chrome is here");
        return;
    };
    let project = Project::new();
    project.must(&["report", MODEL, "--output", "pages"]);
    let page = std::fs::read_to_string(project.path(&format!("pages/{MODEL}.html"))).unwrap();
    assert!(project.path("pages/index.html").exists());
    let script = "
        const rows = () => [...document.querySelectorAll('table.rows tbody tr')];
        const form = document.querySelector('form.filter');
        const out = {shown: rows().length, all: form.querySelector('output').textContent};
        const heads = [...document.querySelectorAll('table.rows thead th')];
        const tpot = heads.findIndex(head => head.textContent.startsWith('TPOT'));
        const click = () => heads[tpot].querySelector('button').click();
        const cells = () => rows().map(row => Number(row.cells[tpot].dataset.value));
        const lastMissing = () => { const c = cells(), n = c.findIndex(isNaN); return n < 0 || c.slice(n).every(isNaN); };
        const ratios = () => cells().filter(x => !isNaN(x));
        const off = x => Math.abs(Math.log(x));
        click();
        out.farthest = ratios().every((x, i, all) => i === 0 || off(all[i - 1]) >= off(x)) && lastMissing();
        click();
        out.rising = ratios().every((x, i, all) => i === 0 || all[i - 1] <= x) && lastMissing();
        click();
        out.falling = ratios().every((x, i, all) => i === 0 || all[i - 1] >= x) && ratios().length > 0 && lastMissing();
        click();
        out.first = rows()[0].cells[0].textContent;
        form.elements.q.value = 'h200 c64';
        form.dispatchEvent(new Event('input'));
        out.picked = rows().map(row => row.cells[0].textContent);
        form.elements.q.value = 'nothing is called so';
        form.dispatchEvent(new Event('input'));
        out.none = rows().length;
        const paper = () => getComputedStyle(document.body).backgroundColor;
        const before = paper();
        document.querySelector('.theme').click();
        out.themes = before !== paper();
        const marked = document.querySelector('#scatter-tpot .mark');
        const filled = [...document.querySelectorAll('#scatter-tpot .mark')].map(m => getComputedStyle(m).fill);
        const select = document.querySelector('form.colour select');
        select.value = 't';
        select.dispatchEvent(new Event('change', {bubbles: true}));
        const after = [...document.querySelectorAll('#scatter-tpot .mark')].map(m => getComputedStyle(m).fill);
        out.coloured = filled.some((colour, i) => colour !== after[i]);
        const legends = [...document.querySelectorAll('.legend.by-s, .legend.by-g, .legend.by-f, .legend.by-t')];
        out.legends = [...new Set(legends.filter(l => getComputedStyle(l).display !== 'none').map(l => l.className))];
        marked.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
        out.tip = document.querySelector('.tip').textContent;
        const third = document.querySelectorAll('details')[3];
        location.hash = third.id;
        out.requests = performance.getEntriesByType('resource').length;
        setTimeout(() => {
            out.unfolded = third.open;
            out.faults = window.faults;
            const pre = document.createElement('pre');
            pre.id = 'found';
            pre.textContent = JSON.stringify(out);
            document.body.append(pre);
        }, 50);
    ";
    let found = opened(browser, &page, script).replace("&gt;", ">").replace("&lt;", "<");
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let rows = project.model().rows;
    let has = |name: &str, part: &str| name.split("::").any(|own| own.starts_with(part));
    let picked = rows.iter().filter(|row| has(&row.name(), "h200") && has(&row.name(), "c64"));
    assert_eq!(found["picked"].as_array().unwrap().len(), picked.count(), "{found}");
    assert_eq!(found["all"], format!("{0} of {0}", rows.len()));
    for (key, expected) in [
        ("shown", serde_json::json!(rows.len().min(200))),
        ("farthest", true.into()),
        ("first", rows[0].name().into()),
        ("rising", true.into()),
        ("falling", true.into()),
        ("none", 0.into()),
        ("themes", true.into()),
        ("coloured", true.into()),
        ("legends", serde_json::json!(["legend by-t"])),
        ("tip", rows[0].name().into()),
        ("unfolded", true.into()),
        ("requests", 0.into()),
        ("faults", serde_json::json!([])),
    ] {
        assert_eq!(found[key], expected, "{key}: {found}");
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
    if chromium().is_none() {
        assert_eq!(first.code, 2, "{}", first.stderr);
        assert!(first.stderr.contains("no browser to take screenshots with"), "{}", first.stderr);
        return;
    }
    assert_eq!(first.code, 0, "{}", first.stderr);
    take("two");
    for view in ["light", "dark", "phone"] {
        let read = |folder: &str| {
            std::fs::read(project.path(&format!("{folder}/{MODEL}-{view}.png"))).unwrap()
        };
        assert!(read("one") == read("two"), "{view}");
        assert!(read("one").starts_with(b"\x89PNG"));
    }
    assert!(project.path("one/index-light.png").exists());
}

#[test]
fn a_run_has_its_pages() {
    let project = Project::new();
    let ran = project.must(&["run"]);
    let page = format!("target/reconcile/pages/{MODEL}.html");
    assert!(ran.stdout.contains(&format!("page: {page}")), "{}", ran.stdout);
    let page = std::fs::read_to_string(project.path(&page)).unwrap();
    assert!(page.contains("asked: nvidia_") && page.contains("answered: TTFT"));
    assert!(project.path("target/reconcile/pages/index.html").exists());
}
