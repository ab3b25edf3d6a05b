"use strict";
(() => {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked === "light" || asked === "dark") root.dataset.theme = asked;
  const theme = document.querySelector(".theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  // A link into a folded row unfolds it.
  const unfold = () => {
    const row = location.hash && document.getElementById(location.hash.slice(1));
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
    if (row !== undefined) location.hash = `r${row}`;
  });
  const body = table.tBodies[0], all = [...body.rows], size = Number(table.dataset.page);
  const form = document.querySelector("form.filter"), pages = document.querySelector(".pages");
  const text = new Map(all.map((row) => [row, row.textContent.toLowerCase()]));
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
    shown = all.filter((row) => words.every((word) => text.get(row).includes(word)));
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
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) => {
        const [x, y] = [value(a, index), value(b, index)];
        if (typeof x === typeof y) return typeof x === "number" ? x - y : x.localeCompare(y);
        return typeof x === "number" ? -1 : 1;
      };
      all.sort((a, b) => (down ? -1 : 1) * order(a, b));
      pick();
    });
  });
  draw();
})();
