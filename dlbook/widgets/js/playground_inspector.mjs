// playground_inspector.mjs - one unit under the magnifying glass: its map, its bias and its incoming weights, to change.
import { h } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { ACTIVATIONS } from "./activation.mjs";
import { FEATURES } from "./toy_data.mjs";
import { createPlane, peak, tidy } from "./playground_plots.mjs";
import { unitName } from "./playground_diagram.mjs";

const REACH = 6; // of the sliders; a number field takes up to LIMIT
export const LIMIT = 1000;
const SUBSCRIPTS = "₁₂₃";

// change(layer, index, from, value): from is the number of the incoming weight, -1 the bias
export function createInspector(change) {
  const title = h("p", { class: "dlb-pg-unitname" }), about = h("p", { class: "dlb-pg-about" }), rows = h("div", { class: "dlb-pg-weights" }), plane = createPlane();
  const map = h("div", { class: "dlb-pg-unitmap" }, plane.node);
  const node = h("div", { class: "dlb-pg-inspector", role: "group", "aria-label": "Selected unit" }, title, about, h("div", { class: "dlb-pg-inspect" }, map, rows));
  let run, layer, index, width, reach, built = "", fields = [];

  const weights = () => run.net.layers[layer - 1];
  const value = (from) => (from < 0 ? weights().bias[index] : weights().weight[index * weights().inputs + from]);

  function row(from, text) {
    const id = newId("weight"), set = (v) => change(layer, index, from, v);
    const range = h("input", { type: "range", class: "dlb-range", min: -REACH, max: REACH, step: 0.05, "aria-label": `${text}, slider`, oninput: () => set(+range.value) });
    const number = h("input", {
      type: "number", id, step: 0.1, min: -LIMIT, max: LIMIT,
      oninput: () => {
        const v = number.valueAsNumber, good = Number.isFinite(v) && Math.abs(v) <= LIMIT;
        number.toggleAttribute("aria-invalid", !good);
        if (good) set(v);
      },
      onblur: () => { number.removeAttribute("aria-invalid"); paintRow(fields.find((f) => f.number === number)); },
    });
    fields.push({ from, range, number });
    return h("div", { class: "dlb-pg-weight" }, h("label", { for: id }, text), range, number);
  }
  function paintRow(field) {
    if (!field) return;
    const v = value(field.from);
    if (field.range !== document.activeElement || Math.abs(+field.range.value - v) > 0.05) field.range.value = v;
    field.range.setAttribute("aria-valuetext", tidy(v));
    if (field.number !== document.activeElement) field.number.value = +v.toFixed(4);
  }
  // shows unit `index` of `layer`
  function show(newRun, newLayer, newIndex, newWidth) {
    [run, layer, index, width, reach] = [newRun, newLayer, newIndex, newWidth, 1];
    map.hidden = layer === run.net.layers.length; // the output has its own large map
    if (!map.hidden) plane.layout(run, width, { unit: reach });
    const shape = [layer, index, run.features, run.net.sizes].join(" ");
    if (shape !== built) build(shape);
    fields.forEach(paintRow);
  }
  function build(shape) {
    built = shape;
    const { inputs } = weights();
    title.textContent = unitName(layer, index, run.net.layers.length);
    const source = (k) => (layer === 1 ? FEATURES[run.features[k]].text : `unit ${k + 1} of layer ${layer - 1}`);
    fields = [];
    rows.replaceChildren(row(-1, "bias"), ...Array.from({ length: inputs }, (_, k) => row(k, `weight from ${source(k)}`)));
  }
  function paint(maps, colors) {
    fields.forEach(paintRow);
    if (map.hidden) { about.textContent = `z = ${formula()}`; return; }
    const { n } = run.grid, { a, z } = maps[layer - 1], values = a.subarray(index * n, (index + 1) * n), top = peak(values);
    const low = values.reduce((m, v) => Math.min(m, v), Infinity), high = values.reduce((m, v) => Math.max(m, v), -Infinity);
    if (run.data.task === "regression" && (top > reach || top < reach / 3)) { // the curve has outgrown its scale
      reach = 1.25 * top;
      plane.layout(run, width, { unit: reach });
    }
    plane.paint({ values, z: z.subarray(index * n, (index + 1) * n), top }, colors);
    about.textContent = `a = ${formula()}, here from ${tidy(low)} to ${tidy(high)}`;
    plane.label(`What this unit computes over the inputs: from ${tidy(low)} to ${tidy(high)}.`);
  }
  // what the unit computes, in numbers where they fit
  function formula() {
    const { inputs } = weights(), { label } = ACTIVATIONS[run.net.activation], name = /^[A-Z][a-z]+$/.test(label) ? label.toLowerCase() : label;
    const term = (v, text) => `${v < 0 ? "−" : "+"} ${Math.abs(v).toFixed(2)}${text}`;
    const source = (k) => (layer === 1 ? FEATURES[run.features[k]].text : `a${SUBSCRIPTS[k]}`);
    const terms = [...Array.from({ length: inputs }, (_, k) => term(value(k), ` ${source(k)}`)), term(value(-1), "")];
    const sum = inputs > 3 ? "bias + weighted inputs" : terms.join(" ").replace(/^\+ /, "").replace(/^− /, "−");
    if (map.hidden) return sum;
    return name === "identity" ? sum : `${name}(${sum})`;
  }
  function focusWeight(from) { fields.find((f) => f.from === from)?.number.focus(); }
  return { node, show, paint, focusWeight };
}
