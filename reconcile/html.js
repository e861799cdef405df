/* Filters of the page: everything is in it already, this only hides and shows. */
"use strict";
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const sections = [...document.querySelectorAll("section.rows")].map((element) => ({
    element,
    table: element.dataset.table,
    rows: [...element.querySelectorAll("details.diff")].map((row) => ({
      row,
      kind: row.dataset.kind,
      cause: row.dataset.cause,
      text: null,
    })),
  }));
  const all = sections.reduce((sum, section) => sum + section.rows.length, 0);
  const count = document.getElementById("count");

  const matches = (entry, wanted) => {
    if (!wanted.kinds.has(entry.kind)) return false;
    if (wanted.cause && entry.cause !== wanted.cause) return false;
    if (!wanted.text) return true;
    entry.text ??= entry.row.textContent.toLowerCase();
    return entry.text.includes(wanted.text);
  };

  const apply = () => {
    const data = new FormData(form);
    const wanted = {
      kinds: new Set(data.getAll("kind")),
      cause: data.get("cause"),
      table: data.get("table"),
      text: data.get("text").trim().toLowerCase(),
    };
    let shown = 0;
    for (const section of sections) {
      const here = !wanted.table || section.table === wanted.table;
      let any = 0;
      for (const entry of section.rows) {
        const show = here && matches(entry, wanted);
        entry.row.hidden = !show;
        any += show;
      }
      section.element.hidden = any === 0;
      shown += any;
    }
    const number = (n) => n.toLocaleString("en");
    count.value = shown === all ? `${number(all)} shown` : `${number(shown)} of ${number(all)} shown`;
  };

  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 80);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
