// cnn_pad.mjs - the sheet: drawing with a pointer, a finger or the keys.
import { h } from "./ui.mjs";
import { SIDE, PEN, simplify } from "./cnn_ink.mjs";
import { paintGray, shade, mapCanvas } from "./cnn_paint.mjs";

// canvas pixels for one of the sheet; how far a key moves; the least way to a new point, and a key's with Shift
const SHARP = 2, STEP = 4, NEAR = 2;
const HOW = "Sheet to draw on. Arrows move the pen, space puts it down or lifts it, Backspace undoes.";

// change(strokes, done): there is more ink; `done` once a stroke has ended
export function createPad({ change, undo }) {
  const canvas = h("canvas", { width: SIDE * SHARP, height: SIDE * SHARP, "aria-hidden": "true" });
  const hint = h("span", { class: "dlb-ic-hint", "aria-hidden": "true" }, "Draw a digit"), state = h("span", { class: "dlb-sr", role: "status" });
  const node = h("div", { class: "dlb-ic-pad", tabindex: 0, role: "application", "aria-label": HOW, onpointerdown, onpointermove, onpointerup: lift, onpointercancel: lift, onkeydown, onfocus: () => look(node.matches(":focus-visible")), onblur: () => { lift(); look(false); } }, canvas, hint);
  let strokes = [], picture = null, current = null, pen = [SIDE / 2, SIDE / 2], keys = false;

  // the pen goes there, and draws if it is down
  function put(place) {
    pen = place.map((v) => Math.max(0, Math.min(SIDE - 1, Math.round(v))));
    const last = current?.at(-1);
    if (!last || Math.hypot(pen[0] - last[0], pen[1] - last[1]) < NEAR) return;
    current.push(pen);
    change([...strokes, current], false);
  }
  function down() {
    current = [pen];
    change([...strokes, current], false);
  }
  function lift() {
    if (!current) return;
    const stroke = simplify(current);
    current = null;
    change([...strokes, stroke], true);
  }
  function place({ clientX, clientY }) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) / width) * SIDE, ((clientY - top) / height) * SIDE];
  }
  function onpointerdown(event) {
    if (event.button || current) return;
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    keys = false;
    put(place(event));
    down();
  }
  function onpointermove(event) {
    if (!node.hasPointerCapture(event.pointerId)) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const e of all.length ? all : [event]) put(place(e));
  }
  function onkeydown(event) {
    const { key, shiftKey } = event, control = event.ctrlKey || event.metaKey, by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    const back = control ? key === "z" : key === "Backspace" || key === "Delete";
    if (event.altKey || (control && !back) || !(by || back || key === " " || key === "Escape")) return;
    event.preventDefault();
    if (by) put(pen.map((v, axis) => v + by[axis] * (shiftKey ? NEAR : STEP)));
    else if (back || current || key === "Escape") lift();
    else down();
    if (back) undo();
    if (!by) state.textContent = `The pen is ${current ? "down" : "up"}.`;
    look(true);
  }

  function look(byKeys) {
    keys = byKeys;
    paint();
  }
  function paint() {
    const g = canvas.getContext("2d"), all = current ? [...strokes, current] : strokes;
    g.setTransform(SHARP, 0, 0, SHARP, 0, 0);
    g.clearRect(0, 0, SIDE, SIDE);
    hint.hidden = all.length || picture;
    if (picture) pixels(g);
    Object.assign(g, { strokeStyle: shade("ink"), lineWidth: 2 * PEN + 1, lineCap: "round", lineJoin: "round" });
    g.beginPath();
    for (const points of all) [points[0], ...points].forEach((p, i) => g[i ? "lineTo" : "moveTo"](...p));
    g.stroke();
    if (!keys) return;
    Object.assign(g, { lineWidth: 2.5, strokeStyle: shade("blue"), fillStyle: shade("blue") });
    g.beginPath();
    g.arc(...pen, PEN + 3, 0, 7);
    g[current ? "fill" : "stroke"]();
  }
  // a digit that was given, as large as it goes
  function pixels(g) {
    const { values, shape: [rows, columns] } = picture, own = mapCanvas(), k = SIDE / Math.max(rows, columns);
    paintGray(own, values, [rows, columns]);
    g.imageSmoothingEnabled = false;
    g.drawImage(own, (SIDE - k * columns) / 2, (SIDE - k * rows) / 2, k * columns, k * rows);
  }
  function show(now, given) {
    strokes = current ? now.slice(0, -1) : now;
    picture = given;
    paint();
  }
  return { node: h("div", {}, node, state), show };
}
