// run_layers.mjs - what goes on in the layers of one run: for each layer quantiles over time, and at the cursor the
// histogram, lying on its side so that both share the axis of values.
import { h, s, axes } from "./ui.mjs";
import { quantiles, moments, nearZero, beyond, flatEnds, lastAt, padded, ticks, tidy, four } from "./run_numbers.mjs";
import { round } from "./run_names.mjs";

const QS = [0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995]; // the outer two bound the axis
const GAP = 8;
const known = new WeakMap(); // histogram: its quantiles
const percent = (v) => (v > 0 && v < 0.01 ? "< 1 %" : `${Math.round(100 * v)} %`);

function quantilesOf(histogram) {
  if (!known.has(histogram)) known.set(histogram, quantiles(histogram, QS));
  return known.get(histogram);
}

function outerTicks(low, high) { // the lowest and the highest, and 0 where it is not too close to one of them
  const all = ticks(low, high, 5), ends = [all[0], all.at(-1)], room = (high - low) / 4;
  return ends.every((v) => Math.abs(v) > room) && low < 0 && high > 0 ? [ends[0], 0, ends[1]] : ends;
}

// seek(x): the reader points at a place in time
export function createLayers({ seek }) {
  const node = h("div", { class: "dlb-rv-layers", onpointerdown: onDown, onpointermove: onMove });
  let rows = [], frame, x, frames, kind;

  // `names` of the layers to show, `outer` the frame of the plot above: both have the same axis of time
  function draw(next, names, nextKind, xs, outer) {
    [frames, kind, x, frame] = [next, nextKind, xs, outer];
    const height = names.length === 1 ? 190 : names.length > 6 ? 62 : 78;
    if (rows.map((row) => row.name).join("\n") !== names.join("\n")) {
      rows = names.map(newRow);
      node.replaceChildren(...rows.map((row) => row.node));
    }
    for (const row of rows) drawRow(row, height);
  }
  function newRow(name) {
    const grid = s("g"), bands = s("g", { class: "dlb-rv-bands" }), cursor = s("path", { class: "dlb-rv-cursor" });
    const bars = s("path", { class: "dlb-rv-bars" }), ghost = s("path", { class: "dlb-rv-ghost" }), inside = s("svg", {}, ghost, bars);
    const svg = s("svg", { role: "img", class: "dlb-plot" }, grid, bands, cursor, inside), stats = h("span", { class: "dlb-read" });
    return { name, grid, bands, cursor, bars, ghost, inside, svg, stats, node: h("div", { class: "dlb-rv-layer" }, h("p", {}, h("strong", {}, name), " ", stats), svg) };
  }
  function drawRow(row, height) {
    const all = frames.list.map((f) => f[kind]?.[row.name]).map((histogram, k) => ({ histogram, x: x[k] })).filter((f) => f.histogram);
    const qs = all.map((f) => quantilesOf(f.histogram));
    const [low, high] = padded(Math.min(...qs.map((q) => q[0])), Math.max(...qs.map((q) => q[6])), false);
    const { width, left, right, gutter, end } = frame;
    row.flat = kind === "activation" ? flatEnds(all.map((f) => f.histogram)) : null;
    row.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const { fx, fy } = axes(row.grid, { x: [0, end], y: [low, high], width, height, left, right: gutter, top: 4, bottom: 6,
      xticks: [], yticks: height > 100 ? ticks(low, high, 6) : outerTicks(low, high), format: tidy });
    const area = (a, b) => `M${all.map((f, k) => `${round(fx(f.x))} ${round(fy(qs[k][a]))}`).join("L")}L${all.map((f, k) => `${round(fx(f.x))} ${round(fy(qs[k][b]))}`).reverse().join("L")}Z`;
    row.bands.replaceChildren(s("path", { class: "dlb-rv-band", d: area(1, 5) }), s("path", { class: "dlb-rv-band dlb-rv-half", d: area(2, 4) }),
      s("path", { class: "dlb-rv-median", d: `M${all.map((f, k) => `${round(fx(f.x))} ${round(fy(qs[k][3]))}`).join("L")}` }));
    // the histograms stand right of the bands, clipped to the axis of values
    const box = { x: right + GAP, y: 4, width: gutter - GAP, height: height - 10 };
    for (const [name, value] of Object.entries(box)) row.inside.setAttribute(name, value);
    row.inside.setAttribute("viewBox", Object.values(box).join(" "));
    Object.assign(row, { fx, fy, all, xs: all.map((f) => f.x), height, from: box.x, room: box.width - 4, shown: null });
    row.ghost.setAttribute("d", height > 100 && all.length > 1 ? outline(row, all[0].histogram, false) : "");
  }
  // the outline of a histogram, its longest bar as long as there is room
  function outline({ fy, from, room }, { low, high, counts }, closed = true) {
    const top = Math.max(...counts), step = (high - low) / counts.length;
    let d = `M${from} ${round(fy(low))}`;
    counts.forEach((count, i) => { d += `H${round(from + (count / top) * room)}V${round(fy(low + step * (i + 1)))}`; });
    return `${d}H${from}${closed ? "Z" : ""}`;
  }

  function point(at) {
    for (const row of rows) {
      const cx = round(row.fx(at)), k = lastAt(row.xs, at), now = row.all[k]?.histogram;
      row.cursor.setAttribute("d", `M${cx} 0V${row.height}`);
      if (now === row.shown) continue;
      row.shown = now;
      row.bars.setAttribute("d", now ? outline(row, now) : "");
      const parts = now ? describe(now, row.flat) : ["not recorded yet"];
      row.stats.replaceChildren(...parts.flatMap((words, i) => [i ? " · " : "", h("span", { class: "dlb-rv-part" }, words)]));
      row.svg.setAttribute("aria-label", `${row.name}, ${kind}s: ${parts.join(", ")}; bands hold 50 and 90 % of the values over time.`);
    }
  }

  // ---- mouse and touch: anywhere left of the histograms
  function onDown(event) {
    if (event.button || !frame || !event.target.closest("svg")) return;
    node.setPointerCapture(event.pointerId);
    follow(event);
  }
  function onMove(event) { if (node.hasPointerCapture(event.pointerId)) follow(event); }
  function follow(event) {
    const box = node.getBoundingClientRect(), px = ((event.clientX - box.left) / box.width) * frame.width;
    seek(Math.min(frame.end, Math.max(0, ((px - frame.left) / (frame.right - frame.left)) * frame.end)));
  }
  return { node, draw, point };
}

function describe(histogram, flat) {
  const [mean, deviation] = moments(histogram), parts = [`mean ${four(mean)}`, `std ${four(deviation)}`, `${percent(nearZero(histogram))} near 0`];
  const far = flat ? beyond(histogram, ...flat) : 0;
  return far > 0 ? [...parts, `${percent(far)} saturated (${flat[0] < 0 ? "near ±1" : "near 0 or 1"})`] : parts;
}
