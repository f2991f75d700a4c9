import { h, root, watch, put, button, everyFrame, announcer, oneOf, listOf, number } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { UNITS, OUTCOMES, terms, numbers, normalized, moved, resized } from "./divergence.mjs";
import { createBars, createAreas, createSums } from "./distribution_plots.mjs";
import { segments } from "./segments.mjs";
import { fixed, table, folded } from "./values.mjs";

const PRESETS = [
  ["Falling p, rising q", [0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4]],
  ["Uneven p, uniform q", [0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25]],
  ["Both uniform", [0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]],
  ["One-hot label, a classifier's answer", [0, 1, 0], [0.15, 0.7, 0.15]],
  ["One-hot label, sure and wrong", [0, 1, 0], [0.98, 0.01, 0.01]],
  ["q lacks an outcome", [0.5, 0.3, 0.2], [0.6, 0.4, 0]],
];
const LOOSE = 1e-6;
const distribution = (() => {
  const item = number(0, 1), list = listOf(item, OUTCOMES.length);
  const read = (text) => { const v = list(text); return v?.length >= 2 && Math.abs(v.reduce((a, b) => a + b, 0) - 1) <= LOOSE ? v : undefined; };
  return Object.assign(read, { expects: `two to ${OUTCOMES.length} numbers from 0 to 1 that sum to 1, separated by commas` });
})();
const params = { p: distribution, q: distribution, unit: oneOf(Object.keys(UNITS)) };

function render({ model, el, signal }) {
  let width = 0, begun = false, left = "";

  // ---- the parts of the page
  const body = root(el, "Two distributions, p and q"), say = announcer(el);
  el.classList.add("dlb-m", "dlb-ds");
  const bars = createBars({ set: (name, k, v, from) => put(model, name, moved(from ?? model.get(name), k, v)), get: (name) => model.get(name) });
  const areas = createAreas(), sums = createSums();
  const presetId = newId("preset"), preset = h("select", { id: presetId, onchange: () => { if (PRESETS[preset.value]) both(PRESETS[preset.value][1], PRESETS[preset.value][2]); } },
    h("option", { value: "" }, "your own"), ...PRESETS.map(([name], i) => h("option", { value: i }, name)));
  const countId = newId("count"), count = h("select", { id: countId, onchange: () => both(...["p", "q"].map((name) => resized(model.get(name), +count.value))) },
    ...[2, 3, 4, 5, 6].map((n) => h("option", { value: n }, n)));
  const uniform = (name) => put(model, name, normalized(model.get(name).map(() => 1)));
  const actions = h("div", { class: "dlb-bar-of" }, button("Swap p and q", () => both(model.get("q"), model.get("p"))), button("q = p", () => put(model, "q", [...model.get("p")])),
    button("p uniform", () => uniform("p")), button("q uniform", () => uniform("q")));
  const note = h("p", { class: "dlb-note", hidden: true, role: "status" }), says = h("p", { class: "dlb-m-says" }), lost = h("p", { class: "dlb-note", hidden: true });
  const all = folded(fill);
  body.append(
    h("div", { class: "dlb-bar-of" }, h("div", { class: "dlb-ctl" }, h("label", { for: presetId }, "Preset"), preset),
      h("div", { class: "dlb-ctl" }, h("label", { for: countId }, "Outcomes"), count), segments(model, "unit", { label: "Unit", options: [["bits", "bits"], ["nats", "nats"]], signal })),
    lost, h("div", { class: "dlb-ds-plots" }, h("div", {}, h("p", { class: "dlb-ds-cap" }, "Drag the bars ", h("b", { class: "dlb-blue" }, "p"), " and ", h("b", { class: "dlb-orange" }, "q"), "; the others make room"), bars.svg),
      h("div", {}, h("p", { class: "dlb-ds-cap" }, "As wide as ", h("i", {}, "p"), ", as high as the surprise: the areas are ", h("b", { class: "dlb-blue" }, "H(p)"), " and ", h("b", { class: "dlb-orange" }, "H(p, q)")), areas.svg)),
    actions, sums.node, note, says, all.node);

  function both(p, q) { model.set("p", p); model.set("q", q); model.save_changes(); }
  function match() { // an address may set p and q to different numbers of outcomes
    const p = model.get("p"), q = model.get("q");
    if (p.length === q.length) return [p, q];
    left = `p has ${p.length} outcomes and q has ${q.length}. Shown is q with ${p.length}.`;
    put(model, "q", resized(q, p.length));
    return [p, model.get("q")];
  }

  // ---- view
  function paint() {
    const [p, q] = match(), unit = model.get("unit"), found = numbers(p, q, unit), room = body.clientWidth || 640;
    width = room;
    const two = room >= 600, w = two ? Math.floor((room - 20) / 2) : room, tall = two ? 250 : 220;
    el.classList.toggle("dlb-ds-wide", two);
    bars.draw(p, q, w, tall);
    areas.draw(p, q, unit, w, tall);
    sums.draw(found, unit);
    const same = (a, b) => a.length === b.length && a.every((v, k) => Math.abs(v - b[k]) < 1e-9);
    const at = PRESETS.findIndex(([, a, b]) => same(a, p) && same(b, q));
    preset.value = at < 0 ? "" : String(at);
    count.value = String(p.length);
    const endless = [["p", "q", p, q], ["q", "p", q, p]].flatMap(([a, b, x, y]) => {
      const lost = x.flatMap((v, k) => (v > 0 && y[k] === 0 ? [OUTCOMES[k]] : [])), many = lost.length > 1;
      return lost.length ? [`KL(${a}‖${b}) = ∞: for ${b}, ${lost.join(" and ")} never happen${many ? "" : "s"}; under ${a} ${many ? "they do" : "it does"}, and the surprise −log 0 has no end.`] : [];
    });
    note.textContent = endless.join(" ");
    note.hidden = !endless.length;
    lost.textContent = left;
    lost.hidden = !left;
    says.textContent = sentence(p, q, found, unit);
    const digits = (v) => fixed(v, 3), told = `H of p ${digits(found["H(p)"])}, cross-entropy ${digits(found["H(p, q)"])}, K L of p and q ${digits(found["KL(p‖q)"])}, the other way ${digits(found["KL(q‖p)"])} ${unit}.`;
    bars.describe(`Probabilities of ${p.length} outcomes: p is ${p.map(digits).join(", ")}; q is ${q.map(digits).join(", ")}.`);
    areas.describe(`Surprise of each outcome, in ${unit}: under p ${p.map((v) => digits(-Math.log(v) / UNITS[unit])).join(", ")}; under q ${q.map((v) => digits(-Math.log(v) / UNITS[unit])).join(", ")}.`);
    all.again();
    if (begun) say(told);
    begun = true;
    el.dataset.painted = String(+(el.dataset.painted || 0) + 1);
  }
  function sentence(p, q, found, unit) {
    const digits = (v) => fixed(v, 3), kl = found["KL(p‖q)"];
    if (kl === 0) return `q equals p: the divergence is 0, and the cross-entropy is the entropy, ${digits(found["H(p)"])} ${unit}. Nothing can make it smaller.`;
    if (p.includes(1)) return `p is sure of ${OUTCOMES[p.indexOf(1)]}, so H(p) = 0, and the cross-entropy is one surprise: −log q = ${digits(found["H(p, q)"])} ${unit}.`;
    if (kl === Infinity) return "A code without a word for something that happens has no finite mean length.";
    const back = digits(found["KL(q‖p)"]), words = `With q in place of p, an outcome costs ${digits(kl)} ${unit} too much on average.`;
    return `${words} ${back === digits(kl) ? "With p in place of q it is the same here, which is a coincidence." : `With p in place of q it is ${back}: a divergence is no distance.`}`;
  }
  function fill() {
    const p = model.get("p"), q = model.get("q"), unit = model.get("unit"), show = (v) => fixed(v / UNITS[unit], 3), found = numbers(p, q, unit);
    return table(`The outcomes, and the sums in ${unit}`, ["outcome", "p", "q", "−p log p", "−p log q", "p log (p / q)"], [
      ...p.map((v, k) => { const t = terms(v, q[k]); return [OUTCOMES[k], fixed(v, 3), fixed(q[k], 3), show(t.entropy), show(t.cross), show(t.divergence)]; }),
      ["sum", "1", "1", fixed(found["H(p)"], 3), fixed(found["H(p, q)"], 3), fixed(found["KL(p‖q)"], 3)],
      ["with p and q swapped", "", "", fixed(found["H(q)"], 3), fixed(found["H(q, p)"], 3), fixed(found["KL(q‖p)"], 3)]]);
  }

  const draw = everyFrame(paint, el);
  watch(model, ["p", "q", "unit"], draw, signal);
  const sized = new ResizeObserver(() => { if (body.clientWidth && body.clientWidth !== width) draw(); });
  sized.observe(body);
  signal?.addEventListener("abort", () => sized.disconnect());
  draw();
}

export default { params, render };
