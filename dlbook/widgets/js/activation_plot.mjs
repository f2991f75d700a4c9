// activation_plot.mjs - curves of functions with a point that can be dragged along the one in focus.
// `look()` gives what to show: { shown, focus, x, f(name, x), df(name, x), range(name), label(name), derivative, saturation }.
import { s, path, axes } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { SATURATED } from "./activation.mjs";
import { X, ORDER, tint, markers, fixed } from "./activation_look.mjs";

const XS = Array.from({ length: 401 }, (_, i) => -X + (i * 2 * X) / 400);
const REACH = 78; // half a tangent, in pixels
const words = (tag, text, attrs) => { const e = s(tag, attrs); e.textContent = text; return e; };
const r = (v) => Math.round(v * 10) / 10;

export function functionPlot(look, set) {
  const clip = newId("clip"), inside = `url(#${clip})`;
  const grid = s("g"), shade = s("g", { class: "dlb-shade" }), lines = s("g"), ends = s("g"), labels = s("g", { class: "dlb-labels" });
  const picture = s("g", { role: "img" }, grid, shade, lines, ends, labels);
  const drop = s("path", { class: "dlb-drop" }), others = s("path", { class: "dlb-marker" });
  const tangent = s("path", { class: "dlb-tangent", "clip-path": inside }), slope = s("text", { class: "dlb-slope" });
  const handle = s("g", {
    class: "dlb-handle", role: "slider", tabindex: 0, "aria-label": "Point x on the curve", "aria-valuemin": -X, "aria-valuemax": X,
    "data-lm-suppress-shortcuts": "true", onkeydown: onKey,
  }, s("circle", { r: 20, class: "dlb-hit" }), s("circle", { r: 7 }));
  const svg = s("svg", { class: "dlb-plot dlb-curves", onpointerdown: onDown, onpointermove: onMove },
    picture, drop, others, tangent, slope, handle);

  let to; // the scales and the box of the last drawing

  function drawCurves() {
    const { shown, focus, f, df, derivative } = look();
    const curves = shown.map((name) => ({ name, y: XS.map((x) => f(name, x)), d: XS.map((x) => df(name, x)) }));
    to = frame(curves.flatMap(({ y, d }) => (derivative ? [...y, ...d] : y)));
    const onTop = [...curves.filter((c) => c.name !== focus), ...curves.filter((c) => c.name === focus)];
    const { left, top, right, bottom } = to;
    lines.replaceChildren(
      s("clipPath", { id: clip }, s("rect", { x: left, y: top, width: right - left, height: bottom - top })),
      s("path", { class: "dlb-zero", d: `M${left} ${to.fy(0)}H${right}M${to.fx(0)} ${top}V${bottom}` }),
      s("g", { "clip-path": inside }, ...onTop.map((c) => curve(c, c.name === focus, derivative))));
    const flat = drawShade();
    drawEnds();
    drawLabels(curves);
    return flat;
  }
  function frame(values) { // axes as wide as the page has room, as high as the curves need
    const width = Math.max(260, Math.round(svg.clientWidth || 640)), height = Math.round(Math.min(380, Math.max(250, width * 0.55)));
    const low = Math.floor(2 * Math.max(-2.5, Math.min(...values)) - 0.3) / 2, high = Math.ceil(2 * Math.min(5, Math.max(...values)) + 0.3) / 2;
    const every = high - low <= 3.5 ? 0.5 : 1, yticks = [];
    for (let t = Math.ceil(low / every) * every; t <= high; t += every) yticks.push(t);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const { fx, fy } = axes(grid, { width, height, left: 30, right: 92, top: 10, bottom: 24, x: [-X, X], y: [low, high],
      xticks: [-4, -2, 0, 2, 4], yticks, format: (v) => fixed(v, every < 1 ? 1 : 0) });
    const clamp = (v) => Math.min(high, Math.max(low, v));
    return { fx, fy, low, high, width, clamp, left: fx(-X), right: fx(X), top: fy(high), bottom: fy(low) };
  }
  function curve({ name, y, d }, inFocus, derivative) {
    const at = [];
    for (let i = 12 + 4 * ORDER.indexOf(name); i < XS.length; i += 50) at.push([to.fx(XS[i]), to.fy(y[i])]);
    const g = s("g", { class: inFocus ? "dlb-curve dlb-focus" : "dlb-curve", style: `color: ${tint(name)}` });
    if (derivative) g.append(s("path", { class: "dlb-dash", d: path(XS, d, to.fx, to.fy) }));
    g.append(s("path", { d: path(XS, y, to.fx, to.fy) }), s("path", { class: "dlb-marker", d: markers(name, at) }));
    return g;
  }
  function drawShade() {
    const { focus, df, saturation } = look(), flat = saturation ? flatParts((x) => df(focus, x)) : [];
    const span = ([a, b]) => to.fx(b) - to.fx(a), widest = [...flat].sort((a, b) => span(b) - span(a))[0];
    shade.style.color = tint(focus);
    shade.replaceChildren(...flat.map((p) => s("rect", { x: to.fx(p[0]), y: to.top, width: Math.max(1, span(p)), height: to.bottom - to.top })));
    if (widest && span(widest) > 76)
      shade.append(words("text", "saturated", { x: to.fx((widest[0] + widest[1]) / 2), y: to.bottom - 7, "text-anchor": "middle" }));
    return flat;
  }
  function drawEnds() { // the range: a bar at the left edge, an arrow where it has no end, a dotted line where it has one
    const { focus, range } = look(), { low, high, closed } = range(focus), x = to.left + 6;
    const a = r(to.fy(to.clamp(low))), b = r(to.fy(to.clamp(high))), finite = [low, high].filter(Number.isFinite);
    const arrow = (y, back) => `M${x - 4} ${y + back}L${x} ${y}L${x + 4} ${y + back}`;
    ends.style.color = tint(focus);
    ends.replaceChildren(
      s("path", { class: "dlb-bound", d: finite.map((v) => `M${to.left} ${to.fy(v)}H${to.right}`).join("") }),
      s("path", { class: "dlb-range-bar", d: `M${x} ${a}V${b}${high > to.high ? arrow(b, 6) : ""}${low < to.low ? arrow(a, -6) : ""}` }),
      ...finite.map((v) => s("circle", { cx: x, cy: to.fy(v), r: 3.5, class: closed && v === low ? "dlb-closed" : "dlb-open" })));
  }
  function drawLabels(curves) { // each line is named at its right end; names that would touch are pushed apart
    const { focus, derivative, label } = look(), list = [];
    for (const { name, y, d } of curves) {
      list.push({ name, text: label(name), from: to.fy(to.clamp(y.at(-1))), dash: "" });
      if (derivative && (name === focus || curves.length <= 3))
        list.push({ name, text: `${label(name)}′`, from: to.fy(to.clamp(d.at(-1))), dash: " dlb-dash" });
    }
    list.sort((p, q) => p.from - q.from);
    const gap = 14;
    list.forEach((l, i) => { l.at = Math.max(l.from, to.top + 4, i ? list[i - 1].at + gap : 0); });
    for (let i = list.length - 1, limit = to.bottom - 2; i >= 0; i--, limit -= gap) list[i].at = Math.min(list[i].at, limit);
    labels.replaceChildren(...list.map((l) => s("g", { style: `color: ${tint(l.name)}` },
      s("path", { class: `dlb-lead${l.dash}`, d: `M${to.right + 1} ${r(l.from)}L${to.right + 12} ${r(l.at)}` }),
      words("text", l.text, { x: to.right + 16, y: l.at + 4, class: l.name === focus ? "dlb-focus" : "" }))));
  }

  function drawPoint() {
    const { shown, focus, x, f, df } = look(), y = f(focus, x), k = df(focus, x), cx = to.fx(x), cy = to.fy(to.clamp(y));
    drop.setAttribute("d", `M${r(cx)} ${to.top}V${to.bottom}`);
    const ring = (v) => `M${r(cx)} ${r(to.fy(v))}m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z`;
    others.setAttribute("d", shown.filter((n) => n !== focus).map((n) => f(n, x)).filter((v) => v === to.clamp(v)).map(ring).join(""));
    drawTangent(x, y, k, cx, cy);
    handle.setAttribute("transform", `translate(${r(cx)} ${r(cy)})`);
    handle.style.color = tint(focus);
    handle.setAttribute("aria-valuenow", x);
    handle.setAttribute("aria-valuetext", `x = ${fixed(x)}, f(x) = ${fixed(y, 3)}, slope ${fixed(k, 3)}`);
  }
  function drawTangent(x, y, k, cx, cy) {
    const { focus, f } = look(), dx = to.fx(1) - to.fx(0), dy = (to.fy(1) - to.fy(0)) * k; // one step of x, in pixels
    const steps = Math.min(REACH, to.width / 7) / Math.hypot(dx, dy), [u, v] = [dx * steps, dy * steps];
    tangent.setAttribute("d", y === to.clamp(y) ? `M${r(cx - u)} ${r(cy - v)}L${r(cx + u)} ${r(cy + v)}` : "");
    // its slope stands at the end with more room, on the side away from the curve
    const side = cx + 150 < to.right ? 1 : -1, below = f(focus, x + side * steps) >= y + side * steps * k;
    slope.textContent = `slope ${fixed(k)}`;
    slope.setAttribute("x", cx + side * (u + 5));
    slope.setAttribute("y", Math.max(to.top + 12, Math.min(to.bottom - 8, cy + side * v + (below ? 15 : -6))));
    slope.setAttribute("text-anchor", side > 0 ? "start" : "end");
  }

  // ---- moving the point: press anywhere in the plot and drag, or the keys of a slider
  function onDown(event) {
    if (event.button) return;
    svg.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
  }
  function onMove(event) { if (svg.hasPointerCapture(event.pointerId)) follow(event); }
  function follow(event) {
    const { left, width } = svg.getBoundingClientRect(), px = ((event.clientX - left) / width) * to.width;
    set(-X + ((px - to.left) / (to.right - to.left)) * 2 * X);
  }
  function onKey(event) {
    const by = { ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1, Home: -4 * X, End: 4 * X }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    set(look().x + by);
  }
  return { svg, picture, drawCurves, drawPoint };
}

// the parts of [-X, X] where |slope| stays below the threshold, their ends to 1e-9
function flatParts(slope) {
  const low = (x) => Math.abs(slope(x)) < SATURATED, parts = [];
  const edge = (a, b) => { // somewhere between a and b it changes
    for (const start = low(a); b - a > 1e-9;) { const m = (a + b) / 2; if (low(m) === start) a = m; else b = m; }
    return (a + b) / 2;
  };
  for (let i = 0; i < XS.length; i++) {
    const now = low(XS[i]), before = i > 0 && low(XS[i - 1]);
    if (now && !before) parts.push([i ? edge(XS[i - 1], XS[i]) : -X, X]);
    if (!now && before) parts.at(-1)[1] = edge(XS[i - 1], XS[i]);
  }
  return parts;
}
