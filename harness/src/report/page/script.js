"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, of = document) => [...of.querySelectorAll(selector)];
  const make = (name, properties) => Object.assign(document.createElement(name), properties);

  // For a screenshot, the table is short, one row is unfolded, and the page reports its height.
  const address = new URLSearchParams(location.search), isPicture = address.has("picture");
  if (isPicture) {
    root.dataset.picture = "";
    for (const [index, row] of all("#details > details").entries()) { row.open = index === 0; row.hidden = index > 0; }
    addEventListener("load", () => { root.dataset.height = root.scrollHeight; });
  }

  // The theme is taken from the address, or else as chosen last.
  let storedTheme = null;
  try { storedTheme = localStorage.getItem("theme"); } catch { /* no storage here */ }
  const wantedTheme = address.get("theme") || storedTheme;
  if (wantedTheme === "light" || wantedTheme === "dark") root.dataset.theme = wantedTheme;
  const themeButton = document.querySelector(".theme");
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* no storage here */ }
  });

  // A link to a folded row unfolds it.
  const decodedHash = (hash) => {
    try { return decodeURIComponent(hash.slice(1)); } catch { return hash.slice(1); }
  };
  const unfold = () => {
    const row = document.getElementById(decodedHash(location.hash));
    if (!row || row.tagName !== "DETAILS") return;
    row.open = true;
    row.scrollIntoView();
    row.querySelector("summary").focus({preventScroll: true});
  };
  addEventListener("hashchange", unfold);
  addEventListener("click", (event) => {
    // A link to the present address fires no hashchange event.
    const link = event.target.closest && event.target.closest("a[href^='#']");
    if (link && decodedHash(link.hash) === decodedHash(location.hash)) unfold();
  });
  unfold();

  // Highlights a series: the other marks become faint, and the band of the series is shown.
  const marks = all("#scatter svg.plot .mark, #residuals svg.plot .mark");
  const seriesOf = (mark, letter) => [...mark.classList].find((name) => name[0] === letter && /\d/.test(name));
  const highlight = (series) => {
    root.dataset.only = series;
    for (const mark of marks) mark.classList.toggle("faint", series !== "" && !mark.classList.contains(series));
    for (const band of all(".own")) band.classList.toggle("shown", band.classList.contains(series));
    for (const entry of all("li[data-only]"))
      entry.querySelector("button").setAttribute("aria-pressed", entry.dataset.only === series);
  };
  for (const entry of all("li[data-only]")) {
    const button = make("button", {type: "button"});
    button.setAttribute("aria-pressed", "false");
    button.append(...entry.childNodes);
    entry.append(button);
    button.addEventListener("click", () => highlight(root.dataset.only === entry.dataset.only ? "" : entry.dataset.only));
  }
  const placeOf = (mark) => mark.getAttribute("d").match(/^M([\d.]+) ([\d.]+)/);
  for (const form of all("form.colour")) {
    form.hidden = false;
    form.addEventListener("change", (event) => {
      const letter = event.target.value;
      root.dataset.colour = letter;
      for (const other of all("form.colour select")) other.value = letter;
      highlight("");
      // Shapes change with the colours, to those of the legend.
      const shapes = new Map(all(`li[data-only^="${letter}"]`).map((entry) =>
        [entry.dataset.only, entry.querySelector(".mark").getAttribute("d").replace(/^M[\d.]+ [\d.]+/, "")]));
      for (const mark of marks) mark.setAttribute("d", placeOf(mark)[0] + shapes.get(seriesOf(mark, letter)));
    });
  }

  const table = document.querySelector("table.rows");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], original = [...rows];
  const size = isPicture ? 10 : Number(table.dataset.page);
  const named = rows.map((row) => row.cells[0].textContent);
  let touched = null;
  const open = (row) => {
    touched = null;
    hide();
    if (decodedHash(location.hash) === named[row]) unfold(); else location.hash = encodeURIComponent(named[row]);
  };

  // A mark shows its row's figures when the pointer or the arrow keys reach it, and opens the row's details.
  const tip = make("div", {className: "tip", hidden: true});
  tip.setAttribute("role", "status");
  document.body.append(tip);
  const rowOf = (mark) => mark && mark.dataset ? mark.dataset.r : undefined;
  const tipText = (mark) => {
    const row = rowOf(mark);
    if (row === undefined) return mark.textContent;
    const details = document.getElementById(named[row]);
    const figures = details && details.querySelector("pre");
    return [named[row], mark.dataset.s, figures && figures.textContent].filter(Boolean).join("\n");
  };
  let highlighted = [];
  const hide = () => {
    for (const mark of highlighted) mark.classList.remove("at");
    highlighted = [];
    tip.hidden = true;
  };
  const show = (mark, x, y) => {
    hide();
    // The row's other mark in the chart is highlighted, too.
    const chart = mark.closest("svg"), row = rowOf(mark);
    highlighted = row === undefined ? [mark] : all(`.mark[data-r="${row}"]`, chart);
    for (const each of highlighted) each.classList.add("at");
    tip.hidden = false;
    tip.textContent = tipText(mark);
    tip.style.left = `${Math.max(0, Math.min(x + 12, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(0, Math.min(y + 14, innerHeight - tip.offsetHeight - 8))}px`;
  };
  addEventListener("pointerover", (event) => {
    if (rowOf(event.target) === undefined) hide();
    else if (event.pointerType !== "touch") show(event.target, event.clientX, event.clientY);
  });
  addEventListener("click", (event) => {
    const row = rowOf(event.target);
    // The first touch shows the figures, the second opens the details.
    if (row === undefined) touched = null;
    else if (event.pointerType === "touch" && touched !== event.target) {
      touched = event.target;
      show(event.target, event.clientX, event.clientY);
    } else open(row);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  for (const chart of all("svg.plot")) {
    if (!chart.querySelector(".mark")) continue;
    chart.tabIndex = 0;
    chart.setAttribute("role", "application");
    let at = null;
    chart.addEventListener("blur", () => { at = null; hide(); });
    chart.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && rowOf(at) !== undefined) open(rowOf(at));
      if (event.key === "Escape") at = null;
      const step = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -Infinity, End: Infinity}[event.key];
      if (!step) return;
      event.preventDefault();
      // From left to right; at the same x, from top to bottom.
      const placed = (mark) => [mark, ...placeOf(mark).slice(1).map(Number)];
      const walk = all(".mark:not(.faint)", chart).map(placed)
        .sort(([, ax, ay], [, bx, by]) => ax - bx || ay - by).map(([mark]) => mark);
      const next = (at ? walk.indexOf(at) : step > 0 ? -1 : walk.length) + step;
      at = walk[Math.min(Math.max(next, 0), walk.length - 1)] || null;
      if (!at) return;
      const box = at.getBoundingClientRect();
      show(at, box.right, box.bottom);
    });
  }

  // The table is filtered, sorted and shown one page at a time.
  const form = document.querySelector("form.filter"), pages = all(".pages");
  // A search word matches the beginning of a part of the row's name, verdict or approximations.
  const parts = (row) => {
    const name = row.cells[0].textContent, last = row.cells[row.cells.length - 1].textContent;
    const words = [name, row.cells[1].textContent, last].flatMap((text) => text.split(/::|_|, | /));
    return [...name.split("::"), ...last.split(", "), ...words].map((part) => part.toLowerCase());
  };
  const model = document.querySelector("h1").textContent.toLowerCase();
  const text = new Map(rows.map((row) => [row, parts(row)]));
  let shown = rows, page = 0;
  const draw = () => {
    const count = Math.max(1, Math.ceil(shown.length / size));
    page = Math.min(Math.max(page, 0), count - 1);
    body.replaceChildren(...shown.slice(page * size, (page + 1) * size));
    form.querySelector("output").textContent = `${shown.length} of ${rows.length}`;
    for (const part of pages) {
      part.hidden = count < 2;
      part.querySelector("output").textContent = `page ${page + 1} of ${count}`;
      for (const button of all("button", part)) {
        const to = page + Number(button.dataset.step);
        button.disabled = to < 0 || to >= count;
      }
    }
  };
  const pick = () => {
    // A name may be pasted whole, with the model in front, or as a group is labelled.
    const words = form.elements.q.value.toLowerCase().split(/::|\/|\s+/).filter((word) => word && word !== model);
    const verdict = form.elements.verdict.value;
    shown = rows.filter((row) => (verdict === "" || row.cells[1].textContent === verdict)
      && words.every((word) => text.get(row).some((part) => part.startsWith(word))));
    page = 0;
    draw();
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", pick);
  for (const part of pages) part.addEventListener("click", (event) => {
    const step = Number(event.target.dataset.step);
    if (!step) return;
    page += step;
    draw();
    if (part === pages[1]) table.scrollIntoView();
  });
  // From the details of a row back to its line in the table, on whichever page that is.
  addEventListener("click", (event) => {
    const back = event.target.closest && event.target.closest("a.back");
    if (!back) return;
    event.preventDefault();
    const row = original[named.indexOf(back.closest("details").id)];
    if (!shown.includes(row)) { form.reset(); pick(); }
    page = Math.floor(shown.indexOf(row) / size);
    draw();
    row.scrollIntoView({block: "center"});
    row.querySelector("a").focus({preventScroll: true});
  });
  const value = (row, index) => {
    const cell = row.cells[index];
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    return cell.classList.contains("none") || cell.textContent === "" ? undefined : cell.textContent;
  };
  // A click cycles through: ratios farthest from 1 first, ascending, descending, the original order.
  const orders = {
    other: (x, y) => Math.abs(Math.log(y)) - Math.abs(Math.log(x)),
    ascending: (x, y) => typeof x === "number" ? x - y : x.localeCompare(y, "en", {numeric: true}),
    descending: (x, y) => orders.ascending(y, x),
  };
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    const button = make("button", {type: "button", textContent: head.textContent});
    head.replaceChildren(button);
    const ratios = rows.some((row) => typeof value(row, index) === "number");
    const cycle = [...(ratios ? ["other"] : []), "ascending", "descending", null];
    button.addEventListener("click", () => {
      const next = cycle[(cycle.indexOf(head.getAttribute("aria-sort")) + 1) % cycle.length];
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      rows.splice(0, rows.length, ...original);
      if (next) {
        head.setAttribute("aria-sort", next);
        // Rows without a value are last in any order.
        rows.sort((a, b) => {
          const [x, y] = [value(a, index), value(b, index)];
          if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
          return orders[next](x, y);
        });
      }
      pick();
    });
  });
  addEventListener("beforeprint", () => body.replaceChildren(...shown));
  addEventListener("afterprint", draw);
  draw();
})();
