// slope_plot.mjs - two plots: a curve with its tangent and its secants, and the error of the secants against the step.
import { s, path, axes } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { forward, central, H } from "./slopes.mjs";
import { point, draggable } from "./point.mjs";
import { fixed, power } from "./values.mjs";

const HALF = 5, EDGE = 4, SAMPLES = 481; // a plot is 2·HALF wide and moves on when its point comes farther than EDGE
const text = (words, attrs) => { const e = s("text", attrs); e.textContent = words; return e; };

function ticksOf([low, high]) { // about four round numbers
  const raw = (high - low) / 4, unit = 10 ** Math.floor(Math.log10(raw)), step = unit * [1, 2, 5, 10].find((m) => m * unit >= raw), out = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) out.push(k * step);
  return out;
}

// set(x) is called when the point is dragged, by(steps) for its keys; without them the point cannot be moved
export function createCurve({ label, set, by }) {
  const clip = newId("clip"), inside = { "clip-path": `url(#${clip})` };
  const grid = s("g"), lines = s("g", inside), marks = s("g"), picture = s("g", { role: "img" }, grid, lines, marks);
  const handle = set && point({ label, kind: "ink", min: -3, max: 3, by: (dx, dy) => by(dx + dy) });
  const svg = s("svg", { class: "dlb-plot dlb-cr-curve" }, picture, ...(set ? [handle.node] : []));
  let frame;

  if (set) draggable(svg, {
    pick: ([x, y]) => (y > frame.top - 5 && y < frame.bottom + 5 && Math.hypot(x - frame.px, y - frame.py) < 60 ? { handle, offset: [x - frame.px, 0] } : null),
    drag: (_, [x]) => set(frame.x[0] + ((x - frame.left) / (frame.right - frame.left)) * (frame.x[1] - frame.x[0])),
  });

  // look: the function f with its slope, its plot's end below (low) and above; the point it stands at, the step h; words
  function draw(look, width, height) {
    const { f, at, h, slope, low, high, zoom, names, both } = look, y = f(at), shown = Number.isFinite(y);
    const x = zoom ? [at - 3 * h, at + 3 * h] : Math.abs(at) <= EDGE ? [-HALF, HALF] : [at - Math.sign(at) * EDGE - HALF, at - Math.sign(at) * EDGE + HALF];
    const xs = Array.from({ length: SAMPLES }, (_, i) => x[0] + ((x[1] - x[0]) * i) / (SAMPLES - 1)), ys = xs.map(f);
    const range = zoom ? around(ys, h) : [Math.min(low, y - 0.1 * (high - low)), Math.max(high, y + 0.1 * (y - low))];
    const yr = shown ? range : [low, high], size = { width, height, left: zoom ? 16 : 44, right: 8, top: 20, bottom: 22 };
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const { fx, fy } = axes(grid, { ...size, x, y: yr, xticks: zoom ? [] : ticksOf(x), yticks: zoom ? [] : ticksOf(yr), format: (v) => power(v, 3).replace(/\.0+$/, "") });
    const clamp = (v) => Math.max(yr[0] - 40 * (yr[1] - yr[0]), Math.min(yr[1] + 40 * (yr[1] - yr[0]), v));
    frame = { x, left: size.left, right: width - size.right, top: size.top, bottom: height - size.bottom, px: fx(at), py: fy(Math.max(yr[0], Math.min(yr[1], shown ? y : yr[1]))) };
    const straight = (from, to, k, kind) => { // through (from, to) with slope k, as far as the plot goes
      const ends = x.map((v) => clamp(to + k * (v - from)));
      return Number.isFinite(k) ? s("path", { class: kind, d: path(x, ends, fx, fy) }) : s("g");
    };
    const secant = forward(f, at, h), x2 = at + h, y2 = f(x2);
    lines.replaceChildren(
      s("clipPath", { id: clip }, s("rect", { x: frame.left, y: frame.top, width: frame.right - frame.left, height: frame.bottom - frame.top })),
      s("path", { class: "dlb-zero", d: zoom ? "" : `M${fx(x[0])} ${fy(0)}H${fx(x[1])}M${fx(0)} ${frame.top}V${frame.bottom}` }),
      s("path", { class: "dlb-cr-f", d: path(xs, ys.map((v) => clamp(Number.isFinite(v) ? v : yr[1] * 1e3)), fx, fy) }),
      straight(at, y, slope, "dlb-cr-tangent"), straight(at, y, secant, "dlb-cr-secant"),
      both ? straight(at - h, f(at - h), central(f, at, h), "dlb-cr-both") : s("g"));
    const room = Math.abs(fx(x2) - fx(at)) > 16 && shown && x2 > x[0] && x2 < x[1], dots = [[x2, y2, "dlb-orange"], ...(both ? [[at - h, f(at - h), "dlb-green"]] : [])];
    marks.replaceChildren(
      text(`${names[1]} = ${look.label}`, { x: 4, y: 12, class: "dlb-cr-title" }),
      s("path", { class: "dlb-cr-rise", d: room && y2 >= yr[0] && y2 <= yr[1] ? `M${fx(at)} ${fy(y)}H${fx(x2)}V${fy(y2)}` : "" }),
      ...dots.filter(([a, b]) => b >= yr[0] && b <= yr[1] && a <= x[1] && a >= x[0]).map(([a, b, kind]) => s("circle", { class: `dlb-cr-dot ${kind}`, cx: fx(a), cy: fy(b), r: 4.5 })),
      ...(room ? [text(look.step ?? "h", { x: (fx(at) + fx(x2)) / 2, y: Math.max(frame.top + 10, Math.min(frame.bottom - 4, fy(y) + (y2 >= y ? 14 : -5))), "text-anchor": "middle", class: "dlb-halo dlb-cr-h" })] : []),
      text(names[0], { x: frame.right, y: frame.bottom - 5, "text-anchor": "end", class: "dlb-halo dlb-cr-name" }),
      ...(zoom ? [text(`${names[0]} ± 3h`, { x: (frame.left + frame.right) / 2, y: height - 6, "text-anchor": "middle", class: "dlb-halo" })] : []),
      ...(set ? [] : [s("circle", { class: "dlb-cr-dot dlb-ink", cx: frame.px, cy: frame.py, r: 5.5 })]));
    handle?.place(frame.px, frame.py, at, look.says);
  }
  return { svg, draw, describe: (words) => picture.setAttribute("aria-label", words) };
}
function around(ys, h) {
  const low = Math.min(...ys), high = Math.max(...ys), pad = Math.max(0.15 * (high - low), h);
  return [low - pad, high + pad];
}

// ---- |slope of the secant - slope of the tangent| against h, both logarithmic
export function createErrors({ set }) {
  const grid = s("g"), lines = s("g"), picture = s("g", { role: "img" }, grid, lines);
  const svg = s("svg", { class: "dlb-plot dlb-cr-errors" }, picture);
  const x = [-16, Math.log10(H[1])], y = [-13, 2];
  const HS = Array.from({ length: 200 }, (_, i) => 10 ** (x[0] + ((x[1] - x[0]) * i) / 199));
  let frame;
  draggable(svg, { pick: () => ({ handle: {}, jump: true }), drag: (_, [px]) => set(10 ** (x[0] + ((px - frame.left) / (frame.right - frame.left)) * (x[1] - x[0]))) });

  function draw({ f, at, h, slope, both }, width, height) {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const size = { left: 44, right: 10, top: 20, bottom: 22, width, height };
    const { fx, fy } = axes(grid, { ...size, x, y, xticks: [-16, -12, -8, -4, 0], yticks: [-12, -8, -4, 0], format: (v) => (v ? power(10 ** v, 1).replace("1·", "") : "1") });
    frame = { left: size.left, right: width - size.right };
    const keep = (v) => Math.max(y[0], Math.min(y[1], Math.log10(v))), error = (secant, step) => Math.abs(secant(f, at, step) - slope);
    const curve = (secant, kind) => s("path", { class: kind, d: path(HS.map(Math.log10), HS.map((step) => keep(error(secant, step))), fx, fy) });
    const dot = (secant, kind) => s("circle", { class: `dlb-cr-dot ${kind}`, cx: fx(Math.log10(h)), cy: fy(keep(error(secant, h))), r: 5 });
    const title = both ? "error of both secants" : "error of the secant";
    lines.replaceChildren(
      text(title, { x: 4, y: 12, class: "dlb-cr-title" }), text("h", { x: frame.right, y: height - size.bottom - 5, "text-anchor": "end", class: "dlb-halo dlb-cr-name" }),
      s("path", { class: "dlb-cr-at", d: `M${fx(Math.log10(h))} ${size.top}V${height - size.bottom}` }),
      ...(both ? [curve(central, "dlb-cr-err dlb-green")] : []), curve(forward, "dlb-cr-err dlb-orange"),
      ...(both ? [dot(central, "dlb-green")] : []), dot(forward, "dlb-orange"),
      text("rounding", { x: fx(-14.6), y: height - size.bottom - 6, class: "dlb-halo dlb-cr-zone" }), text("h too large", { x: fx(-2.6), y: height - size.bottom - 6, "text-anchor": "middle", class: "dlb-halo dlb-cr-zone" }));
    const best = HS.reduce((a, b) => (error(forward, b) < error(forward, a) && error(forward, b) > 0 ? b : a), 1);
    picture.setAttribute("aria-label", `Error of the secant against the step h, from 10⁻¹⁶ to 2, both axes logarithmic. At h = ${power(h)} it is ${power(error(forward, h))}; it is smallest near h = ${power(best, 1)} and grows on both sides.`);
  }
  return { svg, draw };
}
