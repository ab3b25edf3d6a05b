"use strict";
(() => {
  const root = document.documentElement;
  // Asked for by the address, or chosen on another page.
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* not kept here */ }
  const asked = new URLSearchParams(location.search).get("theme") || kept;
  if (asked === "light" || asked === "dark") root.dataset.theme = asked;
  const theme = document.querySelector(".theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* not kept here */ }
  });
  // A link into a folded row unfolds it.
  const unfold = () => {
    const row = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.tagName === "DETAILS") { row.open = true; row.scrollIntoView(); }
  };
  addEventListener("hashchange", unfold);
  unfold();
  // A series alone: the others' marks are faint, and its own band is drawn.
  const marks = document.querySelectorAll("#scatter .mark[data-r], #residuals .mark[data-r]");
  const alone = (series) => {
    root.dataset.only = series;
    for (const mark of marks) mark.classList.toggle("faint", series !== "" && !mark.classList.contains(series));
    for (const band of document.querySelectorAll(".own")) band.classList.toggle("shown", band.classList.contains(series));
    for (const entry of document.querySelectorAll("[data-only]")) {
      const button = entry.querySelector("button");
      if (button) button.setAttribute("aria-pressed", entry.dataset.only === series);
    }
  };
  for (const entry of document.querySelectorAll("li[data-only]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.append(...entry.childNodes);
    entry.append(button);
    button.addEventListener("click", () => alone(root.dataset.only === entry.dataset.only ? "" : entry.dataset.only));
  }
  for (const form of document.querySelectorAll("form.colour")) {
    form.hidden = false;
    form.addEventListener("change", (event) => {
      root.dataset.colour = event.target.value;
      for (const other of document.querySelectorAll("form.colour select")) other.value = event.target.value;
      alone("");
    });
  }
  const table = document.querySelector("table.rows");
  if (!table) return;
  // A mark of a row says which when it is pointed at or walked to, and leads to everything about it.
  const titles = [...table.tHead.rows[0].cells].map((head) => head.textContent);
  const named = [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
  const said = [...table.tBodies[0].rows].map((row, index) => [named[index], ...[...row.cells]
    .map((cell, column) => cell.dataset.value === undefined ? "" : `${titles[column]} ${cell.textContent.trim()}`)
    .filter(Boolean)].join("\n"));
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  document.body.append(tip);
  const rowOf = (mark) => mark && mark.dataset ? mark.dataset.r : undefined;
  const tell = (text, x, y) => {
    tip.hidden = false;
    tip.textContent = text;
    tip.style.left = `${Math.max(0, Math.min(x + 12, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.min(y + 14, innerHeight - tip.offsetHeight - 8)}px`;
  };
  const open = (mark) => { if (rowOf(mark) !== undefined) location.hash = named[rowOf(mark)]; };
  addEventListener("pointerover", (event) => {
    if (rowOf(event.target) === undefined) tip.hidden = true;
    else tell(said[rowOf(event.target)], event.clientX, event.clientY);
  });
  addEventListener("click", (event) => open(event.target));
  for (const chart of document.querySelectorAll("svg.plot")) {
    if (!chart.querySelector(".mark")) continue;
    chart.tabIndex = 0;
    chart.setAttribute("role", "application");
    let at = null;
    const leave = () => { if (at) at.classList.remove("at"); at = null; tip.hidden = true; };
    chart.addEventListener("blur", leave);
    chart.addEventListener("keydown", (event) => {
      if (event.key === "Enter") open(at);
      if (event.key === "Escape") leave();
      const way = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -Infinity, End: Infinity}[event.key];
      if (!way) return;
      event.preventDefault();
      // From left to right, those of one place from top to bottom.
      const of = (mark, name) => Number(mark.getAttribute(name));
      const walk = [...chart.querySelectorAll(".mark:not(.faint)")]
        .sort((a, b) => of(a, "x") - of(b, "x") || of(a, "y") - of(b, "y"));
      const next = (at ? walk.indexOf(at) : way > 0 ? -1 : walk.length) + way;
      leave();
      at = walk[Math.min(Math.max(next, 0), walk.length - 1)];
      if (!at) return;
      at.classList.add("at");
      const place = at.getBoundingClientRect();
      tell(rowOf(at) === undefined ? at.textContent : said[rowOf(at)], place.right, place.bottom);
    });
  }
  const body = table.tBodies[0], all = [...body.rows], size = Number(table.dataset.page);
  const form = document.querySelector("form.filter"), pages = document.querySelector(".pages");
  // A row is asked for by the parts of its name, its verdict, or an approximation as a whole.
  const parts = (row) => {
    const name = row.cells[0].textContent, last = row.cells[row.cells.length - 1].textContent;
    return [...name.split("::"), ...name.split(/::|_/), row.cells[1].textContent, ...last.split(", ")]
      .map((part) => part.toLowerCase());
  };
  const text = new Map(all.map((row) => [row, parts(row)]));
  const original = [...all];
  let shown = all, page = 0;
  const draw = () => {
    const count = Math.max(1, Math.ceil(shown.length / size));
    page = Math.min(Math.max(page, 0), count - 1);
    body.replaceChildren(...shown.slice(page * size, (page + 1) * size));
    form.querySelector("output").textContent = `${shown.length} of ${all.length}`;
    pages.hidden = count < 2;
    pages.querySelector("output").textContent = `page ${page + 1} of ${count}`;
  };
  const pick = () => {
    const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = all.filter((row) => words.every((word) => text.get(row).some((part) => part.startsWith(word))));
    page = 0;
    draw();
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", pick);
  pages.addEventListener("click", (event) => {
    const step = Number(event.target.dataset.step);
    if (step) { page += step; draw(); }
  });
  const value = (row, index) => {
    const cell = row.cells[index];
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    return cell.classList.contains("none") ? undefined : cell.textContent;
  };
  // Of ratios first those farthest from 1; then by their size; then as the rows came.
  const orders = {
    other: (x, y) => Math.abs(Math.log(y)) - Math.abs(Math.log(x)),
    ascending: (x, y) => typeof x === "number" ? x - y : x.localeCompare(y, "en", {numeric: true}),
    descending: (x, y) => orders.ascending(y, x),
  };
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    const ratios = all.some((row) => typeof value(row, index) === "number");
    const cycle = [...(ratios ? ["other"] : []), "ascending", "descending", null];
    button.addEventListener("click", () => {
      const next = cycle[(cycle.indexOf(head.getAttribute("aria-sort")) + 1) % cycle.length];
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      all.splice(0, all.length, ...original);
      if (next) {
        head.setAttribute("aria-sort", next);
        // What a row has no value of is last either way.
        all.sort((a, b) => {
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
