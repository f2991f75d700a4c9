// language_model.mjs - a network writes, character by character: prompt -> probabilities -> draw -> text.
import { h, root, watch, put, slider, button, everyFrame, announcer, number, integer } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { stream } from "./random.mjs";
import { fixed, table, folded } from "./values.mjs";
import { createReader, letters } from "./char_reader.mjs";
import { ranked, nextToken, choose, entropy, mean } from "./sampling.mjs";
import { createText, legend, named, small, likely, sign } from "./language_text.mjs";
import { createBars, createStrip, SHOWN } from "./language_bars.mjs";
import { createPlayer } from "./language_play.mjs";

const MOST = { prompt: 300, written: 1000 }, SEEDS = 999999, MANY = 100, WIDE = 640; // characters, and px
const TEMPERATURES = [0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.75, 3];
const KEPT = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50, 60, 80]; // and all
const EXAMPLES = ["The gradient of the loss ", "Each neuron ", "q", "0.", "zzzz "];
const DRAW = 0; // which stream of the seed

const words = (most) => Object.assign((text) => (letters(text).length <= most ? text : undefined), { expects: `a text of at most ${most} characters` });
const params = { prompt: words(MOST.prompt), written: words(MOST.written), temperature: number(0.1, 3), top_k: integer(0, 9999), seed: integer(0, SEEDS) };

function render({ model, el, signal }) {
  let reader, chars = [], numbers = [], u = [], seed = null, past = [], look = null, looked = null, width = 0, begun = false, quiet = true;

  // ---- the parts of the page
  const body = root(el, "Language model"), say = announcer(el);
  el.classList.add("dlb-m", "dlb-lm");
  const promptId = newId("prompt"), prompt = h("textarea", { id: promptId, rows: 2, maxlength: MOST.prompt, spellcheck: "false", autocapitalize: "off", autocomplete: "off", oninput: typed });
  const examples = h("div", { class: "dlb-lm-examples", role: "group", "aria-label": "Prompts to try" }), note = h("p", { class: "dlb-note", role: "status", hidden: true });
  const text = createText({ look: (i) => { player.stop(); [look, quiet] = [i, false]; paint(); } });
  const scan = h("input", { type: "range", class: "dlb-range", min: 1, step: 1, "aria-label": "Look back at a character", oninput: () => { player.stop(); [look, quiet] = [+scan.value, false]; paint(); } });
  const here = h("p", { class: "dlb-lm-here" }), seedId = newId("seed");
  const seedField = h("input", { type: "number", id: seedId, min: 0, max: SEEDS, step: 1, inputmode: "numeric", oninput: takeSeed, onblur: () => { seedField.value = model.get("seed"); seedField.removeAttribute("aria-invalid"); } });
  const one = button("Write one", () => act(() => add(1)), { class: "dlb-btn dlb-go", title: "Draw the next character" }), many = button(`Write ${MANY}`, () => act(() => add(MANY)));
  const player = createPlayer({ el, write: () => add(1, false), begin: remember, rest: () => { quiet = false; model.save_changes(); draw(); }, signal });
  const undo = button("Undo", back), clear = button("Clear", () => act(() => set(model.get("prompt"), "")), { title: "Take away what is written" });
  const list = (name, label, values, format) => slider(model, name, { label, min: 0, max: values.length - 1, step: 1, parse: (k) => values[k], show: (v) => nearest(values, v), format, signal });
  const temperature = list("temperature", "Temperature", TEMPERATURES, (v) => String(+v.toPrecision(3)));
  const kept = list("top_k", "Top k", [...KEPT, 0], (k) => (k && (!reader || k < reader.tokens.length) ? String(k) : "all"));
  const bars = createBars({ take: (token) => act(() => rewrite(token)) }), strip = createStrip();
  const heading = h("p", { class: "dlb-lm-cap" }), fall = h("p", { class: "dlb-lm-cap" }), mark = h("p", { class: "dlb-lm-cap dlb-lm-mark" }, h("span", { class: "dlb-lm-own" }), "at temperature 1, with all characters"), figures = h("div", { class: "dlb-lm-figures" }), all = folded(fill);
  body.append(
    h("div", { class: "dlb-lm-prompt" }, h("label", { for: promptId }, "Prompt"), prompt, examples), note,
    h("div", { class: "dlb-lm-main" },
      h("div", { class: "dlb-lm-left" }, text.node, legend(), scan, here,
        h("div", { class: "dlb-lm-buttons" }, one, many, player.node, undo, clear),
        h("div", { class: "dlb-lm-seed" }, h("label", { for: seedId }, "Seed"), seedField, button("Next seed", () => put(model, "seed", (model.get("seed") + 1) % (SEEDS + 1))))),
      h("div", { class: "dlb-lm-right" }, h("div", { class: "dlb-lm-controls" }, temperature, kept), heading, bars.node, mark)),
    fall, strip.node, figures, all.node);

  // ---- the text: prompt and what is written are traits, the rest follows
  function set(before, after) {
    model.set("prompt", before);
    model.set("written", after);
  }
  function remember() {
    past.push([model.get("prompt"), model.get("written")]);
    look = null;
  }
  function act(change) { // one step that Undo takes back
    player.stop();
    remember();
    quiet = false;
    change();
    model.save_changes();
    draw();
  }
  function back() {
    player.stop();
    [look, quiet] = [null, false];
    const written = letters(model.get("written"));
    set(...(past.pop() ?? [model.get("prompt"), written.slice(0, -1).join("")]));
    model.save_changes();
    prompt.value = model.get("prompt");
    draw();
  }
  function typed() { // another prompt: what was written went on from the old one
    const now = prompt.value.toWellFormed?.() ?? prompt.value;
    player.stop();
    if (model.get("written")) remember();
    [look, quiet] = [null, false];
    set(now, "");
    model.save_changes();
  }
  function takeSeed() {
    const v = params.seed(seedField.value);
    seedField.toggleAttribute("aria-invalid", v === undefined);
    if (v !== undefined) put(model, "seed", v);
  }
  function add(n) { // draws n characters; false when the page is full
    let written = model.get("written"), length = letters(written).length;
    read();
    for (; n > 0 && length < MOST.written; n--, length++) {
      const token = choose(nextToken(reader.before(numbers.length), model.get("temperature"), model.get("top_k")), uniform(length));
      written += reader.tokens[token];
      numbers.push(token);
      reader.read(numbers);
    }
    model.set("written", written);
    return length < MOST.written;
  }
  function rewrite(token) { // the character of a bar, at the place that is looked at
    const c = reader.tokens[token], given = letters(model.get("prompt")), at = looked ?? chars.length, own = given.length || 1;
    if (at < own) set([...given.slice(0, at), c].join(""), "");
    else set(model.get("prompt"), [...chars.slice(own, at).map(([letter]) => letter), c].join(""));
    prompt.value = model.get("prompt");
  }
  function uniform(k) { // the k-th number of the seed belongs to the k-th character that is written
    if (seed !== model.get("seed")) [seed, u] = [model.get("seed"), []];
    if (k >= u.length) { const next = stream(seed, DRAW); u = Array.from({ length: k + MANY + 1 }, next); }
    return u[k];
  }
  function read() {
    numbers = reader.encode((model.get("prompt") || reader.first) + model.get("written"));
    reader.read(numbers);
  }
  function load() {
    reader = createReader(model.get("weights"));
    const known = EXAMPLES.filter((example) => letters(example).every(reader.knows));
    examples.replaceChildren("Try", ...known.map((example) => button(example.trim(), () => { prompt.value = example; typed(); })));
    examples.hidden = !known.length;
    if (begun) draw();
  }

  // ---- view
  function paint() {
    read();
    const given = model.get("prompt"), start = letters(given || reader.first), written = letters(model.get("written")), n = numbers.length, t = model.get("temperature"), k = model.get("top_k");
    const letter = [...start, ...written];
    chars = letter.map((c, i) => [c, reader.bits[i]]);
    looked = look !== null && look > 0 && look < n ? look : null;
    const at = looked ?? n, logits = reader.before(at), order = ranked(logits), p = nextToken(logits, t, k, order), own = nextToken(logits, 1, 0, order);
    const room = body.clientWidth || 640, full = written.length >= MOST.written, taken = at < n ? numbers[at] : -1;
    width = room;
    el.classList.toggle("dlb-lm-wide", room >= WIDE);
    if (prompt.value !== given && document.activeElement !== prompt) prompt.value = given;
    if (document.activeElement !== seedField) seedField.value = model.get("seed");
    text.draw(chars, start.length, at);
    bars.draw({ order, p, own, tokens: reader.tokens, taken, open: at < n || !full });
    scan.max = Math.max(1, n);
    scan.value = at;
    scan.setAttribute("aria-valuetext", at < n ? told(at) : `the end, after ${n} characters`);
    scan.disabled = n < 2;
    heading.textContent = at < n ? `Expected at character ${at + 1} (${named(letter[at])})` : "The next character";
    here.textContent = at < n ? `${told(at)}. Press a bar to change it.` : "Slide back, or press a character: what did the network expect there?";
    mark.style.visibility = t === 1 && (!k || k >= p.length) ? "hidden" : "";
    for (const b of [one, many, player.node]) b.disabled = full;
    undo.disabled = !past.length && !written.length;
    clear.disabled = !written.length;
    const unknown = [...new Set(letter.filter((c) => !reader.knows(c)))];
    note.textContent = full ? `The page is full: ${MOST.written} characters. Clear it, or take some back.`
      : unknown.length ? `Not among the ${reader.tokens.length - 2} characters that it knows: ${unknown.slice(0, 8).map(sign).join(" ")}${unknown.length > 8 ? " …" : ""}. It reads each of them as “unknown”.`
        : given ? "" : `The prompt is empty: the network reads ${named(reader.first)} and goes on from there.`;
    note.hidden = !note.textContent;
    drawn(p, written.length, at < n);
    sums(p, own, start.length);
    all.again();
    el.dataset.painted = String(+(el.dataset.painted || 0) + 1);
    el.dataset.length = String(written.length);
    if (begun && !quiet && !player.playing) say(`${at < n ? told(at) : `Written: ${written.slice(-MANY).join("") || "nothing"}`}. Entropy of the next character ${fixed(entropy(p))} bits.`);
    begun = true;
  }
  function told(i) { return reader.bits[i] === null ? named(chars[i][0]) : `Character ${i + 1}, ${named(chars[i][0])}: ${likely(reader.bits[i])}, ${fixed(reader.bits[i], 1)} bits`; }
  function drawn(p, place, past) {
    const v = uniform(place), hit = choose(p, v);
    fall.textContent = past ? "The shown probabilities side by side." : `Drawing: the random number ${place + 1} of seed ${model.get("seed")} is u = ${fixed(v, 3)}. It falls on ${named(reader.tokens[hit])}.`;
    strip.draw(p, reader.tokens, past ? null : v, past ? -1 : hit, width, fall.textContent);
  }
  function sums(p, own, start) {
    const shown = entropy(p), plain = entropy(own), same = Math.abs(shown - plain) < 0.005, bits = reader.bits, reached = reader.notes.perplexity_int8;
    const card = (name, value, ...below) => h("div", { class: "dlb-lm-card" }, h("span", {}, name), h("b", {}, value), ...below.map((line) => h("small", {}, line)));
    const text = (name, list) => card(name, list.length ? fixed(2 ** mean(list)) : "–", list.length ? `perplexity: ${fixed(mean(list))} bits a character` : "nothing to measure yet");
    figures.replaceChildren(
      card("Entropy of the next character", `${fixed(shown)} bits`, `as open as ${fixed(2 ** shown, 1)} equal chances${same ? "" : `; the network itself: ${fixed(plain)} bits`}`),
      text("The prompt", bits.slice(1, start)), text("What is written", bits.slice(start)));
    if (reached) figures.append(h("p", { class: "dlb-lm-cap" }, `On sentences of this book that it has not read, its perplexity is ${fixed(reached)}.`));
  }
  function fill() {
    const at = looked ?? numbers.length, logits = reader.before(at), order = ranked(logits), p = nextToken(logits, model.get("temperature"), model.get("top_k"), order), own = nextToken(logits, 1, 0, order);
    const sum = (list, tokens) => small(tokens.reduce((total, i) => total + list[i], 0)), rest = order.slice(SHOWN);
    return table("The next character", ["character", "probability", "of the network itself", "surprise in bits"], [
      ...order.slice(0, SHOWN).map((i) => [named(reader.tokens[i]), small(p[i]), small(own[i]), fixed(-Math.log2(own[i]))]),
      ...(rest.length ? [[`${rest.length} others`, sum(p, rest), sum(own, rest), ""]] : [])]);
  }

  // ---- the world around
  const draw = everyFrame(paint, el);
  watch(model, ["weights"], load, signal);
  watch(model, Object.keys(params), draw, signal);
  const sized = new ResizeObserver(() => { if (reader && body.clientWidth && body.clientWidth !== width) draw(); });
  sized.observe(body);
  signal?.addEventListener("abort", () => sized.disconnect());
  load();
  prompt.value = model.get("prompt");
  draw();
}

function nearest(values, v) { // the place of the value that is closest, on a ratio scale; 0, for all, is the last
  const far = (a) => (a === v ? -1 : Math.abs(Math.log((a || 1e9) / (v || 1e9))));
  return values.reduce((best, a, i) => (far(a) < far(values[best]) ? i : best), 0);
}

export default { params, render };
