// conv_maps.mjs - a grid of cells: pixels in gray, or a map in orange (negative), paper (zero) and blue (positive).
import { h, s, color } from "./ui.mjs";

const ROOM = 30; // px: cells of this size hold their numbers

export function short(v, digits = 3) { // at most so many decimals, a true minus sign
  return String(+v.toFixed(digits) || 0).replace("-", "−");
}
export function palette(el) {
  const [paper, blue, orange] = ["--dlb-paper", "--dlb-blue", "--dlb-orange"].map((name) => color(el, name));
  const mix = (end, t) => paper.map((v, k) => Math.round(v + (end[k] - v) * t));
  return {
    gray: (v, [low, high]) => Array(3).fill(Math.round((255 * (v - low)) / (high - low))),
    tint: (v, top) => mix(v < 0 ? orange : blue, top && 0.92 * Math.min(1, Math.abs(v) / top)),
    paper,
  };
}
export function css(rgb) { return `rgb(${rgb.join()})`; }
export function inkOn(rgb) { // black or white, whichever has more contrast (WCAG's relative luminance)
  const [r, g, b] = rgb.map((v) => (v > 10 ? ((v / 255 + 0.055) / 1.055) ** 2.4 : v / 3294));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "dlb-cx-dark" : "dlb-cx-light";
}

// ---- outlines over the cells
export function outline(cells, cell, name) { // a frame around each cell
  const d = cells.map(([r, c]) => `M${c * cell} ${r * cell}h${cell}v${cell}h${-cell}z`).join("");
  return [s("path", { d, class: "dlb-cx-halo" }), s("path", { d, class: name })];
}
export function frame({ r, c, rows, columns }, cell, name) {
  const box = { x: c * cell, y: r * cell, width: columns * cell, height: rows * cell };
  return [s("rect", { ...box, class: "dlb-cx-halo" }), s("rect", { ...box, class: name })];
}

// over(cell, event) is a pointer that moves over a cell, press(cell, event) one that goes down, by(rows, columns) a key
export function createMap({ label, over, press, leave, by, key }) {
  let cell = 0, size = [0, 0], last = "";
  const canvas = h("canvas", { "aria-hidden": "true" }), lines = s("path", { class: "dlb-cx-lines" }), numbers = s("g", { class: "dlb-cx-numbers" }), marks = s("g");
  const svg = s("svg", { "aria-label": label, "data-lm-suppress-shortcuts": "true", onpointermove: onMove, onpointerdown: onDown, onpointerup: onUp, onpointercancel: onUp, onpointerleave: () => { last = ""; leave?.(); }, onkeydown: onKey }, lines, numbers, marks);
  const title = h("span", { class: "dlb-cx-title" }), about = h("span", { class: "dlb-cx-size" }), scale = h("span", { class: "dlb-cx-scale", "aria-hidden": "true" });
  const grid = h("div", { class: "dlb-cx-grid" }, canvas, svg), node = h("div", { class: "dlb-cx-map" }, h("p", { class: "dlb-cx-head" }, title, about), grid, scale);

  function layout(rows, columns, px) {
    [cell, size] = [px, [rows, columns]];
    Object.assign(canvas, { width: columns, height: rows });
    grid.style.width = `${columns * px}px`;
    grid.style.height = `${rows * px}px`;
    svg.setAttribute("viewBox", `0 0 ${columns * px} ${rows * px}`);
    const d = Array.from({ length: rows - 1 }, (_, i) => `M0 ${(i + 1) * px}H${columns * px}`).join("") + Array.from({ length: columns - 1 }, (_, j) => `M${(j + 1) * px} 0V${rows * px}`).join("");
    lines.setAttribute("d", d);
  }
  // paint(r, c) is the color of a cell, text(r, c) its number; either may be null: nothing is there
  function fill(paint, text) {
    const [rows, columns] = size, context = canvas.getContext("2d"), image = context.createImageData(columns || 1, rows || 1), words = [];
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      const rgb = paint(r, c);
      if (!rgb) continue;
      image.data.set([...rgb, 255], 4 * (r * columns + c));
      if (cell < ROOM) continue;
      const e = s("text", { x: (c + 0.5) * cell, y: (r + 0.5) * cell + 4, class: inkOn(rgb) });
      e.textContent = text(r, c);
      words.push(e);
    }
    context.putImageData(image, 0, 0);
    numbers.replaceChildren(...words);
  }
  function at(event) {
    const box = svg.getBoundingClientRect(), r = Math.floor(((event.clientY - box.top) / box.height) * size[0]), c = Math.floor(((event.clientX - box.left) / box.width) * size[1]);
    return [Math.min(size[0] - 1, Math.max(0, r)), Math.min(size[1] - 1, Math.max(0, c))];
  }
  function onMove(event) {
    const place = at(event);
    if (String(place) === last) return;
    last = String(place);
    over(place, event);
  }
  function onDown(event) {
    if (event.button) return;
    if (svg.hasAttribute("tabindex")) svg.focus({ preventScroll: true });
    svg.setPointerCapture(event.pointerId);
    last = String(at(event));
    press(at(event), event);
  }
  function onUp() { last = ""; }
  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const to = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0], Home: [0, -999], End: [0, 999], PageUp: [-999, 0], PageDown: [999, 0] }[event.key];
    if (!to && !key?.(event.key)) return;
    event.preventDefault();
    if (to) by(...to);
  }
  // a picture that is told, or, with a place of its own in the order of keys, a slider over its cells
  function tell(words, now) {
    const slider = now !== undefined;
    svg.setAttribute("role", slider ? "slider" : "img");
    for (const [name, value] of [["tabindex", 0], ["aria-valuemin", 0], ["aria-valuemax", size[0] * size[1] - 1], ["aria-valuenow", now], ["aria-valuetext", words]])
      if (slider) svg.setAttribute(name, value); else svg.removeAttribute(name);
    svg.setAttribute("aria-label", slider ? label : words);
  }
  function head(name, words, ends) {
    title.textContent = name;
    about.textContent = words;
    scale.replaceChildren(...(ends ? [h("span", {}, ends.low), h("i", { style: `background: linear-gradient(90deg, ${ends.colors.map(css).join()})` }), h("span", {}, ends.high)] : []));
  }
  return { node, grid, svg, marks, layout, fill, tell, head, get cell() { return cell; } };
}
