//! The charts in a browser: colours, highlighting, and the keyboard.

use serde_json::json;

use super::super::project::Project;
use super::browser::{browser, expect, opened};
use super::page_of;

/// Changes the theme, then the colouring, and highlights a series.
const COLOURING: &str = "
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

#[test]
fn both_themes_and_all_colourings_work() {
    let Some(browser) = browser() else { return };
    let page = page_of(&Project::new());
    let found = opened(browser, &page, COLOURING);
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

/// Points at a mark, then walks through a chart with the keyboard.
const WALKING: &str = "
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
    const row = tip.textContent.split('\\n')[0];
    press('Enter');
    out.hidden = tip.hidden;
    out.opened = decodeURIComponent(location.hash.slice(1)) === row && row !== '';
    press('Escape');
    out.left = tip.hidden && !chart.querySelector('.mark.at');
    const rules = [...document.styleSheets[0].cssRules].filter(rule => rule.media && rule.media.mediaText === 'print');
    const hidden = rules.flatMap(rule => [...rule.cssRules]).find(rule => rule.style.display === 'none');
    out.unprinted = ['nav', 'form', '.tip', '.theme'].every(part => hidden.selectorText.split(', ').includes(part));
    out.labelled = [...document.querySelectorAll('[role=img], [role=application]')]
        .every(image => image.getAttribute('aria-label'));
";

#[test]
fn marks_show_their_row_to_the_pointer_and_to_arrow_keys() {
    let Some(browser) = browser() else { return };
    let project = Project::new();
    let page = page_of(&project);
    let found = opened(browser, &page, WALKING);
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
