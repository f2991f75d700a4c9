// graph.mjs - a computation as a graph of small steps: values forward, gradients backward, finite differences.
// Numbers only, no drawing; the tests compare them with dlbook.scratch.
import { EXAMPLES, STARTS, LIMITS } from "./backprop_examples.mjs";
import { readExpression } from "./expression.mjs";

const EPSILON = 1e-6; // of the finite differences, as in dlbook.scratch.numerical_gradient

const sigmoid = (x) => (1 + Math.tanh(x / 2)) / 2;
const times = (y, x) => (y === 0 ? 0 : y * x); // 0 · log 0 is 0 in a cross-entropy

// operation: its value, and its derivative by each input.  x: inputs, y: value, n: a fixed exponent
const RULES = {
  add: { f: ([a, b]) => a + b, d: () => [1, 1] },
  sub: { f: ([a, b]) => a - b, d: () => [1, -1] },
  mul: { f: ([a, b]) => a * b, d: ([a, b]) => [b, a] },
  div: { f: ([a, b]) => a / b, d: ([a, b]) => [1 / b, -a / (b * b)] },
  pow: { f: ([a, b]) => a ** b, d: ([a, b], y) => [b === 0 ? 0 : b * a ** (b - 1), times(y, Math.log(a))] },
  power: { f: ([a], n) => a ** n, d: ([a], y, n) => [n === 0 ? 0 : n * a ** (n - 1)] },
  neg: { f: ([a]) => -a, d: () => [-1] },
  sin: { f: ([a]) => Math.sin(a), d: ([a]) => [Math.cos(a)] },
  cos: { f: ([a]) => Math.cos(a), d: ([a]) => [-Math.sin(a)] },
  exp: { f: ([a]) => Math.exp(a), d: (x, y) => [y] },
  log: { f: ([a]) => Math.log(a), d: ([a]) => [1 / a] },
  sqrt: { f: ([a]) => Math.sqrt(a), d: (x, y) => [1 / (2 * y)] },
  tanh: { f: ([a]) => Math.tanh(a), d: (x, y) => [1 - y * y] },
  sigmoid: { f: ([a]) => sigmoid(a), d: (x, y) => [y * (1 - y)] },
  relu: { f: ([a]) => (a > 0 ? a : a <= 0 ? 0 : NaN), d: ([a]) => [a > 0 ? 1 : a <= 0 ? 0 : NaN] }, // 0 at the kink
  abs: { f: ([a]) => Math.abs(a), d: ([a]) => [Math.sign(a)] },
  // w1 · x1 + w2 · x2 + ... + b
  linear: {
    f: (x) => { let sum = 0; for (let k = 0; k + 1 < x.length; k += 2) sum += x[k] * x[k + 1]; return sum + x.at(-1); },
    d: (x) => x.map((_, k) => (k === x.length - 1 ? 1 : x[k ^ 1])),
  },
  squared_error: { f: ([a, b]) => (a - b) ** 2, d: ([a, b]) => [2 * (a - b), -2 * (a - b)] },
  cross_entropy: {
    f: ([p, t]) => -times(t, Math.log(p)) - times(1 - t, Math.log(1 - p)),
    d: ([p, t]) => [times(1 - t, 1 / (1 - p)) - times(t, 1 / p), Math.log(1 - p) - Math.log(p)],
  },
};

// ---- graphs.  A node: { name, op | leaf: "variable" | "data" | "constant", inputs, exponent?, start?, low?, high? };
// each stands after its inputs, the last one is L.
export function exampleGraph(name) {
  const { leaves, data, steps, notes, units } = EXAMPLES.find((e) => e.name === name), at = new Map();
  const nodes = [
    ...leaves.map(([leaf, start, low = -LIMITS.value, high = LIMITS.value]) => (
      { name: leaf, leaf: data.includes(leaf) ? "data" : "variable", inputs: [], start, low, high })),
    ...steps.map(([step, op, inputs, exponent]) => ({ name: step, op, inputs, exponent })),
  ];
  nodes.forEach((node, i) => { node.inputs = node.inputs.map((input) => at.get(input)); at.set(node.name, i); });
  return connect(nodes, { notes, units: units?.map((unit) => unit.map((part) => at.get(part))) });
}
// the graph of a formula, or { problem }
export function expressionGraph(text) {
  const { problem, leaves, steps } = readExpression(text);
  if (problem) return { problem };
  const letter = [..."uvpqsrmnkhz"].find((c) => !leaves.some((leaf) => new RegExp(`^${c}\\d*$`).test(leaf)));
  let variables = 0;
  const nodes = [
    ...leaves.map((leaf) => (typeof leaf === "number"
      ? { name: String(leaf), leaf: "constant", inputs: [], start: leaf }
      : { name: leaf, leaf: "variable", inputs: [], start: STARTS[variables++], low: -LIMITS.value, high: LIMITS.value })),
    ...steps.map(([op, inputs, exponent], i) => ({ name: i === steps.length - 1 ? "L" : `${letter}${i + 1}`, op, inputs, exponent })),
  ];
  return connect(nodes, { notes: {} });
}
function connect(nodes, more) {
  const edges = nodes.flatMap((node, to) => node.inputs.map((from, slot) => ({ from, to, slot })));
  // only what depends on a variable has a gradient that anyone asks for
  const needs = [];
  nodes.forEach((node, i) => { needs[i] = node.leaf ? node.leaf === "variable" : node.inputs.some((p) => needs[p]); });
  const level = levels(nodes);
  const all = nodes.map((_, i) => i), use = all.map((i) => edges.findIndex((e) => e.from === i));
  return {
    nodes, edges, needs, level, ...more,
    into: nodes.map((_, i) => edges.filter((e) => e.to === i)), outOf: nodes.map((_, i) => edges.filter((e) => e.from === i)),
    // column by column; in a column as they come, and back in the order in which the next column uses them
    forward: all.filter((i) => nodes[i].op).sort((a, b) => level[a] - level[b] || a - b),
    backward: all.filter((i) => needs[i]).sort((a, b) => level[b] - level[a] || use[a] - use[b]),
  };
}
// the longest way from a leaf to each operation; a leaf stands just before the first node that uses it
function levels(nodes) {
  const level = nodes.map(() => 0);
  nodes.forEach((node, i) => { if (node.op) level[i] = 1 + Math.max(...node.inputs.map((p) => level[p])); });
  nodes.forEach((node, i) => { if (node.leaf) level[i] = Math.min(...nodes.flatMap((n, k) => (n.inputs.includes(i) ? [level[k] - 1] : []))); });
  return level;
}

// ---- numbers.  given[i] is the value of leaf i; `moved` may be moved by `by`, to see what it does to L
function valuesOf(graph, given, moved = -1, by = 0) {
  const value = [];
  graph.nodes.forEach(({ leaf, op, inputs, exponent, start }, i) => {
    value[i] = leaf === "constant" ? start : leaf ? given[i] : RULES[op].f(inputs.map((p) => value[p]), exponent);
    if (i === moved) value[i] += by;
  });
  return value;
}
// { value, slope, grad }: of each node, of each edge (beside graph.edges; null where nobody asks), of each node
export function run(graph, given) {
  const value = valuesOf(graph, given), last = graph.nodes.length - 1;
  const slope = graph.edges.map(({ from, to, slot }) => {
    const { op, inputs, exponent } = graph.nodes[to];
    return graph.needs[from] ? RULES[op].d(inputs.map((p) => value[p]), value[to], exponent)[slot] : null;
  });
  const grad = graph.nodes.map(() => null);
  for (const i of graph.backward) grad[i] = i === last ? 1 : sum(graph, i, slope, grad);
  return { value, slope, grad };
}
// gradient of a node: (gradient of child) · (local derivative), added up over the edges that leave it
function sum(graph, i, slope, grad) {
  return graph.edges.reduce((total, { from, to }, k) => (from === i ? total + grad[to] * slope[k] : total), 0);
}
export function finiteDifference(graph, given, i) {
  const at = (by) => valuesOf(graph, given, i, by).at(-1);
  return (at(EPSILON) - at(-EPSILON)) / (2 * EPSILON);
}

// ---- what document 001 says of the hidden units: ∂L/∂hᵢ = ∂L/∂ŷ · vᵢ · σ′(vᵢ hᵢ + b), and what follows for the nodes
// before them; null everywhere else.  `at` is the place where it takes the slope of the sigmoid, `steep` that slope.
export function documentGradients(graph, { value, slope, grad }) {
  if (!graph.units) return null;
  const [wrong, at, steep] = [0, 0, 0].map(() => graph.nodes.map(() => null));
  for (const [unit, weight] of graph.units) {
    const sumNode = graph.outOf[unit][0].to, answer = graph.outOf[sumNode][0].to, bias = graph.nodes[sumNode].inputs.at(-1);
    at[unit] = value[weight] * value[unit] + value[bias];
    const s = sigmoid(at[unit]);
    steep[unit] = s * (1 - s);
    wrong[unit] = grad[answer] * steep[unit] * value[weight];
  }
  for (const i of graph.backward) {
    if (wrong[i] === null && graph.outOf[i].some((e) => wrong[e.to] !== null)) wrong[i] = sum(graph, i, slope, wrong);
  }
  return { wrong, at, steep };
}
