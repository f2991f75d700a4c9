// segments.mjs - a choice between a few values, all in sight, bound to one trait.
import { h, watch, put } from "./ui.mjs";
import { newId } from "./ids.mjs";

export function segments(model, name, { label, options, signal }) { // options: [[value, text], ...]
  const id = newId(name), inputs = options.map(([value]) => h("input", {
    type: "radio", name: id, id: `${id}-${value}`, class: "dlb-sr", "data-trait": name, value, onchange: () => put(model, name, value),
  }));
  const show = () => { for (const input of inputs) input.checked = input.value === String(model.get(name)); };
  watch(model, [name], show, signal);
  show();
  return h("div", { class: "dlb-segments", role: "radiogroup", "aria-label": label },
    ...inputs.map((input, i) => h("span", { class: "dlb-seg" }, input, h("label", { for: input.id }, options[i][1]))));
}
