// conv_words.mjs - the convolution explorer in sentences, formulas and tables.  `now` is what its `read` returns.
import { h } from "./ui.mjs";
import { POOL, field, members } from "./conv_math.mjs";
import { short } from "./conv_maps.mjs";
import { table } from "./values.mjs";

// the rows and columns of the image that the shown cell has seen
export function fields({ g, stride, stage, cell, at }) {
  const pooled = stage === "pooling";
  return [g.rows, g.columns].map((axis, k) => field(axis, stride, (pooled ? cell : at)[k], pooled));
}
export function fieldWords(now) {
  const [rows, columns] = fields(now).map(({ first, size }) => (size === 1 ? `${first + 1}` : `${first + 1} to ${first + size}`).replaceAll("-", "−"));
  return `rows ${rows} and columns ${columns} of the image`;
}
export function mapName({ relu, pooled, pooling }) {
  const name = [relu && "ReLU", pooled && (pooling === "max" ? "max pooling" : "mean pooling")].filter(Boolean).join(", ");
  return name[0].toUpperCase() + name.slice(1);
}
export function sentence(now) {
  const { at, map, stage, cell, pooled } = now, [[i, j], v, what] = stage === "pooling" ? [cell, pooled, "after the pooling"] : [at, map, "of the map"];
  return `Row ${i + 1}, column ${j + 1} ${what}: ${short(v[i][j])}, from ${fieldWords(now)}.`;
}
export function afterwards({ map, active, pooled, pooling, relu, at: [i, j], cell }) { // what ReLU and pooling make of the sum
  const parts = relu ? [`ReLU: max(0, ${short(map[i][j])}) = ${short(active[i][j])}.`] : [];
  if (pooled && Math.floor(i / POOL) === cell[0] && Math.floor(j / POOL) === cell[1]) {
    const four = members(...cell).map(([r, c]) => short(active[r][c])), sum = four.map((t, k) => (k && t[0] === "−" ? `(${t})` : t)).join(" + ");
    parts.push(`Pooling: ${pooling === "max" ? `max(${four.join(", ")})` : `(${sum}) / 4`} = ${short(pooled[cell[0]][cell[1]])}.`);
  } else if (pooled) parts.push("The side of the map is odd: no pooling window holds its last row or column.");
  return parts.join(" ");
}

// ---- sizes, as formulas with the numbers put in
export function facts(now) {
  const { g: { rows, columns }, stride, padding, dilation, kernel: { length: k }, map, pooled } = now, square = rows.n === columns.n;
  const line = (name, formula, numbers) => h("p", {}, h("span", { class: "dlb-cx-key" }, name), h("span", {}, h("span", { class: "dlb-cx-formula" }, formula), ...numbers.map((text) => h("strong", {}, text))));
  const twice = (text) => (square ? [text(rows, 0)] : [`rows: ${text(rows, 0)}`, `columns: ${text(columns, 1)}`]);
  const size = ({ n, total, before, after, span, out }) => `⌊(${n} + ${padding === "same" ? `${before} + ${after}` : `2·${padding}`} − ${dilation}·(${k} − 1) − 1) / ${stride}⌋ + 1 = ${n + total < span ? "0 or less" : out}`;
  const shape = [map?.length, map?.[0].length];
  return [
    ...(padding === "same" && stride > 1 ? [] : [line("Output size", "⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1", twice(size))]),
    ...(pooled ? [line("After the pooling", `⌊(n − ${POOL}) / ${POOL}⌋ + 1`, twice((_, k2) => `⌊(${shape[k2]} − ${POOL}) / ${POOL}⌋ + 1 = ${Math.floor(shape[k2] / POOL)}`))] : []),
    line("Receptive field", pooled ? "d·(k − 1) + 1, after the pooling + s" : "d·(k − 1) + 1", [`${dilation}·(${k} − 1) + 1 = ${rows.span}`, ...(pooled ? [`${rows.span} + ${stride} = ${rows.span + (POOL - 1) * stride}`] : [])]),
    ...(map ? [line("This cell has seen", fieldWords(now), [])] : []),
  ];
}
export function tables(now) {
  const { map, out, seen, kernel: { length: k }, at: [i, j] = [] } = now;
  if (!map) return [h("p", {}, now.wrong.words)];
  const rows = Array.from({ length: k }, (_, u) => [String(u + 1), ...[(t) => t.pixel, (t) => t.weight, (t) => t.pixel * t.weight].map((of) => seen.slice(k * u, k * u + k).map((t) => short(of(t), 4)).join("  "))]);
  const whole = (name, values) => table(name, ["row", ...values[0].map((_, c) => c + 1)], values.map((row, r) => [r + 1, ...row.map((v) => short(v, 2))]));
  return [table(`The window of row ${i + 1}, column ${j + 1}`, ["row", "pixels", "weights", "products"], [...rows, ["sum", "", "", short(map[i][j])]]),
    whole("Convolution", map), ...(out ? [whole(mapName(now), out)] : [])];
}
