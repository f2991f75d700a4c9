import { h, root, watch, put, announcer, oneOf, number, listOf, flag } from "./ui.mjs";
import { ACTIVATIONS } from "./activation.mjs";
import { X, ORDER } from "./activation_look.mjs";
import { newId } from "./ids.mjs";
import { curves } from "./activation_curves.mjs";
import { vector, LOGIT, SHIFT } from "./activation_vector.mjs";

const VIEWS = { elementwise: "Elementwise", softmax: "Softmax", log_softmax: "Log-softmax" };
const three = (() => {
  const item = number(-LOGIT, LOGIT), list = listOf(item, 3), read = (text) => { const v = list(text); return v?.length === 3 ? v : undefined; };
  return Object.assign(read, { expects: `three values, separated by commas, each ${item.expects}` });
})();
const params = {
  view: oneOf(Object.keys(VIEWS)), functions: listOf(oneOf(ORDER), ORDER.length), focus: oneOf(ORDER), x: number(-X, X),
  derivative: flag(), saturation: flag(), logits: three, shift: number(0, SHIFT),
};
for (const { param } of Object.values(ACTIVATIONS)) if (param) params[param.name] = number(param.min, param.max);

function render({ model, el, signal }) {
  const body = root(el, "Activation functions"), announce = announcer(el), id = newId("view");
  let begun = false; // a page that opens with several explorers stays silent
  const say = (text) => { if (begun) announce(text); begun = true; };
  const painted = () => { el.dataset.painted = String(+(el.dataset.painted || 0) + 1); };
  const choices = Object.entries(VIEWS).map(([value, label]) => {
    const input = h("input", { type: "radio", name: id, id: `${id}-${value}`, class: "dlb-sr", onchange: () => put(model, "view", value) });
    return { value, input, node: h("span", { class: "dlb-seg" }, input, h("label", { for: input.id }, label)) };
  });
  const panes = { elementwise: curves(model, el, signal, say, painted), vector: vector(model, el, signal, say, painted) };
  const show = () => {
    const view = model.get("view");
    for (const c of choices) c.input.checked = c.value === view;
    panes.elementwise.node.hidden = view !== "elementwise";
    panes.vector.node.hidden = view === "elementwise";
    panes[view === "elementwise" ? view : "vector"].draw();
  };
  body.append(h("div", { class: "dlb-segments", role: "radiogroup", "aria-label": "Kind of activation" }, ...choices.map((c) => c.node)),
    panes.elementwise.node, panes.vector.node);
  watch(model, ["view"], show, signal);
  show();
}
export default { params, render };
