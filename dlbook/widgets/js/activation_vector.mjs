// activation_vector.mjs - the view of the explorer for softmax and log-softmax: three logits in, three numbers out.
import { h, watch, put, slider, button, everyFrame } from "./ui.mjs";
import { softmax, logSoftmax, softmaxJacobian, logSoftmaxJacobian } from "./activation.mjs";
import { marked } from "./markup.mjs";
import { fixed, sign } from "./activation_look.mjs";

export const LOGIT = 5; // sliders show [-LOGIT, LOGIT]
export const SHIFT = 1000; // what is added to every logit lies in [0, SHIFT]
const SUB = ["₁", "₂", "₃"], TINT = ["blue", "orange", "green"].map((c) => `var(--dlb-${c})`);

const LESSON = {
  softmax: "Off the diagonal the numbers are not 0: moving one logit moves every probability, which no function of one number "
    + "can do. Each row sums to 0: adding one number to every logit moves none.",
  log_softmax: "Each row sums to 0: adding one number to every logit moves no output. A log probability is never above 0 and has no lower end.",
};

export function vector(model, el, signal, say, painted) {
  const rows = SUB.map((sub, i) => {
    const control = slider(model, "logits", { label: `logit z${sub}`, min: -LOGIT, max: LOGIT, step: 0.1, signal,
      parse: (v) => model.get("logits").map((old, j) => (i === j ? v : old)), show: (z) => z[i], format: (z) => fixed(z[i], 1) });
    const total = h("span", { class: "dlb-total" }), bar = h("span", { class: "dlb-bar" });
    const name = h("span", { class: "dlb-bar-name" }), out = h("strong", { class: "dlb-bar-value" });
    const chart = h("div", { class: "dlb-bar-row" }, name, h("span", { class: "dlb-track", "aria-hidden": "true" }, bar), out);
    return { total, bar, name, out, node: h("div", { class: "dlb-logit", style: `--tint: ${TINT[i]}` }, control, total, chart) };
  });
  const more = (step) => button(`Add ${step} to every logit`, () => put(model, "shift", Math.min(SHIFT, model.get("shift") + step)));
  const adders = [more(10), more(1000)];
  const back = button("Take it away again", () => { put(model, "shift", 0); adders[0].focus(); });
  const caption = h("caption"), heads = SUB.map(() => h("th", { scope: "row" }));
  const cells = SUB.map(() => SUB.map(() => h("td"))), sums = SUB.map(() => h("td", { class: "dlb-sum" }));
  const jacobian = h("table", { class: "dlb-jacobian" }, caption,
    h("thead", {}, h("tr", {}, h("td"), ...SUB.map((sub) => h("th", { scope: "col" }, `z${sub}`)), h("th", { scope: "col" }, "sum"))),
    h("tbody", {}, ...cells.map((row, i) => h("tr", {}, heads[i], ...row, sums[i]))));
  const formula = h("p", { class: "dlb-about" }), shifted = h("p", { class: "dlb-shifted" }), lesson = h("p", { class: "dlb-lesson" });
  const node = h("div", { class: "dlb-pane" }, formula, ...rows.map((r) => r.node), h("div", { class: "dlb-row" }, ...adders, back),
    shifted, jacobian, lesson);

  function paintNow() {
    const log = model.get("view") === "log_softmax", letter = log ? "log p" : "p", shift = model.get("shift");
    const plain = model.get("logits"), z = plain.map((v) => v + shift), p = softmax(z), y = log ? logSoftmax(z) : p;
    const J = log ? logSoftmaxJacobian(p) : softmaxJacobian(p);
    formula.replaceChildren(h("strong", {}, log ? "Log-softmax" : "Softmax"), " ",
      ...(log ? ["log pᵢ = zᵢ − log Σⱼ e", h("sup", {}, "zⱼ")] : ["pᵢ = e", h("sup", {}, "zᵢ"), " / Σⱼ e", h("sup", {}, "zⱼ")]));
    rows.forEach((r, i) => {
      r.total.textContent = shift ? `${sign(shift, 0)} = ${fixed(z[i], 1)}` : "";
      r.name.textContent = letter + SUB[i];
      r.out.textContent = fixed(y[i], 3);
      const part = log ? Math.min(1, -y[i] / (2 * LOGIT)) : p[i]; // a logarithm hangs from 0 at the right end
      r.bar.style.width = `${(100 * part).toFixed(2)}%`;
      r.bar.style.marginInlineStart = log ? "auto" : "0";
      heads[i].textContent = letter + SUB[i];
      sums[i].textContent = fixed(J[i].reduce((a, b) => a + b, 0));
      J[i].forEach((v, j) => {
        const cell = cells[i][j];
        cell.textContent = sign(v);
        cell.style.setProperty("--part", `${(Math.abs(v) * (log ? 55 : 160)).toFixed(0)}%`);
        cell.style.setProperty("--tint", v < 0 ? "var(--dlb-orange)" : "var(--dlb-blue)");
      });
    });
    caption.textContent = `How fast output i changes when logit j alone grows, ∂ ${letter}ᵢ / ∂ zⱼ`;
    back.hidden = !shift;
    adders.forEach((b) => { b.disabled = shift >= SHIFT; });
    shifted.replaceChildren(...addition(plain, z, y, shift, log));
    lesson.textContent = log ? LESSON.log_softmax : LESSON.softmax;
    if (!node.hidden) say(`${letter} is ${y.map((v) => fixed(v)).join(", ")}.`);
    painted();
  }
  function addition(plain, z, y, shift, log) { // what adding did, with both ways of computing it
    if (!shift) return ["Add the same number to all three, and watch the outputs."];
    const before = log ? logSoftmax(plain) : softmax(plain), change = Math.max(...y.map((v, i) => Math.abs(v - before[i])));
    const e = z.map(Math.exp), sum = e[0] + e[1] + e[2], naive = e.map((v) => v / sum);
    const words = [`${sign(shift, 0)} on every logit changed the outputs by ${change < 1e-9 ? "0.000" : fixed(change, 3)}. `];
    if (naive.some(Number.isNaN)) words.push(h("strong", {}, "The formula as it is written fails here: "),
      ...marked(`e^{${fixed(Math.max(...z), 0)}} is too large for a computer number, and ∞ / ∞ is no number. `),
      "These outputs stay right because the largest logit is subtracted first.");
    return words;
  }

  const draw = everyFrame(() => { if (!node.hidden) paintNow(); }, el);
  watch(model, ["logits", "shift"], draw, signal);
  return { node, draw };
}
