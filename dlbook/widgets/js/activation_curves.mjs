// activation_curves.mjs - the view of the explorer for functions of one number: what to show, the plot, the read-out.
import { h, watch, put, slider, checkbox, everyFrame } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { ACTIVATIONS, SATURATED } from "./activation.mjs";
import { X, ORDER, tint, sample, fixed, table } from "./activation_look.mjs";
import { functionPlot } from "./activation_plot.mjs";
import { marked } from "./markup.mjs";

const PARAMETERS = ORDER.filter((name) => ACTIVATIONS[name].param);
const label = (name) => ACTIVATIONS[name].label;
const show = (v) => fixed(v, 4);

export function curves(model, el, signal, say, painted) {
  const id = newId("act");
  const parameter = (name) => ACTIVATIONS[name].param && model.get(ACTIVATIONS[name].param.name);
  const f = (name, x) => ACTIVATIONS[name].f(x, parameter(name)), df = (name, x) => ACTIVATIONS[name].df(x, parameter(name));
  const range = (name) => ACTIVATIONS[name].range(parameter(name));
  const shown = () => ORDER.filter((n) => n === model.get("focus") || model.get("functions").includes(n));
  const look = () => ({ f, df, range, label, shown: shown(), focus: model.get("focus"), x: model.get("x"),
    derivative: model.get("derivative"), saturation: model.get("saturation") });

  // ---- controls
  const chips = ORDER.map((name) => {
    const input = h("input", { type: "checkbox", id: `${id}-${name}`, class: "dlb-sr", onchange: () => toggle(name, input) });
    const text = h("label", { for: input.id }, sample(name), label(name));
    return { name, input, node: h("span", { class: "dlb-chip", style: `--tint: ${tint(name)}` }, input, text) };
  });
  function toggle(name, input) { // what is added gets the tangent; the last one stays
    const rest = shown().filter((n) => n !== name);
    if (input.checked) {
      put(model, "functions", [...rest, name]);
      put(model, "focus", name);
    } else if (rest.length) {
      put(model, "functions", rest);
      if (model.get("focus") === name) put(model, "focus", rest.at(-1));
    } else {
      input.checked = true;
      say("One function stays on the plot.");
    }
  }
  const move = slider(model, "x", { label: "x", min: -X, max: X, step: 0.01, format: (v) => fixed(v), signal });
  const sliders = PARAMETERS.map((name) => {
    const { param } = ACTIVATIONS[name];
    return { name, node: slider(model, param.name, { ...param, label: `${label(name)}: ${param.label}`, format: (v) => fixed(v), signal }) };
  });
  const switches = [checkbox(model, "derivative", { label: "derivative f′", signal }),
    checkbox(model, "saturation", { label: `shade where |f′| < ${SATURATED}`, signal })];

  // ---- the page
  const plot = functionPlot(look, (x) => put(model, "x", Math.round(100 * Math.min(X, Math.max(-X, x))) / 100));
  const about = h("p", { class: "dlb-about" }), readout = h("tbody");
  const heads = ["tangent on", "f(x)", "f′(x)", "range"].map((text) => h("th", { scope: "col" }, text));
  const values = h("details", { ontoggle: fill }, h("summary", {}, "The same as a table"));
  const node = h("div", { class: "dlb-pane" },
    h("fieldset", { class: "dlb-chips" }, h("legend", { class: "dlb-sr" }, "Functions on the plot"), ...chips.map((c) => c.node)),
    about, plot.svg, h("div", { class: "dlb-x" }, move), h("div", { class: "dlb-row" }, ...sliders.map((p) => p.node), ...switches),
    h("table", { class: "dlb-readout" }, h("thead", {}, h("tr", {}, ...heads)), readout), values);
  let rows = [], flat = [];

  function drawWords() {
    const names = shown(), focus = model.get("focus");
    for (const c of chips) c.input.checked = names.includes(c.name);
    for (const p of sliders) p.node.hidden = !names.includes(p.name);
    about.style.setProperty("--tint", tint(focus));
    about.replaceChildren(h("strong", {}, label(focus)), " ", h("span", {}, ...marked(`f(x) = ${ACTIVATIONS[focus].formula}`)));
    if (rows.map((r) => r.name).join() !== names.join()) {
      rows = names.map(newRow);
      readout.replaceChildren(...rows.map((r) => r.row));
    }
    for (const r of rows) r.range.textContent = range(r.name).text;
    fill();
  }
  function newRow(name) {
    const radio = h("input", { type: "radio", name: `${id}-focus`, id: `${id}-on-${name}`, onchange: () => put(model, "focus", name) });
    const head = h("th", { scope: "row" }, radio, h("label", { for: radio.id }, sample(name), label(name)));
    const [value, slope, ends] = [h("td"), h("td"), h("td")];
    return { name, radio, value, slope, range: ends, row: h("tr", {}, head, value, slope, ends) };
  }
  function fill() { // the table is made only while it is open
    values.querySelector("table")?.remove();
    if (!values.open) return;
    const focus = model.get("focus"), xs = Array.from({ length: 2 * X + 1 }, (_, i) => i - X);
    values.append(table(label(focus), ["x", "f(x)", "f′(x)"], xs.map((x) => [fixed(x, 0), show(f(focus, x)), show(df(focus, x))])));
  }
  function drawValues() {
    const focus = model.get("focus"), x = model.get("x");
    for (const r of rows) {
      r.value.textContent = show(f(r.name, x));
      r.slope.textContent = show(df(r.name, x));
      r.radio.checked = r.name === focus;
      r.row.classList.toggle("dlb-focus", r.name === focus);
    }
    const k = df(focus, x), more = rows.length - 1, note = Math.abs(k) < SATURATED ? ", saturated" : "";
    const now = `${label(focus)} at x = ${fixed(x)}: value ${fixed(f(focus, x), 3)}, slope ${fixed(k, 3)}${note}.`;
    const where = flat.map(([a, b]) => `from ${fixed(a)} to ${fixed(b)}`).join(" and ");
    plot.picture.setAttribute("aria-label", `${label(focus)}${more ? ` and ${more} more` : ""} for x from −${X} to ${X}. `
      + `${label(focus)} takes values in ${range(focus).text}${where ? ` and is flat ${where}` : ""}. ${now}`);
    say(now);
  }

  let stale = true; // whether more than the point has changed
  const paint = everyFrame(() => {
    if (node.hidden) return;
    if (stale) {
      stale = false;
      drawWords();
      flat = plot.drawCurves();
    }
    plot.drawPoint();
    drawValues();
    painted();
  }, el);
  const draw = () => { stale = true; paint(); };
  watch(model, ["x"], paint, signal);
  watch(model, ["functions", "focus", "derivative", "saturation", ...PARAMETERS.map((n) => ACTIVATIONS[n].param.name)], draw, signal);
  let width = 0;
  const resized = new ResizeObserver(() => { if (plot.svg.clientWidth && plot.svg.clientWidth !== width) { width = plot.svg.clientWidth; draw(); } });
  resized.observe(plot.svg);
  signal?.addEventListener("abort", () => resized.disconnect());
  return { node, draw };
}
