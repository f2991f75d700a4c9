// distribution_plots.mjs - bars to be dragged, surprises as areas, and the sums as stacked bars.
import { h, s, axes } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { UNITS, OUTCOMES, terms } from "./divergence.mjs";
import { point, draggable } from "./point.mjs";
import { fixed } from "./values.mjs";

const KINDS = { p: "blue", q: "orange" };
const text = (words, attrs) => { const e = s("text", attrs); e.textContent = words; return e; };

// set(name, k, value, from): bar k gets the value, starting from the distribution `from`
export function createBars({ set, get }) {
  const grid = s("g"), marks = s("g"), picture = s("g", { role: "img" }, grid, marks), svg = s("svg", { class: "dlb-plot dlb-ds-bars" }, picture);
  let handles = [], frame, from = null;
  const handle = (name, k) => ({ name, k, ...point({
    label: `${name} of ${OUTCOMES[k]}`, kind: KINDS[name], shape: name === "p" ? "circle" : "square", min: 0, max: 1,
    by: (dx, dy) => { from = null; set(name, k, Math.round(1e4 * Math.min(1, Math.max(0, get(name)[k] + (dx + dy) / 100))) / 1e4); },
  }) });
  draggable(svg, {
    pick: ([x, y]) => {
      const at = handles.map((one) => ({ one, away: Math.abs(x - frame.x(one)) })).sort((a, b) => a.away - b.away)[0];
      if (at.away > Math.max(12, frame.bar / 2 + 2) || y < 0 || y > frame.bottom + 24) return null;
      from = get(at.one.name); // the others keep their proportions through the whole drag
      const near = Math.abs(y - frame.fy(from[at.one.k])) < 24;
      return { handle: at.one, offset: [0, near ? y - frame.fy(from[at.one.k]) : 0], jump: !near };
    },
    drag: ({ name, k }, [, y]) => set(name, k, Math.round(100 * frame.value(y)) / 100, from),
    drop: () => { from = null; },
  });
  function draw(p, q, width, height) {
    const n = p.length;
    if (handles.length !== 2 * n) {
      handles = p.flatMap((_, k) => [handle("p", k), handle("q", k)]);
      svg.replaceChildren(picture, ...handles.map((one) => one.node));
    }
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const size = { left: 30, right: 4, top: 18, bottom: 24, width, height }, { fx, fy } = axes(grid, { ...size, x: [0, n], y: [0, 1], xticks: [], yticks: [0, 0.25, 0.5, 0.75, 1], format: (v) => String(v) });
    const bar = Math.min(46, (0.8 * (fx(1) - fx(0))) / 2), x = ({ name, k }) => fx(k + 0.5) + (name === "p" ? -0.5 : 0.5) * (bar + 2);
    frame = { fy, x, bar, bottom: fy(0), value: (py) => (fy(0) - py) / (fy(0) - fy(1)) };
    const values = { p, q };
    marks.replaceChildren(...handles.flatMap((one) => {
      const v = values[one.name][one.k], crowd = n > 4;
      one.place(x(one), fy(v), v, `${fixed(v, 3)}`);
      return [s("rect", { class: `dlb-ds-bar dlb-${KINDS[one.name]} dlb-ds-${one.name}`, x: x(one) - bar / 2, y: fy(v), width: bar, height: Math.max(0, fy(0) - fy(v)) }),
        text(crowd ? fixed(v).replace(/^0/, "") : fixed(v), { x: x(one), y: fy(v) - 11, "text-anchor": "middle", class: `dlb-halo dlb-ds-value dlb-${KINDS[one.name]}` })];
    }), ...p.map((_, k) => text(OUTCOMES[k], { x: fx(k + 0.5), y: height - 7, "text-anchor": "middle", class: "dlb-ds-name" })));
  }
  return { svg, draw, describe: (words) => picture.setAttribute("aria-label", words) };
}

// a column for each outcome, as wide as p and as high as the surprise -log p (filled) and -log q (outline)
export function createAreas() {
  const grid = s("g"), marks = s("g"), picture = s("g", { role: "img" }, grid, marks), svg = s("svg", { class: "dlb-plot dlb-ds-areas" }, picture), hatch = newId("hatch");
  function draw(p, q, unit, width, height) {
    const code = (v) => -Math.log(v) / UNITS[unit], seen = p.flatMap((v, k) => (v > 0 ? [code(v), code(q[k])] : [])).filter(Number.isFinite);
    const top = Math.max(unit === "bits" ? 3 : 2, Math.min(unit === "bits" ? 10 : 7, Math.ceil(Math.max(...seen) + 0.6))), every = top > 5 ? 2 : 1;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const size = { left: 30, right: 8, top: 18, bottom: 24, width, height };
    const { fx, fy } = axes(grid, { ...size, x: [0, 1], y: [0, top], xticks: [], yticks: Array.from({ length: Math.floor(top / every) + 1 }, (_, i) => i * every) });
    const rect = (a, b, low, high, kind) => s("rect", { class: kind, x: fx(a), y: fy(high), width: Math.max(0, fx(b) - fx(a)), height: Math.max(0, fy(low) - fy(high)), ...(kind.includes("loss") || kind.includes("gain") ? { fill: `url(#${hatch})` } : {}) });
    const out = [s("pattern", { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("rect", { width: 2, height: 6, class: "dlb-ds-stripe" })),
      text(unit, { x: 2, y: 11, class: "dlb-ds-unit" })];
    let from = 0;
    p.forEach((v, k) => {
      if (v === 0) return;
      const to = from + v, own = code(v), other = Math.min(top, code(q[k])), endless = q[k] === 0, middle = (fx(from) + fx(to)) / 2, room = fx(to) - fx(from);
      out.push(rect(from, to, 0, Math.min(top, own), "dlb-ds-own"), rect(from, to, Math.min(own, other), Math.max(own, other), other > own ? "dlb-ds-loss" : "dlb-ds-gain"),
        s("path", { class: "dlb-ds-code", d: `M${fx(from)} ${fy(0)}V${fy(other)}H${fx(to)}V${fy(0)}` }));
      const cost = terms(v, q[k]).cross / UNITS[unit];
      if (room > 30 || endless) out.push(text(endless ? "∞" : fixed(cost), { x: middle, y: Math.max(14, fy(other) - 5), "text-anchor": "middle", class: `dlb-halo dlb-orange${endless ? " dlb-ds-endless" : ""}` }));
      if (room > 30 && fy(0) - fy(own) > 18) out.push(text(fixed(terms(v, v).cross / UNITS[unit]), { x: middle, y: fy(0) - 5, "text-anchor": "middle", class: "dlb-halo dlb-blue" }));
      if (room > 9) out.push(text(OUTCOMES[k], { x: middle, y: height - 7, "text-anchor": "middle", class: "dlb-ds-name" }));
      from = to;
    });
    marks.replaceChildren(...out);
  }
  return { svg, draw, describe: (words) => picture.setAttribute("aria-label", words) };
}

// H(p, q) = H(p) + KL(p‖q), and the other way round
export function createSums() {
  const rows = [["H(p)", "KL(p‖q)", "H(p, q)", "blue"], ["H(q)", "KL(q‖p)", "H(q, p)", "orange"]].map(([entropy, extra, total, kind]) => {
    const [words, a, b] = [h("p", { class: "dlb-ds-sum" }), h("span", { class: `dlb-ds-part dlb-${kind}` }), h("span", { class: "dlb-ds-part dlb-ds-extra" })];
    return { entropy, extra, total, kind, words, a, b, node: h("div", {}, words, h("div", { class: "dlb-ds-track", "aria-hidden": "true" }, a, b)) };
  });
  const node = h("div", { class: "dlb-ds-sums" }, ...rows.map((r) => r.node));
  function draw(found, unit) {
    const reach = 1.05 * Math.max(unit === "bits" ? 2 : 1.4, ...Object.values(found).filter(Number.isFinite));
    for (const r of rows) {
      const part = (name, note, kind) => h("span", { class: "dlb-ds-term" }, h("span", { class: `dlb-${kind}` }, name, " ", h("strong", {}, fixed(found[name], 3))), h("small", {}, note));
      const total = h("span", { class: "dlb-ds-term" }, h("span", {}, r.total, " ", h("strong", {}, fixed(found[r.total], 3))), h("small", {}, "cross-entropy"));
      r.words.replaceChildren(part(r.entropy, "entropy", r.kind), h("span", {}, "+"), part(r.extra, "divergence", "purple"), h("span", {}, "="), total, h("span", { class: "dlb-ds-u" }, unit));
      r.a.style.width = `${(100 * found[r.entropy]) / reach}%`;
      r.b.style.width = found[r.extra] === Infinity ? "100%" : `${(100 * found[r.extra]) / reach}%`;
      r.b.classList.toggle("dlb-ds-endless", found[r.extra] === Infinity);
    }
  }
  return { node, draw };
}
