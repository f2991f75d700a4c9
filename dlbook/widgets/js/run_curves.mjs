// run_curves.mjs - the plot of the curves.  Paths in SVG: measured beside a canvas, ten curves of a thousand points took
// 5 ms instead of 28 of the page's time to draw anew, and follow the theme and print by themselves.
import { s, axes } from "./ui.mjs";
import { decimate, lastAt, yRange, padded, ticks, logTicks, tidy } from "./run_numbers.mjs";
import { createNames, text, round } from "./run_names.mjs";
import { tint, mark, stand } from "./run_look.mjs";

const LEFT = 46, TOP = 20, BOTTOM = 24, NEAR = 14; // pixels; how near the mouse must come to a line to mean it

// A scene: { curves, metric, log, xName, xEnd, many }.  A curve: { i, name, split, x, y, line, pale, last, stop, wild }:
// the number and name of its run, y as measured, `line` smoothed (or y again); `last` names the run at its end; `stop` is
// why it ended, `wild` whether it diverged.  seek(x) and light(i) are called when the reader points somewhere.
export function createCurves({ seek, light }) {
  const grid = s("g"), inside = s("svg", { class: "dlb-rv-lines" }), labels = s("g", { class: "dlb-rv-labels" }), stops = s("g"), dots = s("g", { class: "dlb-rv-dots" });
  const picture = s("g", { role: "img" }, grid, inside, stops, labels), cursor = s("path", { class: "dlb-rv-cursor" });
  const node = s("svg", { class: "dlb-plot dlb-rv-plot", onpointerdown: onDown, onpointermove: onMove, onpointerleave: () => light(-1) }, picture, cursor, dots);
  const names = createNames(labels), drawn = new WeakMap(); // numbers: their path, as long as the frame is the same
  let scene, frame, scale, groups = [];

  function draw(next, width) { // everything; returns the frame, for what stands below, with the look of pale lines
    scene = next;
    frame = layout(width);
    drawLines();
    drawEnds();
    return frame;
  }
  function layout(width) {
    const { curves, log, xName, xEnd, metric } = scene, height = Math.round(Math.min(360, Math.max(230, width * 0.48)));
    const widest = Math.max(0, ...curves.filter((c) => c.last).map((c) => names.extent(c.name)));
    const right = Math.round(Math.min(Math.max(84, widest + 30), width * 0.33));
    const [low, high, cut] = yRange(curves.map((c) => c.y), log, curves.map((c) => c.wild)), y = padded(low, high, log), x = [0, xEnd || 1];
    const key = [width, height, right, metric, xName, log, ...x, ...y].join();
    if (frame?.key !== key) {
      const yticks = log ? logTicks(...y, 6) : ticks(...y, 6), xticks = ticks(...x, width < 480 ? 4 : 8);
      scale = axes(grid, { x, y, width, height, left: LEFT, right, top: TOP, bottom: BOTTOM, xticks, yticks, format: tidy });
      if (log) [...grid.querySelectorAll("text")].slice(xticks.length).forEach((e, k) => { e.textContent = tidy(+(10 ** yticks[k]).toPrecision(4)); });
      grid.append(text(metric, { class: "dlb-rv-axis", x: LEFT, y: 11 }), text(xName, { class: "dlb-rv-axis", x: width - right + 14, y: height - 6 }));
      node.setAttribute("viewBox", `0 0 ${width} ${height}`);
      const box = { x: LEFT - 3, y: TOP - 3, width: width - right - LEFT + 7, height: height - TOP - BOTTOM + 6 };
      for (const [name, value] of Object.entries(box)) inside.setAttribute(name, value);
      inside.setAttribute("viewBox", Object.values(box).join(" "));
    }
    const fy = (v) => Math.min(1e4, Math.max(-1e4, scale.fy(log ? Math.log10(v) : v)));
    return { width, height, left: LEFT, right: width - right, gutter: right, top: TOP, bottom: height - BOTTOM, fx: scale.fx, fy, end: x[1], cut: cut && [low, high], key };
  }

  // ---- the lines
  function drawLines() {
    while (groups.length < scene.curves.length) groups.push(newGroup());
    while (groups.length > scene.curves.length) groups.pop().node.remove();
    const placed = scene.curves.map((curve) => place(curve, curve.line)), most = (frame.right - frame.left) / 2;
    frame.pale = scene.curves.some((curve, k) => curve.pale && placed[k].px.length > most) ? "dlb-rv-pale" : "dlb-rv-dashed";
    scene.curves.forEach((curve, k) => {
      const g = groups[k], line = placed[k], raw = curve.line === curve.y ? null : place(curve, curve.y);
      g.node.dataset.run = curve.i;
      g.node.style.color = tint(curve.i);
      g.line.setAttribute("class", curve.pale ? frame.pale : "dlb-rv-solid");
      set(g.line, line.d);
      set(g.raw, raw?.d ?? "");
      set(g.marks, scene.many && curve.last ? marks(curve, line) : "");
      Object.assign(g, { curve, px: line.px, py: line.py });
    });
  }
  function newGroup() {
    const raw = s("path", { class: "dlb-rv-raw" }), line = s("path"), marks = s("path", { class: "dlb-rv-mark" });
    const g = { node: s("g", {}, raw, line, marks), raw, line, marks };
    inside.append(g.node);
    return g;
  }
  const set = (path, d) => { if (path.d_ !== d) { path.d_ = d; path.setAttribute("d", d); } };

  // the path, and where its points stand; a line that is no number for a while is broken there
  function place({ x }, y) {
    const known = drawn.get(y);
    if (known?.key === frame.key && known.x === x) return known;
    const { log } = scene, { fx, fy, left, right, end } = frame, shown = log ? y.map((v) => (v > 0 ? v : NaN)) : y, px = [], py = [];
    let d = "", pen = false;
    for (const k of decimate(x, shown, 0, end * (1 + 1e-9), right - left)) {
      if (!Number.isFinite(shown[k])) { pen = false; continue; }
      px.push(round(fx(x[k])));
      py.push(round(fy(shown[k])));
      d += `${pen ? "L" : "M"}${px.at(-1)} ${py.at(-1)}${pen ? "" : "h0"}`; // h0: a single point becomes a dot
      pen = true;
    }
    const found = { d, px, py, x, key: frame.key };
    drawn.set(y, found);
    return found;
  }
  function marks({ i }, { px, py }) { // four on each line, not at the same places as those of its neighbors
    if (!px.length) return "";
    return [0, 1, 2, 3].map((k) => {
      const want = px[0] + ((k + ((0.13 + i * 0.37) % 1)) / 4) * (px.at(-1) - px[0]), at = px.findIndex((v) => v >= want);
      return `M${px.at(at)} ${py.at(at)}${mark(i)}`;
    }).join("");
  }

  // ---- names at the ends of the lines, and how runs ended
  function drawEnds() {
    const ends = groups.filter((g) => g.curve.last && g.px.length)
      .map(({ curve, px, py }) => ({ ...curve, x: px.at(-1), y: Math.min(frame.bottom, Math.max(frame.top, py.at(-1))) }));
    names.draw(ends, frame, scene.many);
    stops.replaceChildren(...ends.filter((e) => e.stop).map(({ i, x, y, stop }) => s("path", { class: "dlb-rv-stop", style: `color: ${tint(i)}`,
      d: `M${x} ${round(y)}${stop === "diverged" ? "m-5-5l10 10m0-10l-10 10" : "m0-7v14"}` })));
  }

  // ---- the cursor, and a dot on every line that is read there
  function point(at, read) { // read: [{ i, x, y }, ...]
    const x = round(frame.fx(at));
    cursor.setAttribute("d", `M${x} ${frame.top - 4}V${frame.bottom}`);
    while (dots.childElementCount < read.length) dots.append(s("circle", { r: 3.6, class: "dlb-rv-dot" }));
    while (dots.childElementCount > read.length) dots.lastChild.remove();
    read.forEach(({ i, x: px, y }, k) => {
      const dot = dots.children[k], py = scene.log && !(y > 0) ? NaN : frame.fy(y), seen = py >= frame.top - 3 && py <= frame.bottom + 3;
      dot.style.display = seen ? "" : "none";
      if (!seen) return;
      dot.setAttribute("cx", round(frame.fx(px)));
      dot.setAttribute("cy", round(py));
      dot.style.color = tint(i);
      dot.dataset.run = i;
    });
  }

  // ---- mouse and touch
  const local = (event) => { const box = node.getBoundingClientRect(); return [((event.clientX - box.left) / box.width) * frame.width, event.clientY - box.top]; };
  const toX = (px) => Math.min(frame.end, Math.max(0, ((px - frame.left) / (frame.right - frame.left)) * frame.end));
  function onDown(event) {
    if (event.button || !frame) return;
    node.setPointerCapture(event.pointerId);
    seek(toX(local(event)[0]));
  }
  function onMove(event) {
    if (!frame) return;
    const [px, py] = local(event);
    if (node.hasPointerCapture(event.pointerId)) seek(toX(px));
    else if (event.pointerType === "mouse") light(nearest(px, py));
  }
  function nearest(px, py) {
    if (px > frame.right + 4) { // over the names
      const name = [...labels.children].find((e) => Math.abs(+e.lastChild.getAttribute("y") - 4 - py) < 7);
      return name ? +name.dataset.run : -1;
    }
    let best = -1, reach = NEAR;
    for (const { curve, px: xs, py: ys } of groups) {
      const k = lastAt(xs, px);
      for (const j of [k - 1, k, k + 1]) {
        if (j < 0 || j >= xs.length) continue;
        const e = Math.min(j + 1, xs.length - 1), far = distance(px, py, xs[j], ys[j], xs[e], ys[e]);
        if (far < reach) [best, reach] = [curve.i, far];
      }
    }
    return best;
  }
  return { node, draw, point, stand: (lit) => stand([inside, labels, dots], lit), label: (words) => picture.setAttribute("aria-label", words) };
}

function distance(x, y, ax, ay, bx, by) { // from a point to the line from a to b
  const long = (bx - ax) ** 2 + (by - ay) ** 2, t = long ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
  return Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y);
}
