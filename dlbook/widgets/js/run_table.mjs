// run_table.mjs - the runs as a table: key, switches, and what is read at the cursor; and all of it as numbers.
import { h } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { four, position, ending, moments } from "./run_numbers.mjs";
import { SPLITS } from "./run_data.mjs";
import { sample, tint } from "./run_look.mjs";

// toggle(i) shows or hides a run, part(split) a split, light(i) makes one stand out
export function createTable({ toggle, part, light }) {
  const id = newId("run"), caption = h("caption"), body = h("tbody");
  const heads = SPLITS.map((split) => {
    const input = h("input", { type: "checkbox", id: `${id}-${split}`, onchange: () => part(split) });
    return { split, input, sample: h("span"), cell: h("th", { scope: "col" }, h("span", { class: "dlb-rv-head" })) };
  });
  for (const head of heads) head.cell.firstChild.append(head.input, h("label", { for: head.input.id }, head.sample, head.split));
  const node = h("table", { class: "dlb-rv-table" }, caption, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "run"), ...heads.map((x) => x.cell))), body);
  let rows = [];

  function newRow({ name }, i, many) {
    const input = h("input", { type: "checkbox", id: `${id}-${i}`, onchange: () => toggle(i) }), note = h("span", { class: "dlb-rv-note" });
    const label = h("label", { for: input.id, title: name }, sample(i), h("span", { class: "dlb-rv-name" }, name));
    const cells = SPLITS.map(() => h("td"));
    const row = h("tr", { style: `--tint: ${tint(i)}`, onpointerenter: () => light(i), onpointerleave: () => light(-1), onfocusin: () => light(i), onfocusout: () => light(-1) },
      h("th", { scope: "row" }, h("span", { class: "dlb-rv-run" }, ...(many ? [input] : []), label), note), ...cells);
    return { name, input, note, cells, row };
  }
  function draw(runs, { hidden, splits, pale }) { // pale: how training is drawn
    if (rows.map((row) => row.name).join("\n") !== runs.map((run) => run.name).join("\n")) {
      rows = runs.map((run, i) => newRow(run, i, runs.length > 1));
      body.replaceChildren(...rows.map((row) => row.row));
    }
    runs.forEach((run, i) => {
      const words = ending(run);
      rows[i].input.checked = !hidden.includes(i);
      rows[i].row.classList.toggle("dlb-rv-off", hidden.includes(i));
      if (rows[i].note.textContent !== words) rows[i].note.textContent = words;
    });
    const both = SPLITS.every((split) => runs.some((run) => run[split]));
    heads.forEach(({ split, input, sample: key, cell }, k) => {
      const there = runs.some((run) => run[split]);
      cell.hidden = !there;
      for (const row of rows) row.cells[k].hidden = !there;
      input.hidden = !both;
      input.checked = splits.includes(split);
      key.replaceChildren(sample(-1, split === "train" ? pale : undefined));
    });
  }
  function read(words, values) { // values[i][split]: a number or undefined
    caption.textContent = words;
    rows.forEach((row, i) => SPLITS.forEach((split, k) => {
      const v = values[i]?.[split], shown = v === undefined ? "–" : four(v);
      if (row.cells[k].textContent !== shown) row.cells[k].textContent = shown;
    }));
  }
  function stand(lit) { rows.forEach((row, i) => row.row.classList.toggle("dlb-focus", i === lit)); }
  return { node, draw, read, stand };
}

// ---- the numbers behind the plots
export function curveTable(curves, metric) { // start, end, lowest and highest value of each curve
  const place = ({ part }, k) => (part.epoch ? `epoch ${position(part.epoch[k])}` : `step ${part.step[k]}`);
  const rows = curves.flatMap((curve) => {
    const { name, split, y, run } = curve, finite = [...y.keys()].filter((k) => Number.isFinite(y[k]));
    if (!finite.length) return [];
    const low = finite.reduce((a, k) => (y[k] < y[a] ? k : a)), high = finite.reduce((a, k) => (y[k] > y[a] ? k : a));
    return [[name, split, String(curve.part.of), four(y[finite[0]]), four(y[finite.at(-1)]),
      `${four(y[low])} at ${place(curve, low)}`, `${four(y[high])} at ${place(curve, high)}`, ending(run)]];
  });
  return wide(`${metric} of each run`, ["run", "part", "records", "first", "last", "lowest", "highest", "ended"], rows);
}
export function layerTable(runs, layers, kind) { // how large the values of each layer are at the end of each run
  const said = (histogram) => (histogram ? four(moments(histogram)[1]) : "–");
  const rows = layers.map((layer) => [layer, ...runs.map((run) => said(run.frames.list.at(-1)[kind]?.[layer]))]);
  return wide(`Standard deviation of the ${kind}s of each layer at the end`, ["layer", ...runs.map((run) => run.name)], rows);
}
function wide(caption, heads, rows) { // it may need to scroll
  const head = h("thead", {}, h("tr", {}, ...heads.map((t) => h("th", { scope: "col" }, t))));
  const body = h("tbody", {}, ...rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((t) => h("td", {}, t)))));
  return h("div", { class: "dlb-rv-wide", tabindex: 0, role: "group", "aria-label": caption }, h("table", {}, h("caption", {}, caption), head, body));
}
