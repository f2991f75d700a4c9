// backprop_panel.mjs - the words beside the graph: the step with its numbers filled in, the two gradients of document 001
// side by side, and everything as a table.
import { h } from "./ui.mjs";
import { finiteDifference } from "./graph.mjs";
import { tidy, nodeLabel, formula, formulaInNumbers, slopeFormula, slopeInNumbers, partial } from "./backprop_words.mjs";

const value = (text) => h("b", { class: "dlb-bp-v" }, text), gradient = (text) => h("b", { class: "dlb-bp-g" }, text);
const slopeText = (text) => h("b", { class: "dlb-bp-s" }, text);
const inBrackets = (text) => (/^−|·/.test(text) ? `(${text})` : text);
// ∂L over ∂z as a fraction; read aloud, and copied, it is ∂L/∂z
function fraction(top, bottom, kind) {
  return h("span", { class: `dlb-bp-frac dlb-bp-${kind}` }, h("span", {}, `∂${top}`), h("span", { class: "dlb-sr" }, "/"), h("span", {}, `∂${bottom}`));
}
const line = (...parts) => h("p", { class: "dlb-bp-formula" }, ...parts.flatMap((p) => (Array.isArray(p) ? p : [p])));
const between = (list, sign) => list.flatMap((item, i) => (i ? [sign, item].flat() : [item].flat()));
const equals = (...parts) => h("span", { class: "dlb-bp-part" }, " = ", ...parts.flat());
const sumOf = (terms) => h("span", {}, " = ", ...between(terms.map((term) => h("span", { class: "dlb-bp-part" }, ...term)), " + ")); // breaks at a plus

// ---- one step.  state: { graph, given, numbers, doc, done }.  Returns { title, lines, said }
export function explainForward(i, { graph, numbers }) {
  const name = nodeLabel(graph.nodes[i]), result = tidy(numbers.value[i]), filled = formulaInNumbers(graph, i, numbers.value);
  return {
    title: `the value of ${name}`, said: `${name} = ${formula(graph, i)} = ${result}`,
    lines: [line(h("i", {}, name), equals(formula(graph, i)), equals(filled), filled === result ? "" : equals(value(result)))],
  };
}
// `closing`: it is the last step of all
export function explainBackward(i, { graph, numbers, doc, given }, closing = false) {
  if (i === graph.nodes.length - 1) return beginning();
  const name = nodeLabel(graph.nodes[i]), result = tidy(numbers.grad[i]);
  const ways = graph.edges.flatMap((e, k) => (e.from !== i ? []
    : [{ ...e, child: nodeLabel(graph.nodes[e.to]), grad: numbers.grad[e.to], slope: numbers.slope[k] }]));
  const number = (v, n) => (n ? inBrackets(tidy(v)) : tidy(v)); // the first of a line stands without brackets
  const symbols = ways.map(({ child }) => [fraction("L", child, "g"), " · ", fraction(child, name, "s")]);
  const products = ways.map(({ grad, slope }, n) => [gradient(number(grad, n)), " · ", slopeText(inBrackets(tidy(slope)))]);
  const terms = ways.map(({ grad, slope }, n) => number(grad * slope, n)), several = ways.length > 1;
  const local = ways.map((way) => slopeWords(graph, way, numbers, partial(way.child, name)));
  const lines = [h("div", { class: "dlb-bp-pair" },
    h("div", {},
      line(fraction("L", name, "g"), sumOf(symbols)),
      line(fraction("L", name, "g dlb-bp-ghost"), sumOf(products), several ? sumOf(terms.map((term) => [term])) : "", equals(gradient(result)))),
    h("div", { class: "dlb-bp-side" },
      h("p", {}, several ? "Local derivatives: " : "Local derivative: ", ...between(local, ", ")),
      h("p", {}, `Check by finite differences: ${tidy(finiteDifference(graph, given, i))}`)))];
  lines.push(...notesOn(i, graph, numbers, ways).map(remark));
  if (doc?.wrong[i] != null) lines.push(documentLine(i, graph, numbers, doc));
  if (closing) lines.push(remark("The way back ends here. It has changed no leaf: to move them down their gradients is the optimizer's work."));
  const product = several ? terms.join(" + ") : `${tidy(ways[0].grad)} · ${inBrackets(tidy(ways[0].slope))}`;
  return { title: `the gradient of ${name}`, lines, said: `${partial("L", name)} = ${product} = ${result}` };
}
function beginning() {
  return { title: "start at the end", said: "the gradient of L by itself is 1",
    lines: [line(fraction("L", "L", "g"), equals(gradient("1"))),
      remark("When L moves, L moves just as far. From here, each step back multiplies by one local derivative.")] };
}
const remark = (text) => h("p", { class: "dlb-bp-remark" }, text);
function slopeWords(graph, way, { value }, name) {
  const number = tidy(way.slope), chain = [slopeFormula(graph, way), slopeInNumbers(graph, way, value)];
  const steps = chain.filter((text, n) => text !== number && text !== chain[n - 1]);
  return h("span", {}, ...[name, ...steps].flatMap((text) => [h("span", { class: "dlb-bp-part" }, `${text} =`), " "]), slopeText(number));
}
// the step in plain words, and what is worth seeing in it
function notesOn(i, graph, { value }, ways) {
  const node = graph.nodes[i], name = nodeLabel(node), off = ways.find(({ to, slope }) => graph.nodes[to].op === "relu" && slope === 0);
  if (off && value[i] === 0) return ["At the kink itself the slope is taken as 0; finite differences see half of each side."];
  if (off) return [`The ReLU is flat at ${name} = ${tidy(value[i])}: its slope is 0, and 0 is all that goes on from here.`];
  const uses = ["", "", "twice", "three times", "four times"][ways.length] ?? `${ways.length} times`;
  if (ways.length > 1) return [`${name} is used ${uses}: one product for each way to L, added up.`];
  return [inWords(name, ways[0], ways[0].to === graph.nodes.length - 1), graph.notes[node.name]].filter(Boolean);
}
// what the chain rule says of one product
function inWords(name, { child, grad, slope }, atEnd) {
  if (!Number.isFinite(slope) || !Number.isFinite(grad)) return "";
  const moves = (who, v) => (v === 0 ? `${who} stays where it is` : `${who} moves ${v === 1 ? "just as far" : `${tidy(v)} times as far`}`);
  const first = `When ${name} moves a little, ${moves(child, slope)}`;
  return atEnd ? `${first}. Nothing lies between the two: the local derivative is the gradient.` : `${first}; and when ${child} moves, ${moves("L", grad)}.`;
}
function documentLine(i, graph, { value, grad, slope }, doc) {
  const name = nodeLabel(graph.nodes[i]), unit = graph.units.find(([u]) => u === i), result = gradient(tidy(doc.wrong[i]));
  const product = (...numbers) => numbers.map((v, n) => (n ? inBrackets(tidy(v)) : tidy(v))).join(" · ");
  const said = (...parts) => h("p", { class: "dlb-bp-wrong" }, h("span", { class: "dlb-bp-badge" }, "document 001"), ` ${partial("L", name)} = `, ...parts);
  if (!unit) {
    const k = graph.edges.findIndex((e) => e.from === i);
    return said(product(doc.wrong[graph.edges[k].to], slope[k]), " = ", result);
  }
  const [sum] = graph.outOf[i], [out] = graph.outOf[sum.to], bias = graph.nodes[sum.to].inputs.at(-1);
  const [weight, total, answer, b] = [unit[1], sum.to, out.to, bias].map((k) => nodeLabel(graph.nodes[k]));
  const place = `${weight} · ${name} + ${b}`, there = tidy(slope[graph.edges.indexOf(out)]);
  return said(`${partial("L", answer)} · σ′(${place}) · ${weight} = `,
    h("span", { class: "dlb-bp-part" }, product(grad[out.to], doc.steep[i], value[unit[1]]), " = ", result), h("br"),
    `It takes the slope σ′ at ${place} = ${tidy(doc.at[i])}. But what went into the sigmoid was ${total} = ${tidy(value[sum.to])}, `
    + `where the slope is ${there}.`);
}
// what stands there while a node is looked at that has nothing to show for itself
export function explainLeaf(i, { graph, given }) {
  const node = graph.nodes[i], name = nodeLabel(node);
  const what = {
    constant: "A number of the formula. It cannot move, so nobody asks for its gradient.",
    data: "Data: training does not move it, so no gradient is computed for it.",
    variable: "A leaf of the graph: you set its value, and the way back ends here.",
  }[node.leaf];
  return { title: node.leaf === "constant" ? `the number ${name}` : `${name} = ${tidy(given[i])}`, lines: [remark(what)], said: "" };
}

// ---- document 001 beside the right gradient
export function createComparison(silence) {
  const rows = h("tbody"), verdict = h("p", { class: "dlb-bp-verdict" });
  const heads = ["", "chain rule", "document 001", "off by", "finite differences"].map((text) => (text ? h("th", { scope: "col" }, text) : h("td")));
  const node = h("div", { class: "dlb-bp-compare", role: "group", "aria-label": "Document 001 beside the chain rule" },
    h("table", {}, h("thead", {}, h("tr", {}, ...heads)), rows), verdict, silence);
  function paint({ graph, given, numbers, doc, done }) {
    const shown = [...graph.units.map(([u]) => u), ...graph.nodes.map((_, i) => i).filter((i) => graph.nodes[i].leaf && doc.wrong[i] !== null)];
    const off = shown.map((i) => relative(doc.wrong[i], numbers.grad[i]));
    rows.replaceChildren(...shown.map((i, n) => {
      const cells = [tidy(numbers.grad[i]), tidy(doc.wrong[i]), percent(off[n]), tidy(finiteDifference(graph, given, i))];
      return h("tr", {}, h("th", { scope: "row" }, partial("L", nodeLabel(graph.nodes[i]))), ...cells.map((text) => h("td", {}, done.grad[i] ? text : "–")));
    }));
    verdict.textContent = shown.every((i) => done.grad[i]) ? judgement(graph, numbers, off) : "The rows fill as you step back.";
  }
  return { node, paint };
}
function relative(wrong, right) { return wrong === right ? 0 : Math.abs(wrong - right) / Math.abs(right); }
function percent(v) {
  if (Number.isNaN(v)) return "–";
  if (v < 0.001) return v < 1e-9 ? "0 %" : "< 0.1 %";
  return v < 10 ? `${(100 * v).toFixed(1)} %` : `${tidy(100 * v)} %`;
}
function judgement(graph, { value, grad }, off) {
  if (off.some(Number.isNaN)) return "";
  const worst = Math.max(...off);
  if (worst >= 1e-9) {
    const why = "the slope belongs to the whole sum that went into the sigmoid, not to one product of it";
    return `Finite differences side with the chain rule. Document 001 is off by up to ${percent(worst)}: ${why}.`;
  }
  if (graph.units.every(([u]) => grad[u] === 0)) return "Here nothing comes back to the hidden units: both say 0.";
  if (graph.units.some(([u, w]) => value[u] * value[w] === 0)) {
    return "Here the two agree: one unit adds nothing to the sum, so the other's product and the bias are all of it. "
      + "With a single hidden unit it is always so.";
  }
  return "Here the two agree by accident: the sigmoid is as steep at one place as at the other.";
}

// ---- everything as a table, as far as the steps have come
export function valueTable({ graph, given, numbers, doc, done }, caption) {
  const heads = ["node", "operation", "value", "local derivatives", "gradient", ...(doc ? ["document 001"] : []), "finite differences"];
  const rows = graph.nodes.map((node, i) => {
    const name = nodeLabel(node), kind = { data: "data", variable: "variable", constant: "number" }[node.leaf];
    const slopes = graph.into[i].filter((e) => graph.needs[e.from]).map((e) => {
      const words = slopeFormula(graph, e), number = tidy(numbers.slope[graph.edges.indexOf(e)]);
      return `${partial(name, nodeLabel(graph.nodes[e.from]))} = ${words === number ? "" : `${words} = `}${number}`;
    });
    const known = done.grad[i], wrong = doc?.wrong[i];
    const cells = [kind ?? formula(graph, i), done.value[i] ? tidy(numbers.value[i]) : "–",
      done.value[i] && slopes.length && graph.into[i].some((e) => done.grad[e.from]) ? slopes.join("; ") : "–", known ? tidy(numbers.grad[i]) : "–",
      ...(doc ? [known && wrong !== null ? tidy(wrong) : "–"] : []), known ? tidy(finiteDifference(graph, given, i)) : "–"];
    return h("tr", {}, h("th", { scope: "row" }, name), ...cells.map((text) => h("td", {}, text)));
  });
  const head = h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)));
  return h("table", { class: "dlb-bp-table" }, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...rows));
}
