// cnn_ink.mjs - drawings as strokes: as text, and as pixels.  The twin of dlbook/widgets/cnn_ink.py, to the last pixel.
// the side of the sheet and the radius of the pen, in pixels
export const SIDE = 160;
export const PEN = 8;
// letters that an address may have for a drawing
const LONGEST = 3000;
// a point is three letters: the number SIDE · y + x
const POINT = 3, RADIX = 36;

// ---- strokes [[[x, y], ...], ...] <-> text
export function write(strokes) {
  return strokes.map((points) => points.map(([x, y]) => (SIDE * y + x).toString(RADIX).padStart(POINT, "0")).join("")).join("-");
}
// undefined if it is no drawing
export function read(text) {
  if (text === "") return [];
  const strokes = [];
  for (const part of text.split("-")) {
    if (!part || part.length % POINT || !/^[0-9a-z]+$/.test(part)) return undefined;
    const points = part.match(/.../g).map((letters) => parseInt(letters, RADIX));
    if (points.some((n) => n >= SIDE * SIDE)) return undefined;
    strokes.push(points.map((n) => [n % SIDE, Math.floor(n / SIDE)]));
  }
  return strokes;
}
// what an address may say
export function inkText() {
  const accept = (text) => (text.length <= LONGEST && read(text) ? text : undefined);
  return Object.assign(accept, { expects: `a drawing as this page writes it, of up to ${LONGEST} letters` });
}

// ---- strokes -> pixels: ink wherever the pen's center came as near as PEN.  Whole numbers only, so nothing is rounded.
// The result is a Uint8Array, row by row.
export function raster(strokes) {
  const out = new Uint8Array(SIDE * SIDE);
  for (const points of strokes) points.forEach((p, i) => line(out, points[Math.max(0, i - 1)], p));
  return out;
}
function line(out, [ax, ay], [bx, by]) {
  const ux = bx - ax, uy = by - ay, length = ux * ux + uy * uy, near = PEN * PEN;
  const low = (a, b) => Math.max(0, Math.min(a, b) - PEN), high = (a, b) => Math.min(SIDE - 1, Math.max(a, b) + PEN);
  for (let y = low(ay, by); y <= high(ay, by); y++) for (let x = low(ax, bx); x <= high(ax, bx); x++) {
    const vx = x - ax, vy = y - ay, along = vx * ux + vy * uy;
    if (along <= 0 ? vx * vx + vy * vy <= near
      : along >= length ? (x - bx) ** 2 + (y - by) ** 2 <= near
        : (vx * uy - vy * ux) ** 2 <= near * length) out[y * SIDE + x] = 1;
  }
}

// ---- fewer points for the same stroke (Ramer, Douglas and Peucker)
export function simplify(points, tolerance = 0.5) {
  if (points.length < 3) return points;
  const [ax, ay] = points[0], [bx, by] = points.at(-1), ux = bx - ax, uy = by - ay, length = ux * ux + uy * uy;
  const far = points.map(([x, y]) => {
    const t = length ? Math.max(0, Math.min(1, ((x - ax) * ux + (y - ay) * uy) / length)) : 0;
    return Math.hypot(x - ax - t * ux, y - ay - t * uy);
  });
  const at = far.reduce((best, d, i) => (d > far[best] ? i : best), 0);
  if (far[at] <= tolerance) return [points[0], points.at(-1)];
  return [...simplify(points.slice(0, at + 1), tolerance).slice(0, -1), ...simplify(points.slice(at), tolerance)];
}

// ---- one drawing of each digit
export const SAMPLES = [
  "2ag2w334v3qy5ci72l8x6bvvecyfq1ggvh3dh3qgdcfe0djjb787v75rj4143wm3ab2nx2jd2ex2eq",
  "67q2jahck",
  "5ym48h3hw2vu2a02aa2je35v3wp59o6qz7hl9y5b6dehlf85fcjg7jgtmh2jgcigcsgv1gvegqzgmu",
  "3zk3082e72152622si3wp5my7cz7z296w9pda7bbbicfmdsifrfgqqhh2hl2gyffyneui",
  "2a2bdybg8-6zihlm",
  "2su2rg8xg7yg7yo87s8ys9goatqbkgd68e1ag05gqnhclhl8hggfu2",
  "2aq3vx5hd6pn9wwc98dqkfu9gpjhgihl2hh2gqpfrdewce5pdalcjvbk6b2aak9astbj4cigdv4",
  "38q31whl6-a609yk",
  "4a02sc2ae2a02io2vv3v94lv5cj6l48y4b6tc22dsgewgg0bgznhlkhgkgl4fcgdhtbnd8l483f6zq64r5e34a0",
  "5ii4ed45h31b2jb2ej2w044758272q8bb9279ft9g28pp7lx6dl59n9cbc6fdwjhlg"
];
