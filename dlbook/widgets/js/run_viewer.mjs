import { h, root, watch, put, slider, select, checkbox, button, everyFrame, announcer, oneOf, number, integer, flag, listOf } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { SPLITS, unpack, merge, csv } from "./run_data.mjs";
import { smooth, gaps, lastAt, four, tidy, position, ending, diverged } from "./run_numbers.mjs";
import { createCurves } from "./run_curves.mjs";
import { createLayers } from "./run_layers.mjs";
import { createSizes } from "./run_sizes.mjs";
import { createTable, curveTable, layerTable } from "./run_table.mjs";

const PLACES = ["epoch", "step", "seconds"], MOST = 20;
const KINDS = [["activation", "Activations"], ["gradient", "Gradients"], ["none", "Nothing"]];
const BETAS = [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995];
const THUMB = 8; // half of the slider's thumb, so that it stands under the cursor
const SIDES = { train: "training", val: "validation" };

const name = (most) => Object.assign((text) => (text.length <= most && !/[<>\p{C}]/u.test(text) ? text : undefined), { expects: `a name of up to ${most} letters` });
const params = {
  metric: name(60), log_scale: flag(), smoothing: number(0, 0.999), x: oneOf(PLACES), at: number(0, 1e12), splits: listOf(oneOf(SPLITS), 2),
  hidden: listOf(integer(0, MOST - 1), MOST), histograms: oneOf(KINDS.map(([kind]) => kind)), layer: name(120), focus: integer(0, MOST - 1),
};

function render({ model, el, signal }) {
  let data = { metrics: ["loss"], runs: [] }, head, now = {}, curves = [], places = [], frame = null, lit = -1, width = 0;
  const dirty = { head: true, data: true, scene: true };

  // ---- the parts of the page
  const body = root(el, "Training runs"), say = announcer(el);
  el.classList.add("dlb-rv");
  const plot = createCurves({ seek, light }), layers = createLayers({ seek }), sizes = createSizes(), table = createTable({ toggle, part, light });
  const empty = h("p", { class: "dlb-rv-empty" }, "No records yet."), notes = h("div");
  const id = newId("at"), out = h("span", { class: "dlb-out", "aria-hidden": "true" });
  const scrub = h("input", { type: "range", id, min: 0, max: 1, step: "any", class: "dlb-range", oninput: () => seek(+scrub.value), onkeydown: onKey });
  const scrubber = h("div", { class: "dlb-rv-scrub" }, h("label", { for: id, class: "dlb-sr" }, "Cursor"), scrub, out);
  const metric = picker("metric", "Curve of"), xAxis = picker("x", "Over"), layer = picker("layer", "Layer"), focus = picker("focus", "of run", Number);
  const kind = select(model, "histograms", { label: "Inside the network", options: KINDS, signal });
  const key = h("p", { class: "dlb-rv-key" }, "Line: the median over time; bands: the middle 50 and 90 % of the values. At the right: the histogram at the cursor; “near 0” is its bin that holds 0.");
  const inside = h("div", { class: "dlb-rv-inside" }, h("div", { class: "dlb-row" }, kind, focus, layer), sizes.node, key, layers.node);
  const all = h("details", { ontoggle: fill }, h("summary", {}, "The same as a table"));
  const save = button("Download CSV", download);
  const controls = h("div", { class: "dlb-row" }, metric, xAxis,
    slider(model, "smoothing", { label: "Smoothing", min: 0, max: BETAS.length - 1, step: 1, parse: (k) => BETAS[k], show: nearest, format: (v) => (v ? tidy(v) : "off"), signal }),
    checkbox(model, "log_scale", { label: "logarithmic", signal }));
  const main = h("div", {}, controls, plot.node, scrubber, notes, table.node, inside, h("div", { class: "dlb-row" }, save), all);
  body.append(empty, main);

  function picker(trait, label, parse = String) { // a choice whose options come with the records
    const node = select(model, trait, { label, options: [], parse, signal }), input = node.querySelector("select");
    node.offer = (options, value) => {
      const key = JSON.stringify(options);
      if (node.dataset.options !== key) input.replaceChildren(...options.map(([v, t]) => h("option", { value: v }, t)));
      node.dataset.options = key;
      node.hidden = options.length < 2;
      input.value = String(value);
    };
    return node;
  }

  // ---- records -> what is shown
  function read() {
    if (dirty.head) head = unpack(model.get("head") ?? {}, model.get("head_bytes"));
    data = merge(head, unpack(model.get("tail") ?? {}, model.get("tail_bytes")));
    dirty.head = false;
  }
  function settings() { // as asked for, where the records can give it
    const { metrics, runs } = data, parts = runs.flatMap((run) => SPLITS.map((split) => run[split])).filter(Boolean);
    const x = PLACES.filter((p) => p === "step" || parts.every((curve) => curve[p])), asked = (trait) => model.get(trait) ?? null;
    const seen = runs.map((run, i) => i).filter((i) => runs[i].frames?.n), kinds = asked("histograms") ?? "none";
    const focused = seen.includes(asked("focus")) ? asked("focus") : seen[0] ?? 0;
    const order = runs[focused]?.frames?.activation ?? []; // gradients come from the last layer to the first
    const names = (runs[focused]?.frames?.[kinds] ?? []).slice().sort((a, b) => order.indexOf(a) - order.indexOf(b));
    return {
      metric: metrics.includes(asked("metric")) ? asked("metric") : "loss", log: asked("log_scale"), smoothing: asked("smoothing"),
      x: x.includes(asked("x")) ? asked("x") : "step", xs: x, splits: asked("splits"), hidden: asked("hidden"),
      kind: kinds, seen, focus: focused, names, layer: names.includes(asked("layer")) ? asked("layer") : "",
    };
  }
  function collect() { // the curves on the plot, and the places where the cursor may stand
    const { metric, x, splits, hidden, smoothing } = now, found = [];
    for (const [i, run] of data.runs.entries()) for (const split of SPLITS) {
      const part = run[split], y = part?.values[metric];
      if (!y || hidden.includes(i) || !splits.includes(split)) continue;
      found.push({ i, run, name: run.name, split, part, x: part[x], y, line: smooth(y, smoothing, smoothing ? gaps(run, part) : null) });
    }
    const both = found.some((c) => c.split === "val");
    curves = found.map((c) => ({ ...c, pale: both && c.split === "train", last: c.split === "val" || !found.some((o) => o.i === c.i && o.split === "val"), stop: ending(c.run) && (c.run.stopped?.[0] ?? "infinite"), wild: diverged(c.run) }));
    places = unique(curves.map((c) => c.x));
    now.both = both;
  }

  // ---- painting
  const refresh = everyFrame(() => {
    if (!body.clientWidth) return;
    if (dirty.data) read();
    if (dirty.data || dirty.scene) draw();
    Object.assign(dirty, { data: false, scene: false });
    point();
    for (const part of [plot, sizes, table]) part.stand(lit);
    el.dataset.painted = String(+(el.dataset.painted || 0) + 1);
  }, el);
  function draw() {
    now = settings();
    main.hidden = !data.runs.length;
    empty.hidden = !main.hidden;
    if (main.hidden) return;
    collect();
    const { metric: shown, log, x, hidden, splits, kind: inner, seen, names, both } = now;
    metric.offer(data.metrics.map((m) => [m, m]), shown);
    xAxis.offer(now.xs.map((p) => [p, p]), x);
    focus.offer(seen.map((i) => [i, data.runs[i].name]), now.focus);
    layer.offer([["", "all layers"], ...names.map((n) => [n, n])], now.layer);
    width = body.clientWidth;
    const ends = curves.map((c) => c.x.at(-1)), xEnd = Math.max(0, ...ends);
    frame = plot.draw({ curves, metric: shown, log, xName: x, xEnd, many: data.runs.length > 1 }, width);
    plot.label(message());
    table.draw(data.runs, { hidden, splits, pale: both ? frame.pale : undefined });
    Object.assign(scrub.style, { marginLeft: `${frame.left - THUMB}px`, width: `${frame.right - frame.left + 2 * THUMB}px` });
    scrub.max = frame.end;
    inside.hidden = !seen.length;
    const frames = data.runs[now.focus]?.frames, list = inner === "none" ? [] : now.layer ? [now.layer] : names;
    layers.node.hidden = key.hidden = !list.length;
    focus.hidden ||= inner === "none";
    layer.hidden ||= inner === "none";
    const place = (part) => part[x] ?? part.step, drawn = now.drawn = seen.filter((i) => !hidden.includes(i)).map((i) => data.runs[i]);
    if (seen.length) layers.draw(frames, list, inner, place(frames), frame);
    sizes.draw(drawn.map((run) => ({ i: data.runs.indexOf(run), name: run.name, frames: run.frames, xs: place(run.frames) })), list, inner, frame);
    notes.replaceChildren(...remarks().map((words) => h("p", { class: "dlb-rv-remark" }, words)));
    fill();
  }
  function point() {
    if (!frame || main.hidden) return;
    const { x } = now, wanted = model.get("at") ?? null, at = wanted === null || wanted >= (places.at(-1) ?? 0) ? places.at(-1) ?? 0 : places[Math.max(0, lastAt(places, wanted))];
    const values = data.runs.map(() => ({})), dots = [];
    for (const c of curves) {
      const k = known(c, lastAt(c.x, at));
      if (k < 0) continue;
      values[c.i][c.split] = c.line[k];
      dots.push({ i: c.i, x: c.x[k], y: c.line[k] });
    }
    const where = x === "seconds" ? `${position(at)} seconds` : `${x} ${position(at)}`;
    plot.point(at, dots);
    table.read(`${now.metric}${now.smoothing ? ", smoothed," : ""} at ${where}`, values);
    scrub.value = at;
    scrub.setAttribute("aria-valuetext", where);
    if (out.textContent !== where) out.textContent = where;
    if (now.seen.length && !layers.node.hidden) layers.point(at);
    sizes.point(at, where);
    const told = values.map((v, i) => [data.runs[i].name, v.val ?? v.train]).filter(([, v]) => v !== undefined);
    const best = [...told].sort((a, b) => a[1] - b[1]);
    say(`${where}: ${told.length <= 3 ? told.map(([n, v]) => `${n} ${four(v)}`).join(", ") : `${now.metric} from ${four(best[0][1])}, ${best[0][0]}, to ${four(best.at(-1)[1])}, ${best.at(-1)[0]}`}.`);
  }
  // the last record whose number is known: the record that ends a run may lack one
  function known({ y, run }, k) {
    if (now.metric !== "loss" || run.stopped?.[0] === "interrupted") while (k >= 0 && Number.isNaN(y[k])) k--;
    return k;
  }
  function message() { // what the plot shows, in words
    const ends = curves.filter((c) => c.last).map((c) => [c, c.y.filter(Number.isFinite)]).filter(([, v]) => v.length);
    if (!ends.length) return `No run with numbers for ${now.metric} is shown.`;
    if (ends.length <= 3) return `${now.metric} of ${ends.map(([c, v]) => `${c.name}, ${SIDES[c.split]}, from ${four(v[0])} to ${four(v.at(-1))}`).join("; ")}.`;
    const last = ends.map(([c, v]) => [v.at(-1), c.name]).sort((a, b) => a[0] - b[0]);
    return `${now.metric} of ${ends.length} runs: at the end from ${four(last[0][0])} (${last[0][1]}) to ${four(last.at(-1)[0])} (${last.at(-1)[1]}).`;
  }
  function remarks() { // what is asked for and not there, what is left out
    const { metrics, runs } = data, out = [], unknown = (trait, known, shown) => {
      const asked = model.get(trait) ?? "";
      if (asked && !known.includes(asked)) out.push(`These runs have no ${trait} “${asked}”; they have ${known.join(", ") || "none"}. Shown: ${shown}.`);
    };
    unknown("metric", metrics, now.metric);
    if (now.kind !== "none" && now.seen.length) unknown("layer", now.names, now.layer || "all layers");
    if (frame.cut) out.push(`The plot ends at ${four(frame.cut[1])}, and some values lie far outside; the logarithmic axis shows them.`);
    if (now.log && curves.some((c) => c.y.some((v) => v <= 0))) out.push("A logarithmic axis has no place for 0 and for negative values.");
    const parts = runs.flatMap((run) => SPLITS.map((split) => run[split])).filter(Boolean), sum = (list, key) => list.reduce((n, part) => n + part[key], 0);
    if (sum(parts, "n") < sum(parts, "of")) out.push(`Shown are ${sum(parts, "n")} of ${sum(parts, "of")} records, the lowest and the highest values among them.`);
    const frames = runs.map((run) => run.frames).filter(Boolean);
    if (sum(frames, "n") < sum(frames, "of")) out.push(`Shown are the histograms of ${sum(frames, "n")} of ${sum(frames, "of")} records.`);
    return out;
  }
  function fill() { // the table is made only while it is open
    all.querySelector("div")?.remove();
    if (all.open && curves.length) all.append(h("div", {}, curveTable(curves, now.metric),
      now.drawn.length && now.names.length ? layerTable(now.drawn, now.names, now.kind) : null));
  }

  // ---- what the reader does
  function seek(x) { // to the closest record; at the end the cursor follows what is still to come
    if (!places.length) return;
    const k = lastAt(places, x), next = places[k + 1], at = k < 0 || (next !== undefined && next - x < x - places[k]) ? next : places[k];
    put(model, "at", at === places.at(-1) ? null : at);
  }
  function onKey(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: places.length / 10, PageDown: -places.length / 10, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || !places.length) return;
    event.preventDefault();
    const k = lastAt(places, model.get("at") ?? Infinity) + (by > 0 ? Math.ceil(by) : Math.floor(by));
    seek(places[Math.min(places.length - 1, Math.max(0, k))]);
  }
  function toggle(i) {
    const hidden = model.get("hidden");
    put(model, "hidden", hidden.includes(i) ? hidden.filter((k) => k !== i) : [...hidden, i].sort((a, b) => a - b));
  }
  function part(split) {
    const splits = model.get("splits");
    put(model, "splits", SPLITS.filter((s) => (s === split ? !splits.includes(s) : splits.includes(s))));
  }
  function light(i) {
    if (i === lit || (i >= 0 && now.hidden?.includes(i))) return;
    lit = i;
    refresh();
  }
  function download() {
    const link = h("a", { href: URL.createObjectURL(new Blob([csv(data)], { type: "text/csv" })), download: `${model.get("key") || "runs"}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // ---- the world around
  const changed = (what) => () => { for (const key of what) dirty[key] = true; refresh(); };
  watch(model, ["head", "head_bytes"], changed(["head", "data"]), signal);
  watch(model, ["tail", "tail_bytes"], changed(["data"]), signal);
  watch(model, ["metric", "log_scale", "smoothing", "x", "splits", "hidden", "histograms", "layer", "focus"], changed(["scene"]), signal);
  watch(model, ["at"], refresh, signal);
  const sized = new ResizeObserver(() => { if (body.clientWidth !== width) changed(["scene"])(); });
  sized.observe(body);
  signal?.addEventListener("abort", () => sized.disconnect());
  refresh();
}

// ---- small helpers
function nearest(v) { return BETAS.reduce((best, b, k) => (Math.abs(b - v) < Math.abs(BETAS[best] - v) ? k : best), 0); }
function unique(lists) { // sorted values without repetition
  const all = new Float64Array(lists.reduce((n, x) => n + x.length, 0));
  let n = 0;
  for (const x of lists) { all.set(x, n); n += x.length; }
  return all.sort().filter((v, i) => i === 0 || v > all[i - 1]);
}

export default { params, render };
