// network_playground.mjs - the playground: settings -> run (data, network, training) -> view.
import { h, root, watch, put, slider, select, checkbox, button, everyFrame, reducedMotion, onTheme, announcer } from "./ui.mjs";
import { ACTIVATIONS } from "./activation.mjs";
import { SETTINGS, PRESETS, DISPLAY, START, presetSettings, params } from "./playground_settings.mjs";
import { parameterCount, stateDict, INITS } from "./net.mjs";
import { FEATURES } from "./toy_data.mjs";
import { createRun, activeFeatures, batchStep, epochStep, measure, remeasure, maps } from "./playground_run.mjs";
import { palette, createPlane, createLossPlot, tidy } from "./playground_plots.mjs";
import { createDiagram, unitName } from "./playground_diagram.mjs";
import { createLoop, JUMP } from "./playground_loop.mjs";
import { createInspector } from "./playground_inspector.mjs";
import { dataChoice, ownDataBox } from "./playground_data.mjs";

const NAMES = Object.keys(SETTINGS), LIVE = ["lr", "l1", "l2", "batch", "preset", ...DISPLAY]; // no new start for these

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 0]; // 0 takes all
const SPEEDS = SETTINGS.speed.oneOf.map((n) => [n, n ? `× ${n}` : "full"]); // epochs a frame; 0 takes what fits
const INIT_NAMES = { glorot: "Glorot", he: "He", large: "large", constant: "all 0.5", zeros: "all 0" };
const FOREIGN = "Your model's weights do not fit this network, so it starts with Glorot weights. "
  + "Give it the same inputs and layers to return to them.";
const PATIENCE = 300; // ms between two messages to Python

function render({ model, el, signal }) {
  let run, colors, settings = {}, chosen = [1, 0, -1], sent = 0, later = 0, width = 0, room = 0;

  // ---- the parts of the page
  const body = root(el, "Network playground"), say = announcer(el);
  el.classList.add("dlb-pg");
  const comment = h("p", { class: "dlb-pg-says" }), note = h("p", { class: "dlb-note", role: "alert", hidden: true });
  const plane = createPlane(), loss = createLossPlot(), inspector = createInspector(editWeight);
  const diagram = createDiagram({ select: chooseUnit, edge: chooseEdge, point: pointAt, toggle: toggleFeature, resize: resizeLayer });
  const meaning = h("p", { class: "dlb-pg-about" }), pointed = h("p", { class: "dlb-pg-pointed", "aria-hidden": "true" });
  const numbers = Object.fromEntries(["epoch", "seed", "train", "test", "trainAccuracy", "testAccuracy", "parameters"].map((name) => [name, h("td", {})]));
  const accuracies = tableRow("Accuracy", numbers.trainAccuracy, numbers.testAccuracy);
  const play = button("Train", () => (loop.playing ? loop.pause() : loop.play()), { class: "dlb-btn dlb-pg-play", "aria-pressed": "false" });
  const list = (values) => ({ min: 0, max: values.length - 1, step: 1, parse: (i) => values[i], show: (v) => nearest(values, v), signal });
  const choices = (names, text) => names.map((name) => [name, text(name)]);
  const layers = h("span", { class: "dlb-pg-count" });
  const layerButton = (text, by, words) => button(text, () => resizeDepth(by), { class: "dlb-pg-step", "aria-label": words, "data-by": by });
  const [fewer, more] = [layerButton("−", -1, "Remove a hidden layer"), layerButton("+", 1, "Add a hidden layer")];

  const preset = select(model, "preset", { label: "Preset from the text", options: [["", "Your own settings"], ...PRESETS.map((p) => [p.name, p.title])], signal });
  preset.classList.add("dlb-pg-preset");
  const lossSelect = select(model, "loss", { label: "Loss", options: [["cross_entropy", "Cross-entropy"], ["squared_error", "Squared error"]], signal });
  const inits = choices(INITS, (name) => INIT_NAMES[name]);
  if (model.get("start")["layers.0.weight"]) inits.push(["own", "yours"]);
  const initSelect = select(model, "init", { label: "Start weights", options: inits, signal });
  const loop = createLoop({ el, current: () => ({ run, settings }), moved, switched: showPlay, signal });
  const box = ownDataBox(model, { use: useRows, current: () => run.data, signal });
  body.append(
    preset, comment,
    dataChoice(model, { openOwn: box.open, signal }),
    h("div", { class: "dlb-pg-controls" },
      select(model, "activation", { label: "Activation", options: choices(Object.keys(ACTIVATIONS), (name) => ACTIVATIONS[name].label), signal }),
      lossSelect, initSelect,
      slider(model, "lr", { label: "Learning rate", format: tidy, ...list(RATES) }),
      slider(model, "batch", { label: "Batch size", format: (v) => (v ? String(v) : "all"), ...list(BATCHES) })),
    h("details", { class: "dlb-pg-more" }, h("summary", {}, "Noise, split, penalties"), h("div", { class: "dlb-pg-controls" },
      slider(model, "noise", { label: "Noise", min: 0, max: 0.5, step: 0.01, signal }),
      slider(model, "share", { label: "Share for training", min: 0.1, max: 0.9, step: 0.05, format: (v) => `${Math.round(100 * v)} %`, signal }),
      slider(model, "l1", { label: "L1 penalty", format: tidy, ...list(PENALTIES) }),
      slider(model, "l2", { label: "L2 penalty", format: tidy, ...list(PENALTIES) }),
      button("New data", () => another("data_seed"), { title: "Other random points" }))),
    box.node,
    h("div", { class: "dlb-pg-transport" },
      play,
      button("One epoch", () => loop.step(epochStep)), button("One batch", () => loop.step(batchStep)),
      button("Reset", () => { loop.pause(); rebuild(); }, { title: "Back to epoch 0 with the same start" }),
      button("New start", () => another("seed"), { title: "Other random weights" }),
      select(model, "speed", { label: "Speed", options: SPEEDS, parse: Number, signal })),
    note,
    h("div", { class: "dlb-pg-main" },
      h("div", {},
        h("div", { class: "dlb-pg-depth", role: "group", "aria-label": "Hidden layers" }, fewer, layers, more),
        diagram.node, legend(), pointed),
      h("div", { class: "dlb-pg-result" },
        h("p", { class: "dlb-pg-unitname" }, "Output"), meaning, plane.node,
        checkbox(model, "show_test", { label: "Show the test points", signal }),
        h("table", { class: "dlb-pg-numbers" },
          h("tbody", {}, tableRow("Epoch", numbers.epoch), tableRow("Start", numbers.seed), tableRow("Parameters", numbers.parameters)),
          h("tbody", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "train"), h("th", { scope: "col" }, "test")),
            tableRow("Loss", numbers.train, numbers.test), accuracies))),
      h("div", { class: "dlb-pg-curve-row" }, h("p", { class: "dlb-pg-unitname" }, "Loss"), checkbox(model, "log_scale", { label: "logarithmic", signal }), loss.node)),
    inspector.node,
  );

  // ---- settings -> run
  const refresh = everyFrame(update, el);
  function update() {
    const before = settings, next = read();
    if (next.preset !== before.preset && presetSettings(next.preset)) applyPreset(next, !run);
    else if (next.preset && !followsPreset(next)) put(model, "preset", "");
    settings = read();
    if (settings.data === "own" && !settings.rows.length) { put(model, "data", before.data && before.data !== "own" ? before.data : START.data); box.open(); return; }
    const changed = (name) => JSON.stringify(before[name]) !== JSON.stringify(settings[name]);
    const idle = settings.data === "own" ? ["noise"] : ["rows", "scale"];
    if (!run || ["rows", "start", ...NAMES].some((name) => ![...LIVE, ...idle].includes(name) && changed(name))) rebuild();
    else if (changed("show_test")) layout();
    else paint();
    words();
  }
  function read() { return Object.fromEntries([...NAMES, "rows", "start"].map((name) => [name, model.get(name)])); }
  function applyPreset(now, first) {
    for (const [name, value] of Object.entries(presetSettings(now.preset)))
      // an address may ask for a preset at another speed
      if (!(first && DISPLAY.includes(name) && now[name] !== START[name])) model.set(name, value);
    model.save_changes();
  }
  function followsPreset(now) {
    const wanted = presetSettings(now.preset);
    return wanted && NAMES.every((name) => DISPLAY.includes(name) || JSON.stringify(now[name]) === JSON.stringify(wanted[name]));
  }
  function rebuild() {
    run = createRun(settings);
    const depth = settings.hidden.length + 1;
    if (chosen[0] > depth || chosen[1] >= run.net.sizes[chosen[0]]) chosen = [depth, 0, -1];
    layout();
    send(true);
  }
  function words() {
    const found = PRESETS.find((p) => p.name === settings.preset), flat = run.data.task === "regression";
    comment.textContent = found?.says ?? "";
    comment.hidden = !found;
    layers.textContent = settings.hidden.length === 0 ? "no hidden layer" : settings.hidden.length === 1 ? "1 hidden layer" : `${settings.hidden.length} hidden layers`;
    fewer.disabled = !settings.hidden.length;
    more.disabled = settings.hidden.length === SETTINGS.hidden.most;
    const choice = lossSelect.querySelector("select");
    accuracies.hidden = flat;
    choice.disabled = flat;
    choice.value = flat ? "squared_error" : settings.loss;
    meaning.textContent = flat ? "its curve; thin lines are its terms" : "blue where it says class 1 (square)";
    lossSelect.title = flat ? "A regression is trained on the squared error of the plain output." : "";
  }

  // ---- view
  function layout() {
    const space = body.clientWidth;
    if (!width) body.querySelector(".dlb-pg-more").open = space >= 620;
    const wide = space >= 620, side = wide ? Math.min(280, Math.round(space * 0.36)) : Math.min(space, 340);
    width = space;
    el.classList.toggle("dlb-pg-wide", wide);
    el.style.setProperty("--side", `${side}px`);
    room = wide ? space - side - 20 : space;
    diagram.layout(run, room);
    plane.layout(run, side, { test: settings.show_test });
    inspector.show(run, chosen[0], chosen[1], wide ? 190 : 220);
    diagram.select(...chosen);
    if (colors) diagram.paintInputs(colors);
    paint();
  }
  function paint() {
    if (!colors) { colors = palette(el); diagram.paintInputs(colors); }
    const units = maps(run), flat = run.data.task === "regression", last = run.net.layers.at(-1), output = units.at(-1);
    const shown = flat ? output.z : output.z.map((v) => Math.tanh(v / 2)); // 2p - 1 for classes
    diagram.paint(units, shown, colors);
    inspector.paint(units, colors);
    const marked = chosen[0] === run.net.layers.length - 1 ? chosen[1] : -1;
    plane.paint(flat ? { values: shown, parts: terms(units, last), marked } : { values: shown, z: output.z, top: 1 }, colors);
    loss.paint(run, room, settings.log_scale);
    const m = measure(run), percent = (v) => (v == null ? "–" : `${(100 * v).toFixed(1)} %`);
    const texts = {
      epoch: run.batches ? `${run.epoch} + ${run.batches} batches` : String(run.epoch),
      seed: String(settings.seed), parameters: String(parameterCount(run.net)),
      train: fixed(m.train.loss), test: fixed(m.test.loss), trainAccuracy: percent(m.train.accuracy), testAccuracy: percent(m.test.accuracy),
    };
    for (const [name, text] of Object.entries(texts)) if (numbers[name].textContent !== text) numbers[name].textContent = text;
    plane.label(flat ? `The network's curve over x₁ and the points; training loss ${fixed(m.train.loss)}.`
      : `The network's output over the plane of x₁ and x₂ and the points: ${percent(m.train.accuracy)} of the training points are on the right side.`);
    note.textContent = run.stopped ?? (run.foreign ? FOREIGN : "");
    note.hidden = !note.textContent;
    Object.assign(el.dataset, { painted: +(el.dataset.painted || 0) + 1, epoch: run.epoch, loss: m.train.loss, test: m.test.loss, accuracy: m.train.accuracy ?? "" });
    const right = flat ? "" : `, ${percent(m.train.accuracy)} of the training points right`;
    if (!loop.playing) say(`Epoch ${run.epoch}: training loss ${fixed(m.train.loss)}, test loss ${fixed(m.test.loss)}${right}.`);
  }
  // the terms w a of the output's sum, one curve for each unit of the last hidden layer
  function terms(units, { weight, inputs }) {
    if (units.length < 2) return [];
    const { n } = run.grid, { a } = units.at(-2);
    return Array.from({ length: inputs }, (_, j) => a.subarray(j * n, (j + 1) * n).map((v) => v * weight[j]));
  }

  // ---- training
  function moved(done) { paint(); send(done); }
  function showPlay() {
    play.textContent = loop.playing ? "Pause" : reducedMotion() ? `Train ${JUMP} epochs` : "Train";
    play.setAttribute("aria-pressed", String(loop.playing));
  }
  // the weights as the browser has them, for Python; while they move, a few times a second and at the end
  function send(now) {
    const wait = now ? 0 : PATIENCE - (performance.now() - sent);
    clearTimeout(later);
    if (wait > 0) { later = setTimeout(send, wait, true); return; }
    sent = performance.now();
    put(model, "weights", stateDict(run.net));
  }

  // ---- what the reader does to the network
  function chooseUnit(layer, index) {
    if (chosen[0] === layer && chosen[1] === index) return;
    choose([layer, index, -1]);
  }
  function choose(next) {
    chosen = next;
    inspector.show(run, chosen[0], chosen[1], el.classList.contains("dlb-pg-wide") ? 190 : 220);
    diagram.select(...chosen);
    if (!loop.playing) paint();
  }
  function chooseEdge(layer, index, from) {
    choose([layer, index, from]);
    inspector.focusWeight(from);
  }
  function pointAt(layer, index, from) {
    if (layer === undefined) { pointed.textContent = ""; return; }
    const { weight, inputs } = run.net.layers[layer - 1], depth = run.net.layers.length;
    const source = layer === 1 ? FEATURES[run.features[from]].text : unitName(layer - 1, from, depth).toLowerCase();
    pointed.textContent = `Weight from ${source} to ${unitName(layer, index, depth).toLowerCase()}: ${tidy(weight[index * inputs + from])}. Click to change it.`;
  }
  function editWeight(layer, index, from, value) {
    const { weight, bias, inputs } = run.net.layers[layer - 1];
    if (from < 0) bias[index] = value; else weight[index * inputs + from] = value;
    run.stopped = null;
    remeasure(run);
    if (!loop.playing) { repaint(); send(false); }
  }
  const repaint = everyFrame(paint, el);
  function toggleFeature(name) {
    const active = activeFeatures(settings, run.data.task), rest = active.filter((f) => f !== name);
    if (rest.length === active.length) put(model, "features", SETTINGS.features.some.filter((f) => [name, ...active, ...settings.features].includes(f)));
    else if (rest.length) put(model, "features", settings.features.filter((f) => f !== name));
    else say("A network needs at least one input.");
  }
  function resizeLayer(layer, by) { put(model, "hidden", settings.hidden.map((n, l) => (l === layer ? n + by : n))); }
  function resizeDepth(by) { put(model, "hidden", by > 0 ? [...settings.hidden, 4] : settings.hidden.slice(0, -1)); }
  function another(seed) {
    loop.pause();
    put(model, seed, (model.get(seed) % 9999) + 1);
  }
  function useRows(rows) {
    loop.pause();
    model.set("rows", rows);
    put(model, "data", "own");
  }

  // ---- the world around
  watch(model, [...NAMES, "rows", "start"], refresh, signal);
  onTheme(() => { colors = null; repaint(); }, signal);
  const sized = new ResizeObserver(() => { if (run && body.clientWidth && body.clientWidth !== width) layout(); });
  sized.observe(body);
  signal?.addEventListener("abort", () => { clearTimeout(later); sized.disconnect(); });
  showPlay();
  refresh();
}

// ---- small helpers of the view
const fixed = (v) => (v < 0.001 ? v.toExponential(1) : v < 1000 ? v.toFixed(3) : v.toPrecision(4));
function nearest(values, v) { // the place of the value that is closest, on a ratio scale
  const far = (a) => (a === v ? -1 : Math.abs(Math.log((a || 1e-6) / (v || 1e-6))));
  return values.reduce((best, a, i) => (far(a) < far(values[best]) ? i : best), 0);
}
function tableRow(name, ...cells) { return h("tr", {}, h("th", { scope: "row" }, name), ...cells); }
function legend() {
  return h("p", { class: "dlb-pg-legend" },
    "Weight: ", h("span", { class: "dlb-pg-key" }), "positive", h("span", { class: "dlb-pg-key dlb-pg-keyminus" }), "negative. ",
    "Map: − ", h("span", { class: "dlb-pg-swatch" }), " +");
}

export default { params, render };
