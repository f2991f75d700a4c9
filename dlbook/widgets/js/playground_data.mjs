// playground_data.mjs - choosing a data set, and pasting one's own.
import { h, put, watch, checkbox, button } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { SETTINGS } from "./playground_settings.mjs";
import { parseCSV, formatCSV } from "./toy_data.mjs";
import { thumbnail } from "./playground_plots.mjs";

const TITLES = { xor: "XOR", moons: "Moons", circles: "Circles", spirals: "Spirals", blobs: "Blobs", regression: "Curve", own: "Yours" };
const SHOWN_ERRORS = 5;

// radio buttons with a picture of each set
export function dataChoice(model, { openOwn, signal }) {
  const group = newId("data");
  const option = (kind) => {
    const input = h("input", { type: "radio", name: group, value: kind, "data-trait": "data", class: "dlb-pg-radio" });
    input.addEventListener("change", () => { if (kind === "own" && !model.get("rows").length) openOwn(); put(model, "data", kind); });
    const picture = kind === "own" ? h("span", { class: "dlb-pg-plus", "aria-hidden": "true" }, "+") : thumbnail(kind, 40);
    return { input, node: h("label", { class: "dlb-pg-thumb" }, input, picture, h("span", {}, TITLES[kind])) };
  };
  const options = SETTINGS.data.oneOf.map(option);
  const sync = () => { for (const { input } of options) input.checked = input.value === model.get("data"); };
  watch(model, ["data"], sync, signal);
  sync();
  return h("fieldset", { class: "dlb-pg-data" }, h("legend", {}, "Data"), ...options.map((o) => o.node));
}

// a text box for CSV; faulty text changes nothing but the messages below it
export function ownDataBox(model, { use, current, signal }) {
  const id = newId("csv"), messages = h("div", { role: "alert", class: "dlb-pg-errors" });
  const text = h("textarea", { id, rows: 6, spellcheck: "false", placeholder: "x1,x2,label\n0.5,-0.2,1\n-0.1,0.8,0" });
  const tell = (...lines) => messages.replaceChildren(...lines.map((line) => h("p", {}, line)));
  const take = () => {
    const { rows, errors } = parseCSV(text.value);
    if (rows) { tell(`${rows.length} points taken.`); use(rows); return; }
    const more = errors.length - SHOWN_ERRORS;
    tell(...errors.slice(0, SHOWN_ERRORS), ...(more > 0 ? [`… and ${more} more faulty line${more > 1 ? "s" : ""}.`] : []), "Nothing was changed.");
  };
  const node = h("details", { class: "dlb-pg-own" }, h("summary", {}, "Your own data"),
    h("label", { for: id }, "One point a line: x1,x2,label with label 0 or 1 for two classes, or x,y for a curve. At most 1000 lines; they stay on this page."),
    text,
    h("div", { class: "dlb-row" }, button("Use these data", take),
      button("Write the current data here", () => { text.value = formatCSV(current()); tell(); }),
      checkbox(model, "scale", { label: "Scale every column to −1 … 1", signal })),
    messages);
  return { node, open: () => { node.open = true; text.focus(); } };
}
