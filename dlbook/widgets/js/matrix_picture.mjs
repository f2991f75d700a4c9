// matrix_picture.mjs - the plane under a matrix: grid, square, circle and arrows, with tips that can be dragged.
import { s } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { apply, column, decompose, det, REACH } from "./matrix.mjs";
import { point, draggable } from "./point.mjs";
import { fixed } from "./values.mjs";

const LINES = 24, NEAR = 26; // grid lines on either side of 0; how near a press must be to a tip, in pixels
const text = (words, attrs) => { const e = s("text", attrs); e.textContent = words; return e; };
const CIRCLE = Array.from({ length: 97 }, (_, i) => [Math.cos((i * Math.PI) / 48), Math.sin((i * Math.PI) / 48)]);
const SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]];

// move(name, [x, y]) is called with a new tip of "a₁", "a₂" or "x"; nudge(name, dx, dy) with steps of the keys
export function createPicture({ move, nudge }) {
  const clip = newId("clip"), inside = { "clip-path": `url(#${clip})` };
  const frame = s("g"), plane = s("g", inside), arrows = s("g", inside), names = s("g", { class: "dlb-mp-names" });
  const picture = s("g", { role: "img" }, frame, plane, arrows, names);
  const tip = (name, label, kind, shape) => ({ name, ...point({ label, kind, shape, min: -REACH, max: REACH, by: (dx, dy) => nudge(name, dx, dy) }) });
  const tips = [tip("a₁", "Tip of a₁, the first column of A", "blue"), tip("a₂", "Tip of a₂, the second column of A", "orange", "square"), tip("x", "Tip of x", "green", "diamond")];
  const svg = s("svg", { class: "dlb-plot dlb-mp-plane" }, picture, ...tips.map((t) => t.node));
  let size = 0, places = new Map();
  const fx = (v) => size / 2 + (v * size) / (2 * REACH), fy = (v) => size / 2 - (v * size) / (2 * REACH);
  const d = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${fx(x).toFixed(1)} ${fy(y).toFixed(1)}`).join("");

  draggable(svg, {
    pick: ([x, y]) => {
      const near = tips.filter((t) => places.has(t.name)).map((t) => ({ t, away: Math.hypot(x - fx(places.get(t.name)[0]), y - fy(places.get(t.name)[1])) }))
        .sort((a, b) => a.away - b.away)[0];
      const [px, py] = places.get(near.t.name);
      return near.away <= NEAR ? { handle: near.t, offset: [x - fx(px), y - fy(py)] } : null;
    },
    drag: (t, [x, y]) => move(t.name, [(x / size) * 2 * REACH - REACH, REACH - (y / size) * 2 * REACH]),
  });

  function layout(width) {
    size = width;
    svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
    const marks = [-2, -1, 1, 2];
    frame.replaceChildren(
      s("clipPath", { id: clip }, s("rect", { x: 0, y: 0, width: size, height: size, rx: 4 })),
      s("rect", { class: "dlb-mp-frame", x: 0.5, y: 0.5, width: size - 1, height: size - 1, rx: 4 }),
      s("path", { class: "dlb-mp-old", d: marks.map((v) => `M${fx(v)} 0V${size}M0 ${fy(v)}H${size}`).join("") }),
      s("path", { class: "dlb-zero", d: `M${fx(0)} 0V${size}M0 ${fy(0)}H${size}` }),
      s("g", { class: "dlb-tick" }, ...[-2, 2].flatMap((v) => [
        text(fixed(v, 0), { x: fx(v), y: size - 5, "text-anchor": "middle", class: "dlb-halo" }), text(fixed(v, 0), { x: 5, y: fy(v) + 4, class: "dlb-halo" })])));
  }
  function draw({ A, M, svd, x, t }) {
    const { V } = decompose(A), grid = [];
    for (let k = -LINES; k <= LINES; k++) grid.push([[k, -LINES], [k, LINES]], [[-LINES, k], [LINES, k]]);
    const over = det(M) < 0, map = (points) => d(points.map((p) => apply(M, p)));
    plane.replaceChildren(
      s("path", { class: "dlb-mp-new", d: grid.map(map).join("") }),
      s("path", { class: over ? "dlb-mp-square dlb-mp-over" : "dlb-mp-square", d: `${map(SQUARE)}z` }),
      s("path", { class: "dlb-mp-circle", d: d(CIRCLE) }), s("path", { class: "dlb-mp-ellipse", d: map(CIRCLE) }));
    const [a1, a2] = [column(M, 0), column(M, 1)], labels = [];
    const all = [];
    if (svd) {
      const v = [column(V, 0), column(V, 1)];
      all.push(s("path", { class: "dlb-mp-v", d: v.map((p) => d([[0, 0], p])).join("") }));
      v.forEach((p, i) => {
        const name = "₁₂"[i], now = apply(M, p), same = Math.hypot(now[0] - p[0], now[1] - p[1]) < 0.25;
        all.push(arrow(now, "purple"));
        if (!same) labels.push([p, `v${name}`, "gold"]);
        labels.push([now, t === 1 ? `σ${name}u${name}` : t === 0 ? `v${name}` : "", "purple"]);
      });
    }
    all.push(arrow(a1, "blue"), arrow(a2, "orange"));
    labels.push([a1, t === 0 ? "e₁" : "a₁", "blue"], [a2, t === 0 ? "e₂" : "a₂", "orange"]);
    places = new Map([["a₁", a1], ["a₂", a2]]);
    if (x) {
      const now = apply(M, x);
      all.push(s("path", { class: "dlb-mp-x", d: d([[0, 0], x]) }), arrow(now, "green"));
      labels.push([x, "x", "green"]);
      if (Math.hypot(now[0] - x[0], now[1] - x[1]) > 0.3) labels.push([now, t === 1 ? "Ax" : "", "green"]);
      places.set("x", x);
    }
    arrows.replaceChildren(...all);
    names.replaceChildren(...spread(labels.filter(([, words]) => words)));
    for (const tip of tips) {
      const at = places.get(tip.name);
      tip.node.style.display = at ? "" : "none";
      if (!at) continue;
      const given = tip.name === "x" ? at : column(A, tip.name === "a₁" ? 0 : 1);
      tip.place(fx(at[0]), fy(at[1]), given[0], `${tip.name} = (${fixed(given[0])}, ${fixed(given[1])})`);
    }
  }
  function arrow([x, y], kind) {
    const dx = fx(x) - fx(0), dy = fy(y) - fy(0), length = Math.hypot(dx, dy), [u, v] = length ? [dx / length, dy / length] : [0, 0];
    const head = Math.min(11, length), [bx, by] = [fx(x) - head * u, fy(y) - head * v], side = head * 0.42;
    const g = s("g", { class: `dlb-${kind} dlb-mp-arrow` });
    if (length < 1) g.append(s("circle", { cx: fx(0), cy: fy(0), r: 3 }));
    else g.append(s("path", { class: "dlb-mp-shaft", d: `M${fx(0)} ${fy(0)}L${bx} ${by}` }),
      s("path", { d: `M${fx(x)} ${fy(y)}L${bx - side * v} ${by + side * u}L${bx + side * v} ${by - side * u}z` }));
    return g;
  }
  function spread(labels) { // each name stands beyond its tip; one that would lie on another goes on around it
    const taken = [];
    return labels.map(([[x, y], words, kind]) => {
      const px = fx(x), py = fy(y), angle = Math.atan2(py - fy(0), px - fx(0));
      const wide = 7 * words.length + 4, keep = (v, low, high) => Math.min(high, Math.max(low, v));
      let best;
      for (const turn of [0, 0.8, -0.8, 1.6, -1.6, 2.4, -2.4]) {
        const cx = keep(px + (14 + wide / 2) * Math.cos(angle + turn), wide / 2, size - wide / 2), cy = keep(py + 18 * Math.sin(angle + turn), 9, size - 9);
        const free = taken.every((o) => Math.abs(o.cx - cx) > (o.wide + wide) / 2 || Math.abs(o.cy - cy) > 15);
        best ??= { cx, cy, wide };
        if (free) { best = { cx, cy, wide }; break; }
      }
      taken.push(best);
      return text(words, { x: best.cx.toFixed(1), y: (best.cy + 4).toFixed(1), "text-anchor": "middle", class: `dlb-halo dlb-${kind}` });
    });
  }
  return { svg, layout, draw, describe: (words) => picture.setAttribute("aria-label", words) };
}
