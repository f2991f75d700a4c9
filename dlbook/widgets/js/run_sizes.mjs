// run_sizes.mjs - how large the values are from layer to layer at the cursor: a line for each run, on a logarithmic axis.
// Where gradients vanish towards the first layers, it falls by powers of ten.
import { s, axes } from "./ui.mjs";
import { moments, lastAt, padded, logTicks, tidy, four } from "./run_numbers.mjs";
import { createNames, text, round } from "./run_names.mjs";
import { tint, mark, stand } from "./run_look.mjs";

const HEIGHT = 160, TOP = 20, BOTTOM = 24;
const known = new WeakMap(); // histogram: its standard deviation

function size(histogram) { // standard deviation; NaN where a logarithmic axis has no place for it
  if (!histogram) return NaN;
  if (!known.has(histogram)) known.set(histogram, moments(histogram)[1] || NaN);
  return known.get(histogram);
}

export function createSizes() {
  const grid = s("g"), lines = s("g", { class: "dlb-rv-lines" }), labels = s("g", { class: "dlb-rv-labels" });
  const node = s("svg", { role: "img", class: "dlb-plot dlb-rv-sizes" }, grid, lines, labels), names = createNames(labels);
  let runs, layers, kind, frame, fx, fy;

  // `next`: [{ i, name, frames, xs }, ...]; `outer` the frame of the plot above
  function draw(next, nextLayers, nextKind, outer) {
    [runs, layers, kind, frame] = [next, nextLayers, nextKind, { ...outer, top: TOP, bottom: HEIGHT - BOTTOM }];
    const all = runs.flatMap(({ frames }) => frames.list.flatMap((f) => layers.map((layer) => size(f[kind]?.[layer])))).filter((v) => v > 0);
    const empty = layers.length < 2 || !all.length;
    node.style.display = empty ? "none" : "";
    if (empty) return;
    const y = padded(all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b)), true), yticks = logTicks(...y, 7);
    const { width, left, right, gutter } = frame, { short, every } = labelsOf((right - left) / layers.length);
    const xticks = layers.map((_, k) => k).filter((k) => k % every === 0);
    ({ fx, fy } = axes(grid, { x: [-0.5, layers.length - 0.5], y, width, height: HEIGHT, left, right: gutter, top: TOP, bottom: BOTTOM, xticks, yticks, format: tidy }));
    [...grid.querySelectorAll("text")].forEach((e, k) => { e.textContent = k < xticks.length ? short[xticks[k]] : tidy(+(10 ** yticks[k - xticks.length]).toPrecision(4)); });
    grid.append(text(`std of the ${kind}s`, { class: "dlb-rv-axis", x: left, y: 11 }), text("layer", { class: "dlb-rv-axis", x: right + 14, y: HEIGHT - 6 }));
    node.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  }
  function labelsOf(room) { // whole names where there is room, else what comes after the last dot they share
    const dot = layers[0].lastIndexOf(".") + 1, shared = dot && layers.every((l) => l.slice(0, dot) === layers[0].slice(0, dot));
    const widest = (list) => Math.max(...list.map(names.extent)) + 6, whole = widest(layers) <= room || !shared;
    const short = whole ? layers : layers.map((l) => l.slice(dot));
    return { short, every: Math.max(1, Math.ceil(widest(short) / room)) };
  }

  function point(at, where) {
    if (node.style.display) return;
    const found = runs.map(({ i, name, frames, xs }) => {
      const histograms = frames.list[lastAt(xs, at)]?.[kind] ?? {}, points = layers.map((layer, k) => ({ layer, x: round(fx(k)), v: size(histograms[layer]) })).filter((p) => p.v > 0);
      return { i, name, points: points.map((p) => ({ ...p, y: round(fy(Math.log10(p.v))) })) };
    }).filter((run) => run.points.length);
    lines.replaceChildren(...found.map(({ i, points }) => s("g", { "data-run": i, style: `color: ${tint(i)}` },
      s("path", { class: "dlb-rv-solid", d: points.map((p, k) => `${k ? "L" : "M"}${p.x} ${p.y}`).join("") }),
      s("path", { class: "dlb-rv-mark", d: points.map((p) => `M${p.x} ${p.y}${mark(i)}`).join("") }))));
    names.draw(found.map(({ i, name, points }) => ({ i, name, ...points.at(-1) })), frame, false);
    const words = found.map(({ name, points }) => `${name} from ${four(points[0].v)} in ${points[0].layer} to ${four(points.at(-1).v)} in ${points.at(-1).layer}`);
    node.setAttribute("aria-label", `Standard deviation of the ${kind}s by layer at ${where}: ${words.join("; ") || "not recorded yet"}.`);
  }
  return { node, draw, point, stand: (lit) => stand([lines, labels], lit) };
}
