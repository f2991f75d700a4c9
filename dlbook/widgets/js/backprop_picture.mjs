// backprop_picture.mjs - the graph as a drawing that can be used: a card for each node, a line for each input,
// and on the line, once the way back has passed it, the local derivative.
import { h, s, reducedMotion } from "./ui.mjs";
import { placeGraph } from "./backprop_layout.mjs";
import { tidy, brief, nodeLabel, wordsOf, formula, slopeFormula } from "./backprop_words.mjs";

// px: height of a card, of a second gradient in it; width of a letter; what lies between two rows; the head of the page
const CARD = 62, DOC = 20, LETTER = 6.3, ROW = 46, HEAD = 60;

// on: { look(i), nudge(i, by) }
export function createPicture(on) {
  const lines = s("g"), active = s("g"), dots = s("g"), svg = s("svg", { class: "dlb-bp-lines", "aria-hidden": "true" }, lines, active, dots);
  const cards = h("div", { class: "dlb-bp-cards" }), tags = h("div", { class: "dlb-bp-tags", "aria-hidden": "true" });
  const node = h("div", { class: "dlb-bp-graph", role: "group" }, svg, tags, cards);
  let graph, nodes = [], edges = [], plan, built = "";

  // ---- building
  function layout(newGraph, width, double) {
    const shape = `${width} ${double}`;
    if (graph === newGraph && shape === built) return;
    const focus = graph === newGraph ? nodes.findIndex((n) => n.card === document.activeElement) : -1;
    [graph, built] = [newGraph, shape];
    plan = placeGraph(graph, width, double ? CARD + DOC : CARD, graph.edges.map((e) => (graph.needs[e.from] ? tagSize(e) : null)));
    node.style.height = `${plan.height}px`;
    svg.setAttribute("viewBox", `0 0 ${width} ${plan.height}`);
    nodes = graph.nodes.map((_, i) => card(i));
    edges = graph.edges.map((_, k) => edge(k));
    cards.replaceChildren(...readingOrder().map((i) => nodes[i].card));
    lines.replaceChildren(...edges.map((e) => e.line));
    tags.replaceChildren(...edges.map((e) => e.tag).filter(Boolean));
    active.replaceChildren();
    if (focus >= 0) nodes[focus].card.focus();
  }
  function tagSize(e) {
    const text = short(slopeFormula(graph, e));
    return [Math.max(text.length, 7) * LETTER + 8, isNumber(text) ? 18 : 32];
  }
  function readingOrder() {
    const { level, nodes: all } = graph, at = plan.cards;
    return all.map((_, i) => i).sort((a, b) => level[a] - level[b] || at[a].y - at[b].y || at[a].x - at[b].x);
  }
  function card(i) {
    const { leaf, op } = graph.nodes[i], { x, y, w, h: high } = plan.cards[i];
    const part = (name, text = "") => h("span", { class: `dlb-bp-${name}`, "aria-hidden": "true" }, text);
    const value = part("value"), grad = part("grad"), doc = part("doc"), words = h("span", { class: "dlb-sr" });
    const name = leaf === "constant" ? "" : nodeLabel(graph.nodes[i]), sign = op ? wordsOf(graph.nodes[i]).sign : leaf === "data" ? "data" : "";
    const head = h("span", { class: "dlb-bp-head", "aria-hidden": "true" }, part("name", name), part("sign", sign));
    const e = h("button", {
      type: "button", class: `dlb-bp-node dlb-bp-${leaf ?? "op"}`, "aria-pressed": "false",
      style: `left:${x - w / 2}px;top:${y - high / 2}px;width:${w}px;height:${high}px`,
      onclick: () => on.look(i), onkeydown: (event) => nudge(event, i),
    }, head, value, grad, doc, words);
    return { card: e, value, grad, doc, words };
  }
  function nudge(event, i) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by || !graph.nodes[i].leaf || graph.nodes[i].leaf === "constant") return;
    event.preventDefault();
    on.nudge(i, by);
  }
  function edge(k) {
    const { d, label: place } = plan.edges[k], number = h("strong"), text = short(slopeFormula(graph, graph.edges[k]));
    const line = s("path", { d, class: graph.needs[graph.edges[k].from] ? "dlb-bp-line" : "dlb-bp-line dlb-bp-idle" });
    const tag = place && h("span", { class: "dlb-bp-tag", style: `left:${place.x}px;top:${place.y}px` }, isNumber(text) ? null : text, number);
    return { line, tag, number };
  }

  // ---- painting.  now: { kind, node } of the step, done: { value[i], grad[i] } whether it is known,
  // numbers: { value, slope, grad }, wrong: gradients of document 001 or null, looked: node that is looked at
  function paint({ now, done, numbers, wrong, looked }) {
    graph.nodes.forEach(({ leaf }, i) => {
      const { card: e, value, grad, doc, words } = nodes[i], both = wrong?.[i] != null && done.grad[i];
      value.textContent = done.value[i] ? brief(numbers.value[i]) : "·";
      grad.textContent = done.grad[i] ? `∂\u2009${brief(numbers.grad[i])}` : "";
      doc.textContent = both ? `001 ${tidy(wrong[i], 3)}` : "";
      e.classList.toggle("dlb-bp-known", done.value[i]);
      e.classList.toggle("dlb-bp-back", done.grad[i]);
      e.classList.toggle("dlb-bp-both", both);
      e.classList.toggle("dlb-bp-now", now.node === i);
      e.dataset.now = now.node === i ? now.kind : "";
      e.setAttribute("aria-pressed", String(looked === i));
      words.textContent = spoken(i, done, numbers, both ? wrong[i] : null);
    });
    graph.edges.forEach(({ from, to }, k) => {
      const { tag, number, line } = edges[k], live = now.kind === "forward" ? to === now.node : now.kind === "backward" && from === now.node;
      line.classList.toggle("dlb-bp-live", live);
      if (!tag) return;
      tag.classList.toggle("dlb-bp-shown", done.grad[from]);
      tag.classList.toggle("dlb-bp-live", live);
      if (done.grad[from]) number.textContent = brief(numbers.slope[k]);
    });
    drawActive(now);
  }
  function spoken(i, done, { value, grad }, wrong) {
    const { leaf } = graph.nodes[i], name = nodeLabel(graph.nodes[i]);
    const what = leaf === "constant" ? `the number ${name}` : leaf === "data" ? `${name}, data` : leaf ? name : `${name} = ${formula(graph, i)}`;
    const numbers = [what];
    if (leaf !== "constant") numbers.push(done.value[i] ? `value ${tidy(value[i])}` : "no value yet");
    if (graph.needs[i] && done.grad[i]) numbers.push(`gradient ${tidy(grad[i])}`);
    if (wrong != null) numbers.push(`document 001 says ${tidy(wrong)}`);
    return numbers.join(", ");
  }
  function drawActive({ kind, node: i }) { // the lines of the step, with an arrow in the direction in which it goes
    const live = plan.edges.filter((_, k) => (kind === "forward" ? graph.edges[k].to === i : kind === "backward" && graph.edges[k].from === i));
    const arrow = ([x, y]) => {
      const sign = kind === "forward" ? -9 : 9;
      return plan.vertical ? `M${x - 5} ${y + sign}L${x} ${y}L${x + 5} ${y + sign}` : `M${x + sign} ${y - 5}L${x} ${y}L${x + sign} ${y + 5}`;
    };
    active.setAttribute("class", `dlb-bp-active dlb-bp-${kind}`);
    active.replaceChildren(...live.map(({ d }) => s("path", { d })), ...live.map(({ ends }) => s("path", { d: arrow(ends[kind === "forward" ? 1 : 0]) })));
  }
  // a dot on each of the lines runs in the direction of the step
  function flow({ kind, node: i }) {
    dots.replaceChildren();
    if (reducedMotion()) return;
    graph.edges.forEach(({ from, to }, k) => {
      if (kind === "forward" ? to !== i : from !== i) return;
      const dot = s("circle", { r: 5, class: `dlb-bp-dot dlb-bp-${kind}` });
      dot.style.offsetPath = `path("${kind === "forward" ? plan.edges[k].d : plan.edges[k].back}")`;
      dots.append(dot);
      const run = dot.animate([{ offsetDistance: "0%" }, { offsetDistance: "100%" }], { duration: 650, easing: "ease-in-out" });
      run.onfinish = () => dot.remove();
    });
  }
  // the card of a step is brought into view, with the row that it gets its number from, above what sticks to the
  // lower edge of the window
  function reveal({ kind, node: i }, below) {
    const { card: e } = nodes[i], row = plan.cards[i].h + ROW;
    e.style.scrollMarginTop = `${HEAD + (kind === "forward" ? row : 0)}px`;
    e.style.scrollMarginBottom = `${below + 12 + (kind === "backward" ? row : 0)}px`;
    e.scrollIntoView({ block: "nearest", behavior: reducedMotion() ? "auto" : "smooth" });
  }
  return { node, layout, paint, flow, reveal, describe: (text) => node.setAttribute("aria-label", text), get vertical() { return plan.vertical; } };
}
const short = (text) => text.replaceAll(" ", ""), isNumber = (text) => /^−?[\d.]+$/.test(text);
