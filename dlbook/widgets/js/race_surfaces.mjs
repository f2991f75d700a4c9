// race_surfaces.mjs - the loss surfaces: value and gradient at a point.  Their twin in NumPy is dlbook/widgets/race_surfaces.py.
const ANALYTIC = {
  quadratic: (x, y, kappa) => [(x * x + kappa * y * y) / 2, x, kappa * y],
  rosenbrock: (x, y) => {
    const a = 1 - x, b = y - x * x;
    return [a * a + 100 * b * b, -2 * a - 400 * x * b, 200 * b];
  },
  beale: (x, y) => {
    const a = 1.5 - x + x * y, b = 2.25 - x + x * y * y, c = 2.625 - x + x * y * y * y;
    return [a * a + b * b + c * c, 2 * (a * (y - 1) + b * (y * y - 1) + c * (y * y * y - 1)), 2 * x * (a + 2 * b * y + 3 * c * y * y)];
  },
  saddle: (x, y) => {
    const a = y * y - 1;
    return [(x * x) / 2 + (a * a) / 4, x, y * a];
  },
};

// at(x, y) gives [loss, slope along x, slope along y]; a measured surface is known on the map alone, and NaN elsewhere
export function createSurface(name, { x, y }, { condition, grid }) {
  if (name === "digits") return { at: measured(grid, x, y), known: (a, b) => a >= x[0] && a <= x[1] && b >= y[0] && b <= y[1] };
  const f = ANALYTIC[name];
  return { at: (a, b) => f(a, b, condition), known: () => true };
}

// ---- bicubic interpolation (Catmull-Rom): the grid has one line of values beyond the map on every side
const weights = (t) => [((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2];
const slopes = (t) => [((4 - 3 * t) * t - 1) / 2, (9 * t - 10) * t / 2, ((8 - 9 * t) * t + 1) / 2, (3 * t - 2) * t / 2];

function measured(values, [left, right], [low, high]) {
  const n = Math.sqrt(values.length), cells = n - 3, wide = (right - left) / cells, tall = (high - low) / cells;
  return (x, y) => {
    const u = (x - left) / wide, v = (y - low) / tall;
    if (!(u >= 0 && u <= cells && v >= 0 && v <= cells)) return [NaN, NaN, NaN];
    const i = Math.min(Math.floor(u), cells - 1), j = Math.min(Math.floor(v), cells - 1);
    const wx = weights(u - i), dx = slopes(u - i), wy = weights(v - j), dy = slopes(v - j);
    let f = 0, fx = 0, fy = 0;
    for (let r = 0; r < 4; r++) {
      let row = 0, slope = 0;
      for (let c = 0; c < 4; c++) {
        const z = values[(j + r) * n + i + c];
        row += wx[c] * z;
        slope += dx[c] * z;
      }
      f += wy[r] * row;
      fx += wy[r] * slope;
      fy += dy[r] * row;
    }
    return [f, fx / wide, fy / tall];
  };
}
export function unpackGrid(view) { // DataView of float32, row by row from the lowest y
  return Float64Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

// ---- contour lines
// log-spaced levels between a low and a high loss of the map
export function levels(values, count) {
  const sorted = Float64Array.from(values).sort(), [low, high] = [0.01, 0.99].map((q) => Math.log(sorted[Math.floor(q * (sorted.length - 1))]));
  return Array.from({ length: count }, (_, k) => Math.exp(low + ((k + 0.5) / count) * (high - low)));
}
// the values at n × n places of the map, from its lower left corner to its upper right one
export function sampled(at, [left, right], [low, high], n) {
  const out = new Float64Array(n * n);
  for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) // the last place is the border itself: a sum may miss it by a digit
    out[j * n + i] = at(i === n - 1 ? right : left + ((right - left) * i) / (n - 1), j === n - 1 ? high : low + ((high - low) * j) / (n - 1))[0];
  return out;
}
// where the values cross a level: pieces [x1, y1, x2, y2] in units of the places (marching squares)
export function contour(z, n, level) {
  const out = [], between = (a, b) => (level - a) / (b - a);
  for (let j = 0; j < n - 1; j++) for (let i = 0; i < n - 1; i++) {
    const k = j * n + i, a = z[k], b = z[k + 1], c = z[k + n + 1], d = z[k + n];
    const [A, B, C, D] = [a > level, b > level, c > level, d > level], cut = [];
    if (A === B && B === C && C === D) continue;
    if (A !== B) cut.push(i + between(a, b), j);
    if (B !== C) cut.push(i + 1, j + between(b, c));
    if (C !== D) cut.push(i + between(d, c), j + 1);
    if (D !== A) cut.push(i, j + between(a, d));
    for (let m = 0; m + 3 < cut.length; m += 4) out.push(cut.slice(m, m + 4));
  }
  return out;
}
