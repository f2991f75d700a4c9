// race_look.mjs - how each optimizer looks wherever it is drawn: a color, a mark and a dash, so that color never stands
// alone.  The same stand in dlbook/widgets/race_poster.py; a test compares them.
import { s } from "./ui.mjs";

export const LOOK = {
  sgd: ["ink", "m-3.8 0a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0-7.6 0z", ""],
  momentum: ["blue", "m-3.5-3.5h7v7h-7z", ""],
  nesterov: ["green", "m0-4.6l4.4 7.6h-8.8z", "7 3"],
  adagrad: ["gold", "m0 4.6l4.4-7.6h-8.8z", "2 3"],
  adadelta: ["brown", "m-3.8-4.2h7.6l-7.6 8.4h7.6z", "2 3"],
  rmsprop: ["purple", "m0-5l5 5l-5 5l-5-5z", "9 2 2 2"],
  adam: ["orange", "m0-4.9l1.4 3.2h3.6l-2.7 2.4l1.1 3.6l-3.4-2.1l-3.4 2.1l1.1-3.6l-2.7-2.4h3.6z", ""],
  adamw: ["pink", "m-4.2-4.2l8.4 8.4m0-8.4l-8.4 8.4", "5 3"],
};
export const LOST = "M-7-7l14 14m0-14l-14 14"; // over the mark of who has diverged
export const tint = (name) => `var(--dlb-${LOOK[name][0]})`;
export const mark = (name) => LOOK[name][1];
export const dash = (name) => LOOK[name][2];

export function sample(name) { // a piece of the line with its mark, for keys
  return s("svg", { class: "dlb-sample", viewBox: "0 0 30 14", width: 30, height: 14, "aria-hidden": "true", style: `color: ${tint(name)}` },
    s("path", { d: "M1 7h28", "stroke-dasharray": dash(name) }), s("path", { class: "dlb-marker", d: `M15 7${mark(name)}` }));
}
// a number with few digits, with a power of ten where it is small or large
export function tidy(v, digits = 3) {
  if (v === 0) return "0";
  const e = Math.floor(Math.log10(Math.abs(v)));
  const text = e < -3 || e > 4 ? v.toExponential(Math.min(1, digits - 1)).replace("e+", "e") : String(+v.toPrecision(digits));
  return text.replace(/-/g, "−");
}
export function fixed(v) { return (Math.abs(v) < 0.005 ? 0 : v).toFixed(2).replace("-", "−"); }
export const place = (x, y) => `(${fixed(x)}, ${fixed(y)})`;
