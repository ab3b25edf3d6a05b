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
  for (const form of document.querySelectorAll("form.colour")) {
    form.hidden = false;
    form.addEventListener("change", (event) => {
      root.dataset.colour = event.target.value;
      for (const other of document.querySelectorAll("form.colour select")) other.value = event.target.value;
    });
  }
  const table = document.querySelector("table.rows");
  if (!table) return;
  // A mark of a row says which when it is pointed at, and leads to everything about it.
  const named = [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  addEventListener("pointerover", (event) => {
    const row = event.target.dataset && event.target.dataset.r;
    tip.hidden = row === undefined;
    if (tip.hidden) return;
    tip.textContent = named[row];
    tip.style.left = `${Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.clientY + 14}px`;
  });
  addEventListener("click", (event) => {
    const row = event.target.dataset && event.target.dataset.r;
    if (row !== undefined) location.hash = named[row];
  });
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
