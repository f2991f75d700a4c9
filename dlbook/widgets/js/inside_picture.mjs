// inside_picture.mjs - everything that has the time of the text as its axis: tokens, heat map, the curves of one unit,
// and how strongly the prediction depends on the state before.  The left margin stays where the rest scrolls.
import { h, s, color } from "./ui.mjs";
import { power, fixed } from "./values.mjs";
import { isGate } from "./inside_settings.mjs";
import { LOOK, WORDS, tint, sign, shorter, line } from "./inside_look.mjs";

const GUTTER = 38, TOKENS = 26, HEAD = 24, GATES = 74, STATES = 92, SLOPES = 92, DECADES = 6, END = 8;

// go(step, unit) is called when a place is chosen, unit undefined outside of the heat map
export function createPicture({ el, go }) {
  const margin = s("svg", { class: "dlb-ir-margin", width: GUTTER, "aria-hidden": "true" });
  const heat = h("canvas", { class: "dlb-ir-heat", "aria-hidden": "true" }), over = s("svg", { class: "dlb-ir-over", role: "img" });
  const tokens = s("g", { class: "dlb-ir-tokens" }), marks = s("g"); // the letters stay, for they are slow to set
  over.append(tokens, marks);
  const stage = h("div", { class: "dlb-ir-stage", onpointerdown: press, onpointermove: drag, onclick: tap }, heat, over);
  const node = h("div", { class: "dlb-ir-scroll", tabindex: 0, role: "group", "aria-label": "Steps and units; arrows choose one" }, margin, stage);
  let now = null, room = 0, column = 10, row = 8, rows = {}, palette = null, dragging = false, mouse = false, shown = {};

  // ---- where things stand
  function layout(space, state) {
    room = space;
    const { steps, hidden, pieces } = state, longest = Math.max(1, ...pieces.map(({ piece }) => [...piece].length));
    const least = longest > 1 ? Math.min(12, longest) * 7.3 + 6 : space < 480 ? 10 : 8;
    column = Math.max(least, Math.min(22, (space - GUTTER - 4) / Math.max(1, steps.length)));
    row = Math.max(2, Math.min(14, Math.round(288 / hidden)));
    let y = TOKENS + 2;
    const place = (height) => { const at = y; y += height + HEAD; return [at, height]; };
    rows = { heat: place(hidden * row) };
    if (state.letters.some(isGate)) rows.gates = place(GATES);
    Object.assign(rows, { states: place(STATES), slopes: place(SLOPES) });
    const width = Math.max(1, steps.length) * column, height = y - HEAD + END;
    for (const [part, wide] of [[over, width], [margin, GUTTER]]) { part.setAttribute("width", wide); part.setAttribute("height", height); }
    stage.style.width = `${width}px`;
    heat.style.cssText = `top: ${rows.heat[0]}px; width: ${steps.length * column}px; height: ${hidden * row}px`;
  }
  const x = (t) => (t + 0.5) * column;

  // ---- painting
  function paint(state, words) {
    now = state;
    const { steps, at, pieces, order, slope } = state, ordered = order.join();
    palette ??= Object.fromEntries(["paper", "blue", "orange"].map((name) => [name, color(el, `--dlb-${name}`)]));
    if (changed("heat", steps, state.shows, state.most, ordered, palette)) paintHeat();
    if (changed("tokens", pieces, column)) tokens.replaceChildren(...letters());
    if (changed("margin", rows, state.unit, ordered, state.range.join(), slope.top, !slope.c))
      margin.replaceChildren(s("rect", { class: "dlb-ir-back", width: GUTTER, height: margin.getAttribute("height") }), ...margins());
    tokens.querySelector(".dlb-ir-here")?.classList.remove("dlb-ir-here");
    tokens.children[at]?.classList.add("dlb-ir-here");
    const parts = [...curves("gates", 0, 1), ...curves("states", ...state.range), ...slopes()];
    if (steps.length) {
      const place = state.order.indexOf(state.unit), bottom = rows.slopes[0] + rows.slopes[1];
      parts.push(s("rect", { class: "dlb-ir-unit", x: 0.75, y: rows.heat[0] + place * row - 0.75, width: steps.length * column - 1.5, height: row + 1.5 }),
        s("rect", { class: "dlb-ir-step", x: at * column, y: TOKENS - 4, width: column, height: bottom - TOKENS + 4 }));
    }
    marks.replaceChildren(...parts);
    over.setAttribute("aria-label", words);
  }
  function changed(part, ...made) { // from what it was painted last
    const same = shown[part]?.every((v, k) => v === made[k]);
    shown[part] = made;
    return !same;
  }
  // one pixel a cell; the style sheet makes them large
  function paintHeat() {
    const { steps, hidden, shows, order, most } = now, T = Math.max(1, steps.length);
    [heat.width, heat.height] = [T, hidden];
    const image = new ImageData(T, hidden), { paper, blue, orange } = palette;
    order.forEach((j, r) => steps.forEach((step, t) => {
      const v = Math.max(-1, Math.min(1, step[shows][j] / most)), full = v < 0 ? orange : blue, k = 4 * (r * T + t), share = Math.abs(v);
      for (let i = 0; i < 3; i++) image.data[k + i] = paper[i] + share * (full[i] - paper[i]);
      image.data[k + 3] = 255;
    }));
    heat.getContext("2d").putImageData(image, 0, 0);
  }
  function letters() {
    return now.pieces.map(({ piece, token }, t) => text(shorter(sign(piece), 12), { x: x(t).toFixed(1), y: TOKENS - 9, "text-anchor": "middle", class: token === 1 ? "dlb-ir-unknown" : piece === " " || piece === "\n" ? "dlb-ir-blank" : null }));
  }
  function curves(part, low, high) {
    if (!rows[part]) return [];
    const [top, height] = rows[part], fy = (v) => top + height * (1 - (v - low) / (high - low)), width = now.steps.length * column;
    const of = now.letters.filter((letter) => isGate(letter) === (part === "gates")), ticks = part === "gates" ? [0, 1] : [low, 0, high];
    return [s("path", { class: "dlb-ir-grid", d: ticks.map((v) => `M0 ${fy(v).toFixed(1)}h${width}`).join("") }),
      ...of.map((letter) => line(letter, now.steps.map((step, t) => `${t ? "L" : "M"}${x(t).toFixed(1)} ${fy(step[letter][now.unit]).toFixed(1)}`).join(""))),
      ...(now.steps.length ? of.map((letter) => s("circle", { class: "dlb-ir-dot", cx: x(now.at), cy: fy(now.steps[now.at][letter][now.unit]), r: 3.4, fill: tint(letter) })) : [])];
  }
  // bars for h; for an LSTM dots for c
  function slopes() {
    const [top, height] = rows.slopes, { slope } = now, base = top + height;
    const fy = (v) => base - height * Math.max(0, Math.min(1, (Math.log10(v) - slope.top) / DECADES + 1));
    const bars = [...slope.h].map((v, t) => { const y = Math.min(base - 1.5, fy(v)); return `M${(t * column + 1).toFixed(1)} ${base}v${(y - base).toFixed(1)}h${(column - 2).toFixed(1)}v${(base - y).toFixed(1)}z`; });
    const grid = Array.from({ length: DECADES / 2 + 1 }, (_, k) => `M0 ${(top + (height * 2 * k) / DECADES).toFixed(1)}h${now.steps.length * column}`);
    return [s("path", { class: "dlb-ir-grid", d: grid.join("") }), s("path", { class: "dlb-ir-bars", d: bars.join("") }),
      ...(slope.c ? [line("c", [...slope.c].map((v, t) => `${t ? "L" : "M"}${x(t).toFixed(1)} ${fy(v).toFixed(1)}`).join(""), { "stroke-width": 1.4 })] : [])];
  }
  // what stands still: headings, ticks, the number of the unit
  function margins() {
    const place = now.order.indexOf(now.unit), out = [], tick = (words, y, cls) => text(words, { x: GUTTER - 6, y: y + 4, "text-anchor": "end", class: cls });
    const head = (part, words, letters = []) => {
      let from = 2 + 7.3 * words.length + 8;
      out.push(text(words, { x: 2, y: rows[part][0] - 8, class: "dlb-ir-head" }));
      for (const [letter, name] of letters) {
        const y = rows[part][0] - 12;
        out.push(part === "slopes" && letter === "h" ? s("path", { class: "dlb-ir-bars", d: `M${from} ${y - 4}h20v8h-20z` }) : line(letter, `M${from} ${y}h20`), text(name, { x: from + 24, y: rows[part][0] - 8 }));
        from += 24 + 6.2 * name.length + 10;
      }
    };
    const named = (gates) => now.letters.filter((letter) => isGate(letter) === gates).map((letter) => [letter, `${WORDS[letter]} ${letter}`]);
    if (now.hidden > 1) for (const [k, y] of [[0, 0], [now.hidden - 1, (now.hidden - 1) * row]]) if (Math.abs(k - place) * row > 12) out.push(tick(now.order[k], rows.heat[0] + y + row / 2));
    out.push(tick(now.unit, rows.heat[0] + (place + 0.5) * row, "dlb-ir-picked"));
    if (rows.gates) {
      head("gates", `Unit ${now.unit}`, named(true));
      for (const v of [0, 1]) out.push(tick(v, rows.gates[0] + GATES * (1 - v)));
    }
    head("states", rows.gates ? "State" : `Unit ${now.unit}`, named(false));
    const [low, high] = now.range, [top, height] = rows.states;
    for (const v of [low, 0, high]) out.push(tick(fixed(v, Number.isInteger(v) ? 0 : 1), top + height * (1 - (v - low) / (high - low))));
    head("slopes", "Slope of the prediction", now.slope.c ? [["c", "by c"], ["h", "by h"]] : [["h", "by h"]]);
    for (let k = 0; k <= DECADES; k += 2) out.push(tick(power10(now.slope.top - k), rows.slopes[0] + (SLOPES * k) / DECADES));
    return out;
  }

  // ---- the reader points somewhere
  function place(event) {
    const box = stage.getBoundingClientRect(), t = Math.floor((event.clientX - box.left) / column), r = Math.floor((event.clientY - box.top - rows.heat[0]) / row);
    if (now.steps.length) go(Math.max(0, Math.min(now.steps.length - 1, t)), dragging ? undefined : now.order[r]);
  }
  function press(event) {
    dragging = false;
    mouse = event.pointerType === "mouse";
    if (event.button || !mouse) return;
    place(event);
    dragging = true;
    stage.setPointerCapture(event.pointerId);
  }
  // a finger that goes down may be about to scroll
  function tap(event) { if (!mouse) place(event); }
  function drag(event) { if (dragging && event.buttons & 1) place(event); }
  // moves the picture alone, never the page; where all is in sight nothing is measured
  function reveal() {
    const from = now.at * column;
    if (GUTTER + now.steps.length * column > room && (from < node.scrollLeft + 2 * column || from + 3 * column > node.scrollLeft + room - GUTTER)) node.scrollLeft = from - (room - GUTTER) / 2;
  }
  return { node, layout, paint, reveal, forget: () => { palette = null; } };
}
function text(words, attrs) { const e = s("text", attrs); e.textContent = words; return e; }
function power10(k) { return k >= -2 && k <= 2 ? String(+(10 ** k).toFixed(2)) : power(10 ** k, 1).replace("1·", ""); }
