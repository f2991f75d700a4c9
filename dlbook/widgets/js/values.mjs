// values.mjs - numbers and tables as text, the same as in dlbook/widgets/values.py.
import { h } from "./ui.mjs";

const HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export function fixed(v, digits = 2) { // with a true minus sign, and no minus zero
  if (!Number.isFinite(v)) return Number.isNaN(v) ? "–" : v < 0 ? "−∞" : "∞";
  const text = v.toFixed(digits);
  return (+text === 0 ? text.replace("-", "") : text).replace("-", "−");
}
export function power(v, digits = 2) { // with a power of ten where it is small or large
  if (v === 0 || !Number.isFinite(v)) return v === 0 ? "0" : fixed(v);
  const [first, exponent] = v.toExponential(digits - 1).split("e");
  if (exponent >= -3 && exponent < 4) return fixed(v, Math.max(0, digits - 1 - exponent));
  const high = [...String(Math.abs(exponent))].map((d) => HIGH[d]).join("");
  return `${first.replace("-", "−")}·10${exponent < 0 ? "⁻" : ""}${high}`;
}
export function bracket(text) { return text.startsWith("−") ? `(${text})` : text; }

export function table(caption, heads, rows, attrs) { // the first cell of each row is its heading
  return h("table", attrs, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...heads.map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, ...rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((t) => h("td", {}, t))))));
}
export function folded(fill) { // filled while it is open; `again` fills it anew
  const again = () => {
    node.querySelector(".dlb-scroll")?.remove();
    if (!node.open) return;
    const made = fill();
    node.append(h("div", { class: "dlb-scroll", tabindex: 0, role: "region", "aria-label": made.querySelector("caption").textContent }, made));
  };
  const node = h("details", { class: "dlb-folded", ontoggle: again }, h("summary", {}, "The same as a table"));
  return { node, again };
}
