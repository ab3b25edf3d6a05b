//! The pages of `report` and `run`, in a browser where there is one.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use mantile_reconcile::judge::model;
use serde_json::{Value, json};

use super::project::{MODEL, Project, edit};

/// A browser that opens pages, where there is one; else why the rest is skipped.
fn browser() -> Option<&'static str> {
    let opens = |name: &&str| {
        let page = "data:text/html,<p>opened</p>";
        let ran = Command::new(name).args(HEADLESS).args(["--dump-dom", page]).output();
        ran.is_ok_and(|ran| String::from_utf8_lossy(&ran.stdout).contains("opened"))
    };
    let found = ["chromium", "chromium-browser", "google-chrome", "chrome"].into_iter().find(opens);
    if found.is_none() {
        // Not by a macro, whose text is kept from who runs the tests.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no chromium, chromium-browser, google-chrome or chrome opens a page"
        );
    }
    found
}

const HEADLESS: [&str; 7] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Opens a page, runs a script on its end that fills `out`, and gives that, with the page's faults and
/// requests.
fn opened(browser: &str, page: &str, script: &str) -> Value {
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
    // Faults that are no exceptions, as a path that cannot be drawn, are told there alone.
    let log = String::from_utf8_lossy(&ran.stderr);
    let told: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).take(3).collect();
    assert!(told.is_empty(), "{told:?}");
    let document = String::from_utf8(ran.stdout).unwrap();
    let found =
        document.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found = found.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    let bytes = percent_decoded(found);
    let found: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(found["faults"], json!([]), "{found}");
    assert_eq!(found["requests"], 0, "{found}");
    found
}

/// What `encodeURIComponent` made of a text.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    bytes
}

/// The model's page, made by `report`.
fn page_of(project: &Project) -> String {
    project.must(&["report", MODEL, "--output", "pages"]);
    fs::read_to_string(project.path(&format!("pages/{MODEL}.html"))).unwrap()
}

fn expect(found: &Value, expected: &[(&str, Value)]) {
    for (key, expected) in expected {
        assert_eq!(found[*key], *expected, "{key}: {found}");
    }
}

#[test]
fn the_table_is_sorted_filtered_and_unfolds_rows() {
    let Some(browser) = browser() else { return };
    let project = Project::new();
    let page = page_of(&project);
    let script = "
        const rows = () => [...document.querySelectorAll('table.rows tbody tr')];
        const form = document.querySelector('form.filter');
        out.shown = rows().length;
        out.all = form.querySelector('output').textContent;
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
        const filter = text => { form.elements.q.value = text; form.dispatchEvent(new Event('input')); };
        filter('h200 c64');
        out.picked = rows().length;
        const name = rows()[7].cells[0].textContent;
        filter(document.querySelector('h1').textContent + '::' + name);
        out.pasted = rows().length === 1 && rows()[0].cells[0].textContent === name;
        filter('h200 / vllm');
        out.grouped = rows().length;
        filter('known deviation');
        out.known = rows().length;
        filter('');
        form.elements.verdict.value = 'known deviation';
        form.dispatchEvent(new Event('input'));
        out.chosen = rows().length;
        form.elements.verdict.value = '';
        filter('dp_attention_as_tp');
        out.approximated = rows().length;
        filter('nothing is called so');
        out.none = rows().length;
        filter('');
        const third = document.querySelectorAll('#details details')[3];
        location.hash = encodeURIComponent(third.id);
        const later = () => {
            out.unfolded = third.open;
            // The same link again, after it was folded up.
            third.open = false;
            [...document.querySelectorAll('table.rows a')].find(a => a.textContent === third.id).click();
            out.again = third.open;
            third.querySelector('.back').click();
            out.back = document.activeElement.textContent === third.id;
        };
    ";
    let found = opened(browser, &page, script);
    let model = project.model();
    let has = |name: &str, part: &str| name.split("::").any(|own| own.starts_with(part));
    let picked =
        model.rows.iter().filter(|row| has(&row.name(), "h200") && has(&row.name(), "c64")).count();
    let grouped = model
        .rows
        .iter()
        .filter(|row| has(&row.name(), "h200") && has(&row.name(), "vllm"))
        .count();
    let known = page.matches("<td class=\"known_deviation\">").count();
    assert!(picked > 0 && (1..200).contains(&known), "{picked} {known}");
    expect(
        &found,
        &[
            ("shown", json!(model.rows.len().min(200))),
            ("all", json!(format!("{0} of {0}", model.rows.len()))),
            ("farthest", json!(true)),
            ("rising", json!(true)),
            ("falling", json!(true)),
            ("first", json!(model.rows[0].name())),
            ("picked", json!(picked)),
            ("pasted", json!(true)),
            ("grouped", json!(grouped)),
            ("known", json!(known)),
            ("chosen", json!(known)),
            ("none", json!(0)),
            ("unfolded", json!(true)),
            ("again", json!(true)),
            ("back", json!(true)),
        ],
    );
    assert!(found["approximated"].as_u64().unwrap() > 0, "{found}");
}

#[test]
fn both_themes_and_every_way_to_colour_are_seen() {
    let Some(browser) = browser() else { return };
    let page = page_of(&Project::new());
    let script = "
        const paper = () => getComputedStyle(document.body).backgroundColor;
        const before = paper();
        document.querySelector('.theme').click();
        out.themes = before !== paper();
        const fills = () => [...document.querySelectorAll('#scatter-tpot .mark')].map(mark => getComputedStyle(mark).fill);
        out.of_groups = new Set(fills()).size;
        const first = fills();
        const drawn = () => [...document.querySelectorAll('.mark')].map(mark => mark.getAttribute('d'));
        const before_all = drawn();
        const select = document.querySelector('form.colour select');
        select.value = 't';
        select.dispatchEvent(new Event('change', {bubbles: true}));
        out.coloured = fills().some((colour, i) => colour !== first[i]);
        const shapes = way => new Set([...document.querySelectorAll('#scatter-tpot .mark')]
            .map(mark => [...mark.classList].find(c => c[0] === way && /[0-9]/.test(c)) + mark.getAttribute('d').replace(/^M[0-9.]+ [0-9.]+/, ''))).size;
        const widths = new Set([...document.querySelectorAll('#scatter-tpot .mark')]
            .map(mark => [...mark.classList].find(c => c[0] === 't')));
        out.reshaped = shapes('t') === widths.size && widths.size > 2;
        const legends = [...document.querySelectorAll('.legend.by-s, .legend.by-g, .legend.by-f, .legend.by-t')];
        out.legends = [...new Set(legends.filter(l => getComputedStyle(l).display !== 'none').map(l => l.className))];
        const faint = () => document.querySelectorAll('#scatter-tpot .mark.faint').length;
        const button = document.querySelector('.legend.by-t button');
        button.click();
        const own = document.querySelectorAll('#scatter-tpot .mark.t0').length;
        out.alone = own > 0 && faint() === first.length - own && button.getAttribute('aria-pressed') === 'true';
        out.theme = document.querySelector('.theme').hasAttribute('aria-pressed');
        button.click();
        out.together = faint() === 0 && button.getAttribute('aria-pressed') === 'false';
        for (const way of ['g', 'f', 't', 's']) {
            select.value = way;
            select.dispatchEvent(new Event('change', {bubbles: true}));
        }
        out.restored = drawn().every((d, i) => d === before_all[i])
            && [...document.querySelectorAll('#scatter-tpot .mark')].every(mark => mark.getBBox().width > 0);
        document.querySelector('.legend.by-s button').click();
        out.named = document.querySelectorAll('.legend .mark.faint').length;
        const bands = [...document.querySelectorAll('#scatter-tpot .own')];
        out.bands = bands.filter(band => getComputedStyle(band).display !== 'none').map(band => band.classList[1]);
    ";
    let found = opened(browser, &page, script);
    let groups: std::collections::BTreeSet<&str> = page
        .split("<path class=\"mark s")
        .skip(1)
        .filter_map(|mark| mark.split([' ', '"']).next())
        .collect();
    assert!(groups.len() > 3, "{groups:?}");
    expect(
        &found,
        &[
            ("themes", json!(true)),
            ("of_groups", json!(groups.len())),
            ("coloured", json!(true)),
            ("legends", json!(["legend by-t"])),
            ("alone", json!(true)),
            ("together", json!(true)),
            ("theme", json!(false)),
            ("reshaped", json!(true)),
            ("restored", json!(true)),
            ("named", json!(0)),
            ("bands", json!(["s0"])),
        ],
    );
}

#[test]
fn marks_are_told_to_who_points_and_to_who_walks() {
    let Some(browser) = browser() else { return };
    let project = Project::new();
    let page = page_of(&project);
    let script = "
        const chart = document.querySelector('#scatter-tpot svg.plot');
        const tip = document.querySelector('.tip');
        chart.querySelector('.mark').dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
        out.pointed = tip.textContent.split('\\n')[0];
        out.figures = /TPOT +[0-9.]+ +[0-9.]+ +s /.test(tip.textContent);
        chart.focus();
        out.focused = document.activeElement === chart;
        const press = key => chart.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
        const place = mark => Number(mark.getAttribute('d').match(/[0-9.]+/)[0]);
        const x = () => place(chart.querySelector('.mark.at'));
        press('Home');
        const walked = [x()];
        for (let step = 0; step < 20; step++) { press('ArrowRight'); walked.push(x()); }
        out.rising = walked.every((x, i) => i === 0 || walked[i - 1] <= x) && walked[20] > walked[0];
        press('End');
        const all = [...chart.querySelectorAll('.mark')].map(place);
        out.last = x() === Math.max(...all);
        const told = tip.textContent.split('\\n')[0];
        press('Enter');
        out.hidden = tip.hidden;
        out.opened = decodeURIComponent(location.hash.slice(1)) === told && told !== '';
        press('Escape');
        out.left = tip.hidden && !chart.querySelector('.mark.at');
        const rules = [...document.styleSheets[0].cssRules].filter(rule => rule.media && rule.media.mediaText === 'print');
        const hidden = rules.flatMap(rule => [...rule.cssRules]).find(rule => rule.style.display === 'none');
        out.unprinted = ['nav', 'form', '.tip', '.theme'].every(part => hidden.selectorText.split(', ').includes(part));
        out.labelled = [...document.querySelectorAll('[role=img], [role=application]')]
            .every(image => image.getAttribute('aria-label'));
    ";
    let found = opened(browser, &page, script);
    expect(
        &found,
        &[
            ("pointed", json!(project.model().rows[0].name())),
            ("figures", json!(true)),
            ("focused", json!(true)),
            ("rising", json!(true)),
            ("last", json!(true)),
            ("opened", json!(true)),
            ("hidden", json!(true)),
            ("left", json!(true)),
            ("unprinted", json!(true)),
            ("labelled", json!(true)),
        ],
    );
}

#[test]
fn an_address_that_is_none_does_no_harm() {
    let Some(browser) = browser() else { return };
    let page = page_of(&Project::new());
    // Before the page's own script, which must get to its end.
    let page = page.replacen("<script>", "<script>location.hash = '%';</script><script>", 1);
    let found =
        opened(browser, &page, "out.filter = document.querySelector('form.filter').hidden;");
    expect(&found, &[("filter", json!(false))]);
}

#[test]
fn a_page_reads_without_its_script_on_a_phone_and_on_paper() {
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
    assert!(width <= 500 && scrolled <= width, "no wider than a phone: {title}");
    assert_eq!(shown, rows, "all rows are there without the script");
    assert!(hidden > 3, "what needs it is not: {title}");

    let paper = project.path("page.pdf");
    open(&[&format!("--print-to-pdf={}", paper.display())]);
    assert!(fs::read(&paper).unwrap().starts_with(b"%PDF"));
}

#[test]
fn what_comes_from_files_is_text() {
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
fn an_index_is_over_all_pages_of_its_folder() {
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
fn a_run_has_its_pages() {
    let project = Project::new();
    let ran = project.must(&["run"]);
    let page = format!("target/reconcile/pages/{MODEL}.html");
    assert!(ran.stdout.contains(&format!("page: {page}")), "{}", ran.stdout);
    let page = fs::read_to_string(project.path(&page)).unwrap();
    assert!(page.contains("asked: nvidia_") && page.contains("answered: TTFT"));
    assert!(project.path("target/reconcile/pages/index.html").exists());
}
