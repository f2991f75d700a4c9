// race_table.mjs - the optimizers: shown or not, their rates, where they are, when they arrive; and number fields.
import { h } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { OPTIMIZERS, NAMES } from "./race_settings.mjs";
import { sample, tidy, place } from "./race_look.mjs";

// a field for one number that is taken while it is typed, if it is one from `min` to `max`
export function numberField(attrs, [min, max], set) {
  const input = h("input", { type: "number", step: "any", inputmode: "decimal", ...attrs, oninput: take, onblur: rest, onkeydown: (e) => { if (e.key === "Enter") rest(); } });
  let value = 0, range = [min, max];
  const good = () => input.value !== "" && +input.value >= range[0] && +input.value <= range[1];
  function take() {
    input.toggleAttribute("aria-invalid", !good());
    if (good()) set(+input.value);
  }
  function rest() {
    input.value = value;
    input.removeAttribute("aria-invalid");
  }
  function show(v, limits = range) {
    [value, range] = [v, limits];
    if (document.activeElement !== input) rest();
  }
  return { node: input, show };
}
export function labelled(text, field) {
  field.node.id = newId("number");
  return h("div", { class: "dlb-ctl" }, h("label", { for: field.node.id }, text), field.node);
}

const STOPS = { diverged: "diverged", left: "left the map" };

// toggle(name) shows or hides an optimizer, rate(i, value) gives it a learning rate
export function createTable({ toggle, rate }) {
  const rows = NAMES.map((name, i) => {
    const id = newId("shown"), box = h("input", { type: "checkbox", id, onchange: () => toggle(name) });
    const field = numberField({ "aria-label": `Learning rate of ${OPTIMIZERS[name]}` }, [0, 1e6], (v) => rate(i, v));
    const loss = h("span", {}), where = h("span", { class: "dlb-or-where" }), end = h("td", {});
    const node = h("tr", {}, h("th", { scope: "row" }, h("label", { for: id }, box, sample(name), OPTIMIZERS[name])), h("td", {}, field.node), h("td", {}, loss, where), end);
    return { name, box, field, loss, where, end, node };
  });
  const head = (text) => h("th", { scope: "col" }, text);
  const node = h("table", { class: "dlb-or-table" }, h("thead", {}, h("tr", {}, head("Optimizer"), head("Rate"), h("th", { scope: "col" }, "Loss", h("span", { class: "dlb-or-where" }, "(x, y)")), h("th", { scope: "col" }, "99 %", h("span", { class: "dlb-or-where" }, "at step")))), h("tbody", {}, ...rows.map((r) => r.node)));

  // `ends`: of each optimizer the step at which it arrived, or null; `best`: the first of them
  function paint(paths, { optimizers, lr, factors, at }, ends, best) {
    for (const [i, { name, box, field, loss, where, end, node: row }] of rows.entries()) {
      const shown = optimizers.includes(name), path = paths[i], t = Math.min(at, path.last), over = at > path.last;
      box.checked = shown;
      field.show(+(lr * factors[i]).toPrecision(4));
      row.classList.toggle("dlb-or-off", !shown);
      row.classList.toggle("dlb-or-first", shown && name === best);
      row.classList.toggle("dlb-or-stopped", shown && over);
      loss.textContent = !shown ? "" : over ? STOPS[path.stop] : tidy(path.loss[t]);
      where.textContent = !shown ? "" : over ? `at step ${path.last + 1}` : place(path.x[t], path.y[t]);
      end.textContent = !shown ? "" : ends[i] !== null && ends[i] <= at ? ends[i] : "–";
    }
  }
  return { node, paint };
}
