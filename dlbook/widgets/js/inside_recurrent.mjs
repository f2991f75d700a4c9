// inside_recurrent.mjs - a text through an LSTM, a GRU or a simple recurrent network: settings -> steps -> view.
import { h, root, watch, put, select, button, everyFrame, onTheme, announcer } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { segments } from "./segments.mjs";
import { folded, fixed } from "./values.mjs";
import { unpack } from "./safetensors.mjs";
import { createTokenizer, createReader } from "./recurrent_trace.mjs";
import { CELLS, SHOWN, ORDERS, LONGEST, isGate, params } from "./inside_settings.mjs";
import { named, sign } from "./inside_look.mjs";
import { createPicture } from "./inside_picture.mjs";
import { createNext, equations, kept, backward, numbers, best, percent } from "./inside_words.mjs";

const TRAITS = ["text", "cell", "shows", "order", "unit", "at"];

function render({ model, el, signal }) {
  const about = model.get("about"), { tensors } = unpack(model.get("weights")), tokenize = createTokenizer(about);
  const readers = Object.fromEntries(about.cells.map((cell) => [cell, createReader(tensors, cell)]));
  const outputs = about.classes ?? about.tokens, title = `Inside ${about.cells.length > 1 ? "a recurrent network" : { lstm: "an LSTM", gru: "a GRU", rnn: "a simple recurrent network" }[about.cells[0]]}`;
  const thing = about.words ? "word" : "character", what = about.classes ? "class" : thing;
  let state = { steps: [], slope: { h: [] } }, source = "", width = 0, begun = false;

  // ---- the parts of the page
  const body = root(el, title), say = announcer(el), textId = newId("text"), unitId = newId("unit"), shownId = newId("shows");
  el.classList.add("dlb-ir");
  const field = h("textarea", { id: textId, rows: 2, maxlength: LONGEST, spellcheck: "false", "data-trait": "text", oninput: typed });
  const shows = h("select", { id: shownId, "data-trait": "shows", onchange: () => put(model, "shows", shows.value) });
  const remarks = h("p", { class: "dlb-note", role: "status", hidden: true });
  const unit = h("input", { id: unitId, type: "number", min: 0, step: 1, "data-trait": "unit", oninput: () => { const v = +unit.value; if (unit.value && Number.isInteger(v) && v >= 0 && v < state.hidden) put(model, "unit", v); }, onblur: () => { unit.value = state.unit; } });
  const neighbour = (by) => { const k = state.order.indexOf(state.unit) + by; if (state.order[k] !== undefined) put(model, "unit", state.order[k]); };
  const picture = createPicture({ el, go: (at, j) => { if (j !== undefined && j !== state.unit) model.set("unit", j); seek(at); } });
  const scrub = h("input", { type: "range", class: "dlb-range", min: 1, step: 1, "aria-label": "Step", "data-trait": "at", oninput: () => seek(scrub.value - 1) }), count = h("span", { class: "dlb-ir-count", "aria-hidden": "true" });
  const next = createNext(about.classes ? "Classes" : "Next"), key = h("p", { class: "dlb-ir-key" }), unitHead = h("p", { class: "dlb-ir-sub" }), unitBox = h("div", { class: "dlb-ir-equations" }), unitSays = h("p", { class: "dlb-ir-says" });
  const verdict = h("p", { class: "dlb-ir-verdict" }), more = folded(() => numbers(state));
  body.append(
    h("div", { class: "dlb-ir-text" }, h("label", { for: textId }, `Text, at most ${LONGEST} characters`), field), remarks,
    about.cells.length > 1 ? segments(model, "cell", { label: "Network", options: about.cells.map((cell) => [cell, CELLS[cell]]), signal }) : "",
    h("div", { class: "dlb-ir-choose" }, h("div", { class: "dlb-ctl" }, h("label", { for: shownId }, "Heat map"), shows), select(model, "order", { label: "Order", options: Object.entries(ORDERS), signal }),
      h("div", { class: "dlb-ctl dlb-ir-pick" }, h("label", { for: unitId }, "Unit"), unit, button("▲", () => neighbour(-1), { "aria-label": "The unit above" }), button("▼", () => neighbour(1), { "aria-label": "The unit below" }))),
    key, picture.node,
    h("div", { class: "dlb-ir-transport" }, button("◀", () => seek(asked() - 1), { "aria-label": "One step back" }), scrub, button("▶", () => seek(asked() + 1), { "aria-label": "One step on" }), count),
    h("p", { class: "dlb-ir-note" }, `Slope: the length of the gradient of ln p with respect to the state after each step; p is the probability of the likeliest ${what} after the marked step.`),
    h("div", { class: "dlb-ir-panels" }, next.node, h("div", { class: "dlb-ir-one" }, unitHead, unitBox, unitSays)),
    verdict, more.node,
  );

  // ---- what the reader does
  // the step goes with the caret
  function typed() {
    const pieces = tokenize(field.value), place = pieces.findIndex(({ end }) => end >= field.selectionStart);
    model.set("at", place < 0 || place >= pieces.length - 1 ? null : place);
    put(model, "text", field.value);
  }
  function asked() { return Math.min(model.get("at") ?? Infinity, state.steps.length - 1); } // which may not be painted yet
  function seek(at) {
    const last = state.steps.length - 1, to = Math.max(0, Math.min(last, +at));
    // at the end it stays at the end when more is typed
    put(model, "at", to >= last ? null : to);
  }
  el.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.matches("input, select, textarea")) return;
    const step = { ArrowLeft: asked() - 1, ArrowRight: asked() + 1, Home: 0, End: state.steps.length - 1 }[event.key], by = event.target === picture.node && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined && !by) return;
    event.preventDefault();
    if (by) neighbour(by); else seek(step);
  });

  // ---- traits -> steps -> what is shown
  function read() {
    const [text, asked, wanted, order, u, at] = TRAITS.map((name) => model.get(name)), cell = readers[asked] ? asked : about.cells[0], reader = readers[cell];
    const letters = Object.keys(SHOWN[cell]), shown = letters.includes(wanted) ? wanted : letters[0], fresh = source !== `${cell} ${text}`;
    if (fresh) {
      const pieces = tokenize(text), steps = reader.read(pieces.map(({ token }) => token));
      state = { cell, letters, outputs, pieces, steps, hidden: reader.hidden, start: reader.start(), memory: reader.memory(steps) };
      source = `${cell} ${text}`;
    }
    const { steps } = state, place = Math.min(at ?? Infinity, steps.length - 1);
    Object.assign(state, { at: place, unit: Math.min(u, reader.hidden - 1), shows: shown });
    state.slope = steps.length ? reader.slopes(steps, place) : { h: [] };
    state.slope.top = Math.ceil(Math.log10(Math.max(0, ...state.slope.h, ...(state.slope.c ?? [])) || 1));
    state.most = span(steps, shown, [...state.memory.keys()], 0.95);
    state.range = ((v) => [-v, v])(Math.max(...letters.filter((l) => !isGate(l)).map((l) => span(steps, l, [state.unit], 1))));
    state.order = arrange(order);
    return fresh;
  }
  function arrange(by) {
    const all = [...state.memory.keys()], now = state.steps[state.at]?.[state.shows];
    const size = { memory: state.memory, now: now?.map(Math.abs) }[by];
    return size && now ? all.sort((a, b) => size[b] - size[a] || a - b) : all;
  }
  function update() {
    const before = state.cell, fresh = read();
    if (fresh || !width) layout();
    if (state.cell !== before) shows.replaceChildren(...Object.entries(SHOWN[state.cell]).map(([value, text]) => h("option", { value }, text)));
    paint();
  }
  function layout() { width = body.clientWidth; picture.layout(width, state); }
  function paint() {
    const { cell, steps, at, unit: u, pieces } = state, step = steps[at], words = summary();
    if (field.value !== model.get("text")) field.value = model.get("text");
    shows.value = state.shows;
    unit.max = state.hidden - 1;
    if (document.activeElement !== unit) unit.value = u;
    picture.paint(state, words);
    if (step) picture.reveal();
    Object.assign(scrub, { max: Math.max(1, steps.length), value: at + 1, disabled: steps.length < 2 });
    scrub.setAttribute("aria-valuetext", step ? `step ${at + 1} of ${steps.length}, ${named(pieces[at].piece)}` : "no text");
    count.textContent = `${at + 1} / ${steps.length}`;
    const gate = isGate(state.shows), end = fixed(state.most, 1), ends = gate ? [0, 1] : shows.value === "c" ? [`−${end} or less`, `${end} or more`] : ["−1", 1];
    key.replaceChildren(`${SHOWN[cell][state.shows]} of ${state.hidden} units: `, h("span", { class: "dlb-ir-part" }, `${ends[0]} `, h("span", { class: `dlb-ir-swatch${gate ? " dlb-ir-gate" : ""}`, "aria-hidden": "true" }), ` ${ends[1]}`));
    next.paint(step, outputs, step ? `After ${named(pieces[at].piece)}, step ${at + 1}, ${about.classes ? "it would say" : "it expects"}` : "");
    unitHead.textContent = step ? `Unit ${u} at step ${at + 1}` : "";
    unitBox.replaceChildren(...(step ? equations(cell, step, steps[at - 1] ?? state.start, u) : []));
    unitSays.textContent = step ? `${steps.length > 1 ? kept(cell, state.memory[u]) : ""}${known(cell, u)}`.trim() : "";
    const odd = [...new Set(pieces.filter(({ token }) => token === 1).map(({ piece }) => `“${sign(piece)}”`))];
    const note = [odd.length && `Unknown to the network: ${odd.slice(0, 9).join(" ")}${odd.length > 9 ? " …" : ""}`, field.value.length >= LONGEST && `The text is full: ${LONGEST} characters.`].filter(Boolean).join(". ");
    remarks.hidden = !note;
    if (remarks.textContent !== note) remarks.textContent = note;
    verdict.textContent = words;
    more.again();
    Object.assign(el.dataset, { painted: +(el.dataset.painted || 0) + 1, at: at + 1, unit: u });
    if (begun) say(words);
    begun = true;
  }
  // what was measured of the page's units
  function known(cell, u) {
    const [mark, r] = about.follows?.[cell][u] ?? [null, 0];
    return Math.abs(r) < 0.3 ? "" : ` On text that it was not trained on, its hidden state goes with ${mark}: r = ${fixed(r)}.`;
  }
  function summary() {
    const { steps, at, pieces, slope } = state;
    if (!steps.length) return "Type a text above, and the network reads it.";
    const [k] = best(steps[at].p, 1);
    return `${CELLS[state.cell]}, step ${at + 1} of ${steps.length}: after ${named(pieces[at].piece)} the likeliest ${about.classes ? what : `next ${what}`} is ${named(outputs[k])}, ${percent(steps[at].p[k])}. ${backward(slope, thing)}`;
  }

  // ---- the world around
  const refresh = everyFrame(update, el);
  watch(model, TRAITS, refresh, signal);
  onTheme(() => { picture.forget(); if (width) refresh(); }, signal);
  const sized = new ResizeObserver(() => { if (width && body.clientWidth && body.clientWidth !== width) { layout(); paint(); } });
  sized.observe(body);
  signal?.addEventListener("abort", () => sized.disconnect());
  refresh();
}

// where the scale ends: gates and tanh stay within 1; of the cell states a share of `all` lies within
function span(steps, letter, units, all) {
  if (letter !== "c") return 1;
  const sizes = steps.flatMap(({ c }) => units.map((j) => Math.abs(c[j]))).sort((a, b) => a - b);
  return Math.max(1, Math.ceil(2 * (sizes[Math.ceil(all * sizes.length) - 1] ?? 0)) / 2);
}

export default { params, render };
