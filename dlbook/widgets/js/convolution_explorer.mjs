// convolution_explorer.mjs - an image, a kernel that slides over it, ReLU and pooling after it.
import { h, root, watch, put, select, checkbox, button, everyFrame, onTheme, announcer, oneOf, integer, number, flag, listOf } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { POOL, geometry, misfit, taps, convolve, relu, pool, leader } from "./conv_math.mjs";
import { PRESETS, SIZES, presetOf, resized, picture, blank } from "./conv_samples.mjs";
import { createMap, palette, outline, frame, short } from "./conv_maps.mjs";
import { createSum, LARGEST } from "./conv_sum.mjs";
import { createOpener, createPencil } from "./conv_own.mjs";
import { createPlay } from "./conv_play.mjs";
import { fields, fieldWords, mapName, sentence, afterwards, facts, tables } from "./conv_words.mjs";
import { folded } from "./values.mjs";

const NAMES = { digit: "Digit", china: "Temple", flower: "Flower" }, POOLINGS = { none: "none", max: "max", avg: "mean" };
const TRAITS = ["image", "digit", "kernel", "stride", "padding", "dilation", "relu", "pooling", "at", "stage"];
const WIDE = 560, GAP = 26, NAMED = 172, TALLEST = 384, LARGE = 56; // px: maps beside each other, between them, a name, the image, a cell at most

const weights = listOf(number(-LARGEST, LARGEST), 25), place = listOf(integer(0, 99), 2);
const params = {
  image: oneOf(Object.keys(NAMES)), digit: integer(0, 9),
  kernel: Object.assign((text) => {
    if (Object.hasOwn(PRESETS, text)) return PRESETS[text].kernel;
    const all = weights(text), n = Math.sqrt(all?.length);
    return SIZES.includes(n) ? SIZES.slice(0, n).map((_, i) => all.slice(n * i, n * i + n)) : undefined;
  }, { expects: `one of ${Object.keys(PRESETS).join(", ")}, or 1, 4, 9, 16 or 25 numbers from ${-LARGEST} to ${LARGEST}, row by row, separated by commas` }),
  stride: integer(1, 3),
  padding: Object.assign((text) => ({ 0: 0, 1: 1, 2: 2, same: "same" })[/^([012]|same)$/.test(text) ? text : ""], { expects: "0, 1, 2 or same" }),
  dilation: integer(1, 3), relu: flag(), pooling: oneOf(Object.keys(POOLINGS)),
  at: Object.assign((text) => { const v = place(text); return v?.length === 2 ? v : undefined; }, { expects: "two whole numbers from 0 to 99, the row and the column of a cell" }),
  stage: oneOf(["convolution", "pooling"]),
};

const clip = (v, n) => Math.max(0, Math.min(n - 1, v));
const single = ([r, c]) => ({ r, c, rows: 1, columns: 1 });
const told = (map, [i, j]) => [`row ${i + 1}, column ${j + 1}: ${short(map[i][j])}`, i * map[0].length + j];
const pictures = {};
function pictureOf(name, digit) { return (pictures[name === "digit" ? digit : name] ??= picture(name, digit)); }
function same(a, b) { return a.length === b?.length && a.every((v, k) => v === b[k]); }
function compute(image, given) { // what does not depend on the window that is shown
  const { kernel, pooling } = given, g = geometry(image, kernel, given), wrong = misfit(g, given), map = wrong && !wrong.map ? null : convolve(image, kernel, g, given);
  const active = map && (given.relu ? relu(map) : map), pooled = map && !wrong && pooling !== "none" ? pool(active, pooling) : null;
  return { g, wrong, map, active, pooled, out: pooled ?? (given.relu ? active : null) };
}
function endsOf(image) { const flat = image.flat(); return [Math.min(0, ...flat), Math.max(1, ...flat)]; } // black and white

function render({ model, el, signal }) {
  let now, colors, own = typeof model.get("image") === "string" ? null : model.get("image"), shape = "", held = false, begun = false, saving = 0, trouble = "", cursor = [0, 0], maps = {}, look = [];

  // ---- the parts of the page
  const body = root(el, "Convolution explorer"), say = announcer(el);
  el.classList.add("dlb-m", "dlb-cx");
  const group = newId("image"), thumbs = [...Object.keys(NAMES), "own"].map((name) => {
    const canvas = h("canvas", { "aria-hidden": "true" }), input = h("input", { type: "radio", name: group, value: name, class: "dlb-cx-radio", onchange: () => choose(name) });
    return { name, canvas, input, node: h("label", { class: "dlb-cx-thumb" }, input, canvas, h("span", {}, NAMES[name] ?? "Your own")) };
  });
  const digit = select(model, "digit", { label: "Which digit", options: [..."0123456789"].map((d) => [d, d]), parse: Number, signal });
  const opener = createOpener({ el, take: (pixels) => { trouble = ""; setOwn(pixels, true); }, fail: (words) => { trouble = words; draw(); }, signal });
  const pencil = createPencil({ image: () => now.image, put: (pixels) => setOwn(pixels), ends: () => now.ends, changed: () => draw() });
  const refused = h("p", { class: "dlb-note", role: "status" });
  const presetId = newId("kernel"), preset = h("select", { id: presetId, onchange: () => put(model, "kernel", PRESETS[preset.value].kernel) },
    ...Object.entries(PRESETS).map(([name, { title }]) => h("option", { value: name }, title)), h("option", { value: "", disabled: true }, "your own"));
  const sizeId = newId("size"), size = h("select", { id: sizeId, onchange: () => put(model, "kernel", resized(model.get("kernel"), +size.value)) }, ...SIZES.map((n) => h("option", { value: n }, `${n} × ${n}`)));
  const few = (name, label, options) => select(model, name, { label, options: options.map((v) => [v, v]), parse: (v) => (v === "same" ? v : +v), signal });
  const says = h("p", { class: "dlb-m-says" }), note = h("p", { class: "dlb-note", role: "status" }), sizes = h("div", { class: "dlb-cx-facts" });
  const input = createMap({ label: "Pencil on the image", over: overInput, press: pressInput, leave: () => pencil.lift(), by: moveCursor, key: (name) => (name === " " || name === "Enter") && pencil.tool && (pencil.lift(), pencil.line(cursor), pencil.lift(), true) });
  const onMap = (stage) => ({ over: (cell, event) => { if (event.buttons || !held) move(stageOf(stage), cell); }, press: (cell) => pin(stageOf(stage), cell), by: (r, c) => { play.pause(); step(stageOf(stage), r, c); }, key: (name) => name === "Escape" && held && (held = false, draw(), true) });
  const conv = createMap({ label: "Cell of the convolution", ...onMap("convolution") }), after = createMap({ label: "Cell after ReLU and pooling", ...onMap("pooling") });
  const play = createPlay({ el, count: () => cells(now.stage).flat().length, index, go: (k) => move(now.stage, spot(k)), by: (r, c) => step(now.stage, r, c), stopped: () => draw(), signal });
  const sum = createSum({ set: (u, v, w) => put(model, "kernel", model.get("kernel").map((row, i) => row.map((old, j) => (i === u && j === v ? w : old)))) });
  const labelled = (id, text, control) => h("div", { class: "dlb-ctl" }, h("label", { for: id }, text), control);
  const hint = h("span", { class: "dlb-cx-hint dlb-cx-hold" });
  play.node.append(hint);
  const rest = h("div", { class: "dlb-cx-rest" }, play.node, sum.node, sum.sum);
  const all = folded(() => h("div", {}, ...tables(now)));
  body.append(
    h("div", { class: "dlb-cx-choose" }, h("fieldset", { class: "dlb-cx-thumbs" }, h("legend", { class: "dlb-sr" }, "Image"), ...thumbs.map((t) => t.node)), digit,
      h("div", { class: "dlb-cx-tools", role: "group", "aria-label": "Your own image" }, h("div", {}, ...pencil.nodes), h("div", {}, opener.node, h("span", { class: "dlb-cx-hint" }, "or drop or paste one")))),
    refused,
    h("div", { class: "dlb-cx-settings" }, labelled(presetId, "Kernel", preset), labelled(sizeId, "Size", size), few("stride", "Stride", [1, 2, 3]), few("padding", "Padding", [0, 1, 2, "same"]), few("dilation", "Dilation", [1, 2, 3]),
      select(model, "pooling", { label: "Pooling 2 × 2", options: Object.entries(POOLINGS), signal }), checkbox(model, "relu", { label: "ReLU", signal })),
    says, note,
    h("div", { class: "dlb-cx-maps" }, input.node, conv.node, after.node), rest, sizes, all.node);

  // ---- traits -> numbers
  function read() {
    const given = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])), { kernel, pooling } = given;
    const name = typeof given.image === "string" ? given.image : "own", image = name === "own" ? given.image : pictureOf(name, given.digit), ends = endsOf(image);
    if (name === "own") own = image;
    cursor = [clip(cursor[0], image.length), clip(cursor[1], image[0].length)];
    const from = [image, ...TRAITS.slice(2, 8).map((trait) => given[trait])];
    if (!same(from, maps.from)) maps = { from, ...compute(image, given) };
    const { g, wrong, map, active, pooled } = maps, stage = pooled && given.stage === "pooling" ? "pooling" : "convolution";
    let cell = null, at = map && [clip(given.at[0], map.length), clip(given.at[1], map[0].length)];
    if (pooled) cell = [clip(Math.floor(at[0] / POOL), pooled.length), clip(Math.floor(at[1] / POOL), pooled[0].length)];
    if (stage === "pooling") at = leader(active, pooling, ...cell);
    return { ...given, ...maps, name, image, ends, stage, at, cell, seen: map && taps(image, kernel, g, given, at) };
  }
  function cells(stage) { return (stage === "pooling" ? now.pooled : now.map) ?? [[]]; }
  function here(stage) { return stage === "pooling" ? now.cell : now.at; }
  function index() { const [i, j] = here(now.stage) ?? [0, 0]; return i * cells(now.stage)[0].length + j; }
  function spot(k) { const n = cells(now.stage)[0].length || 1; return [Math.floor(k / n), k % n]; }

  // ---- what the reader does
  function move(stage, [i, j]) {
    if (!now.map) return;
    const by = stage === "pooling" ? POOL : 1;
    model.set("stage", stage);
    model.set("at", [i * by, j * by]);
    settle();
  }
  function settle() {
    now = read(); // at once: a second key may come before the paint
    clearTimeout(saving);
    saving = setTimeout(() => model.save_changes(), 250); // Python is told where it comes to rest
    draw();
  }
  function stageOf(stage) { return now.pooled ? stage : "convolution"; }
  function step(stage, r, c) {
    if (!now.map) return;
    const all = cells(stage), [i, j] = here(stage);
    held = true;
    move(stage, [clip(i + r, all.length), clip(j + c, all[0].length)]);
  }
  function pin(stage, cell) {
    play.pause();
    held = !(held && now.stage === stage && String(here(stage)) === String(cell));
    move(stage, cell);
  }
  function windowAt([r, c]) { // the window whose middle is nearest to a pixel of the padded image
    const { rows, columns } = now.g, nearest = (p, { span, out }) => clip(Math.round((p - (span - 1) / 2) / now.stride), out);
    return [nearest(r, rows), nearest(c, columns)];
  }
  const inImage = ([r, c]) => [r - now.g.rows.before, c - now.g.columns.before];
  function overInput(cell, event) {
    if (pencil.tool) { if (event.buttons) pencil.line(inImage(cell)); return; }
    if (now.map && (event.buttons || !held)) move("convolution", windowAt(cell));
  }
  function pressInput(cell) {
    if (pencil.tool) { play.pause(); pencil.lift(); cursor = inImage(cell); pencil.line(cursor); return; }
    if (now.map) pin("convolution", windowAt(cell));
  }
  function moveCursor(r, c) {
    cursor = [cursor[0] + r, cursor[1] + c];
    settle();
  }
  function choose(name) {
    trouble = "";
    if (name !== "own") { pencil.take(null); put(model, "image", name); return; }
    if (!own) pencil.take("pen");
    setOwn(own ?? blank());
  }
  function setOwn(pixels, opened) {
    if (opened) pencil.take(null);
    model.set("image", pixels);
    settle();
  }

  // ---- view
  function layout() {
    const { g, map, out } = now, room = body.clientWidth, [h0, w0] = [g.rows.n + g.rows.total, g.columns.n + g.columns.total];
    const wide = room >= WIDE, [w1, w2] = [map?.[0].length ?? 0, out?.[0].length ?? 0], next = [room, h0, w0, map?.length, w1, out?.length, w2].join();
    if (!room || next === shape) return; // nothing is laid out in print
    shape = next;
    el.classList.toggle("dlb-cx-wide", wide);
    let across = wide ? (room - GAP * (w2 ? 2 : 1)) / (w0 + w1 + w2) : room / w0;
    if (wide && w2 && w2 * across < NAMED) across = (room - 2 * GAP - NAMED) / (w0 + w1);
    const cell = Math.min(across, TALLEST / h0, LARGE);
    const small = wide ? cell : Math.min(cell, (room - (w2 ? 2 * GAP : 0)) / (w1 + w2 || 1));
    input.layout(h0, w0, cell);
    conv.layout(map?.length ?? 0, w1, small);
    after.layout(out?.length ?? 0, w2, small);
    conv.node.hidden = !map;
    after.node.hidden = !out;
  }
  function paint() {
    now = read();
    if (!colors) colors = palette(el);
    layout();
    const next = [maps, colors, shape, play.playing && index()], fresh = !same(next, look); // else the cells stay, and the marks move
    look = next;
    paintControls();
    paintInput(fresh);
    if (now.map) paintMaps(fresh);
    sum.paint(now.kernel, now.seen, now.ends, colors);
    sum.sum.hidden = !now.map;
    hint.textContent = held ? "It rests here. Click the cell again, and it follows the pointer." : "It follows the pointer over the maps. A click holds it.";
    const words = now.map ? sentence(now) : now.wrong.words;
    if (now.map) sum.write(now.seen, now.map[now.at[0]][now.at[1]], afterwards(now));
    sizes.replaceChildren(...facts(now));
    all.again();
    if (begun && !play.playing) say(words);
    begun = true;
    Object.assign(el.dataset, { painted: +(el.dataset.painted || 0) + 1, at: (now.at ?? []).join(), stage: now.stage, held: String(held) });
  }
  function paintControls() {
    for (const thumb of thumbs) {
      thumb.input.checked = thumb.name === now.name;
      const image = thumb.name === "own" ? own : pictureOf(thumb.name, now.digit);
      if (image && image !== thumb.shown) drawThumb(thumb.canvas, thumb.shown = image);
    }
    digit.hidden = now.name !== "digit";
    const known = presetOf(now.kernel);
    preset.value = known;
    size.value = now.kernel.length;
    says.textContent = PRESETS[known]?.says ?? "A kernel of your own: blue where the sum is positive, orange where it is negative.";
    note.hidden = !now.wrong;
    if (now.wrong && note.dataset.words !== now.wrong.words)
      note.replaceChildren(now.wrong.words, " ", button(now.wrong.text, () => { for (const [name, v] of Object.entries(now.wrong.fix)) put(model, name, v); }));
    note.dataset.words = now.wrong?.words ?? "";
    refused.hidden = !trouble;
    refused.textContent = trouble;
  }
  function drawThumb(canvas, image) {
    Object.assign(canvas, { width: image[0].length, height: image.length });
    const context = canvas.getContext("2d"), data = context.createImageData(image[0].length, image.length), ends = endsOf(image);
    image.flat().forEach((v, k) => data.data.set([...colors.gray(v, ends), 255], 4 * k));
    context.putImageData(data, 0, 0);
  }
  function paintInput(fresh) {
    const { g, image, ends, seen, stage } = now, [top, left] = [g.rows.before, g.columns.before], at = (r, c) => image[r - top]?.[c - left];
    if (fresh) input.fill((r, c) => (at(r, c) === undefined ? null : colors.gray(at(r, c), ends)), (r, c) => short(at(r, c), 2));
    const part = `${g.rows.n} × ${g.columns.n}${g.rows.total ? `, padded to ${g.rows.n + g.rows.total} × ${g.columns.n + g.columns.total}` : ""}`;
    input.head("Image", part, { low: short(ends[0], 2), high: short(ends[1], 2), colors: [colors.gray(ends[0], ends), colors.gray(ends[1], ends)] });
    const marks = [], px = input.cell;
    if (seen) {
      const [r, c] = fields(now), box = { r: r.first + top, c: c.first + left, rows: r.size, columns: c.size };
      const one = { r: seen[0].r + top, c: seen[0].c + left, rows: g.rows.span, columns: g.columns.span };
      if (stage === "pooling") marks.push(...frame(box, px, "dlb-cx-pool"));
      marks.push(...(now.dilation > 1 ? outline(seen.map((t) => [t.r + top, t.c + left]), px, "dlb-cx-window") : frame(one, px, "dlb-cx-window")));
    }
    if (pencil.tool) marks.push(...frame(single([cursor[0] + top, cursor[1] + left]), px, "dlb-cx-cursor"));
    input.marks.replaceChildren(...marks);
    input.grid.classList.toggle("dlb-cx-draws", Boolean(pencil.tool));
    const [words, place] = told(image, cursor);
    if (pencil.tool) input.tell(`${words}; space ${pencil.tool === "pen" ? "draws" : "erases"}`, place);
    else input.tell(`The image${now.name === "digit" ? `, the digit ${now.digit}` : now.name === "own" ? ", your own" : `, ${NAMES[now.name].toLowerCase()}`}, ${part} pixels. ${seen ? `Marked: ${fieldWords(now)}.` : ""}`);
  }
  function paintMaps(fresh) {
    const { map, out, pooled, at, cell, stage } = now, top = Math.max(...map.flat().map(Math.abs)), n = map[0].length, last = play.playing ? index() : Infinity;
    const limit = stage === "pooling" ? Infinity : last, done = (i, j) => i * n + j <= limit; // what the window has not reached yet is blank
    const ends = (peak) => ({ low: short(-peak, 2), high: short(peak, 2), colors: [colors.tint(-1, 1), colors.paper, colors.tint(1, 1)] });
    if (fresh) conv.fill((i, j) => (done(i, j) ? colors.tint(map[i][j], top) : null), (i, j) => short(map[i][j], 2));
    conv.head("Convolution", `${map.length} × ${n}`, ends(top));
    conv.marks.replaceChildren(...(pooled ? frame({ r: POOL * cell[0], c: POOL * cell[1], rows: POOL, columns: POOL }, conv.cell, "dlb-cx-pool") : []), ...frame(single(at), conv.cell, "dlb-cx-window"));
    conv.tell(...told(map, at));
    if (!out) return;
    const peak = Math.max(...out.flat().map(Math.abs)), m = out[0].length, place = pooled ? cell : at;
    const reached = (I, J) => (pooled ? (stage === "pooling" ? I * m + J <= last : done(POOL * I + 1, POOL * J + 1)) : done(I, J));
    if (fresh) after.fill((i, j) => (reached(i, j) ? colors.tint(out[i][j], peak) : null), (i, j) => short(out[i][j], 2));
    after.head(mapName(now), `${out.length} × ${m}`, now.relu ? { ...ends(peak), low: "0", colors: [colors.paper, colors.tint(1, 1)] } : ends(peak));
    after.marks.replaceChildren(...frame(single(place), after.cell, pooled ? "dlb-cx-pool" : "dlb-cx-window"));
    after.tell(...told(out, place));
  }
  const draw = everyFrame(paint, el);
  watch(model, TRAITS, draw, signal);
  onTheme(() => { colors = null; draw(); }, signal);
  const sized = new ResizeObserver(() => { if (now && body.clientWidth && !shape.startsWith(`${body.clientWidth},`)) draw(); });
  sized.observe(body);
  signal?.addEventListener("abort", () => { sized.disconnect(); clearTimeout(saving); });
  for (const name of TRAITS.filter((trait) => !["at", "stage"].includes(trait))) watch(model, [name], () => { if (now) play.pause(); }, signal);
  draw();
}

export default { params, render };
