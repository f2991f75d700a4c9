// backprop_leaves.mjs - what the reader sets: the value of each leaf, and a formula of her own.
import { h } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { tidy, label } from "./backprop_words.mjs";
import { LIMITS } from "./backprop_examples.mjs";
import { expressionGraph } from "./graph.mjs";

const REACH = 5; // of the sliders; a number field takes what the leaf may be

// set(i, value)
export function createLeaves(set) {
  const node = h("div", { class: "dlb-bp-leaves", role: "group", "aria-label": "Values of the leaves" });
  let graph, fields = [];
  function field(i) {
    const { name, leaf, low, high } = graph.nodes[i], id = newId("leaf"), step = high - low <= 1 ? 0.05 : 0.1;
    const range = h("input", {
      type: "range", class: "dlb-range", min: Math.max(low, -REACH), max: Math.min(high, REACH), step, "aria-label": `${label(name)}, slider`,
      oninput: () => set(i, +range.value),
    });
    const number = h("input", {
      type: "number", id, step, min: low, max: high,
      oninput: () => {
        const v = number.valueAsNumber, good = Number.isFinite(v) && v >= low && v <= high;
        mark(number, !good);
        if (good) set(i, v);
      },
      onblur: () => { mark(number, false); number.value = fields.find((f) => f.i === i)?.shown ?? ""; },
    });
    return { i, range, number, node: h("div", { class: `dlb-bp-leafrow dlb-bp-of-${leaf}` }, h("label", { for: id }, label(name)), range, number) };
  }
  function paint(newGraph, given) {
    if (graph !== newGraph) {
      graph = newGraph;
      fields = graph.nodes.flatMap(({ leaf }, i) => (leaf && leaf !== "constant" ? [field(i)] : []));
      node.replaceChildren(...fields.map((f) => f.node));
    }
    for (const f of fields) {
      const v = given[f.i];
      f.shown = String(+v.toFixed(6));
      if (f.range !== document.activeElement || Math.abs(+f.range.value - v) > 0.2) f.range.value = v;
      f.range.setAttribute("aria-valuetext", tidy(v));
      if (f.number !== document.activeElement) f.number.value = f.shown;
    }
  }
  return { node, paint };
}

// use(text) is called with each formula that can be read
export function createFormulaBox(use) {
  const id = newId("formula"), problem = h("p", { class: "dlb-bp-problem", id: `${id}-problem`, "aria-live": "polite" });
  const input = h("input", {
    type: "text", id, maxlength: LIMITS.length, spellcheck: "false", autocomplete: "off", autocapitalize: "none",
    "aria-describedby": `${id}-how ${id}-problem`, oninput: read,
  });
  const node = h("div", { class: "dlb-bp-own" }, h("label", { for: id }, "L ="), input,
    h("p", { class: "dlb-bp-how", id: `${id}-how` }, "Variables are letters; + − * / ^ ( ) and sin cos exp log sqrt tanh sigmoid relu abs."), problem);
  function read() {
    const text = input.value, found = expressionGraph(text).problem;
    mark(input, !!found);
    problem.replaceChildren(...(found ? complaint(text, found) : []));
    if (!found) use(text);
  }
  function show(text) {
    if (input === document.activeElement && input.value.trim() === text.trim()) return;
    input.value = text;
    mark(input, false);
    problem.replaceChildren();
  }
  return { node, show, focus: () => input.focus() };
}
function mark(input, wrong) {
  if (wrong) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}
// the message, with the place marked in the formula
function complaint(text, { at, text: words }) {
  if (!at) return [`${words[0].toUpperCase()}${words.slice(1)}.`];
  const mark = h("mark", {}, text[at - 1] ?? "␣");
  return [h("code", { "aria-hidden": "true" }, text.slice(0, at - 1), mark, text.slice(at)), ` Position ${at}: ${words}.`];
}
