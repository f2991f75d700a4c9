// run_look.mjs - how each run looks wherever it is drawn: a color and a mark, so that color never stands alone.
// The same ten stand in dlbook/widgets/run_poster.py; a test compares them.
import { s } from "./ui.mjs";

const COLORS = ["blue", "orange", "green", "purple", "gold", "pink", "brown", "indigo", "red", "grey"];
const MARKS = [
  "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z", // circle
  "m-3-3h6v6h-6z", // square
  "m0-4l3.9 6.8h-7.8z", // triangle
  "m0-4.3l4.3 4.3l-4.3 4.3l-4.3-4.3z", // diamond
  "m0 4l3.9-6.8h-7.8z", // triangle, upside down
  "m-4 0h8m-4-4v8", // plus
  "m-3.2-3.2l6.4 6.4m0-6.4l-6.4 6.4", // cross
  "m0-4.2v8.4m-3.6-6.3l7.2 4.2m0-4.2l-7.2 4.2", // star
  "m-3.6-3.8h7.2l-7.2 7.6h7.2z", // hourglass
  "m0-4.4v8.8", // bar
];
export const variable = (i) => `--dlb-${COLORS[i % 10]}`; // more than ten runs share colors, with another mark
export const tint = (i) => `var(${variable(i)})`;
export const mark = (i) => MARKS[(i + 3 * Math.floor(i / 10)) % 10];

export function sample(i, look = "dlb-rv-solid") { // a piece of the line, for keys; of no run for i < 0
  return s("svg", { class: "dlb-sample", viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true", style: `color: ${i < 0 ? "currentColor" : tint(i)}` },
    s("path", { class: look, d: "M1 6h24" }), ...(i < 0 ? [] : [s("path", { class: "dlb-marker", d: `M13 6${mark(i)}` })]));
}
export function stand(parts, lit) { // one run in the light, the others pale; what belongs to a run has its number
  for (const part of parts) {
    part.classList.toggle("dlb-rv-some", lit >= 0);
    for (const g of part.children) g.classList.toggle("dlb-rv-lit", +g.dataset.run === lit);
  }
}
