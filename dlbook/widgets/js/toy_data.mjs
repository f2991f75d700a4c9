// toy_data.mjs - six small data sets, and the reader's own as CSV.
//
// Point i of a set is made from two uniforms u, v in [0, 1), its number (class c = i mod 2, so the classes
// alternate) and two standard normals.  First the geometry, a pure function; then the noise on top.
// dlbook/data.py draws its random numbers differently but shares this geometry; a test compares the two.
//
//   xor         each coordinate w = 2u - 1 becomes sign(w) (0.4 + 0.6 |w|): four squares; y = [x1 x2 < 0]
//   moons       t = pi u; c = 0: (cos t, sin t), c = 1: (1 - cos t, 0.5 - sin t); centered, divided by 1.5
//   circles     angle 2 pi u; c = 1: a disc, r = 0.4 sqrt(v); c = 0: a ring, r = 0.7 + 0.3 v
//   spirals     r = 0.1 + 0.9 u at the angle 1.75 * 2 pi u + pi c
//   blobs       centers (-0.5, -0.5) for c = 0 and (0.5, 0.5) for c = 1
//   regression  x = 2u - 1, y = 0.8 sin(1.5 pi x)
//
// The noise moves the point by `noise` times its normals; blobs have a spread of 0.2 of their own;
// in the regression the first normal moves y alone.
import { normals, shuffle, stream, uniforms } from "./random.mjs";

export const BLOB_SPREAD = 0.2;
const { PI, abs, cos, sin, sqrt } = Math;
const outwards = (u) => (2 * u - 1 < 0 ? -1 : 1) * (0.4 + 0.6 * abs(2 * u - 1));

const GEOMETRY = {
  xor(u, v) {
    const x1 = outwards(u), x2 = outwards(v);
    return [x1, x2, x1 * x2 < 0 ? 1 : 0];
  },
  moons(u, v, c) {
    const t = PI * u, a = c ? 1 - cos(t) : cos(t), b = c ? 0.5 - sin(t) : sin(t);
    return [(a - 0.5) / 1.5, (b - 0.25) / 1.5, c];
  },
  circles(u, v, c) {
    const r = c ? 0.4 * sqrt(v) : 0.7 + 0.3 * v;
    return [r * cos(2 * PI * u), r * sin(2 * PI * u), c];
  },
  spirals(u, v, c) {
    const r = 0.1 + 0.9 * u, t = 1.75 * 2 * PI * u + PI * c;
    return [r * cos(t), r * sin(t), c];
  },
  blobs(u, v, c) {
    return c ? [0.5, 0.5, 1] : [-0.5, -0.5, 0];
  },
  regression(u) {
    const x = 2 * u - 1;
    return [x, 0, 0.8 * sin(1.5 * PI * x)];
  },
};

// the noiseless point i as [x1, x2, y]
export function geometry(kind, u, v, i) {
  return GEOMETRY[kind](u, v, i % 2);
}

// A data set is { task, n, x: [x1, x2], y, order }; `order` says which points are taken for training first.
export function toyData(kind, n, noise, seed) {
  const u = uniforms(stream(seed, 0), 2 * n), z = normals(stream(seed, 1), 2 * n);
  const x1 = new Float64Array(n), x2 = new Float64Array(n), y = new Float64Array(n);
  const regression = kind === "regression", spread = noise + (kind === "blobs" ? BLOB_SPREAD : 0);
  for (let i = 0; i < n; i++) {
    [x1[i], x2[i], y[i]] = geometry(kind, u[2 * i], u[2 * i + 1], i);
    if (regression) y[i] += noise * z[2 * i];
    else { x1[i] += spread * z[2 * i]; x2[i] += spread * z[2 * i + 1]; }
  }
  return { task: regression ? "regression" : "classification", n, x: [x1, x2], y, order: [...y.keys()] };
}

// The reader's rows, [x1, x2, label] or [x, y].  With `scale` every axis (and y of a regression) is mapped to
// [-1, 1]; `axes` keeps the lower and upper end of each, so that plots can show the reader's own units.
export function ownData(rows, scale, seed) {
  const regression = rows[0].length === 2, n = rows.length;
  const columns = rows[0].map((_, k) => Float64Array.from(rows, (row) => row[k]));
  const axes = columns.map((c) => [Math.min(...c), Math.max(...c)]);
  const scaled = columns.map((c, k) => {
    const [low, high] = axes[k], label = !regression && k === 2;
    return scale && !label ? c.map((v) => (high > low ? (2 * (v - low)) / (high - low) - 1 : 0)) : c;
  });
  const [x1, x2, y] = regression ? [scaled[0], new Float64Array(n), scaled[1]] : scaled;
  const order = shuffle([...y.keys()], stream(seed, 2));
  return { task: regression ? "regression" : "classification", n, x: [x1, x2], y, order, axes, scaled: scale };
}

// ---- what the network is given
export const FEATURES = {
  x1: { text: "x₁", f: (a) => a, one: true },
  x2: { text: "x₂", f: (a, b) => b },
  x1_squared: { text: "x₁²", f: (a) => a * a, one: true },
  x2_squared: { text: "x₂²", f: (a, b) => b * b },
  x1_x2: { text: "x₁x₂", f: (a, b) => a * b },
  sin_x1: { text: "sin πx₁", f: (a) => sin(PI * a), one: true },
  sin_x2: { text: "sin πx₂", f: (a, b) => sin(PI * b) },
};
// the features of a task: a regression has one input, so `one` marks those of x1 alone
export function featuresOf(task) {
  return Object.keys(FEATURES).filter((name) => task === "classification" || FEATURES[name].one);
}
// inputs of a network, unit by unit: row k holds feature k of all n points
export function featureMatrix(names, [x1, x2]) {
  const n = x1.length, out = new Float64Array(names.length * n);
  names.forEach((name, k) => {
    const { f } = FEATURES[name];
    for (let i = 0; i < n; i++) out[k * n + i] = f(x1[i], x2[i]);
  });
  return out;
}

// ---- CSV
export const MAX_ROWS = 1000;
const MIN_ROWS = 4;
const FORMS = { 2: "x,y", 3: "x1,x2,label" };
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const shorten = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

// { rows } or { errors: [sentence, ...] }.  Three columns are classes, two are a regression.
export function parseCSV(text) {
  const lines = text.split(/\r\n|\r|\n/).map((line, i) => ({ line: line.trim(), number: i + 1 })).filter(({ line }) => line);
  const cells = (line) => line.split(/\s*[,;]\s*|\s+/);
  if (lines.length && cells(lines[0].line).every((cell) => /^[a-z_]/i.test(cell) && !/^(nan|inf(inity)?)$/i.test(cell))) lines.shift();
  if (!lines.length) return { errors: ["No data yet: write one point per line, x1,x2,label with label 0 or 1, or x,y."] };
  if (lines.length > MAX_ROWS) return { errors: [`${lines.length} lines of data: at most ${MAX_ROWS} are taken; leave some out.`] };
  const width = cells(lines[0].line).length, expected = FORMS[width] ?? "x1,x2,label or x,y";
  const rows = [], errors = [];
  for (const { line, number } of lines) {
    const problem = problemOf(cells(line), width, expected);
    if (problem) errors.push(`Line ${number}: “${shorten(line)}” ${problem}`);
    else rows.push(cells(line).map(Number));
  }
  if (!errors.length) errors.push(...problemsOfSet(rows, width));
  return errors.length ? { errors } : { rows };
}
function problemOf(cells, width, expected) {
  if (!FORMS[cells.length]) return `has ${cells.length} value${cells.length > 1 ? "s" : ""}; expected ${expected}.`;
  if (cells.length !== width) return `has ${cells.length} values, the first line ${width}; every line needs ${expected}.`;
  const bad = cells.find((cell) => !NUMBER.test(cell) || Math.abs(+cell) > 1e9);
  if (bad !== undefined) return `holds “${shorten(bad)}”; expected a number between -1e9 and 1e9, as in 0.5.`;
  if (width === 3 && ![0, 1].includes(+cells[2])) return `has the label ${shorten(cells[2])}; expected 0 or 1.`;
  return null;
}
function problemsOfSet(rows, width) {
  if (rows.length < MIN_ROWS) return [`${rows.length} line${rows.length > 1 ? "s" : ""} of data; at least ${MIN_ROWS} are needed, some to train on and some to test.`];
  if (width === 3 && new Set(rows.map((row) => row[2])).size < 2) return [`All labels are ${rows[0][2]}; both classes, 0 and 1, are needed.`];
  return [];
}
export function formatCSV({ task, n, x, y }) {
  const v = (number) => +number.toFixed(4);
  const line = (i) => (task === "regression" ? [v(x[0][i]), v(y[i])] : [v(x[0][i]), v(x[1][i]), y[i]]).join(",");
  return [task === "regression" ? "x,y" : "x1,x2,label", ...Array.from({ length: n }, (_, i) => line(i))].join("\n");
}
