// playground_plots.mjs - what the playground draws: maps, the plane with its points, the loss curve.
import { h, s, color, path, axes } from "./ui.mjs";
import { FEATURES, geometry } from "./toy_data.mjs";
import { stream } from "./random.mjs";
import { GRID } from "./playground_run.mjs";

// ---- colors.  -1 is orange, 0 the paper, +1 blue: 256 steps as RGBA words, so that a map is one table look-up a cell
const STRENGTH = 0.78, PALE = 0.5; // of a small map; of the plane, where points have to stand out
export function palette(el) {
  const orange = color(el, "--dlb-orange"), blue = color(el, "--dlb-blue"), paper = color(el, "--dlb-paper");
  const table = (strength) => {
    const bytes = new Uint8ClampedArray(4 * 256);
    for (let i = 0; i < 256; i++) {
      const t = i / 127.5 - 1, end = t < 0 ? orange : blue;
      for (let c = 0; c < 3; c++) bytes[4 * i + c] = paper[c] + (end[c] - paper[c]) * Math.abs(t) * strength;
      bytes[4 * i + 3] = 255;
    }
    return new Uint32Array(bytes.buffer);
  };
  const css = (c) => `rgb(${c.join()})`;
  return { table: table(STRENGTH), pale: table(PALE), ink: css(color(el, "--dlb-ink")), line: css(color(el, "--dlb-line")), blue: css(blue), orange: css(orange) };
}

// A unit is drawn in its own range, but never louder than it is: values below 1 stay pale.
export function peak(values) {
  let top = 1;
  for (const v of values) if (v > top) top = v; else if (-v > top) top = -v;
  return top;
}
const images = new WeakMap(); // one image for each canvas, used again
export function paintMap(canvas, values, top, table) {
  const context = canvas.getContext("2d");
  if (!images.has(canvas)) images.set(canvas, context.createImageData(GRID, GRID));
  const image = images.get(canvas), words = new Uint32Array(image.data.buffer), half = 127.5 / top;
  for (let i = 0; i < words.length; i++) {
    const step = (values[i] * half + 128) | 0;
    words[i] = table[step < 0 ? 0 : step > 255 ? 255 : step];
  }
  context.putImageData(image, 0, 0);
}
// with one input a unit is a curve: blue where it is positive, orange where it is negative
export function paintCurve(canvas, values, top, { ink, line, blue, orange }) {
  const { width, height } = canvas, context = canvas.getContext("2d"), middle = height / 2;
  const x = (i) => (i / (values.length - 1)) * width, y = (v) => middle - (v / top) * (middle - 4);
  context.clearRect(0, 0, width, height);
  for (const [sign, fill] of [[1, blue], [-1, orange]]) {
    context.beginPath();
    context.moveTo(0, middle);
    values.forEach((v, i) => context.lineTo(x(i), y(sign * v > 0 ? v : 0)));
    context.lineTo(width, middle);
    context.globalAlpha = 0.3;
    context.fillStyle = fill;
    context.fill();
  }
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.strokeStyle = line;
  context.beginPath(); context.moveTo(0, middle); context.lineTo(width, middle); context.stroke();
  context.lineWidth = 3;
  context.strokeStyle = ink;
  context.beginPath();
  values.forEach((v, i) => context.lineTo(x(i), y(v)));
  context.stroke();
}
export function paintUnit(canvas, values, flat, colors) {
  if (flat) paintCurve(canvas, values, peak(values), colors);
  else paintMap(canvas, values, peak(values), colors.table);
}

// ---- the line where a map is zero (marching squares on the centers of the cells)
export function zeroLine(z, fx, fy) { // fx, fy take a place between 0 and GRID - 1
  const between = (a, b) => a / (a - b);
  let d = "";
  for (let r = 0; r < GRID - 1; r++) for (let c = 0; c < GRID - 1; c++) {
    const i = r * GRID + c, a = z[i], b = z[i + 1], e = z[i + GRID + 1], f = z[i + GRID]; // clockwise from the top left
    if (a > 0 === b > 0 && b > 0 === e > 0 && e > 0 === f > 0) continue;
    const cut = [];
    if (a > 0 !== b > 0) cut.push([c + between(a, b), r]);
    if (b > 0 !== e > 0) cut.push([c + 1, r + between(b, e)]);
    if (e > 0 !== f > 0) cut.push([c + 1 - between(e, f), r + 1]);
    if (f > 0 !== a > 0) cut.push([c, r + 1 - between(f, a)]);
    for (let k = 0; k + 1 < cut.length; k += 2)
      d += `M${fx(cut[k][0]).toFixed(1)} ${fy(cut[k][1]).toFixed(1)}L${fx(cut[k + 1][0]).toFixed(1)} ${fy(cut[k + 1][1]).toFixed(1)}`;
  }
  return d;
}

// ---- ticks
export function niceTicks(low, high, count) {
  const raw = (high - low) / count, size = 10 ** Math.floor(Math.log10(raw));
  const step = size * ([1, 2, 5, 10].find((m) => m * size >= raw) ?? 10), ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(+(k * step).toPrecision(12));
  return ticks;
}
export function tidy(v) { // a short number; a real minus sign
  const size = Math.abs(v), text = size && (size < 0.001 || size >= 1e5) ? v.toExponential(0) : String(+v.toPrecision(4));
  return text.replace("e+", "e").replace("-", "−");
}

// ---- the plane: a large map (or curve) of one unit, the points, the scales in the reader's units
const MARGIN = { left: 30, right: 4, top: 6, bottom: 22 };
const SHAPE = { // class 0 is a disc, class 1 a square: color never stands alone
  0: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
  1: (x, y, r) => `M${x - 0.9 * r} ${y - 0.9 * r}h${1.8 * r}v${1.8 * r}h${-1.8 * r}z`,
};
export function createPlane() {
  const canvas = h("canvas", { width: GRID, height: GRID, "aria-hidden": "true", class: "dlb-pg-map" });
  const grid = s("g"), terms = s("g"), points = s("g"), curve = s("path", { class: "dlb-pg-curve" }), zero = s("path", { class: "dlb-pg-zero" });
  const inside = s("svg", {}, terms, points, zero, curve); // clips what leaves the axes
  const svg = s("svg", { role: "img", class: "dlb-pg-over" }, grid, inside);
  const node = h("div", { class: "dlb-pg-plane" }, canvas, svg);
  let run, fx, fy, flat, cell;

  // `test` draws the test points too; `unit` is the reach of a unit's own scale, which has nothing to do with y
  function layout(newRun, width, { test = false, unit = null } = {}) {
    run = newRun;
    flat = run.data.task === "regression";
    const { left, right, top, bottom } = MARGIN, { domain } = run.grid, y = !flat ? domain.x2 : unit ? [-unit, unit] : domain.y;
    const height = flat ? Math.min(width, 300) : width - left - right + top + bottom;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    Object.assign(node.style, { width: `${width}px`, height: `${height}px` });
    const frame = { x: left, y: top, width: width - left - right, height: height - top - bottom };
    for (const [name, value] of Object.entries(frame)) inside.setAttribute(name, value);
    inside.setAttribute("viewBox", Object.values(frame).join(" "));
    canvas.hidden = flat;
    Object.assign(canvas.style, { left: `${left}px`, top: `${top}px`, width: `${frame.width}px`, height: `${frame.height}px` });
    const [xAxis, yAxis] = [axis(run.data, 0, domain.x1), axis(run.data, flat && unit ? null : 1, y)];
    const name = (text, x, y) => Object.assign(s("text", { class: "dlb-pg-axis", x, y }), { textContent: text });
    ({ fx, fy } = axes(grid, { x: domain.x1, y, width, height, ...MARGIN, xticks: xAxis.ticks, yticks: yAxis.ticks }));
    [...xAxis.labels, ...yAxis.labels].forEach((text, i) => { grid.querySelectorAll("text")[i].textContent = text; });
    grid.append(name("x₁", width - right - 17, height - bottom - 5), name(!flat ? "x₂" : unit ? "a" : "y", left + 5, top + 13));
    cell = [(i) => left + ((i + 0.5) / GRID) * frame.width, (i) => top + ((i + 0.5) / GRID) * frame.height];
    points.replaceChildren(...(flat && unit ? [] : pointPaths(test, width < 220 ? 2.4 : 3.4)));
    for (const path of [zero, curve]) path.removeAttribute("d");
    terms.replaceChildren();
  }
  function pointPaths(test, r) {
    const { x, y } = run.data;
    const draw = (className) => (i) => s("path", {
      class: `dlb-pg-point dlb-pg-class${flat ? "" : y[i]}${className}`,
      d: SHAPE[flat ? 0 : y[i]](+fx(x[0][i]).toFixed(1), +fy(flat ? y[i] : x[1][i]).toFixed(1), r),
    });
    return [...(test ? run.test.points.map(draw(" dlb-pg-test")) : []), ...run.train.points.map(draw(""))];
  }
  // `values` are shown; `z`, the sums, say where the line of zero runs; `parts` are thin curves beside the main one
  function paint({ values, z, top, parts = [], marked = -1 }, colors) {
    if (!flat) {
      paintMap(canvas, values, top, colors.pale);
      zero.setAttribute("d", zeroLine(z, ...cell));
      return;
    }
    const xs = run.grid.x1, clip = (v) => Math.max(-50, Math.min(500, fy(v))), line = (v) => path(xs, v, fx, clip);
    curve.setAttribute("d", line(values));
    while (terms.childElementCount < parts.length) terms.append(s("path", { class: "dlb-pg-term" }));
    while (terms.childElementCount > parts.length) terms.lastChild.remove();
    parts.forEach((part, j) => {
      terms.children[j].setAttribute("d", line(part));
      terms.children[j].classList.toggle("dlb-pg-marked", j === marked);
    });
  }
  return { node, layout, paint, label: (text) => svg.setAttribute("aria-label", text) };
}
// round numbers on the reader's scale, and where they stand on the network's
function axis(data, k, domain) {
  const own = k !== null && data.axes?.[k], scaled = own && data.scaled && own[1] > own[0];
  const toOwn = (v) => (scaled ? own[0] + ((v + 1) / 2) * (own[1] - own[0]) : v), back = (v) => (scaled ? (2 * (v - own[0])) / (own[1] - own[0]) - 1 : v);
  const labels = niceTicks(toOwn(domain[0]), toOwn(domain[1]), 4);
  return { ticks: labels.map(back), labels: labels.map(tidy) };
}

// ---- the loss curve
const LOSS = { height: 150, left: 40, right: 52, top: 8, bottom: 22 };
export function createLossPlot() {
  const grid = s("g"), label = (text, name) => Object.assign(s("text", { class: `dlb-pg-end dlb-pg-${name}` }), { textContent: text });
  const lines = { train: s("path", { class: "dlb-pg-loss dlb-pg-train" }), test: s("path", { class: "dlb-pg-loss dlb-pg-held" }) };
  const ends = { train: label("train", "train"), test: label("test", "held") };
  const svg = s("svg", { role: "img", class: "dlb-plot" }, grid, lines.test, lines.train, ends.test, ends.train);
  let before = "";
  function paint({ history, epoch }, width, log) {
    const { train, test, epochs } = history;
    svg.toggleAttribute("hidden", !epochs.length);
    if (!epochs.length) return;
    const all = [...train, ...test], value = log ? (v) => Math.log10(Math.max(v, 1e-12)) : (v) => v;
    const top = Math.max(...all), x = [0, Math.max(20, epoch * 1.02)];
    const y = log ? [Math.floor(value(Math.min(...all))), Math.max(Math.ceil(value(top)), Math.floor(value(Math.min(...all))) + 1)] : [0, top * 1.05 || 1];
    const yticks = log ? niceTicks(...y, 4).filter(Number.isInteger) : niceTicks(...y, 4), xticks = niceTicks(...x, width < 400 ? 4 : 6);
    const shape = [width, log, x[1], ...y].join();
    const scale = axes(shape === before ? s("g") : grid, { x, y, width, ...LOSS, xticks, yticks, format: tidy });
    if (shape !== before && log) [...grid.querySelectorAll("text")].slice(xticks.length).forEach((e, i) => { e.textContent = tidy(10 ** yticks[i]); });
    before = shape;
    svg.setAttribute("viewBox", `0 0 ${width} ${LOSS.height}`);
    const last = { train: scale.fy(value(train.at(-1))), test: scale.fy(value(test.at(-1))) };
    const apart = Math.max(0, 13 - Math.abs(last.train - last.test)) / 2, up = last.train <= last.test ? 1 : -1;
    for (const name of ["train", "test"]) {
      lines[name].setAttribute("d", path(epochs, history[name].map(value), scale.fx, scale.fy));
      ends[name].setAttribute("x", scale.fx(epochs.at(-1)) + 5);
      ends[name].setAttribute("y", last[name] + 4 + (name === "train" ? -up : up) * apart);
    }
    const say = (v) => v.toPrecision(3);
    svg.setAttribute("aria-label", `Loss over ${epoch} epochs: training from ${say(train[0])} to ${say(train.at(-1))}, test from ${say(test[0])} to ${say(test.at(-1))}.`);
  }
  return { node: svg, paint };
}

// ---- a small picture of each data set
export function thumbnail(kind, size) {
  const at = (v) => +(size / 2 + v * size * 0.4).toFixed(1), d = ["", ""], random = stream(7, 0);
  for (let i = 0; i < 72; i++) {
    const [a, b, label] = geometry(kind, random(), random(), i), wobble = () => (kind === "blobs" ? 0.5 * (random() + random() - 1) : 0);
    const flat = kind === "regression";
    d[flat ? 0 : label] += SHAPE[flat ? 0 : label](at(a + wobble()), at(flat ? -label : -b + wobble()), 1.3);
  }
  return s("svg", { viewBox: `0 0 ${size} ${size}`, width: size, height: size, "aria-hidden": "true" },
    s("path", { class: kind === "regression" ? "dlb-pg-fillink" : "dlb-pg-fill0", d: d[0] }), s("path", { class: "dlb-pg-fill1", d: d[1] }));
}
export function featureValues(name, run) {
  const [x1, x2] = run.grid.plane, { f } = FEATURES[name];
  return x1.map((v, i) => f(v, x2[i]));
}
