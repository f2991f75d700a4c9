// cnn_detail.mjs - one number of one layer: where it stands, how it is computed, what of the input it has seen.
import { h, s } from "./ui.mjs";
import { terms, taken, field } from "./cnn_net.mjs";
import { paintMap, paintGray, largest, mapCanvas, createBars, chooser } from "./cnn_paint.mjs";
import { isFlat, unitName } from "./cnn_layers.mjs";
import { fixed, bracket, table } from "./values.mjs";

// windows that are drawn; the others are one sum
const MOST = 6;
const WORDS = { relu: "what is below 0 becomes 0", tanh: "between −1 and 1", sigmoid: "between 0 and 1" };
const number = (v) => fixed(v, 3);

// a picture with a box on it
function framed() {
  const canvas = mapCanvas(), box = s("rect", { class: "dlb-ic-box" }), over = s("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, box);
  const mark = ([rows, columns], [[top, bottom], [left, right]]) => {
    const x = Math.max(0, left), y = Math.max(0, top), width = Math.min(columns - 1, right) - x + 1, height = Math.min(rows - 1, bottom) - y + 1;
    over.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    for (const [name, value] of Object.entries({ x, y, width, height })) box.setAttribute(name, value);
    return [height, width];
  };
  return { canvas, mark, nodes: [canvas, over] };
}

// choose([i, j]) when the reader takes another cell; `play` is the button that lets the window slide
export function createDetail({ choose, play }) {
  let now = { sides: [1, 1], cell: [0, 0] };
  const title = h("p", { class: "dlb-ic-title" }), says = h("p", { class: "dlb-m-says" }), sum = h("div", { class: "dlb-ic-sum" }), range = h("p", { class: "dlb-ic-words" }), reach = h("p", { class: "dlb-ic-words" });
  const own = framed(), seen = framed(), slider = chooser({ kind: "dlb-ic-frame", sides: () => now.sides, now: () => now.cell, choose }, ...own.nodes);
  const ownPart = h("div", { class: "dlb-ic-own" }, slider.node, range, play);
  const node = h("div", { class: "dlb-ic-detail" }, title, h("div", { class: "dlb-ic-parts" }, ownPart, sum, h("div", { class: "dlb-ic-seen" }, h("div", { class: "dlb-ic-frame" }, ...seen.nodes), reach)), says);

  function paint(net, names, image, outputs, { layer: l, channel: k, cell: [i, j] }) {
    const last = Math.min(l, net.layers.length - 1), layer = net.layers[last], { shape: [, ...sides], kind } = layer, size = sides[0] * sides[1], flat = size === 1;
    const x = l ? outputs[l - 1] : image, values = outputs[l].slice(k * size, (k + 1) * size), value = values[i * sides[1] + j], name = `${names[l]}, ${unitName(net, l, k)}`, place = flat ? "" : `row ${i + 1}, column ${j + 1}`;
    now = { sides, cell: [i, j] };
    title.replaceChildren(h("strong", {}, name), `${place && " · "}${place} = ${number(value)}`);
    ownPart.hidden = flat;
    if (!flat) {
      paintMap(own.canvas, values, sides, largest(values));
      own.mark(sides, [[i, i], [j, j]]);
      slider.say(`${place}: ${number(value)}`, `${name}: the number that is taken apart`);
      range.textContent = `The map, from ${fixed(values.reduce((a, b) => Math.min(a, b)))} to ${fixed(values.reduce((a, b) => Math.max(a, b)))}`;
    }
    paintGray(seen.canvas, image, [net.side, net.side]);
    const pixels = seen.mark([net.side, net.side], field(net, last, i, j)), what = pixels[0] * pixels[1] === net.side ** 2 ? "the whole input" : `${pixels.join(" × ")} pixels of the input`;
    reach.textContent = `It has seen ${what}`;
    const [words, ...parts] = l > last ? shares(net, outputs, k) : PARTS[kind](layer, x, { k, i, j, value, values });
    sum.replaceChildren(...parts);
    says.textContent = `${words} It has seen ${what}.`;
    return says.textContent;
  }
  return { node, paint };
}

// ---- how each kind of layer comes to its number: words, then nodes
function row(label, v, parts = [], kind = "") { return h("div", { class: `dlb-ic-row ${kind}` }, h("span", { class: "dlb-ic-label" }, label), ...parts, h("span", { class: "dlb-ic-number" }, typeof v === "number" ? number(v) : v)); }
function total(label, v) { return row(label, v, [], "dlb-ic-total"); }
function weighted(layer, x, { k, i, j, value }) {
  const dense = layer.kind === "linear", bias = layer.bias[k], all = terms(layer, x, k, i, j), what = dense ? `the ${all.length * all[0].seen.length} numbers before` : `${all.length > 1 ? `${all.length} windows` : "a window"} of ${layer.kernel.join(" × ")}`;
  const nodes = dense && isFlat(layer.from) ? strips(all) : windows(all, dense ? layer.from.slice(1) : layer.kernel, layer);
  return [`Each number of ${what} times its weight, all added up, and the bias ${bracket(number(bias))}: ${number(value)}.`, ...nodes, row("bias", bias), total("sum", value)];
}
function windows(all, sides, { from, kind }) {
  const shown = [...all].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, MOST), rest = all.filter((part) => !shown.includes(part));
  const scale = (part) => largest(all.flatMap((one) => one[part])), scales = [scale("seen"), scale("weights")], sign = (text) => h("span", { class: "dlb-ic-sign" }, text);
  const picture = (values, n) => {
    const canvas = mapCanvas();
    paintMap(canvas, values, sides, scales[n]);
    return canvas;
  };
  const lines = shown.sort((a, b) => a.channel - b.channel).map(({ channel, seen, weights, sum }) => row(from[0] === 1 ? "input" : `map ${channel + 1}`, sum, [picture(seen, 0), sign("×"), picture(weights, 1), sign("=")], all.length === 1 ? "dlb-ic-large" : ""));
  const head = row("", "sum", ["seen", "", kind === "linear" ? "weights" : "filter", ""].map(sign), "dlb-ic-head");
  return [head, ...lines, ...(rest.length ? [row(`${rest.length} more`, rest.reduce((sum, part) => sum + part.sum, 0))] : [])];
}
function strips(all) {
  const products = all.map(({ sum }) => sum), strip = (label, values) => {
    const bars = createBars();
    bars.paint(values);
    return h("div", { class: "dlb-ic-strip" }, h("span", { class: "dlb-ic-label" }, label), bars.node);
  };
  return [strip("inputs", all.map(({ seen }) => seen[0])), strip("× weights", all.map(({ weights }) => weights[0])), strip("= products", products), row("in all", products.reduce((a, b) => a + b, 0))];
}
function pooled(layer, x, { k, i, j, value }) {
  const seen = taken(x, layer, k, i, j), { kernel, kind } = layer, word = kind === "maxpool" ? "largest" : "mean", hit = kind === "maxpool" ? seen.indexOf(value) : -1;
  const cells = seen.map((v, n) => h("span", { class: n === hit ? "dlb-ic-hit" : "" }, v === null ? "–" : fixed(v)));
  return [`The ${word} of ${kernel.join(" × ")} numbers of the map before: ${number(value)}.`, h("div", { class: "dlb-ic-grid", style: `--columns: ${kernel[1]}` }, ...cells), total(word, value)];
}
function pointwise({ kind, shape: [, , columns] }, x, { k, i, j, value, values }) {
  const before = x[k * values.length + i * columns + j], none = values.filter((v) => v === 0).length / values.length;
  const zeros = kind === "relu" && values.length > 1 ? ` ${Math.round(100 * none)} % of this map is 0.` : "";
  return [`${number(before)} becomes ${number(value)}: ${WORDS[kind]}.${zeros}`, row("before", before), total("after", value)];
}
function shares({ labels }, outputs, k) {
  const [z, p] = outputs.slice(-2), top = z.reduce((a, b) => Math.max(a, b)), powers = Array.from(z, (v) => Math.exp(v - top)), order = labels.map((_, c) => c).sort((a, b) => p[b] - p[a]).slice(0, 10).sort((a, b) => a - b);
  const node = table("From logits z to shares", ["class", "z", `e^(z − ${bracket(fixed(top))})`, "share"], order.map((c) => [labels[c], fixed(z[c]), number(powers[c]), number(p[c])]));
  order.forEach((c, n) => node.tBodies[0].rows[n].classList.toggle("dlb-focus", c === k));
  return [`The share of class ${labels[k]}: ${number(powers[k])} / ${number(powers.reduce((a, b) => a + b))} = ${number(p[k])}.`, node];
}
const PARTS = { conv: weighted, linear: weighted, maxpool: pooled, avgpool: pooled, relu: pointwise, tanh: pointwise, sigmoid: pointwise };
