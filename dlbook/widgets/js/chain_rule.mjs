import { h, root, watch, put, select, slider, checkbox, button, everyFrame, announcer, oneOf, number, listOf, flag } from "./ui.mjs";
import { FUNCTIONS, NAMES, X, H, letters, inVariable, forward, central, compose, run } from "./slopes.mjs";
import { newId } from "./ids.mjs";
import { createCurve, createErrors } from "./slope_plot.mjs";
import { segments } from "./segments.mjs";
import { fixed, power, bracket, table, folded } from "./values.mjs";

const chainOf = (() => {
  const item = oneOf(NAMES), list = listOf(item, 3), read = (text) => { const v = list(text); return v?.length >= 2 ? v : undefined; };
  return Object.assign(read, { expects: `two or three values, separated by commas, each ${item.expects}` });
})();
const params = { view: oneOf(["slope", "chain"]), function: oneOf(NAMES), x: number(-X, X), h: number(...H), central: flag(), zoom: flag(), chain: chainOf };
const step = (v) => { const k = Math.min(H[1], Math.max(H[0], v)); return +k.toPrecision(3); };

function render({ model, el, signal }) {
  let width = 0, begun = false;

  // ---- the parts of the page
  const body = root(el, "Slopes and the chain rule"), say = announcer(el);
  el.classList.add("dlb-m", "dlb-cr");
  const setX = (x) => put(model, "x", +Math.min(X, Math.max(-X, x)).toFixed(2)), by = (steps) => setX(model.get("x") + steps / 10);
  const curve = () => createCurve({ label: "Point x on the curve", set: setX, by });
  const alone = curve(), whole = curve(), inner = curve(), parts = [inner, createCurve({}), createCurve({})];
  const errors = createErrors({ set: (v) => put(model, "h", step(v)) });
  const plots = h("div", { class: "dlb-cr-plots" });
  const options = NAMES.map((name) => [name, FUNCTIONS[name].label]);
  const one = select(model, "function", { label: "y =", options, signal });
  const links = [0, 1, 2].map((i) => link(i)), more = button("", () => {
    const chain = model.get("chain");
    put(model, "chain", chain.length === 2 ? [...chain, "tanh"] : chain.slice(0, 2));
  });
  const choice = h("div", { class: "dlb-bar-of" }, one, ...links.map((l) => l.node), more);
  const moves = h("div", { class: "dlb-cr-moves" },
    slider(model, "x", { label: "x", min: -X, max: X, step: 0.01, format: (v) => fixed(v), signal }),
    slider(model, "h", { label: "step h", min: -16, max: Math.log10(H[1]), step: "any", parse: (v) => step(10 ** v), show: Math.log10, format: (v) => power(v, 3), signal }));
  const both = checkbox(model, "central", { label: "secant on both sides, x − h to x + h", signal }), zoom = checkbox(model, "zoom", { label: "look from near: x ± 3h", signal });
  const item = (kind, words) => h("span", { class: "dlb-cr-key" }, h("span", { class: `dlb-cr-sample dlb-cr-${kind}`, "aria-hidden": "true" }), words);
  const bothKey = item("both", "secant, x − h to x + h"), legend = h("p", { class: "dlb-cr-legend" }, item("tangent", "tangent"), item("secant", "secant, x to x + h"), bothKey);
  const product = h("p", { class: "dlb-cr-product dlb-big" }), rows = h("div", { class: "dlb-scroll", tabindex: 0, role: "region", "aria-label": "The chain in numbers" }), says = h("p", { class: "dlb-m-says" });
  const all = folded(() => (model.get("view") === "slope" ? slopeTable() : chainTable()));
  body.append(h("div", { class: "dlb-bar-of" }, segments(model, "view", { label: "What is shown", options: [["slope", "One curve"], ["chain", "A chain"]], signal })),
    choice, moves, plots, legend, h("div", { class: "dlb-bar-of" }, both, zoom), product, rows, says, all.node);

  function link(i) {
    const id = newId("chain"), label = h("label", { for: id }), choices = options.map(([value]) => h("option", { value }));
    const input = h("select", { id, onchange: () => put(model, "chain", model.get("chain").map((old, k) => (k === i ? input.value : old))) }, ...choices);
    const show = (chain) => {
      const names = letters(chain);
      node.hidden = i >= chain.length;
      if (node.hidden) return;
      label.textContent = `${names[i + 1]} =`;
      for (const option of choices) option.textContent = inVariable(FUNCTIONS[option.value].label, names[i]);
      input.value = chain[i];
    };
    const node = h("div", { class: "dlb-ctl" }, label, input);
    return { node, show };
  }

  // ---- view
  function paint() {
    const view = model.get("view"), chain = model.get("chain");
    width = plots.clientWidth || width || 640;
    el.dataset.view = view;
    one.hidden = view !== "slope";
    zoom.hidden = view !== "slope";
    links.forEach((l) => { l.show(view === "chain" ? chain : []); });
    more.hidden = view !== "chain";
    more.textContent = chain.length === 2 ? "+ a third function" : "− the third function";
    bothKey.hidden = !model.get("central");
    rows.hidden = view !== "chain";
    if (view === "slope") paintSlope(); else paintChain();
    all.again();
    el.dataset.painted = String(+(el.dataset.painted || 0) + 1);
  }
  function shown(list) { // the plots that are in the page now, and the size of each
    if ([...plots.children].some((node, i) => node !== list[i].svg) || plots.children.length !== list.length) plots.replaceChildren(...list.map((p) => p.svg));
    const two = width >= 560, w = two ? Math.floor((width - 16) / 2) : width;
    plots.classList.toggle("dlb-cr-two", two);
    return [w, Math.round(Math.min(290, Math.max(200, w * 0.68)))];
  }
  function paintSlope() {
    const name = model.get("function"), { f, df, label, slope: words, low, high } = FUNCTIONS[name], x = model.get("x"), step = model.get("h"), slope = df(x);
    const [w, tall] = shown([alone, errors]), secant = forward(f, x, step), digits = step < 1e-3 ? 10 : 4, said = `x = ${fixed(x)}, y = ${power(f(x), 4)}, slope ${power(slope, 4)}`;
    alone.draw({ f, at: x, h: step, slope, low, high, zoom: model.get("zoom"), both: model.get("central"), names: "xy", label, says: said }, w, tall);
    errors.draw({ f, at: x, h: step, slope, both: model.get("central") }, w, tall);
    product.replaceChildren(
      line("tangent", "ink", `y′ = ${words === "2" ? "2" : inVariable(words, "x")} = `, power(slope, 6)),
      line("secant", "orange", `(${fixed(f(x + step), digits)} − ${bracket(fixed(f(x), digits))}) / ${power(step, 3)} = `, power(secant, 6)),
      line("off by", "orange", "", power(secant - slope, 3)),
      ...(model.get("central") ? [line("both sides", "green", "", power(central(f, x, step), 6)), line("off by", "green", "", power(central(f, x, step) - slope, 3))] : []));
    tell(slopeWords(x, step, slope, secant), said);
    alone.describe(`Curve of ${label} with its tangent at x = ${fixed(x)}, slope ${power(slope, 4)}, and the secant to x + h, slope ${power(secant, 4)}.`);
  }
  function line(name, kind, words, value) { return h("span", { class: `dlb-cr-line dlb-${kind}` }, h("span", { class: "dlb-cr-what" }, name), h("span", {}, words, h("strong", {}, value))); }
  function slopeWords(x, step, slope, secant) {
    if (x + step === x) return `For a computer, ${fixed(x)} + h is ${fixed(x)} again: the step is lost, and the secant has slope 0.`;
    if (Math.sign(secant) * Math.sign(slope) < 0) return "The secant falls where the curve rises, or the other way round: the step is too large.";
    if (step < 1e-11) return "h is so small that the two values agree in nearly all digits: their difference is mostly rounding, and h divides by next to nothing.";
    if (Math.abs(secant - slope) < 1e-6 * Math.max(1, Math.abs(slope))) return "Secant and tangent cannot be told apart. Smaller steps help until rounding takes over, near h = 10⁻⁸.";
    return "A smaller step turns the secant toward the tangent.";
  }
  function paintChain() {
    const chain = model.get("chain"), names = letters(chain), x = model.get("x"), step = model.get("h"), found = run(chain, x, step), f = compose(chain);
    const used = parts.slice(0, chain.length), [w, tall] = shown([...used, whole, errors]), last = FUNCTIONS[chain.at(-1)], two = model.get("central");
    const said = `x = ${fixed(x)}, y = ${power(found.values.at(-1), 4)}, slope ${power(found.product, 4)}`;
    used.forEach((plot, i) => {
      const { f: own, low, high, label } = FUNCTIONS[chain[i]], words = inVariable(label, names[i]);
      const moved = i ? found.moved[i] - found.values[i] : step;
      plot.draw({ f: own, at: found.values[i], h: moved, step: i ? `Δ${names[i]}` : "h", slope: found.slopes[i], low, high, names: [names[i], names[i + 1]], label: words, says: `${names[i]} = ${power(found.values[i], 4)}, ${names[i + 1]} = ${power(found.values[i + 1], 4)}, slope ${power(found.slopes[i], 4)}` }, w, tall);
      plot.describe(`Curve of ${names[i + 1]} = ${words} at ${names[i]} = ${power(found.values[i], 4)}, slope ${power(found.slopes[i], 4)}.`);
    });
    const nested = chain.reduce((inner, name, i) => (i ? FUNCTIONS[name].label.replace(/relu\(x\)|[xˣ]/, (m) => `${m === "relu(x)" ? "relu" : ""}(${inner})`) : FUNCTIONS[name].label), "");
    whole.draw({ f, at: x, h: step, slope: found.product, both: two, low: last.low, high: last.high, names: "xy", label: chain.includes("exp") && chain.indexOf("exp") > 0 ? "the whole chain" : nested, says: said }, w, tall);
    whole.describe(`The whole chain, y over x, at x = ${fixed(x)}, slope ${power(found.product, 4)}.`);
    errors.draw({ f, at: x, h: step, slope: found.product, both: two }, w, tall);
    const d = (i) => `d${names[i + 1]}/d${names[i]}`, order = chain.map((_, i) => i).reverse();
    const words = order.map((i) => { const text = inVariable(FUNCTIONS[chain[i]].slope, names[i]); return /[ −+]/.test(text) && !text.startsWith("cos") ? `(${text})` : text; });
    product.replaceChildren(h("span", { class: "dlb-cr-line" }, "dy/dx = ", h("span", { class: "dlb-purple" }, order.map(d).join(" · ")), " = "),
      h("span", { class: "dlb-cr-line" }, words.join(" · "), " = "),
      h("span", { class: "dlb-cr-line" }, h("span", { class: "dlb-purple" }, order.map((i) => bracket(power(found.slopes[i], 4))).join(" · ")), " = ", h("strong", {}, power(found.product, 4))));
    rows.replaceChildren(chainTable(4));
    tell(chainWords(found), `${said}: ${order.map((i) => power(found.slopes[i], 4)).join(" times ")}`);
  }
  function chainWords({ slopes, secants, product }) {
    if (!Number.isFinite(product)) return "These numbers are too large for a computer: move x toward 0.";
    if (slopes.includes(0)) return "One slope is 0: what comes before it moves, and nothing comes out. The whole product is 0.";
    if (secants.some(Number.isNaN)) return "One value does not move with this step, so the secant of what follows is 0 / 0.";
    return "Each slope is taken at the value that really goes in there. Secants multiply too, exactly: each step is the next one's start.";
  }
  function tell(words, aloud) {
    says.textContent = words;
    if (begun) say(`${aloud}. ${words}`);
    begun = true;
  }
  // ---- tables
  function slopeTable() {
    const { f, df, label } = FUNCTIONS[model.get("function")], x = model.get("x"), slope = df(x), steps = [...new Set([model.get("h"), ...[0, 2, 4, 6, 8, 10, 12, 14, 16].map((k) => +`1e-${k}`)])];
    return table(`${label} at x = ${fixed(x)}, slope ${fixed(slope, 8)}`, ["h", "x to x + h", "error", "x − h to x + h", "error"],
      steps.map((v) => [power(v), fixed(forward(f, x, v), 8), power(forward(f, x, v) - slope), fixed(central(f, x, v), 8), power(central(f, x, v) - slope)]));
  }
  function chainTable(digits = 6) {
    const chain = model.get("chain"), names = letters(chain), { values, slopes, secants, product: all, secant } = run(chain, model.get("x"), model.get("h")), p = (v) => power(v, digits);
    return table("The chain, the innermost function first", ["function", "in", "out", "slope", `secant, h = ${power(model.get("h"))}`],
      [...chain.map((name, i) => [`${names[i + 1]} = ${inVariable(FUNCTIONS[name].label, names[i])}`, p(values[i]), p(values[i + 1]), p(slopes[i]), p(secants[i])]),
        ["dy/dx, the product", "", "", p(all), p(secant)]]);
  }

  const draw = everyFrame(paint, el);
  watch(model, ["view", "function", "x", "h", "central", "zoom", "chain"], draw, signal);
  const sized = new ResizeObserver(() => { if (plots.clientWidth && plots.clientWidth !== width) draw(); });
  sized.observe(body);
  signal?.addEventListener("abort", () => sized.disconnect());
  draw();
}

export default { params, render };
