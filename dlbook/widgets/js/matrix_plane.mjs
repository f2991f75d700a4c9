import { h, root, watch, put, checkbox, button, everyFrame, announcer, reducedMotion, oneOf, number, listOf, flag } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { REACH, PRESETS, presetOf, apply, along, column, decompose, det } from "./matrix.mjs";
import { createPicture } from "./matrix_picture.mjs";
import { segments } from "./segments.mjs";
import { fixed, power, table, folded } from "./values.mjs";

const PACE = 1400; // ms for a step
const STAGES = { straight: ["I", "A"], svd: ["Start", "Turn Vᵀ", "Stretch Σ", "Turn U"] };
const of = (length, make = (v) => v) => {
  const item = number(-REACH, REACH), list = listOf(item, length), read = (text) => { const v = list(text); return v?.length === length ? make(v) : undefined; };
  return Object.assign(read, { expects: `${length === 4 ? "four" : "two"} values, separated by commas, each ${item.expects}` });
};
const params = {
  matrix: of(4, ([a, b, c, d]) => [[a, b], [c, d]]), path: oneOf(["straight", "svd"]), t: number(0, 1), svd: flag(), show_x: flag(), x: of(2),
};
const keep = (v) => +Math.min(REACH, Math.max(-REACH, v)).toFixed(6);

function render({ model, el, signal }) {
  let playing = 0, gliding = null, width = 0, begun = false;

  // ---- the parts of the page
  const body = root(el, "A matrix moves the plane"), say = announcer(el);
  el.classList.add("dlb-m", "dlb-mp");
  const picture = createPicture({ move: (name, p) => setTip(name, p.map((v) => keep(Math.round(v * 20) / 20))), nudge });
  const presetId = newId("preset"), preset = h("select", { id: presetId, onchange: () => { stop(); setMatrix(PRESETS[preset.value]); } },
    ...Object.keys(PRESETS).map((name) => h("option", { value: name }, name)), h("option", { value: "", disabled: true }, "your own"));
  const fields = [0, 1].map((i) => [0, 1].map((j) => field(`A, row ${i + 1}, column ${j + 1}`, (v) => setMatrix(model.get("matrix").map((row, k) => row.map((old, l) => (k === i && l === j ? v : old)))), j ? "orange" : "blue")));
  const xs = [0, 1].map((i) => field(`x, number ${i + 1}`, (v) => put(model, "x", model.get("x").map((old, k) => (k === i ? v : old))), "green"));
  const xRow = h("p", { class: "dlb-mp-xrow" });
  const tId = newId("t"), slide = h("input", { type: "range", id: tId, class: "dlb-range", min: 0, max: 1, step: 0.01, oninput: () => { stop(); setT(+slide.value); } });
  const tOut = h("span", { class: "dlb-mp-t", "aria-hidden": "true" });
  const play = button("Play", () => (gliding ? stop() : glide(shownT() >= 1 ? 0 : shownT(), 1)), { "aria-pressed": "false" });
  const stages = h("div", { class: "dlb-mp-stages", role: "group", "aria-label": "Steps on the way" });
  const numbers = h("div", { class: "dlb-mp-numbers" }), factors = h("div", { class: "dlb-mp-factors" }), says = h("p", { class: "dlb-m-says" });
  const all = folded(() => {
    const { U, s, V, rank } = decompose(model.get("matrix")), A = model.get("matrix"), two = (v) => v.map((n) => fixed(n)), x = model.get("x");
    const pair = (name, vector) => [0, 1].map((i) => [name.replaceAll("i", "₁₂"[i]), ...two(vector(i))]);
    return table("The matrix and what it does", ["of A", "first", "second"], [
      ["A, first row", ...two(A[0])], ["A, second row", ...two(A[1])], ["determinant, rank", fixed(det(A), 3), String(rank)], ["singular values", ...s.map((v) => fixed(v, 3))],
      ...pair("vi", (i) => column(V, i)), ...pair("σiui", (i) => column(U, i).map((v) => v * s[i])),
      ...(model.get("show_x") ? [["x", ...two(x)], ["Ax", ...two(apply(A, x))]] : []), ["σ₁ / σ₂", condition(s, rank), ""]]);
  });
  const way = h("div", { class: "dlb-mp-way" },
    segments(model, "path", { label: "Way from I to A", options: [["straight", "Straight"], ["svd", "In three steps"]], signal }), play, stages,
    h("div", { class: "dlb-mp-slide" }, h("label", { for: tId }, "t"), slide, tOut));
  body.append(
    h("div", { class: "dlb-mp-main" },
      h("div", {}, picture.svg, way),
      h("div", {},
        h("div", { class: "dlb-mp-input" }, h("span", { class: "dlb-mp-name", "aria-hidden": "true" }, h("i", {}, "A"), " ="), h("div", { class: "dlb-mp-matrix dlb-mp-edit" }, ...fields.flat().map((f) => f.node)),
          h("div", { class: "dlb-ctl" }, h("label", { for: presetId }, "Preset"), preset)),
        numbers,
        checkbox(model, "svd", { label: "singular vectors", signal }), checkbox(model, "show_x", { label: "a vector x and its image", signal }), xRow)),
    says, factors, all.node);

  function field(label, set, kind) {
    const input = h("input", {
      type: "number", min: -REACH, max: REACH, step: 0.1, "aria-label": label, class: `dlb-${kind}`,
      oninput: () => {
        const v = input.valueAsNumber, good = Number.isFinite(v) && Math.abs(v) <= REACH;
        mark(!good);
        if (good) { stop(); set(v); }
      },
      onblur: () => { mark(false); draw(); },
    });
    const mark = (wrong) => (wrong ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid"));
    return { node: input, show: (v) => { if (input !== document.activeElement) input.value = String(+v.toFixed(4)); } };
  }

  // ---- what the reader does
  function setMatrix(matrix) { put(model, "matrix", matrix); }
  function setTip(name, [x, y]) {
    stop();
    if (name === "x") return put(model, "x", [x, y]);
    model.set("t", 1);
    return setMatrix(model.get("matrix").map((row, i) => row.map((v, j) => (j === (name === "a₁" ? 0 : 1) ? [x, y][i] : v))));
  }
  function nudge(name, dx, dy) {
    const from = name === "x" ? model.get("x") : column(model.get("matrix"), name === "a₁" ? 0 : 1);
    setTip(name, [from[0] + dx / 10, from[1] + dy / 10].map(keep));
  }
  const shownT = () => gliding ?? model.get("t");
  function setT(t) { if (t !== model.get("t")) put(model, "t", t); draw(); }
  function go(t) { // one step, seen as a movement where the reader wants any
    stop();
    if (reducedMotion()) setT(t);
    else glide(model.get("t"), t);
  }
  function glide(from, to) {
    const start = performance.now(), ms = PACE * (stages.children.length - 1) * Math.abs(to - from);
    const frame = (now) => {
      const part = ms ? Math.min(1, Math.max(0, (now - start) / ms)) : 1;
      gliding = from + (to - from) * part;
      if (part === 1 || !el.isConnected) return stop();
      playing = requestAnimationFrame(frame);
      return draw();
    };
    gliding = from;
    playing = requestAnimationFrame(frame);
    draw();
  }
  function stop() {
    if (gliding === null) return;
    cancelAnimationFrame(playing);
    const at = Math.round(1000 * gliding) / 1000, third = Math.round(3 * gliding) / 3;
    gliding = null;
    setT(Math.abs(at - third) < 2e-3 ? third : at);
  }

  // ---- view
  function paint() {
    const A = model.get("matrix"), path = model.get("path"), t = shownT(), M = along(A, path, t), found = decompose(A);
    const room = picture.svg.clientWidth || 400;
    if (room !== width) { width = room; picture.layout(width); }
    picture.draw({ A, M, svd: model.get("svd"), x: model.get("show_x") ? model.get("x") : null, t });
    preset.value = presetOf(A);
    fields.forEach((row, i) => row.forEach((f, j) => f.show(A[i][j])));
    paintX(A);
    paintWay(path, t);
    paintNumbers(A, found);
    paintFactors(found, path, t);
    const words = sentence(A, found);
    says.textContent = words;
    picture.describe(`${words} The unit circle becomes an ellipse with the half axes ${fixed(found.s[0])} and ${fixed(found.s[1])}. The picture shows ${stageWords(path, t)}.`);
    if (gliding === null) {
      all.again();
      if (begun) say(words);
    }
    begun = true;
    el.dataset.painted = String(+(el.dataset.painted || 0) + 1);
  }
  function paintX(A) {
    const x = model.get("x");
    xRow.hidden = !model.get("show_x");
    if (!xRow.firstChild) xRow.append(h("i", {}, "x"), " = (", xs[0].node, ", ", xs[1].node, ")", h("span", {}));
    xs.forEach((f, i) => f.show(x[i]));
    xRow.lastChild.textContent = ` ⟶ Ax = (${apply(A, x).map((v) => fixed(v)).join(", ")})`;
  }
  function paintWay(path, t) {
    const names = STAGES[path], last = names.length - 1;
    if (stages.dataset.path !== path) {
      stages.dataset.path = path;
      stages.replaceChildren(...names.map((name, k) => button(k && path === "svd" ? `${k} ${name}` : name, () => go(k / last))));
    }
    [...stages.children].forEach((b, k) => b.setAttribute("aria-pressed", String(Math.abs(t - k / last) < 1e-3)));
    play.hidden = reducedMotion();
    play.textContent = gliding === null ? "Play" : "Pause";
    play.setAttribute("aria-pressed", String(gliding !== null));
    slide.value = t;
    slide.setAttribute("aria-valuetext", stageWords(path, t));
    tOut.textContent = stageWords(path, t);
  }
  function stageWords(path, t) {
    if (t === 0) return "I, nothing moved";
    if (t === 1) return "A";
    if (path === "straight") return `${fixed(1 - t)} I + ${fixed(t)} A`;
    const k = Math.min(2, Math.floor(3 * t + 1e-9)), part = Math.round(100 * (3 * t - k));
    return part ? `${STAGES.svd[k + 1]}, ${part} %` : ["", "turned by Vᵀ", "turned and stretched, ΣVᵀ"][k];
  }
  function paintNumbers(A, { s, rank }) {
    const area = det(A), row = (name, value, note) => h("p", {}, h("span", { class: "dlb-mp-key" }, name), h("strong", {}, value), h("span", { class: "dlb-mp-note" }, note));
    numbers.replaceChildren(
      row("det A", fixed(area, 3), rank < 2 ? "all area is lost" : `areas × ${fixed(Math.abs(area), Math.abs(area) < 0.1 ? 3 : 2)}${area < 0 ? ", turned over" : ""}`),
      row("rank", String(rank), ["everything falls on 0", "the plane falls on a line", "the plane stays a plane"][rank]),
      row("σ₁, σ₂", `${fixed(s[0], 3)}, ${fixed(s[1], 3)}`, "half axes of the ellipse"),
      row("σ₁ / σ₂", condition(s, rank), "condition number"));
  }
  function paintFactors({ U, s, V }, path, t) {
    const now = path === "svd" && t > 0 && t < 1 ? Math.min(2, Math.floor(3 * t - 1e-9)) : -1;
    const show = (name, M, k, words) => h("div", { class: k === now ? "dlb-mp-factor dlb-mp-now" : "dlb-mp-factor" }, h("span", { class: "dlb-mp-fname" }, name),
      h("div", { class: "dlb-mp-matrix" }, ...M.flat().map((v) => h("span", {}, fixed(v)))), h("span", { class: "dlb-mp-does" }, words));
    const over = det(U) < 0;
    factors.hidden = !model.get("svd") && path !== "svd";
    factors.replaceChildren(h("span", {}, h("i", {}, "A"), " ="), show("U", U, 2, over ? "3 turn over" : "3 turn"),
      show("Σ", [[s[0], 0], [0, s[1]]], 1, "2 stretch"), show("Vᵀ", [[V[0][0], V[1][0]], [V[0][1], V[1][1]]], 0, "1 turn"));
  }
  function sentence(A, { s, rank, V }) {
    const over = det(A) < 0 ? " The plane is turned over." : "", v2 = `(${column(V, 1).map((v) => fixed(v)).join(", ")})`;
    if (rank === 0) return "Everything is sent to 0.";
    if (rank === 1) return `The circle collapses to a line: the direction v₂ = ${v2} is sent to 0, and no matrix brings it back.`;
    if (s[0] / s[1] >= 20) return `Nearly singular: the ellipse is ${power(s[0] / s[1], 3)} times as long as it is wide. The direction v₂ = ${v2} is nearly lost.`;
    if (presetOf(A) === "identity") return "Nothing moves.";
    if (s[0] - s[1] < 1e-6) return `The circle stays a circle: every direction is stretched by ${fixed(s[0])}.${over}`;
    return `The direction v₁ is stretched by ${fixed(s[0])}, v₂ by ${fixed(s[1])}; they stay at right angles.${over}`;
  }

  const draw = everyFrame(paint, el);
  watch(model, ["matrix", "t", "path", "svd", "show_x", "x"], draw, signal);
  const sized = new ResizeObserver(() => { if (picture.svg.clientWidth && picture.svg.clientWidth !== width) draw(); });
  sized.observe(picture.svg);
  const motion = matchMedia("(prefers-reduced-motion: reduce)"), changed = () => { stop(); draw(); };
  motion.addEventListener("change", changed);
  signal?.addEventListener("abort", () => { sized.disconnect(); cancelAnimationFrame(playing); motion.removeEventListener("change", changed); });
  draw();
}
function condition(s, rank) { return rank === 2 ? power(s[0] / s[1], 3) : "∞"; }

export default { params, render };
