// inside_words.mjs - what the picture says, in words and numbers: the next token, the equations of one unit, a table.
import { h } from "./ui.mjs";
import { fixed, power, table } from "./values.mjs";
import { sign, named, shorter, WORDS, tint } from "./inside_look.mjs";

export const TOP = 5;
export const best = (p, n) => [...p.keys()].sort((a, b) => p[b] - p[a] || a - b).slice(0, n);
export const percent = (v) => (v > 0 && v < 0.001 ? "< 0.1 %" : `${fixed(100 * v, 1)} %`);

// the most probable tokens or classes, as bars
export function createNext(title) {
  const rows = Array.from({ length: TOP }, () => ({ name: h("span", { class: "dlb-ir-name" }), bar: h("span", { class: "dlb-ir-bar" }), value: h("span", { class: "dlb-ir-value" }) }));
  const head = h("p", { class: "dlb-ir-sub" }), items = rows.map(({ name, bar, value }) => h("li", {}, name, h("span", { class: "dlb-ir-track", "aria-hidden": "true" }, bar), value));
  const node = h("div", { class: "dlb-ir-next" }, head, h("ol", { "aria-label": title }, ...items));
  function paint(step, outputs, words) {
    head.textContent = words;
    const found = step ? best(step.p, TOP) : [];
    rows.forEach(({ name, bar, value }, i) => {
      const k = found[i];
      items[i].hidden = k === undefined;
      if (k === undefined) return;
      name.textContent = shorter(sign(outputs[k]), 14);
      name.title = named(outputs[k]);
      bar.style.width = `${100 * step.p[k]}%`;
      value.textContent = percent(step.p[k]);
    });
  }
  return { node, paint };
}

// ---- one step of one unit with its numbers: [equation, terms, [letter, result]]
const EQUATIONS = {
  lstm: ({ f, i, g, o, c, h: y }, last) => [["c_t = f c_t−1 + i g", [["f", f], "·", ["c", last.c], "+", ["i", i], "·", ["g", g]], ["c", c]], ["h_t = o tanh c_t", [["o", o], "·", ["", Math.tanh(c)]], ["h", y]]],
  gru: ({ z, n, h: y }, last) => [["h_t = z h_t−1 + (1 − z) n", [["z", z], "·", ["h", last.h], "+", ["", 1 - z], "·", ["n", n]], ["h", y]]],
  rnn: ({ h: y }) => [["h_t = tanh(W x_t + U h_t−1 + b)", [], ["h", y]]],
};
export function equations(cell, step, last, unit) {
  const of = (state) => Object.fromEntries(Object.entries(state).map(([name, values]) => [name, values[unit]]));
  const number = ([letter, v]) => h("span", { class: "dlb-ir-number", style: letter && `color: ${tint(letter)}` }, v < 0 ? `(${fixed(v)})` : fixed(v)), part = (...all) => h("span", { class: "dlb-ir-part" }, ...all);
  const left = (text) => text.split(/_(t(?:−1)?)/).map((piece, k) => (k % 2 ? h("sub", {}, piece) : piece));
  return EQUATIONS[cell](of(step), of(last)).map(([words, terms, [letter, v]]) => h("p", { class: "dlb-ir-equation" }, part(...left(words)),
    terms.length ? part("= ", ...terms.flatMap((t) => [Array.isArray(t) ? number(t) : t, " "])) : null, part("= ", h("span", { class: "dlb-ir-number", style: `color: ${tint(letter)}` }, fixed(v)))));
}
// how long a unit remembers, in words
export function kept(cell, steps) {
  return `Half of ${cell === "lstm" ? "what its cell holds" : "what it holds"} is gone ${steps < 0.05 ? "at once" : `after ${fixed(steps, 1)} steps`}, on average over this text.`;
}

// ---- how far back
// from how many steps back on the slope is below a tenth of that at the step itself
export function reach({ h: slope }) {
  const s = slope.findIndex((v) => v >= slope.at(-1) / 10);
  return s > 0 ? slope.length - s : null;
}
export function backward(slope, what) {
  const now = slope.h.at(-1), k = reach(slope), t = slope.h.length - 1;
  if (!t) return `Its slope with respect to the hidden state is ${power(now)}.`;
  return `Its slope with respect to the hidden state is ${power(now)} at this step${k === null ? "" : `, below a tenth of that from ${k} ${k === 1 ? "step" : "steps"} back on`}, and ${power(slope.h[0])} at the first ${what}.`;
}

export function numbers({ cell, letters, pieces, steps, outputs, unit, slope, at }) {
  const heads = ["step", "reads", "expects", ...letters.map((letter) => `${WORDS[letter]} ${letter}`), "slope by h", ...(slope.c ? ["slope by c"] : [])];
  return table(`Unit ${unit} at each step; slopes of the prediction after step ${at + 1}`, heads, steps.map((step, t) => {
    const [k] = best(step.p, 1);
    return [t + 1, sign(pieces[t].piece), `${sign(outputs[k])} ${percent(step.p[k])}`, ...letters.map((letter) => fixed(step[letter][unit])),
      ...["h", ...(slope.c ? ["c"] : [])].map((name) => (t <= at ? power(slope[name][t]) : "–"))];
  }));
}
