// activation_look.mjs - how each function looks wherever it is drawn: a color and a marker, so that
// no two functions are told apart by color alone.
import { h, s } from "./ui.mjs";

export const X = 5; // plots show [-X, X]

// markers about 8 px wide, as relative paths from their center
const SHAPES = {
  bar: "m0-5v10",
  circle: "m-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z",
  cross: "m-3.4-3.4l6.8 6.8m0-6.8l-6.8 6.8",
  diamond: "m0-4.8l4.8 4.8l-4.8 4.8l-4.8-4.8z",
  down: "m0 4.4l4.4-7.6h-8.8z",
  hourglass: "m-3.8-4.2h7.6l-7.6 8.4h7.6z",
  plus: "m-4.4 0h8.8m-4.4-4.4v8.8",
  square: "m-3.4-3.4h6.8v6.8h-6.8z",
  star: "m0-4.6v9.2m-4-6.9l8 4.6m0-4.6l-8 4.6",
  up: "m0-4.4l4.4 7.6h-8.8z",
};
const LOOK = {
  identity: ["grey", "bar"], sigmoid: ["blue", "circle"], tanh: ["orange", "square"], relu: ["green", "up"],
  leaky_relu: ["purple", "diamond"], elu: ["gold", "down"], gelu: ["orange", "plus"], gelu_tanh: ["blue", "cross"],
  silu: ["green", "hourglass"], softplus: ["purple", "star"],
};
export const ORDER = Object.keys(LOOK);
export function tint(name) { return `var(--dlb-${LOOK[name][0]})`; }
export function markers(name, points) { // one path with the marker at each of the points [[x, y], ...]
  return points.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}${SHAPES[LOOK[name][1]]}`).join("");
}
export function sample(name) { // a piece of the line, for keys and labels
  return s("svg", { class: "dlb-sample", viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true", style: `color: ${tint(name)}` },
    s("path", { d: "M1 6h24" }), s("path", { class: "dlb-marker", d: markers(name, [[13, 6]]) }));
}

export function fixed(v, digits = 2) { // with a true minus sign, and no minus zero
  return (Math.abs(v) < 0.5 * 10 ** -digits ? 0 : v).toFixed(digits).replace("-", "−");
}
export function sign(v, digits = 2) { return (v > 0.5 * 10 ** -digits ? "+" : "") + fixed(v, digits); }
export function table(caption, heads, rows) { // the first cell of each row is its heading
  return h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...heads.map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, ...rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((t) => h("td", {}, t))))));
}
