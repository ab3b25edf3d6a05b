//! The table of rows in a browser.

use serde_json::json;

use super::super::project::Project;
use super::browser::{browser, expect, opened};
use super::page_of;

/// Sorts by TPOT, filters in several ways, and follows links to a row and back.
const SCRIPT: &str = "
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
        // The same link again, after the row was folded up.
        third.open = false;
        [...document.querySelectorAll('table.rows a')].find(a => a.textContent === third.id).click();
        out.again = third.open;
        third.querySelector('.back').click();
        out.back = document.activeElement.textContent === third.id;
    };
";

#[test]
fn the_table_sorts_filters_and_unfolds_rows() {
    let Some(browser) = browser() else { return };
    let project = Project::new();
    let page = page_of(&project);
    let found = opened(browser, &page, SCRIPT);
    let model = project.model();
    let has = |name: &str, word: &str| name.split("::").any(|part| part.starts_with(word));
    let count = |words: [&str; 2]| {
        let names = model.rows.iter().map(mantile_reconcile::row::Row::name);
        names.filter(|name| words.iter().all(|word| has(name, word))).count()
    };
    let (picked, grouped) = (count(["h200", "c64"]), count(["h200", "vllm"]));
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
