// cnn_layers.mjs - all layers at a glance: feature maps to choose from, units as bars.
import { h } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { paintMap, largest, mapCanvas, createBars, chooser } from "./cnn_paint.mjs";
import { fixed } from "./values.mjs";

const NAMES = { conv: "Convolution", maxpool: "Max pooling", avgpool: "Mean pooling", linear: "Linear layer", relu: "ReLU", tanh: "tanh", sigmoid: "Sigmoid" };

// what the reader calls each layer, and softmax after the last
export function layerNames({ layers }) {
  const count = (l) => layers.slice(0, l + 1).filter(({ kind }) => kind === layers[l].kind).length;
  return [...layers.map(({ kind }, l) => `${NAMES[kind]} ${count(l)}`), "Softmax"];
}
export function isFlat([, rows, columns]) { return rows * columns === 1; }
export function unitName(net, layer, channel) {
  if (layer >= net.layers.length - 1) return `class ${net.labels[channel]}`;
  return `${isFlat(net.layers[layer].shape) ? "unit" : "map"} ${channel + 1}`;
}

// choose(layer, channel) when the reader takes a map or a unit
export function createLayers(net, names, choose) {
  const group = newId("map"), node = h("div", {}), paints = [], blocks = [];
  for (const [l, name] of names.entries()) {
    const layer = net.layers[l], shape = (layer ?? net.layers[l - 1]).shape, flat = isFlat(shape), [count, ...sides] = shape;
    const size = flat ? ` ${count}` : ` ${shape.join(" × ")}`, [paint, ...nodes] = (flat ? units : maps)(l, name, count, sides);
    if (!l || layer?.name) node.append(h("div", { class: "dlb-ic-block" }));
    node.lastChild.append(h("div", { class: "dlb-ic-stage", role: "group", "aria-label": name + size }, h("p", { class: "dlb-ic-name" }, h("strong", {}, name), size), ...nodes));
    paints.push(paint);
    blocks.push(node.lastChild);
  }
  function maps(l, name, count, sides) {
    const size = sides[0] * sides[1], all = Array.from({ length: count }, (_, k) => {
      const canvas = mapCanvas(), input = h("input", { type: "radio", class: "dlb-sr", name: group, "aria-label": `${name}, map ${k + 1}`, onchange: () => choose(l, k) });
      return { canvas, input, node: h("label", { class: "dlb-ic-map" }, input, canvas) };
    });
    const paint = (values, chosen) => {
      const scale = largest(values);
      all.forEach(({ canvas, input }, k) => {
        paintMap(canvas, values.subarray(k * size, (k + 1) * size), sides, scale);
        input.checked = k === chosen;
      });
    };
    return [paint, h("div", { class: "dlb-ic-maps", style: `--columns: ${count < 5 ? 4 : 5}` }, ...all.map(({ node }) => node))];
  }
  function units(l, name, count) {
    const bars = createBars(), ticks = l >= names.length - 2 && count <= 12 ? [h("div", { class: "dlb-ic-ticks", "aria-hidden": "true" }, ...net.labels.map((text) => h("span", {}, text)))] : [];
    let at = 0;
    const slider = chooser({ label: `${name}, unit`, kind: "dlb-ic-units", sides: () => [1, count], now: () => [0, at], choose: ([, k]) => choose(l, k) }, bars.node);
    const paint = (values, chosen) => {
      at = Math.max(0, chosen);
      bars.paint(values, chosen);
      slider.say(`${unitName(net, l, at)}: ${fixed(values[at])}`);
    };
    return [paint, slider.node, ...ticks];
  }
  return { node, blocks, paint: (outputs, layer, channel) => paints.forEach((paint, l) => paint(outputs[l], l === layer ? channel : -1)) };
}
