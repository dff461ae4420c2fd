// Filters above marked tables: a search field, a select for each named column and one for
// the sections. The address keeps them, so that a filtered view can be linked.
(() => {
  const box = document.querySelector(".table-filters");
  const tables = [...document.querySelectorAll("main table.filter-table")];
  if (!box || !tables.length) return;
  const { rows: what, sections: topic } = box.dataset;
  const columns = box.dataset.columns.split(",").filter(Boolean);

  const words = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".headerlink").forEach((link) => link.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  const plain = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const short = (text) =>
    plain(text).replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");

  // A section that holds the filters themselves is never hidden.
  const sectionOf = (table) => {
    const section = table.closest("section");
    return section && !section.contains(box) ? section : null;
  };
  const titleOf = (table) => {
    const heading = sectionOf(table)?.querySelector("h2, h3, h4");
    return heading ? words(heading) : "";
  };

  // On a phone each row becomes a card, whose lines need the names of the columns; the
  // roles keep a table a table where the style sheet shows it as something else.
  const prepare = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const names = heads.map(words);
    table.setAttribute("role", "table");
    [table.tHead, ...table.tBodies].forEach((group) =>
      group.setAttribute("role", "rowgroup"),
    );
    [...table.rows].forEach((row) => row.setAttribute("role", "row"));
    heads.forEach((cell) => cell.setAttribute("role", "columnheader"));
    const title = titleOf(table);
    return [...table.tBodies].flatMap((body) =>
      [...body.rows].map((row) => {
        const told = { [topic]: title };
        [...row.cells].forEach((cell, k) => {
          cell.setAttribute("role", "cell");
          cell.dataset.label = names[k];
          told[names[k]] = words(cell);
        });
        const text = plain(`${title} ${Object.values(told).join(" ")}`);
        return { row, table, told, text };
      }),
    );
  };
  const entries = tables.flatMap(prepare);

  const field = (label, control) => {
    const holder = document.createElement("div");
    holder.className = "table-filter";
    const name = document.createElement("label");
    control.id = `filter-${short(label)}`;
    name.htmlFor = control.id;
    name.textContent = label;
    holder.append(name, control);
    return holder;
  };
  const search = document.createElement("input");
  search.type = "search";
  search.name = "search"; // the name q would start the search of the whole site
  search.autocomplete = "off";

  const selects = [...(topic ? [topic] : []), ...columns].map((name) => {
    const select = document.createElement("select");
    select.name = name;
    select.add(new Option("all", ""));
    const labels = new Set(entries.map(({ told }) => told[name] ?? ""));
    labels.delete("");
    labels.forEach((label) => select.add(new Option(label, short(label))));
    return select;
  });

  const form = document.createElement("form");
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", `Filter ${what}`);
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  count.setAttribute("aria-live", "polite");
  const clear = document.createElement("button");
  clear.type = "button";
  clear.textContent = "Show all";
  const foot = document.createElement("div");
  foot.className = "table-count";
  foot.append(count, clear);
  form.append(
    field("search", search),
    ...selects.map((select) => field(select.name, select)),
    foot,
  );

  const show = () => {
    const wanted = plain(search.value).split(/\s+/).filter(Boolean);
    entries.forEach(({ row, told, text }) => {
      row.hidden = !(
        wanted.every((word) => text.includes(word)) &&
        selects.every(
          ({ name, value }) => !value || short(told[name] ?? "") === value,
        )
      );
    });
    tables.forEach((table) => {
      const empty = [...table.tBodies].every((body) =>
        [...body.rows].every((row) => row.hidden),
      );
      const section = sectionOf(table);
      const whole = section?.querySelectorAll("table").length === 1;
      (whole ? section : table).hidden = empty;
      if (!whole) return;
      document
        .querySelectorAll(`.bd-sidebar-secondary a[href="#${section.id}"]`)
        .forEach((link) => (link.closest("li").hidden = empty));
    });
    const shown = entries.filter(({ row }) => !row.hidden).length;
    count.textContent = `${shown} of ${entries.length} ${what} shown`;
  };

  const controls = [search, ...selects];
  const read = () => {
    const asked = new URLSearchParams(location.search);
    controls.forEach((control) => {
      control.value = asked.get(control.name) ?? "";
      // A select takes no value that it does not offer; then it shows everything.
      if (control.selectedIndex === -1) control.value = "";
    });
    show();
  };
  const write = () => {
    const address = new URL(location.href);
    controls.forEach(({ name, value }) =>
      value
        ? address.searchParams.set(name, value)
        : address.searchParams.delete(name),
    );
    history.replaceState(history.state, "", address);
    show();
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", write);
  clear.addEventListener("click", () => {
    controls.forEach((control) => (control.value = ""));
    write();
    search.focus();
  });
  box.append(form);
  box.hidden = false;
  read();
})();
