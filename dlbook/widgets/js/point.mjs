// point.mjs - a point in a plot that is dragged, or moved with the keys.
import { s } from "./ui.mjs";

const SHAPES = { circle: () => s("circle", { r: 7 }), diamond: () => s("path", { d: "M0-9L9 0L0 9L-9 0z" }), square: () => s("rect", { x: -6.5, y: -6.5, width: 13, height: 13 }) };

// by(dx, dy) moves by steps of the keys: one for an arrow, ten for Page Up and Down, to the end for Home and End
export function point({ label, kind, shape = "circle", min, max, by }) {
  const node = s("g", {
    class: `dlb-handle dlb-${kind}`, role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": min, "aria-valuemax": max,
    "data-lm-suppress-shortcuts": "true", onkeydown: onKey,
  }, s("circle", { r: 22, class: "dlb-hit" }), SHAPES[shape]());
  function onKey(event) {
    const fine = event.shiftKey ? 0.1 : 1, to = { ArrowRight: [fine, 0], ArrowLeft: [-fine, 0], ArrowUp: [0, fine], ArrowDown: [0, -fine], PageUp: [0, 10], PageDown: [0, -10], Home: [-1e6, 0], End: [1e6, 0] }[event.key];
    if (!to || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    by(...to);
  }
  const place = (x, y, now, words) => {
    node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    node.setAttribute("aria-valuenow", String(+now.toPrecision(6)));
    node.setAttribute("aria-valuetext", words);
  };
  return { node, place };
}

// `pick(place)` tells which handle a press at this place takes, if any; `drag(handle, place)` moves it; places are in the
// coordinates of the svg
export function draggable(svg, { pick, drag, drop }) {
  let held = null, from = [0, 0];
  const at = (event) => {
    const box = svg.getBoundingClientRect(), { width, height } = svg.viewBox.baseVal;
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const place = at(event), found = pick(place);
    if (!found) return;
    [held, from] = [found.handle, found.offset ?? [0, 0]];
    svg.setPointerCapture(event.pointerId);
    found.handle.node?.focus({ preventScroll: true });
    event.preventDefault();
    if (found.jump) drag(held, place);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held || !svg.hasPointerCapture(event.pointerId)) return;
    const [x, y] = at(event);
    drag(held, [x - from[0], y - from[1]]);
  });
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, () => { if (held) drop?.(held); held = null; });
}
