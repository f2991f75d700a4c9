// race_losses.mjs - the loss of every optimizer over the steps, on a logarithmic axis; its cursor is the step.
import { s } from "./ui.mjs";
import { LOST, tint, mark, dash } from "./race_look.mjs";

const LEFT = 42, RIGHT = 36, TOP = 8, BOTTOM = 32, HEIGHT = 210, NEAR = 0.8;

// seek(step) goes to a step
export function createLosses({ seek }) {
  let to, width = 0, steps = 1, top = 1;
  const axes = s("g", {}), goalLine = s("path", { class: "dlb-or-goal" }), goalWord = s("text", { class: "dlb-or-goal-word" }), cursor = s("path", { class: "dlb-or-cursor" });
  const trails = s("g", {}), heads = s("g", { class: "dlb-or-heads" });
  const svg = s("svg", { class: "dlb-plot dlb-or-losses", role: "img", onpointerdown: onDown, onpointermove: onMove }, axes, goalLine, cursor, trails, heads, goalWord);

  // the axes fit the whole race, so that nothing jumps while it runs
  function layout(paths, settings, goal, room) {
    [width, steps] = [room, settings.steps];
    const [low, high] = bounds(paths).map(Math.log10), over = width - LEFT - RIGHT, tall = HEIGHT - TOP - BOTTOM;
    top = 10 ** high;
    to = { x: (t) => LEFT + (over * t) / steps, y: (v) => TOP + tall * (1 - (Math.log10(Math.max(10 ** low, Math.min(10 ** high, v))) - low) / (high - low)) };
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const word = (text, attrs) => { const e = s("text", attrs); e.textContent = text; return e; };
    const tick = (text, line, at) => s("g", { class: "dlb-tick" }, s("path", { d: line }), word(text, at));
    const gap = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500].find((n) => steps / n <= width / 70) ?? 500;
    const marks = ticks(low, high).map((v) => tick(written(v), `M${LEFT} ${to.y(v)}H${width - RIGHT}`, { x: LEFT - 5, y: to.y(v) + 4, "text-anchor": "end" }));
    for (let t = 0; t <= steps; t += gap) marks.push(tick(String(t), `M${to.x(t)} ${TOP + tall}v4`, { x: to.x(t), y: HEIGHT - 16, "text-anchor": "middle" }));
    axes.replaceChildren(...marks, word("step", { x: width - RIGHT, y: HEIGHT - 2, "text-anchor": "end", class: "dlb-or-axis" }));
    const shown = goal > 10 ** low && goal < 10 ** high;
    goalLine.setAttribute("d", shown ? `M${LEFT} ${to.y(goal).toFixed(1)}H${width - RIGHT}` : "");
    goalWord.textContent = shown ? "99 %" : "";
    for (const [name, value] of Object.entries({ x: width - RIGHT + 5, y: to.y(goal) + 4 })) goalWord.setAttribute(name, value);
  }
  function paint(paths, at, words) {
    cursor.setAttribute("d", `M${to.x(at).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}`);
    const end = ({ loss, last }) => { // what rises out of the plot ends at its edge
      const beyond = loss.subarray(0, last + 1).findIndex((v) => v > top);
      return Math.min(at, beyond < 0 ? last : beyond);
    };
    trails.replaceChildren(...paths.map((path) => s("path", { class: "dlb-or-trail", d: line(path.loss, end(path)), style: `color: ${tint(path.name)}`, "stroke-dasharray": dash(path.name) })));
    heads.replaceChildren(...paths.map((path) => {
      const { name, loss, last, stop } = path, t = end(path), lost = at > last && stop === "diverged";
      return s("g", { style: `color: ${tint(name)}`, transform: `translate(${to.x(t).toFixed(1)} ${to.y(loss[t]).toFixed(1)})` },
        s("path", { class: "dlb-marker", d: `M0 0${mark(name)}` }), ...(lost ? [s("path", { class: "dlb-or-lost", d: LOST })] : []));
    }));
    svg.setAttribute("aria-label", words);
  }
  function line(loss, end) {
    let px = to.x(0), py = to.y(loss[0]), d = `M${px.toFixed(1)} ${py.toFixed(1)}`;
    for (let t = 1; t <= end; t++) {
      const u = to.x(t), v = to.y(loss[t]);
      if (Math.abs(u - px) + Math.abs(v - py) < NEAR && t < end) continue;
      d += `L${u.toFixed(1)} ${v.toFixed(1)}`;
      [px, py] = [u, v];
    }
    return d;
  }

  function follow(event) {
    const box = svg.getBoundingClientRect(), u = ((event.clientX - box.left) / box.width) * width;
    seek(Math.max(0, Math.min(steps, Math.round((steps * (u - LEFT)) / (width - LEFT - RIGHT)))));
  }
  function onDown(event) {
    if (event.button) return;
    svg.setPointerCapture(event.pointerId);
    follow(event);
  }
  function onMove(event) { if (svg.hasPointerCapture(event.pointerId)) follow(event); }
  return { node: svg, layout, paint };
}

// the losses that are drawn: from 10⁻⁸ to 10³ of the first at most, between numbers that begin with 1, 2 or 5
export function bounds(paths) {
  if (!paths.length) return [1, 10];
  let [low, high] = [Infinity, 0];
  for (const { loss, last } of paths) for (let t = 0; t <= last; t++) [low, high] = [Math.min(low, loss[t]), Math.max(high, loss[t])];
  const first = Math.max(paths[0].loss[0], 1e-290), bottom = round(Math.max(low, 1e-8 * first), Math.floor);
  return [bottom, Math.max(10 * bottom, round(Math.max(1e-290, Math.min(high, 1e3 * first)), Math.ceil))];
}
function round(v, way) { // to 1, 2 or 5 times a power of ten
  const k = Math.floor(Math.log10(v) + 1e-9), steps = [1, 2, 5, 10].map((m) => +`${m}e${k}`);
  return way === Math.floor ? steps.findLast((m) => m <= v * (1 + 1e-9)) : steps.find((m) => m >= v * (1 - 1e-9));
}
function ticks(low, high) {
  const every = Math.ceil((high - low) / 6), fine = high - low < 2.5 ? [1, 2, 5] : [1], out = [];
  for (let k = Math.ceil(low - 1 - 1e-9); k <= high + 1e-9; k += every) for (const m of fine) out.push(+`${m}e${k}`);
  return out.filter((v) => Math.log10(v) > low - 1e-9 && Math.log10(v) < high + 1e-9);
}
function written(v) {
  const k = Math.round(Math.log10(v));
  return v >= 0.01 && v <= 100 ? String(v) : `10${[...String(k)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`;
}
