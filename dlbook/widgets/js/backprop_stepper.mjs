// backprop_stepper.mjs - a small computational graph, walked through node by node: values forward, gradients backward.
import { h, root, watch, put, checkbox, button, everyFrame, announcer, oneOf, number, integer, flag } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { EXAMPLES, LIMITS } from "./backprop_examples.mjs";
import { exampleGraph, expressionGraph, run, documentGradients } from "./graph.mjs";
import { nodeLabel, tidy, label } from "./backprop_words.mjs";
import { createPicture } from "./backprop_picture.mjs";
import { createTransport } from "./backprop_transport.mjs";
import { createLeaves, createFormulaBox } from "./backprop_leaves.mjs";
import { explainForward, explainBackward, explainLeaf, createComparison, valueTable } from "./backprop_panel.mjs";

const OWN = "own", FIRST_FORMULA = "(a*b + sin(c))^2", STEPS = 2 * LIMITS.nodes;

// ---- what an address may set
const formulaText = Object.assign((text) => (text === "" || (text.length <= LIMITS.length && !expressionGraph(text).problem) ? text : undefined),
  { expects: `a formula of at most ${LIMITS.length} characters and ${LIMITS.nodes} nodes, such as (a*b + c)^2` });
const pairs = (() => { // a,2,b,-1
  const read = number(-LIMITS.value, LIMITS.value);
  const all = (text) => {
    const parts = text === "" ? [] : text.split(","), out = [];
    if (parts.length % 2 || parts.length > 2 * LIMITS.nodes) return undefined;
    for (let i = 0; i < parts.length; i += 2) {
      const value = read(parts[i + 1]);
      if (!/^[A-Za-z][A-Za-z0-9]{0,5}$/.test(parts[i]) || value === undefined || out.some(([name]) => name === parts[i])) return undefined;
      out.push([parts[i], value]);
    }
    return out;
  };
  return Object.assign(all, { expects: `names and values in turn, separated by commas, such as a,2,b,-1, each value ${read.expects}` });
})();
const params = { example: oneOf(EXAMPLES.map((e) => e.name)), expression: formulaText, values: pairs, at: integer(0, STEPS), wrong: flag() };

function render({ model, el, signal }) {
  let graph, given, source, numbers, width = 0, looked = -1, shownAt = -1, tallest = "", left = "", begun = false;

  // ---- the parts of the page
  const body = root(el, "Backpropagation, step by step"), say = announcer(el);
  el.classList.add("dlb-bp");
  const choiceId = newId("graph"), choice = h("select", { id: choiceId, onchange: () => choose(choice.value) },
    ...[...EXAMPLES.map((e) => [e.name, e.title]), [OWN, "Your own formula"]].map(([name, text]) => h("option", { value: name }, text)));
  const comment = h("p", { class: "dlb-bp-says" }), note = h("p", { class: "dlb-note", role: "status", hidden: true });
  const box = createFormulaBox((text) => useFormula(text));
  const picture = createPicture({ look, nudge });
  const transport = createTransport({ el, go, signal });
  const phase = h("span", { class: "dlb-bp-phase" }), title = h("span", {}), lines = h("div", { class: "dlb-bp-lines-of" });
  const bar = h("div", { class: "dlb-bp-bar" }), panel = h("div", { class: "dlb-bp-panel" }, h("p", { class: "dlb-bp-title" }, phase, title), lines);
  const wrongBox = checkbox(model, "wrong", { label: "Document 001's equation beside the right one", signal });
  const comparison = createComparison(button("Silence the second unit: v₂ = 0", () => setValue(graph.nodes.findIndex((n) => n.name === "v2"), 0)));
  const leaves = createLeaves(setValue), again = button("Start values", () => put(model, "values", []));
  const table = h("details", { class: "dlb-bp-values", ontoggle: () => fillTable() }, h("summary", {}, "The same as a table"));
  bar.append(panel, transport.node);
  body.append(h("div", { class: "dlb-ctl" }, h("label", { for: choiceId }, "Graph"), choice), comment, box.node, note, picture.node, legend(), bar,
    wrongBox, comparison.node, h("div", { class: "dlb-bp-set" }, h("p", { class: "dlb-bp-sub" }, "Values of the leaves"), again), leaves.node, table);

  // ---- traits -> graph, values, numbers
  const values = () => new Map(model.get("values"));
  function read() {
    const expression = model.get("expression"), now = expression || model.get("example");
    if (now !== source) {
      const next = expression ? expressionGraph(expression) : exampleGraph(now);
      if (next.problem) { put(model, "expression", ""); return read(); }
      [graph, source, looked] = [next, now, -1];
      foreign();
    }
    const set = values();
    given = graph.nodes.map(({ name, start, low, high }) => {
      const v = set.get(name);
      return v !== undefined && v >= low && v <= high ? v : start;
    });
    numbers = run(graph, given);
    return undefined;
  }
  function foreign() { // values for leaves that are not there, from an address or from the graph before
    const strange = [...values()].filter(([name, v]) => !graph.nodes.some((n) => n.name === name && n.low <= v && v <= n.high));
    if (strange.length) put(model, "values", model.get("values").filter(([name]) => !strange.some(([s]) => s === name)));
    const words = strange.map(([name, v]) => `${label(name)} = ${tidy(v)}`).join(", ");
    left = words && !begun ? `${words} is left out: this graph has no such leaf, or not with this value.` : "";
  }
  const end = () => graph.forward.length + graph.backward.length;
  const stepAt = (at) => {
    const half = graph.forward.length;
    if (at === 0) return { kind: "start", node: -1 };
    return at <= half ? { kind: "forward", node: graph.forward[at - 1] } : { kind: "backward", node: graph.backward[at - half - 1] };
  };
  function stateAt(at) {
    const back = at - graph.forward.length, doc = model.get("wrong") ? documentGradients(graph, numbers) : null;
    const value = graph.nodes.map(({ leaf }, i) => !!leaf || graph.forward.indexOf(i) < at);
    const grad = graph.nodes.map((_, i) => graph.needs[i] && graph.backward.indexOf(i) < back);
    return { graph, given, numbers, doc, done: { value, grad } };
  }

  // ---- what the reader does
  function go(at) { looked = -1; if (at !== model.get("at")) put(model, "at", at); else refresh(); }
  function choose(name) {
    transport.pause();
    model.set("values", []);
    model.set("at", 0);
    model.set("expression", name === OWN ? FIRST_FORMULA : "");
    if (name !== OWN) model.set("example", name);
    model.save_changes();
    if (name === OWN) { refresh(); requestAnimationFrame(box.focus); }
  }
  function useFormula(text) { // variables that were there keep their values
    if (text === model.get("expression")) return;
    transport.pause();
    const variables = (g) => g.nodes.flatMap(({ name, leaf }, i) => (leaf === "variable" ? [[name, given[i]]] : []));
    const next = new Set(variables(expressionGraph(text)).map(([name]) => name));
    model.set("values", variables(graph).filter(([name]) => next.has(name)));
    model.set("at", 0);
    model.set("expression", text);
    model.save_changes();
  }
  function setValue(i, value) {
    const { low, high } = graph.nodes[i];
    given[i] = Math.max(low, Math.min(high, value));
    put(model, "values", graph.nodes.flatMap(({ name, leaf }, k) => (leaf && leaf !== "constant" ? [[name, given[k]]] : [])));
  }
  function nudge(i, by) { setValue(i, Math.round(1e6 * (given[i] + by * (graph.nodes[i].high - graph.nodes[i].low <= 1 ? 0.05 : 0.1))) / 1e6); }
  function look(i) {
    transport.pause();
    looked = looked === i ? -1 : i;
    refresh();
  }

  // ---- view
  function paint() {
    read();
    const at = Math.min(model.get("at"), end()), now = stepAt(at), state = stateAt(at), by = shownAt < 0 ? 0 : at - shownAt;
    if (at !== model.get("at")) put(model, "at", at);
    width = body.clientWidth || width || 700;
    picture.layout(graph, width, !!state.doc);
    el.classList.toggle("dlb-bp-tall", picture.vertical);
    picture.paint({ now, done: state.done, numbers, wrong: state.doc?.wrong, looked });
    settle();
    const words = looked >= 0 ? explainLooked(looked, state) : explainStep(now, state);
    show(words);
    const step = now.kind === "start" ? "" : `, ${now.kind}`, said = words.said || words.title;
    transport.paint(at, graph.forward.length, end(), `${at} of ${end()}${step && `${step}: ${words.title}`}`);
    paintSettings(state);
    warn();
    fillTable(state);
    picture.describe(`Graph of ${graph.nodes.length} nodes from the leaves to L. Step ${at} of ${end()}. ${said}.`);
    if (by && now.node >= 0) {
      if (picture.vertical) picture.reveal(now, bar.offsetHeight);
      if (by === 1) picture.flow(now);
    }
    shownAt = at;
    el.dataset.painted = String(+(el.dataset.painted || 0) + 1);
    el.dataset.at = at;
    if (begun) say(`Step ${at} of ${end()}${step}: ${said}.`);
    begun = true;
  }
  function paintSettings(state) {
    const expression = model.get("expression");
    choice.value = expression ? OWN : source;
    comment.textContent = expression ? "" : EXAMPLES.find((e) => e.name === source).says;
    comment.hidden = !!expression;
    box.node.hidden = !expression;
    if (expression) box.show(expression);
    wrongBox.hidden = !graph.units;
    comparison.node.hidden = !state.doc;
    if (state.doc) comparison.paint(state);
    leaves.paint(graph, given);
    again.hidden = !model.get("values").length;
  }
  function explainStep({ kind, node: i }, state) {
    if (kind === "forward") return { kind, at: "Forward", ...explainForward(i, state) };
    if (kind === "backward") return { kind, at: "Backward", ...explainBackward(i, state, i === graph.backward.at(-1)) };
    const there = `${graph.forward.length} steps forward compute the values, from the leaves to L.`;
    const back = `Then ${graph.backward.length} steps back compute the gradients, from L to the leaves: how far L moves when a node moves a little.`;
    return { kind, at: "", title: "Press Next, or the right arrow key", said: "", lines: [h("p", {}, `${there} ${back}`)] };
  }
  function explainLooked(i, state) {
    const { done } = state, node = graph.nodes[i], at = "Looking at";
    if (done.grad[i]) return { kind: "backward", at, ...explainBackward(i, state) };
    if (node.leaf) return { kind: "", at, ...explainLeaf(i, state) };
    if (done.value[i]) return { kind: "forward", at, ...explainForward(i, state) };
    return { kind: "", at, title: nodeLabel(node), said: "", lines: [h("p", {}, "Its value is not computed yet. Go on with Next.")] };
  }
  function show({ kind, at, title: words, lines: parts }) {
    phase.textContent = at;
    phase.className = `dlb-bp-phase dlb-bp-phase-${kind}`;
    title.textContent = words;
    lines.replaceChildren(...parts);
  }
  // the panel is as high as its highest step, so that the buttons stay where they are; on a phone, where they stick
  // to the lower edge of the window, remarks do not count
  function settle() {
    const key = [source, width, model.get("wrong")].join(" ");
    if (key === tallest) return;
    tallest = key;
    panel.style.minHeight = "";
    panel.classList.toggle("dlb-bp-bare", picture.vertical);
    const state = stateAt(end());
    let most = 0;
    for (let at = 0; at <= end(); at++) {
      show(explainStep(stepAt(at), state));
      most = Math.max(most, panel.offsetHeight);
    }
    panel.classList.remove("dlb-bp-bare");
    panel.style.minHeight = `${most}px`;
  }
  function warn() { // where a number is lost, and what of the address was left out
    const lost = graph.nodes.findIndex((_, i) => !Number.isFinite(numbers.value[i]));
    const gone = graph.backward.find((i) => !Number.isFinite(numbers.grad[i]));
    const words = lost >= 0 ? `${nodeLabel(graph.nodes[lost])} has no finite value here, and neither has what is computed from it. Change a leaf.`
      : gone !== undefined ? `The gradient of ${nodeLabel(graph.nodes[gone])} is not finite here. Change a leaf.` : left;
    if (note.textContent !== words) note.textContent = words;
    note.hidden = !words;
  }
  function fillTable(state = stateAt(Math.min(model.get("at"), end()))) { // made only while it is open
    table.querySelector(".dlb-bp-scroll")?.remove();
    if (!table.open) return;
    const region = { class: "dlb-bp-scroll", tabindex: 0, role: "region", "aria-label": "Table of all nodes" };
    table.append(h("div", region, valueTable(state, "All nodes, as far as the steps have come")));
  }

  const refresh = everyFrame(paint, el);
  watch(model, ["example", "expression", "values", "at", "wrong"], refresh, signal);
  const sized = new ResizeObserver(() => { if (graph && body.clientWidth && body.clientWidth !== width) refresh(); });
  sized.observe(body);
  signal?.addEventListener("abort", () => sized.disconnect());
  refresh();
}
function legend() {
  const key = (kind, text) => h("span", { class: `dlb-bp-key dlb-bp-${kind}` }, text);
  return h("p", { class: "dlb-bp-legend" }, key("v", "value"), key("g", "∂ gradient of L"), key("s", "local derivative, on its line"),
    h("span", {}, "Numbers are rounded to four digits."));
}

export default { params, render };
