// optimizer_race.mjs - eight optimizers on one loss surface, from one start: settings -> paths -> view.
import { h, root, watch, put, slider, select, button, everyFrame, onTheme, announcer } from "./ui.mjs";
import { SETTINGS, SURFACES, OPTIMIZERS, PRESETS, DISPLAY, NAMES, START, presetSettings, effective, params } from "./race_settings.mjs";
import { createSurface, unpackGrid } from "./race_surfaces.mjs";
import { race, finish, target } from "./race_optim.mjs";
import { tidy, place } from "./race_look.mjs";
import { createMap } from "./race_map.mjs";
import { createLosses } from "./race_losses.mjs";
import { createTable, numberField, labelled } from "./race_table.mjs";
import { createTransport } from "./race_transport.mjs";

const TRAITS = Object.keys(SETTINGS), OWN = ["start", "lr", "factors", "steps"]; // what a surface has of its own
const E24 = [1, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2, 2.2, 2.4, 2.7, 3, 3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1];
const RATES = [-5, -4, -3, -2, -1, 0].flatMap((k) => E24.map((m) => +`${m}e${k}`)); // evenly spaced on a log scale
const CHOICES = {
  condition: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], momentum: [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999], beta2: [0.9, 0.99, 0.999, 0.9999],
  alpha: [0, 0.5, 0.9, 0.95, 0.99, 0.999], weight_decay: [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1], noise: [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], steps: [20, 50, 100, 200, 300, 500, 1000, 2000],
};
const SCHEDULES = [["constant", "constant"], ["step", "steps of × 0.3"], ["cosine", "cosine"], ["warmup_cosine", "warm-up, cosine"]];
const SIDES = [640, 0.5, 440]; // px: from here on the table stands beside the map; its share, and at most

function render({ model, el, signal }) {
  let settings, now, surface, paths = [], shown = [], ends = [], lowest = 0, width = 0, begun = false;
  const grid = unpackGrid(model.get("grid"));

  // ---- the parts of the page
  const body = root(el, "Optimizer race"), say = announcer(el);
  el.classList.add("dlb-or");
  const list = (name, more) => {
    const values = more?.values ?? CHOICES[name];
    return { min: 0, max: values.length - 1, step: 1, parse: (k) => values[k], show: (v) => nearest(values, v), format: tidy, signal, ...more };
  };
  const part = (name, label, more) => slider(model, name, { label, ...list(name, more) });
  const preset = select(model, "preset", { label: "Preset from the text", options: [["", "Your own settings"], ...Object.entries(PRESETS).map(([name, p]) => [name, p.title])], signal });
  const landscape = select(model, "surface", { label: "Surface", options: Object.entries(SURFACES).map(([name, own]) => [name, own.title]), signal });
  const formula = h("span", { class: "dlb-or-formula" }), says = h("p", { class: "dlb-or-says" }), verdict = h("p", { class: "dlb-or-verdict" });
  const map = createMap({ el, move: (x, y) => put(model, "start", [x, y]) }), losses = createLosses({ seek: (t) => { transport.pause(); put(model, "at", t); } });
  const table = createTable({ toggle, rate: setRate });
  const speed = select(model, "speed", { label: "Steps a second", options: SETTINGS.speed.oneOf.map((n) => [n, n]), parse: Number, signal });
  const transport = createTransport({ el, go, pace: () => model.get("speed"), speed, signal });
  const lr = part("lr", "Learning rate", { values: RATES, show: () => nearest(RATES, now?.lr ?? 1), format: () => tidy(now?.lr ?? 1) });
  const kappa = part("condition", "Condition number κ"), steps = part("steps", "Steps", { show: () => nearest(CHOICES.steps, now?.steps ?? 200), format: () => String(now?.steps ?? "") });
  const fields = [0, 1].map((k) => numberField({}, [-10, 10], (v) => put(model, "start", now.start.map((w, i) => (i === k ? v : w)))));
  const table2 = h("details", { ontoggle: fill }, h("summary", {}, "The same as a table"));
  body.append(
    h("div", { class: "dlb-or-choose" }, preset, landscape, formula), says,
    h("div", { class: "dlb-or-main" }, map.node, transport.node, verdict, table.node),
    h("div", { class: "dlb-or-controls" }, lr, select(model, "schedule", { label: "Schedule of the rate", options: SCHEDULES, signal }),
      part("momentum", "Momentum μ, Adam's β₁"), part("noise", "Gradient noise"), kappa, steps),
    losses.node,
    h("details", { class: "dlb-or-more" }, h("summary", {}, "Start, weight decay, β₂, α, other noise"), h("div", { class: "dlb-or-controls" },
      labelled("Start x", fields[0]), labelled("Start y", fields[1]), part("weight_decay", "Weight decay λ"), part("beta2", "Adam's β₂", { format: String }), part("alpha", "α of RMSprop, ρ of Adadelta", { format: String }),
      button("Other noise", () => put(model, "seed", (model.get("seed") % 9999) + 1), { title: "Other random numbers" }),
      button("Rates of the surface", () => { model.set("lr", 0); put(model, "factors", []); }))),
    table2,
  );

  // ---- traits -> settings -> paths
  function read() { return Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])); }
  function update() {
    const before = settings, next = read();
    if (next.preset !== before?.preset && presetSettings(next.preset)) applyPreset(next, !before);
    else if (next.preset && !followsPreset(next)) put(model, "preset", "");
    else if (before && next.surface !== before.surface) forget(before, next);
    settings = read();
    now = effective(settings);
    if (begun && settings.preset !== before?.preset) transport.pause();
    const changed = (...names) => !before || names.some((name) => !same(before[name], settings[name]));
    if (changed(...TRAITS.filter((name) => !DISPLAY.includes(name)))) run(changed("surface", "condition"));
    paint();
  }
  function applyPreset(asked, first) { // an address may ask for a preset at another step
    for (const [name, value] of Object.entries(presetSettings(asked.preset)))
      if (!(first && DISPLAY.includes(name) && asked[name] !== START[name])) model.set(name, value);
    model.save_changes();
  }
  function followsPreset(asked) {
    const wanted = presetSettings(asked.preset);
    return wanted && TRAITS.every((name) => DISPLAY.includes(name) || same(asked[name], wanted[name]));
  }
  function forget(before, next) { // another surface is shown as it is by itself
    for (const name of [...OWN, "at"]) if (same(before[name], next[name])) model.set(name, START[name]);
    model.save_changes();
  }
  function run(fresh) {
    if (fresh) surface = createSurface(now.surface, now.own, { condition: now.condition, grid });
    lowest = Math.min(...now.own.minima.map(([x, y]) => surface.at(x, y)[0]));
    paths = race(surface, now);
    shown = paths.filter(({ name }) => now.optimizers.includes(name));
    ends = paths.map((path) => finish(path, lowest));
    if (fresh || !width) layout();
    else plot();
    words();
  }

  // ---- view
  function layout() {
    const space = body.clientWidth, wide = space >= SIDES[0];
    if (!width) body.querySelector(".dlb-or-more").open = wide;
    width = space;
    el.classList.toggle("dlb-or-wide", wide);
    map.layout(surface, now.own, wide ? Math.min(SIDES[2], Math.round(space * SIDES[1])) : Math.min(space, SIDES[2]));
    plot();
  }
  function plot() { losses.layout(shown, now, target(paths[0].loss[0], lowest), width); }
  function words() {
    const { own } = now;
    formula.textContent = now.surface === "quadratic" ? own.formula.replace("κ", tidy(now.condition)) : own.formula;
    says.textContent = PRESETS[settings.preset]?.says ?? own.says;
    kappa.hidden = now.surface !== "quadratic";
    for (const [control, value, text] of [[lr, nearest(RATES, now.lr), tidy(now.lr)], [steps, nearest(CHOICES.steps, now.steps), String(now.steps)]]) {
      const input = control.querySelector("input"), out = control.querySelector(".dlb-out"); // 0 stands for what the surface has
      input.value = value;
      input.setAttribute("aria-valuetext", text);
      out.textContent = text;
    }
    fields.forEach((field, k) => field.show(now.start[k], k ? own.y : own.x));
  }
  function paint() {
    const { at } = now, first = best(at), text = summary(at, first);
    map.paint(shown, at, now.start, `${now.own.title} seen from above. ${text}`);
    losses.paint(shown, at, `Loss over the steps, logarithmic. ${text}`);
    table.paint(paths, now, ends, first);
    transport.paint(at, now.steps);
    verdict.textContent = text;
    fill();
    Object.assign(el.dataset, { painted: +(el.dataset.painted || 0) + 1, at });
    if (begun && !transport.playing) say(text);
    begun = true;
  }
  function best(at) {
    const there = paths.map(({ name }, i) => [ends[i], name]).filter(([end, name]) => end !== null && end <= at && now.optimizers.includes(name));
    return there.sort(([a], [b]) => a - b)[0]?.[1];
  }
  function summary(at, first) {
    if (!shown.length) return "No optimizer is shown.";
    const there = shown.filter((path) => { const end = ends[paths.indexOf(path)]; return end !== null && end <= at; }).length, out = [];
    const gone = (stop) => shown.filter((path) => path.stop === stop && at > path.last).map((path) => `${OPTIMIZERS[path.name]} at step ${path.last + 1}`);
    if (!at) out.push(`All start at ${place(...now.start)} with a loss of ${tidy(paths[0].loss[0])}.`);
    else if (first) out.push(`Step ${at}: ${there} of ${shown.length} ${there === 1 ? "is" : "are"} 99 % of the way down, ${OPTIMIZERS[first]} first, at step ${ends[NAMES.indexOf(first)]}.`);
    else out.push(`Step ${at}: none is 99 % of the way down yet.`);
    for (const [stop, verb] of [["diverged", "Diverged"], ["left", "Left the map"]]) if (gone(stop).length) out.push(`${verb}: ${gone(stop).join(", ")}.`);
    return out.join(" ");
  }
  function fill() { // made only while it is open
    table2.querySelector("div")?.remove();
    if (!table2.open || !now) return;
    const every = Math.max(1, Math.ceil(now.steps / 20)), times = Array.from({ length: Math.floor(now.steps / every) + 1 }, (_, k) => k * every);
    const cell = (path, t) => h("td", {}, t > path.last ? path.stop : tidy(path.loss[t]));
    const heads = ["step", ...shown.map(({ name }) => OPTIMIZERS[name])].map((text) => h("th", { scope: "col" }, text));
    table2.append(h("div", { class: "dlb-or-scroll", tabindex: 0, role: "region", "aria-label": "Table of the losses" }, h("table", {}, h("caption", {}, "Loss at each step"),
      h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...times.map((t) => h("tr", {}, h("th", { scope: "row" }, t), ...shown.map((path) => cell(path, t))))))));
  }

  // ---- what the reader does
  function go(at, done) { // while it plays, Python is not told of every step
    model.set("at", at);
    if (done) model.save_changes();
  }
  function toggle(name) {
    const list = model.get("optimizers");
    put(model, "optimizers", NAMES.filter((n) => (n === name ? !list.includes(n) : list.includes(n))));
  }
  function setRate(i, rate) { put(model, "factors", now.factors.map((f, k) => (k === i ? +(rate / now.lr).toPrecision(10) : f))); }

  // ---- the world around
  const refresh = everyFrame(update, el);
  watch(model, TRAITS, refresh, signal);
  onTheme(() => { if (width) map.shade(); }, signal);
  const sized = new ResizeObserver(() => { if (paths.length && body.clientWidth && body.clientWidth !== width) { layout(); paint(); } });
  sized.observe(body);
  signal?.addEventListener("abort", () => sized.disconnect());
  refresh();
}

// ---- small helpers
function same(a, b) { return JSON.stringify(a) === JSON.stringify(b); }
function nearest(values, v) { // the place of the value that is closest, on a ratio scale
  const far = (a) => (a === v ? -1 : Math.abs(Math.log((a || 1e-6) / (v || 1e-6))));
  return values.reduce((best, a, i) => (far(a) < far(values[best]) ? i : best), 0);
}

export default { params, render };
