// run_names.mjs - the names of the runs at the ends of their lines, pushed apart where they would touch.
import { h, s } from "./ui.mjs";
import { spread } from "./run_numbers.mjs";
import { tint, mark } from "./run_look.mjs";

const LEAD = 12; // pixels from the end of the axis to a name
export const text = (words, attrs) => Object.assign(s("text", attrs), { textContent: words });
export const round = (v) => Math.round(v * 10) / 10;

// draws into the group `node` of an <svg>
export function createNames(node) {
  const ruler = h("canvas").getContext("2d");
  let font = "";

  function extent(words) {
    ruler.font = font ||= `12px ${getComputedStyle(node).fontFamily}`;
    return ruler.measureText(words).width;
  }
  function fit(name, room) { // what is too long is cut in the middle: names often differ at the end
    if (extent(name) <= room) return name;
    let n = name.length - 1;
    const cut = () => `${name.slice(0, Math.ceil(n / 2))}…${name.slice(name.length - Math.floor(n / 2))}`;
    while (n > 1 && extent(cut()) > room) n--;
    return cut();
  }
  // ends: [{ i, name, x, y }, ...]; right: where the axis ends; gutter: the room behind it; marked: with the mark of the run
  function draw(ends, { right, gutter, top, bottom }, marked) {
    const sorted = ends.map((e) => ({ ...e, y: Math.min(bottom, Math.max(top, e.y)) })).sort((a, b) => a.y - b.y);
    const places = spread(sorted.map((e) => e.y), top, bottom - 2, 13.5), from = right + LEAD;
    node.replaceChildren(...sorted.map(({ i, name, x, y }, k) => s("g", { "data-run": i, style: `color: ${tint(i)}` },
      s("path", { class: x < right - 24 ? "dlb-lead dlb-rv-far" : "dlb-lead", d: `M${round(x + 4)} ${round(y)}L${from} ${round(places[k])}` }),
      s("path", { class: "dlb-rv-mark", d: marked ? `M${from + 6} ${round(places[k])}${mark(i)}` : "" }),
      text(fit(name, gutter - LEAD - (marked ? 14 : 4)), { x: from + (marked ? 13 : 3), y: round(places[k] + 4) }))));
  }
  return { extent, draw };
}
