// cnn_paint.mjs - numbers as pictures: maps of pixels, bars, and a place in a map that can be chosen.
import { h, s, color } from "./ui.mjs";

// of the strength of a color: so that small numbers are seen, too
const GAMMA = 0.7;
const colors = {};

// the colors are read once for each theme
export function readColors(el) { for (const name of ["blue", "orange", "ink", "muted"]) colors[name] = color(el, `--dlb-${name}`); }
export function shade(name) { return `rgb(${colors[name]})`; }
export function largest(values) { return values.reduce((most, v) => Math.max(most, Math.abs(v)), 0); }
export function mapCanvas() { return h("canvas", { "aria-hidden": "true" }); }

// rows × columns numbers: blue above 0, orange below, the stronger the nearer to ±scale; null is outside
export function paintMap(canvas, values, [rows, columns], scale, tint) {
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  const g = canvas.getContext("2d"), image = g.createImageData(columns, rows), { data } = image;
  values.forEach((v, i) => {
    const none = v === null, tone = none ? colors.muted : tint ?? (v < 0 ? colors.orange : colors.blue);
    for (let k = 0; k < 3; k++) data[4 * i + k] = tone[k];
    data[4 * i + 3] = none ? 40 : v && 255 * Math.min(1, Math.abs(v) / scale) ** GAMMA;
  });
  g.putImageData(image, 0, 0);
}
export function paintGray(canvas, values, sides) { paintMap(canvas, values, sides, 1, colors.ink); }

// ---- bars above and below a line
export function createBars() {
  const [mark, plus, minus] = ["mark", "plus", "minus"].map((name) => s("path", { class: `dlb-ic-${name}` })), node = s("svg", { class: "dlb-ic-bars", preserveAspectRatio: "none", "aria-hidden": "true" }, mark, plus, minus);
  const paint = (values, chosen = -1) => {
    const top = Math.max(0, ...values), unit = 100 / (top - Math.min(0, ...values) || 1), zero = (top * unit).toFixed(1);
    const where = (keep) => [...values].map((v, i) => (keep(v) ? `M${i + 0.1} ${zero}v${(-v * unit).toFixed(1)}h.8V${zero}z` : "")).join("");
    node.setAttribute("viewBox", `0 0 ${values.length} 100`);
    plus.setAttribute("d", where((v) => v > 0));
    minus.setAttribute("d", where((v) => v < 0));
    mark.setAttribute("d", chosen < 0 ? "" : `M${chosen} 0h1v100h-1z`);
  };
  return { node, paint };
}

// ---- a slider for a place in a grid, with a pointer or the arrow keys: sides() and now() give two numbers each
export function chooser({ label, kind, sides, now, choose }, ...children) {
  const within = (place) => sides().map((n, axis) => Math.max(0, Math.min(n - 1, place[axis])));
  const point = ({ clientX, clientY }) => {
    const { left, top, width, height } = node.getBoundingClientRect(), [rows, columns] = sides();
    choose(within([Math.floor(((clientY - top) / height) * rows), Math.floor(((clientX - left) / width) * columns)]));
  };
  const node = h("div", {
    class: kind, role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": 0,
    onpointerdown: (event) => {
      if (event.button) return;
      event.preventDefault();
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
      point(event);
    },
    onpointermove: (event) => { if (node.hasPointerCapture(event.pointerId)) point(event); },
    onkeydown: (event) => {
      const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      // in one row, up is further, as with any slider
      if (sides()[0] === 1) by[1] ||= -by[0];
      choose(within(now().map((v, axis) => v + by[axis])));
    },
  }, ...children);
  const say = (text, name = label) => {
    const [[rows, columns], [i, j]] = [sides(), now()];
    for (const [key, value] of Object.entries({ label: name, valuemax: rows * columns - 1, valuenow: i * columns + j, valuetext: text })) node.setAttribute(`aria-${key}`, value);
  };
  return { node, say };
}
