// backprop_words.mjs - how numbers, nodes and formulas of the stepper are written.
// The same rules stand in dlbook/widgets/backprop_words.py for print; a test compares the two.
import { WORDS } from "./backprop_examples.mjs";

const LOW = "₀₁₂₃₄₅₆₇₈₉", HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const raised = (text) => text.replace(/\d/g, (d) => HIGH[d]).replace(/[-−]/, "⁻");

export function tidy(v, digits = 4) { // digits that count, a true minus sign, powers of ten where it is large or small
  if (Number.isNaN(v)) return "no number";
  const size = Math.abs(v), sign = v < 0 && size > 0 ? "−" : "";
  if (size === Infinity) return `${sign}∞`;
  if (size !== 0 && (size >= 1e5 || size < 1e-4)) {
    const [first, power] = size.toExponential(Math.max(0, digits - 2)).split("e");
    return `${sign}${+first}·10${raised(String(+power))}`;
  }
  return sign + (size >= 1000 ? size.toFixed(0) : String(+size.toPrecision(digits)));
}
export function brief(v) { // as many digits as a card has room for
  return [4, 3, 2].map((digits) => tidy(v, digits)).find((text) => text.length <= 7) ?? tidy(v, 1);
}
export function label(name) { // w1 is w₁
  return name === "yhat" ? "ŷ" : name.replace(/\d+$/, (digits) => digits.replace(/\d/g, (d) => LOW[d]));
}
export function nodeLabel({ name, leaf, start }) { return leaf === "constant" ? tidy(start) : label(name); }

// ---- formulas: a template with {0}, {1}, ... for the inputs and {y} for the result
export function wordsOf({ op, inputs, exponent }) {
  if (op === "power") return powerWords(exponent);
  if (op !== "linear") return WORDS[op];
  const last = inputs.length - 1;
  return {
    sign: "Σ", slopes: inputs.map((_, k) => (k === last ? "1" : `{${k ^ 1}}`)),
    says: inputs.map((_, k) => (k === last ? `{${k}}` : k % 2 ? `{${k}} + ` : `{${k}} · `)).join(""),
  };
}
function powerWords(n) {
  const to = (e) => (e === 1 ? "" : Number.isInteger(e) && Math.abs(e) < 1000 ? raised(String(e)) : `^${e < 0 ? `(${tidy(e)})` : tidy(e)}`);
  const slope = n === 0 ? "0" : n === 1 ? "1" : `${tidy(n)} · {0}${to(n - 1)}`;
  return { sign: `( )${to(n) || "¹"}`, says: `{0}${to(n)}`, slopes: [slope] };
}
// puts texts for the places; what is negative or has a factor of its own stands in parentheses, except at a beginning
export function fill(template, texts, result = "") {
  return template.replace(/\{(\w)\}/g, (place, key, at) => {
    const text = key === "y" ? result : texts[key], before = template[at - 1], after = template[at + place.length] ?? "";
    const first = (at === 0 || before === "(") && !/[\^⁰¹²³⁴⁵⁶⁷⁸⁹⁻]/.test(after);
    return /^−|·/.test(text) && !first ? `(${text})` : text;
  });
}
const labels = ({ nodes }, { inputs }) => inputs.map((p) => nodeLabel(nodes[p]));
export function formula(graph, i) { return fill(wordsOf(graph.nodes[i]).says, labels(graph, graph.nodes[i])); }
export function formulaInNumbers(graph, i, value) {
  return fill(wordsOf(graph.nodes[i]).says, graph.nodes[i].inputs.map((p) => tidy(value[p])));
}
export function slopeFormula(graph, { to, slot }) {
  const node = graph.nodes[to];
  return fill(wordsOf(node).slopes[slot], labels(graph, node), nodeLabel(node));
}
export function slopeInNumbers(graph, { to, slot }, value) {
  const node = graph.nodes[to];
  return fill(wordsOf(node).slopes[slot], node.inputs.map((p) => tidy(value[p])), tidy(value[to]));
}
export function partial(top, bottom) { return `∂${top}/∂${bottom}`; }
