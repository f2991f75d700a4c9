// cnn_digit.mjs - from a drawing to what a network sees: bitmap and drawn_digit of dlbook/images.py, step by step.
// the side of the bitmap, in pixels, that of the counts, the width of a digit in the bitmap
export const BITS = 32;
export const COUNTS = 8;
const WIDE = 20;
// ink, in pixels, below or above which strokes are thickened or thinned
const THIN = [108, 256], FAT = [412, 560];

// a drawing of 0 and 1, row by row, as a bitmap Uint8Array(32 · 32); null if nothing is drawn
export function bitmap(ink, height, width) {
  const box = bounds(ink, height, width);
  return box && upright(strokeWidth(stretched(ink, width, box)));
}
// ink in blocks of 4 × 4, 0 to 1, Float32Array(8 · 8)
export function counts(bits) {
  const out = new Float32Array(COUNTS * COUNTS);
  for (let i = 0; i < BITS * BITS; i++) out[(i >> 7) * COUNTS + ((i & 31) >> 2)] += bits[i] / 16;
  return out;
}

function bounds(ink, height, width) {
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    if (!ink[y * width + x]) continue;
    [top, bottom] = [Math.min(top, y), y];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
  }
  return bottom < 0 ? null : { top, left, rows: bottom - top + 1, columns: right - left + 1 };
}
// how much of each of `size` equal parts each of n pixels covers, in units of 1/size of a pixel: whole numbers
function coverage(n, size) {
  return Array.from({ length: size }, (_, k) => {
    const part = [];
    for (let p = Math.floor((k * n) / size); p < n && p * size < (k + 1) * n; p++)
      part.push([p, Math.min((k + 1) * n, (p + 1) * size) - Math.max(k * n, p * size)]);
    return part;
  });
}
function stretched(ink, width, { top, left, rows, columns }) {
  const down = coverage(rows, BITS), across = coverage(columns, WIDE), share = new Float64Array(BITS * WIDE), bits = new Uint8Array(BITS * BITS);
  const line = new Float64Array(columns);
  down.forEach((part, i) => {
    line.fill(0);
    for (const [y, weight] of part) for (let x = 0; x < columns; x++) line[x] += weight * ink[(top + y) * width + left + x];
    across.forEach((piece, j) => { for (const [x, weight] of piece) share[i * WIDE + j] += weight * line[x]; });
  });
  const half = share.reduce((a, b) => Math.max(a, b)) / 2;
  for (let i = 0; i < BITS; i++) for (let j = 0; j < WIDE; j++) bits[i * BITS + (BITS - WIDE) / 2 + j] = +(share[i * WIDE + j] >= half);
  return bits;
}

const at = (bits, y, x) => (y >= 0 && y < BITS && x >= 0 && x < BITS ? bits[y * BITS + x] : 0);
function strokeWidth(bits) {
  const amount = bits.reduce((a, b) => a + b, 0);
  const again = (times, enough) => {
    for (; times; times--) bits = bits.map((_, i) => {
      const y = i >> 5, x = i & 31;
      return +(bits[i] + at(bits, y + 1, x) + at(bits, y - 1, x) + at(bits, y, x + 1) + at(bits, y, x - 1) >= enough);
    });
  };
  again(THIN.filter((limit) => amount < limit).length, 1);
  again(FAT.filter((limit) => amount > limit).length, 5);
  return bits;
}
// rows are shifted so that the leftmost ink near the top stands above the leftmost near the bottom
function upright(bits) {
  const first = Array.from({ length: BITS }, (_, y) => bits.subarray(BITS * y, BITS * (y + 1)).indexOf(1)), inked = first.flatMap((x, y) => (x < 0 ? [] : y));
  const top = inked[0] + 2, bottom = inked.at(-1) - 2, slope = (first[top] - first[bottom]) / (bottom - top);
  if (inked.length < 6 || top >= bottom || first[top] < 0 || first[bottom] < 0) return bits;
  return bits.map((_, i) => {
    const y = i >> 5;
    return at(bits, y, (i & 31) - Math.floor((y - BITS / 2) * slope + 0.5));
  });
}

// an image of n × n bilinearly enlarged to size × size: enlarge of dlbook/images.py
export function enlarge(image, n, size) {
  if (n === size) return Float32Array.from(image);
  const shares = Array.from({ length: size }, (_, i) => {
    const place = Math.min(n - 1, Math.max(0, ((i + 0.5) * n) / size - 0.5)), k = Math.floor(place);
    return [k, k + 1].filter((j) => j < n).map((j) => [j, Math.max(0, 1 - Math.abs(place - j))]);
  });
  const out = new Float32Array(size * size), sum = (shares, f) => shares.reduce((total, [j, share]) => total + share * f(j), 0);
  shares.forEach((rows, i) => shares.forEach((columns, k) => { out[i * size + k] = sum(columns, (x) => sum(rows, (y) => image[y * n + x])); }));
  return out;
}
