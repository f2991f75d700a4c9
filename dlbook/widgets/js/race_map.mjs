// race_map.mjs - the loss surface from above: shading, contour lines with their losses, paths, the start to drag.
import { s, color } from "./ui.mjs";
import { levels, sampled, contour } from "./race_surfaces.mjs";
import { LOST, tint, mark, dash, tidy, fixed } from "./race_look.mjs";

const PLACES = 97, LEVELS = 13, LEFT = 26, RIGHT = 6, TOP = 6, BOTTOM = 22;
const NEAR = 0.8, STRIDE = 6; // pixels between the points of a line, and between the dots of single steps
const SHADE = 0.3; // of the color of the heights

// move(x, y) puts the start somewhere else
export function createMap({ el, move }) {
  let own, to, start = [0, 0], heights, side = 0;
  const canvas = Object.assign(document.createElement("canvas"), { className: "dlb-or-shade", width: PLACES, height: PLACES });
  const clip = s("rect", {}), axes = s("g", { class: "dlb-or-axes" }), lines = s("g", { class: "dlb-or-contours" }), minima = s("path", { class: "dlb-or-minima" });
  const trails = s("g", {}), heads = s("g", { class: "dlb-or-heads" }), picture = s("g", { role: "img" });
  const handle = s("g", { class: "dlb-handle", role: "slider", tabindex: 0, "aria-label": "Start, to be moved with the arrow keys", "data-lm-suppress-shortcuts": "true", onkeydown: onKey },
    s("circle", { class: "dlb-hit", r: 22 }), s("circle", { r: 7 }), s("path", { d: "M-3 0h6M0-3v6" }));
  const id = `dlb-or-clip-${(globalThis.dlbIds = (globalThis.dlbIds ?? 0) + 1)}`, inner = s("g", { "clip-path": `url(#${id})` }, lines, minima, trails);
  picture.append(axes, inner, heads);
  const svg = s("svg", { class: "dlb-or-over", onpointerdown: onDown, onpointermove: onMove, onclick: onClick },
    s("clipPath", { id }, clip), picture, handle);
  const node = document.createElement("div");
  node.className = "dlb-or-map";
  node.append(canvas, svg);

  // ---- the surface
  function layout(surface, about, width) {
    own = about;
    side = width;
    const inside = side - LEFT - RIGHT, high = inside + TOP + BOTTOM, at = (v, [a, b], from, over) => from + ((v - a) / (b - a)) * over;
    to = {
      inside, x: (v) => at(v, own.x, LEFT, inside), y: (v) => at(v, own.y, TOP + inside, -inside),
      px: (p) => own.x[0] + ((p - LEFT) / inside) * (own.x[1] - own.x[0]), py: (p) => own.y[1] - ((p - TOP) / inside) * (own.y[1] - own.y[0]),
    };
    Object.assign(node.style, { width: `${side}px`, height: `${high}px` });
    Object.assign(canvas.style, { left: `${LEFT}px`, top: `${TOP}px`, width: `${inside}px`, height: `${inside}px` });
    for (const [name, value] of Object.entries({ x: LEFT, y: TOP, width: inside, height: inside })) clip.setAttribute(name, value);
    svg.setAttribute("viewBox", `0 0 ${side} ${high}`);
    heights = sampled(surface.at, own.x, own.y, PLACES);
    drawAxes();
    drawContours();
    minima.setAttribute("d", own.minima.map(([x, y]) => `M${to.x(x)} ${to.y(y)}m-5 0h10m-5-5v10`).join(""));
    shade();
  }
  function drawAxes() {
    const word = (text, attrs) => { const e = s("text", attrs); e.textContent = text; return e; }, base = TOP + to.inside;
    const whole = ([a, b]) => Array.from({ length: Math.floor(b) - Math.ceil(a) + 1 }, (_, i) => Math.ceil(a) + i);
    const text = (v) => String(v).replace("-", "−");
    axes.replaceChildren(s("rect", { x: LEFT, y: TOP, width: to.inside, height: to.inside }),
      ...whole(own.x).map((v) => word(text(v), { x: to.x(v), y: base + 15, "text-anchor": "middle" })),
      ...whole(own.y).map((v) => word(text(v), { x: LEFT - 5, y: to.y(v) + 4, "text-anchor": "end" })),
      word("x", { x: LEFT + to.inside - 12, y: base - 7, class: "dlb-or-axis" }), word("y", { x: LEFT + 7, y: TOP + 14, class: "dlb-or-axis" }));
  }
  function drawContours() { // each second line says its loss, where there is room
    const taken = [own.start, ...own.minima].map(([x, y]) => [to.x(x), to.y(y)]), cell = to.inside / (PLACES - 1), parts = [], middle = [0, 1].map((k) => own.minima.reduce((sum, m) => sum + m[k] / own.minima.length, 0));
    // best on the line from the start through the minima and beyond, where no path is
    const [ox, oy] = [to.x(middle[0]), to.y(middle[1])], [dx, dy] = [ox - to.x(own.start[0]), oy - to.y(own.start[1])];
    const aside = ([x, y]) => Math.abs((x - ox) * dy - (y - oy) * dx) - 0.6 * Math.min(0, (x - ox) * dx + (y - oy) * dy);
    const px = (u) => LEFT + u * cell, py = (v) => TOP + to.inside - v * cell, r = (v) => v.toFixed(1);
    for (const [k, level] of levels(heights, LEVELS).entries()) {
      const pieces = contour(heights, PLACES, level).map(([a, b, c, d]) => [px(a), py(b), px(c), py(d)]);
      parts.push(s("path", { d: pieces.map(([a, b, c, d]) => `M${r(a)} ${r(b)}L${r(c)} ${r(d)}`).join("") }));
      if (k % 2) continue;
      const free = pieces.filter(([x, y]) => x > LEFT + 20 && x < side - RIGHT - 26 && y > TOP + 12 && y < TOP + to.inside - 12
        && taken.every(([a, b]) => Math.abs(a - x) > 44 || Math.abs(b - y) > 18));
      const spot = free.sort((a, b) => aside(a) - aside(b))[0];
      if (!spot) continue;
      taken.push(spot);
      const text = s("text", { x: r(spot[0]), y: r(spot[1] + 3.5), "text-anchor": "middle" });
      text.textContent = tidy(level, 2);
      parts.push(text);
    }
    lines.replaceChildren(...parts.filter((p) => p.tagName === "path"), ...parts.filter((p) => p.tagName === "text"));
  }
  function shade() { // the higher, the darker; the valleys stay as light as the page, so that paths are seen in them
    const [r, g, b] = color(el, "--dlb-or-high"), logs = heights.map(Math.log), sorted = logs.slice().sort();
    const low = sorted[Math.floor(0.01 * sorted.length)], high = sorted[Math.floor(0.99 * sorted.length)];
    const context = canvas.getContext("2d"), image = context.createImageData(PLACES, PLACES);
    for (let j = 0; j < PLACES; j++) for (let i = 0; i < PLACES; i++) {
      const t = Math.max(0, Math.min(1, (logs[j * PLACES + i] - low) / (high - low)));
      image.data.set([r, g, b, 255 * SHADE * t], 4 * ((PLACES - 1 - j) * PLACES + i));
    }
    context.putImageData(image, 0, 0);
  }

  // ---- the race, up to step `at`
  function paint(paths, at, from, words) {
    start = from;
    const end = (path) => Math.min(at, path.stop === "diverged" ? exit(path) : path.last);
    trails.replaceChildren(...paths.map((path) => trail(path, end(path))));
    heads.replaceChildren(...paths.map((path) => head(path, end(path), at > path.last)));
    handle.setAttribute("transform", `translate(${to.x(start[0]).toFixed(1)} ${to.y(start[1]).toFixed(1)})`);
    handle.setAttribute("aria-valuemin", own.x[0]);
    handle.setAttribute("aria-valuemax", own.x[1]);
    handle.setAttribute("aria-valuenow", start[0]);
    handle.setAttribute("aria-valuetext", `x = ${fixed(start[0])}, y = ${fixed(start[1])}`);
    picture.setAttribute("aria-label", words);
  }
  function trail({ name, x, y }, end) {
    let d = `M${to.x(x[0]).toFixed(1)} ${to.y(y[0]).toFixed(1)}`, dots = "", [px, py] = [to.x(x[0]), to.y(y[0])], [qx, qy] = [px, py];
    for (let t = 1; t <= end; t++) {
      const u = to.x(x[t]), v = to.y(y[t]), by = Math.abs(u - px) + Math.abs(v - py);
      if (by < NEAR && t < end) continue;
      d += `L${u.toFixed(1)} ${v.toFixed(1)}`;
      [px, py] = [u, v];
      if (Math.abs(u - qx) + Math.abs(v - qy) < STRIDE) continue;
      dots += `M${u.toFixed(1)} ${v.toFixed(1)}h0`;
      [qx, qy] = [u, v];
    }
    return s("g", { style: `color: ${tint(name)}` }, s("path", { class: "dlb-or-trail", d, "stroke-dasharray": dash(name) }), s("path", { class: "dlb-or-dots", d: dots }));
  }
  const out = ({ x, y }, t) => x[t] < own.x[0] || x[t] > own.x[1] || y[t] < own.y[0] || y[t] > own.y[1];
  function exit(path) { // a path that diverges is drawn until it leaves the map
    let t = 0;
    while (t < path.last && !out(path, t)) t++;
    return t;
  }
  function head(path, end, over) { // outside of the map: pale, where the path crosses its edge
    const { name, x, y, stop } = path, away = out(path, end);
    let [u, v] = [to.x(x[end]), to.y(y[end])], t = end;
    if (away) {
      while (t > 1 && out(path, t - 1)) t--;
      const [a, b] = [to.x(x[t - 1]), to.y(y[t - 1])], [c, d] = [to.x(x[t]) - a, to.y(y[t]) - b];
      const part = (from, by, low, high) => (by > 0 ? (high - from) / by : by < 0 ? (low - from) / by : 1);
      const k = Math.max(0, Math.min(1, part(a, c, LEFT, LEFT + to.inside), part(b, d, TOP, TOP + to.inside)));
      [u, v] = [a + k * c, b + k * d];
    }
    const lost = over && stop === "diverged";
    return s("g", { style: `color: ${tint(name)}`, class: away && !lost ? "dlb-or-away" : "", transform: `translate(${u.toFixed(1)} ${v.toFixed(1)})` },
      s("path", { class: "dlb-marker", d: `M0 0${mark(name)}` }), ...(lost ? [s("path", { class: "dlb-or-lost", d: LOST })] : []));
  }

  // ---- moving the start: drag it, press somewhere with the mouse, tap somewhere, or its keys
  const put = (x, y) => move(...(start = [within(x, own.x), within(y, own.y)])); // at once: a second key may come before the paint
  const within = (v, [a, b]) => Math.max(a, Math.min(b, Math.round(100 * v) / 100));
  function follow({ clientX, clientY }) {
    const box = svg.getBoundingClientRect(), scale = side / box.width;
    put(to.px((clientX - box.left) * scale), to.py((clientY - box.top) * scale));
  }
  function onDown(event) {
    if (event.button || (event.pointerType !== "mouse" && !handle.contains(event.target))) return;
    svg.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault();
    follow(event);
  }
  function onMove(event) { if (svg.hasPointerCapture(event.pointerId)) follow(event); }
  function onClick(event) { if (event.pointerType === "touch" && !handle.contains(event.target)) follow(event); }
  function onKey(event) {
    const by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const far = event.shiftKey ? 0.01 : 0.05;
    put(start[0] + far * by[0], start[1] + far * by[1]);
  }
  return { node, layout, shade, paint };
}
