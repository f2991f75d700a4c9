// inside_cnn.mjs - a digit is drawn, and every layer of a convolutional network shows what it makes of it.
import { h, s, root, watch, put, button, everyFrame, onTheme, announcer, integer, listOf } from "./ui.mjs";
import { SAMPLES, SIDE, read, write, raster, inkText } from "./cnn_ink.mjs";
import { BITS, COUNTS, bitmap, counts, enlarge } from "./cnn_digit.mjs";
import { unpack, forward, softmax } from "./cnn_net.mjs";
import { createPad } from "./cnn_pad.mjs";
import { readColors, paintGray, mapCanvas } from "./cnn_paint.mjs";
import { createLayers, layerNames } from "./cnn_layers.mjs";
import { createDetail } from "./cnn_detail.mjs";
import { table, folded, fixed } from "./values.mjs";

// ms for a step of the sliding window; from this probability on the answer is sure; px of a phone
const PACE = 45, SURE = 0.8, NARROW = 560;
const params = { ink: inkText(), layer: integer(0, 99), channel: integer(0, 1023), cell: listOf(integer(0, 63), 2) };
const TRAITS = ["network", "picture", ...Object.keys(params)], INPUTS = 3;
const percent = (p) => (p >= 0.9995 ? "> 99.9 %" : p < 0.0005 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`);
const spoken = (p) => percent(p).replace(">", "more than").replace("<", "less than");

function render({ model, el, signal }) {
  let net, names, layers, digit, outputs, bars, sliding = 0, resting = true, before = [], said = [];
  // what Undo brings back: [ink, picture]
  const past = [];

  // ---- the parts of the page
  const body = root(el, "Inside a convolutional network"), say = announcer(el);
  el.classList.add("dlb-ic", "dlb-m");
  const pad = createPad({ change: drawn, undo }), back = button("Undo", undo), clear = button("Clear", () => replace(""));
  const samples = SAMPLES.map((ink, k) => h("button", { type: "button", class: "dlb-btn", "aria-label": `Draw a ${k}`, onclick: () => replace(ink) },
    s("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" }, s("path", { d: read(ink).map((points) => `M${points.join("L")}`).join("") }))));
  const steps = ["stretched, upright", "ink counted in blocks", "enlarged"].map((what) => {
    const canvas = mapCanvas(), words = h("span", {}), node = h("div", { class: "dlb-ic-step" }, canvas, words, h("span", { class: "dlb-ic-small" }, what));
    const show = (values, side) => {
      node.hidden = !values;
      words.textContent = `${side} × ${side}`;
      if (values) paintGray(canvas, values, [side, side]);
    };
    return { node, show };
  });
  const answer = h("p", { class: "dlb-ic-answer" }), classes = h("div", { class: "dlb-ic-classes", role: "img" }), about = h("p", { class: "dlb-ic-about" }), place = h("div", {});
  const play = button("", () => (sliding ? stop() : slide())), detail = createDetail({ choose: (at) => { stop(); put(model, "cell", at); }, play });
  const all = folded(() => h("div", {},
    table("The network's answer", ["class", "probability", "logit"], net.labels.map((name, k) => [`class ${name}`, percent(outputs.at(-1)[k]), fixed(outputs.at(-2)[k])])),
    table("The numbers after each layer", ["layer", "numbers", "least", "largest", "zeros"], net.layers.map(({ shape }, l) => {
      const y = outputs[l].slice().sort(), zeros = y.filter((v) => v === 0).length / y.length;
      return [names[l], shape.join(" × ").replace(" × 1 × 1", ""), fixed(y[0]), fixed(y.at(-1)), `${Math.round(100 * zeros)} %`];
    }))));
  const key = (...words) => h("p", { class: "dlb-ic-key" }, ...words), patch = (kind) => h("span", { class: `dlb-ic-${kind}` }, "■");
  body.append(
    h("div", { class: "dlb-ic-top" },
      h("div", { class: "dlb-ic-draw" }, pad.node, h("div", { class: "dlb-ic-buttons" }, back, clear), h("div", { class: "dlb-ic-samples", role: "group", "aria-label": "Drawings" }, ...samples)),
      h("div", {}, answer, classes, key("What the network sees"), h("div", { class: "dlb-ic-steps", role: "img", "aria-label": "The drawing on its way" }, ...steps.map(({ node }) => node)))),
    key("Every layer: ", patch("plus"), " above 0, ", patch("minus"), " below. Press a map or a bar to take it apart."), place, about, all.node);

  // ---- what the reader does
  function set(ink, picture = {}, done = true) {
    model.set({ ink, picture });
    if (done) model.save_changes();
  }
  function keep() { past.push([model.get("ink"), model.get("picture")]); }
  function replace(ink) {
    keep();
    set(ink);
  }
  // while a stroke grows, Python is not told
  function drawn(strokes, done) {
    if (resting) keep();
    resting = done;
    set(write(strokes), {}, done);
  }
  function undo() { set(...(past.pop() ?? [write(digit.strokes.slice(0, -1))])); }
  function choose(layer, channel) {
    stop();
    if (layer !== model.get("layer")) model.set("cell", []);
    model.set({ layer, channel });
    model.save_changes();
  }
  function slide() {
    const { cell: [i, j], shape: [, rows, columns] } = chosen();
    let n = i * columns + j;
    sliding = setInterval(() => {
      n = (n + 1) % (rows * columns);
      model.set("cell", [Math.floor(n / columns), n % columns]);
    }, PACE);
  }
  function stop() {
    if (!sliding) return;
    clearInterval(sliding);
    sliding = 0;
    model.save_changes();
    refresh();
  }

  // ---- drawing -> image -> all layers
  function start() {
    net = unpack(model.get("network"));
    names = layerNames(net);
    layers = createLayers(net, names, choose);
    place.replaceChildren(layers.node);
    about.textContent = net.about;
    bars = net.labels.map((name) => {
      const bar = h("span", { class: "dlb-bar" }), value = h("span", { class: "dlb-bar-value" }), node = h("div", { class: "dlb-bar-row" }, h("span", { class: "dlb-bar-name" }, name), h("span", { class: "dlb-track" }, bar), value);
      const show = (p, best) => {
        node.classList.toggle("dlb-ic-best", best);
        bar.style.width = `${100 * p}%`;
        value.textContent = percent(p);
      };
      return { node, show };
    });
    classes.replaceChildren(...bars.map(({ node }) => node));
  }
  // {bits, small, image, strokes, given}: a step that is not taken is missing, `given` is a digit that came as an array
  function see() {
    const { kind, shape = [SIDE, SIDE], values } = model.get("picture"), strokes = kind ? [] : read(model.get("ink"));
    const numbers = kind && Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => (kind === "drawing" ? values.getUint8(i) : values.getFloat32(4 * i, true))), given = kind && { values: numbers, shape };
    if (kind === "image") return { image: numbers, strokes, given };
    const found = kind === "counts" ? undefined : bitmap(numbers ?? raster(strokes), ...shape), empty = found === null;
    const bits = empty ? new Uint8Array(BITS ** 2) : found, small = bits ? counts(bits) : numbers;
    return { bits, small, image: enlarge(small, COUNTS, net.side), strokes, given, empty };
  }
  function compute() {
    digit = see();
    outputs = forward(net, digit.image);
    outputs.push(softmax(outputs.at(-1)));
  }
  // what the traits ask for, within what the network has
  function chosen() {
    const layer = Math.min(model.get("layer"), net.layers.length), { shape } = net.layers[layer] ?? net.layers.at(-1), [count, rows, columns] = shape;
    const channel = Math.min(model.get("channel"), count - 1), [i, j] = model.get("cell"), size = rows * columns;
    if (j !== undefined) return { layer, channel, shape, cell: [Math.min(i, rows - 1), Math.min(j, columns - 1)] };
    const values = outputs[layer].slice(channel * size, (channel + 1) * size), at = values.reduce((best, v, n) => (v > values[best] ? n : best), 0);
    return { layer, channel, shape, cell: [Math.floor(at / columns), at % columns] };
  }

  // ---- view
  function update() {
    const state = TRAITS.map((name) => model.get(name)), changed = state.slice(0, INPUTS).some((v, i) => v !== before[i]);
    if (!net) readColors(el);
    if (state[0] !== before[0]) start();
    before = state;
    if (changed) compute();
    const words = paint(), news = words.filter((text, i) => said[i] && text !== said[i]);
    if (!sliding && news.length) say(news.join(" "));
    said = words;
  }
  function paint() {
    const p = outputs.at(-1), order = p.map((_, k) => k).sort((a, b) => p[b] - p[a]), now = chosen(), { empty, given, strokes } = digit, ink = model.get("ink");
    pad.show(strokes, given);
    steps[0].show(digit.bits, BITS);
    steps[1].show(digit.small, COUNTS);
    steps[2].show(net.side !== COUNTS && digit.image, net.side);
    answer.replaceChildren(...verdict(p, order));
    bars.forEach((bar, k) => bar.show(p[k], k === order[0] && !empty));
    classes.setAttribute("aria-label", `Probabilities: ${order.slice(0, 3).map((k) => `${net.labels[k]} ${spoken(p[k])}`).join(", ")}`);
    layers.paint(outputs, now.layer, now.channel);
    const told = takeApart(now);
    samples.forEach((sample, k) => sample.setAttribute("aria-pressed", ink === SAMPLES[k] && !given));
    back.disabled = !past.length && !strokes.length;
    clear.disabled = !strokes.length && !given;
    play.textContent = sliding ? "Stop" : "Slide the window";
    all.again();
    el.dataset.painted = +(el.dataset.painted || 0) + 1;
    return [answer.textContent, told];
  }
  // on a phone the number that is taken apart stands below its block, and the block stays where it is seen
  function takeApart(now) {
    const block = layers.blocks[now.layer], above = el.clientWidth < NARROW ? block : place, moves = above.nextSibling !== detail.node, { top } = block.getBoundingClientRect();
    const told = detail.paint(net, names, digit.image, outputs, now);
    if (moves) above.after(detail.node);
    if (moves && said.length) scrollBy(0, block.getBoundingClientRect().top - top);
    return told;
  }
  function verdict(p, order) {
    const [first, second] = order.map((k) => net.labels[k]), [a, b] = order.map((k) => spoken(p[k])), big = (text) => h("strong", {}, text);
    if (digit.empty) return [`Nothing is drawn yet. The network must answer even so: ${first}, with ${a}.`];
    if (p[order[0]] < SURE) return ["It may be ", big(first), ` (${a}) or `, big(second), ` (${b}).`];
    return ["It is read as ", big(first), ` with ${a}; next is ${second} with ${b}.`];
  }

  // ---- the world around
  const refresh = everyFrame(update, el);
  watch(model, TRAITS, refresh, signal);
  onTheme(() => {
    readColors(el);
    refresh();
  }, signal);
  signal?.addEventListener("abort", stop);
  refresh();
}

export default { params, render };
