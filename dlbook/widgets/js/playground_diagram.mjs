// playground_diagram.mjs - the network as a drawing that can be used: inputs, units, edges.
// A unit is named by layer and index; layer 0 holds the inputs, the last layer the one output.
import { h, s } from "./ui.mjs";
import { FEATURES, featuresOf } from "./toy_data.mjs";
import { GRID } from "./playground_run.mjs";
import { paintUnit, featureValues } from "./playground_plots.mjs";

const ROWS = 8, HEAD = 34, FINE = 72; // most units of a layer; height above them; pixels of a curve

export function unitName(layer, index, layers) {
  return layer === layers ? "Output" : `Layer ${layer}, unit ${index + 1}`;
}

// on: { select(layer, index), edge(layer, index, from), point(layer, index, from) or point(), toggle(feature), resize(layer, by) }
export function createDiagram(on) {
  const edges = s("g"), hits = s("g", { class: "dlb-pg-hits" }), svg = s("svg", { "aria-hidden": "true", class: "dlb-pg-over" }, edges, hits);
  const nodes = h("div", { class: "dlb-pg-nodes" });
  const node = h("div", { class: "dlb-pg-net", role: "group", "aria-label": "Network. Arrow keys move between inputs and units." }, svg, nodes);
  let run, units = [], lines = [], selected = [-1, -1], size = 40, built = "";

  hits.addEventListener("click", ({ target }) => on.edge(...target.dataset.edge.split(",").map(Number)));
  hits.addEventListener("pointerover", ({ target }) => { const [layer, index, from] = target.dataset.edge.split(","); on.point(+layer, +index, +from); });
  hits.addEventListener("pointerout", () => on.point());

  // ---- building: one button for each unit, one line for each weight of the network
  function layout(newRun, width) {
    run = newRun;
    const shape = [width, run.data.task, run.features, run.net.sizes].join(" ");
    if (shape === built) return;
    built = shape;
    const { sizes } = run.net, layers = sizes.length - 1, names = featuresOf(run.data.task), flat = run.data.task === "regression";
    const narrow = width < 480, focus = units.findIndex(({ button }) => button === document.activeElement);
    size = narrow ? 32 : 40;
    const pitch = size + (narrow ? 6 : 8), rows = narrow ? Math.max(names.length, ...sizes) : ROWS, height = HEAD + rows * pitch, left = narrow ? 46 : 52, right = 6;
    const x = (layer) => left + size / 2 + (layer / layers) * (width - left - right - size);
    const y = (index, count) => HEAD + (height - HEAD) / 2 + (index - (count - 1) / 2) * pitch;
    const place = (layer, index, count) => ({ x: x(layer), y: y(index, count), layer, index });
    node.style.height = `${height}px`;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    units = [
      ...names.map((name, i) => ({ ...place(0, i, names.length), feature: name, on: run.features.includes(name) })),
      ...sizes.slice(1).flatMap((count, l) => Array.from({ length: count }, (_, j) => place(l + 1, j, count))),
    ];
    for (const unit of units) unit.button = button(unit, layers, flat);
    nodes.replaceChildren(...units.map((unit) => unit.button), ...sizes.slice(1, -1).map((count, l) => stepper(l, count, x(l + 1))));
    if (narrow && layers > 1) nodes.classList.add("dlb-pg-tight"); else nodes.classList.remove("dlb-pg-tight");
    drawEdges();
    if (focus >= 0) (units[focus] ?? units.at(-1)).button.focus();
    rove();
  }
  function button(unit, layers, flat) {
    const canvas = h("canvas", { width: flat ? FINE : GRID, height: flat ? FINE : GRID, "aria-hidden": "true" });
    const name = unit.feature ? `Input ${FEATURES[unit.feature].text}` : unitName(unit.layer, unit.index, layers);
    unit.canvas = canvas;
    const e = h("button", {
      type: "button", class: `dlb-pg-unit${unit.feature ? " dlb-pg-input" : ""}`, tabindex: "-1",
      "aria-pressed": String(!!unit.on), "aria-label": name, title: name,
      style: `left:${unit.x - size / 2}px;top:${unit.y - size / 2}px;width:${size}px;height:${size}px`,
      onclick: () => (unit.feature ? on.toggle(unit.feature) : on.select(unit.layer, unit.index)),
      onkeydown: (event) => move(event, unit),
      onfocus: () => { rove(unit); if (!unit.feature) on.select(unit.layer, unit.index); },
    }, canvas);
    if (unit.feature) e.append(h("span", { class: "dlb-pg-name", "aria-hidden": "true" }, FEATURES[unit.feature].text));
    return e;
  }
  function stepper(layer, count, x) {
    const step = (text, by, words) => h("button", {
      type: "button", class: "dlb-pg-step", "aria-label": `${words} layer ${layer + 1}, which has ${count}`, "data-layer": layer, "data-by": by,
      disabled: count + by < 1 || count + by > ROWS, onclick: () => on.resize(layer, by),
    }, text);
    return h("div", { class: "dlb-pg-steps", style: `left:${x}px` }, step("−", -1, "Remove a unit from"), step("+", 1, "Add a unit to"));
  }
  function drawEdges() {
    const drawn = (layer, index) => units.filter((u) => u.layer === layer && (layer > 0 || u.on))[index];
    lines = run.net.layers.flatMap(({ inputs, outputs }, l) => Array.from({ length: inputs * outputs }, (_, i) => {
      const to = Math.floor(i / inputs), from = i % inputs, a = drawn(l, from), b = drawn(l + 1, to);
      const x0 = a.x + size / 2, x1 = b.x - size / 2, bend = (x1 - x0) * 0.45;
      const d = `M${x0.toFixed(1)} ${a.y.toFixed(1)}C${(x0 + bend).toFixed(1)} ${a.y.toFixed(1)} ${(x1 - bend).toFixed(1)} ${b.y.toFixed(1)} ${x1.toFixed(1)} ${b.y.toFixed(1)}`;
      return { layer: l, i, to, from, line: s("path", { d, class: "dlb-pg-edge" }), hit: s("path", { d, "data-edge": [l + 1, to, from].join() }), width: -1, negative: null };
    }));
    edges.replaceChildren(...lines.map((e) => e.line));
    hits.replaceChildren(...lines.map((e) => e.hit));
  }

  // ---- keyboard: one tab stop; arrows go to the nearest unit of the next column or row
  function move(event, unit) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const there = step[0]
      ? units.filter((u) => u.layer === unit.layer + step[0])
      : units.filter((u) => u.layer === unit.layer && u.index === unit.index + step[1]);
    there.sort((a, b) => Math.abs(a.y - unit.y) - Math.abs(b.y - unit.y))[0]?.button.focus();
  }
  function rove(unit) {
    const current = unit ?? units.find((u) => u.button === document.activeElement) ?? units.find(isSelected) ?? units.at(-1);
    for (const { button } of units) button.tabIndex = button === current.button ? 0 : -1;
  }
  const isSelected = ({ layer, index, feature }) => !feature && layer === selected[0] && index === selected[1];

  // ---- painting: widths and signs of the edges, one small map for each unit
  function paint(layers, output, colors) {
    const flat = run.data.task === "regression", { n } = run.grid, last = layers.length;
    for (const { layer, index, canvas, feature } of units)
      if (!feature) paintUnit(canvas, layer === last ? output : layers[layer - 1].a.subarray(index * n, (index + 1) * n), flat, colors);
    for (const e of lines) {
      const w = run.net.layers[e.layer].weight[e.i], width = Math.round(10 * (0.5 + 6 * Math.tanh(Math.abs(w) / 4))) / 10, negative = w < 0;
      if (width !== e.width) e.line.style.strokeWidth = e.width = width;
      if (negative !== e.negative) e.line.classList.toggle("dlb-pg-minus", e.negative = negative);
    }
  }
  function paintInputs(colors) {
    const flat = run.data.task === "regression";
    for (const { feature, canvas } of units) if (feature) paintUnit(canvas, featureValues(feature, run), flat, colors);
  }
  function select(layer, index, from = -1) {
    selected = [layer, index];
    for (const unit of units) {
      unit.button.classList.toggle("dlb-pg-chosen", isSelected(unit));
      if (!unit.feature) unit.button.setAttribute("aria-pressed", String(isSelected(unit)));
    }
    for (const e of lines) {
      const into = e.layer + 1 === layer && e.to === index;
      e.line.classList.toggle("dlb-pg-into", into);
      e.line.classList.toggle("dlb-pg-marked", into && e.from === from);
    }
    rove();
  }
  return { node, layout, paint, paintInputs, select };
}
