// conv_math.mjs - the numbers of the convolution explorer.  Images, kernels and maps are lists of rows.
// The same as conv2d, relu, max_pool2d and avg_pool2d of dlbook.scratch; a test compares the two.
export const POOL = 2; // the side of a pooling window, and its stride

// sizes along one axis: n pixels, k weights.  `before` and `after` are the padding, `span` the pixels from the first
// of a window to its last, `out` how many windows fit
export function along(n, k, { stride, padding, dilation }) {
  const span = dilation * (k - 1) + 1, total = padding === "same" ? span - 1 : 2 * padding;
  const before = Math.floor(total / 2);
  return { n, k, span, total, before, after: total - before, out: Math.max(0, Math.floor((n + total - span) / stride) + 1) };
}
export function geometry(image, kernel, settings) {
  return { rows: along(image.length, kernel.length, settings), columns: along(image[0].length, kernel[0].length, settings) };
}
// why there is no map, or no pooled map, and the settings that would be a way out
export function misfit({ rows, columns }, { stride, padding, dilation, pooling }) {
  if (padding === "same" && stride > 1)
    return { words: `Padding “same” keeps the size of the image, and a stride of ${stride} cannot.`, fix: { stride: 1 }, text: "Stride 1" };
  if (!rows.out || !columns.out) {
    const words = `The window spans ${rows.span} × ${columns.span} pixels and the image with its padding has ${rows.n + rows.total} × ${columns.n + columns.total}: not even one window fits.`;
    return { words, ...(dilation > 1 ? { fix: { dilation: 1 }, text: "Dilation 1" } : { fix: { padding: 2 }, text: "Padding 2" }) };
  }
  if (pooling !== "none" && Math.min(rows.out, columns.out) < POOL)
    return { words: `Pooling takes ${POOL} × ${POOL} cells and the map has ${rows.out} × ${columns.out}.`, fix: { pooling: "none" }, text: "No pooling", map: true };
  return null;
}

// the pixels that cell (i, j) of the map meets, row by row: each with its place, its value (0 in the padding) and its weight
export function taps(image, kernel, { rows, columns }, { stride, dilation }, [i, j]) {
  return kernel.flatMap((line, u) => line.map((weight, v) => {
    const r = stride * i + dilation * u - rows.before, c = stride * j + dilation * v - columns.before;
    const inside = r >= 0 && r < rows.n && c >= 0 && c < columns.n;
    return { r, c, inside, pixel: inside ? image[r][c] : 0, weight };
  }));
}
export function convolve(image, kernel, { rows, columns }, { stride, dilation }) {
  return Array.from({ length: rows.out }, (_, i) => Array.from({ length: columns.out }, (_, j) => {
    let sum = 0;
    for (let u = 0; u < kernel.length; u++) {
      const line = image[stride * i + dilation * u - rows.before];
      if (line) for (let v = 0; v < kernel.length; v++) sum += kernel[u][v] * (line[stride * j + dilation * v - columns.before] ?? 0);
    }
    return sum;
  }));
}
export function relu(map) { return map.map((row) => row.map((v) => Math.max(0, v))); }

export function members(I, J) { return [[0, 0], [0, 1], [1, 0], [1, 1]].map(([i, j]) => [POOL * I + i, POOL * J + j]); }
export function pool(map, kind) {
  const of = kind === "max" ? (values) => Math.max(...values) : (values) => values.reduce((a, b) => a + b, 0) / values.length;
  return Array.from({ length: Math.floor(map.length / POOL) }, (_, I) => Array.from({ length: Math.floor(map[0].length / POOL) }, (_, J) => of(members(I, J).map(([i, j]) => map[i][j]))));
}
// the cell of the map that a pooled cell shows: the largest; for a mean the first
export function leader(map, kind, I, J) {
  const all = members(I, J);
  return kind === "max" ? all.reduce((best, at) => (map[at[0]][at[1]] > map[best[0]][best[1]] ? at : best)) : all[0];
}
// first pixel, and how many, that a cell of the map sees along one axis; with `pooled`, a cell after the pooling
export function field({ span, before }, stride, index, pooled) {
  return pooled ? { first: POOL * index * stride - before, size: span + (POOL - 1) * stride } : { first: index * stride - before, size: span };
}
