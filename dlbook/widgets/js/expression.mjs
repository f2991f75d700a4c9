// expression.mjs - reads a formula such as (a*b + sin(c))^2 and takes it apart into single operations.
// The same grammar stands in dlbook/widgets/backprop_expression.py; a test compares the two.
//   sum = product {(+|-) product}   product = signed {(*|/) signed}   signed = (-|+) signed | power
//   power = atom [^ signed]         atom = number | variable | function(sum) | (sum)
import { LIMITS, FUNCTIONS } from "./backprop_examples.mjs";

const TOKEN = / *(?:((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([A-Za-z][A-Za-z0-9]*)|(\*\*|[-+*/^()]))/y;
const ALIKE = { "−": "-", "·": "*", "×": "*", "÷": "/" };

// { steps, leaves } or { problem: { at, text } }; `at` counts characters from 1, 0 where no place is to blame.
// leaves: [name | number], steps: [operation, inputs, exponent?], where an input is a place in [...leaves, ...steps]
export function readExpression(text) {
  try {
    const length = [...text].length;
    if (length > LIMITS.length) fail(0, `the formula has ${length} characters; at most ${LIMITS.length} are read`);
    return flatten(parse(tokens(text)));
  } catch (error) {
    if (!error.problem) throw error;
    return { problem: error.problem };
  }
}
function fail(at, text) { throw Object.assign(new Error(text), { problem: { at, text } }); }

function tokens(text) {
  const plain = text.replace(/[−·×÷]/g, (c) => ALIKE[c]), out = [];
  const end = plain.replace(/ +$/, "").length;
  if (!end) fail(0, "the formula is empty");
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < end;) {
    const from = TOKEN.lastIndex, found = TOKEN.exec(plain);
    if (!found) {
      const at = from + plain.slice(from).search(/[^ ]/);
      fail(at + 1, `“${String.fromCodePoint(text.codePointAt(at))}” does not belong in a formula`);
    }
    const [, number, name, sign] = found, word = number ?? name ?? sign;
    out.push({ kind: number ? "number" : name ? "name" : sign === "**" ? "^" : sign, word, at: TOKEN.lastIndex - word.length + 1 });
  }
  out.push({ kind: "end", word: "the end", at: end + 1 });
  return out;
}

function parse(list) {
  const variables = new Map();
  let i = 0;
  const next = (...kinds) => (kinds.includes(list[i].kind) ? list[i++] : null);
  const shown = ({ kind, word }) => (kind === "end" ? word : `“${word}”`);

  function sum() {
    let left = product();
    for (let sign; (sign = next("+", "-"));) left = { op: sign.kind === "+" ? "add" : "sub", inputs: [left, product()] };
    return left;
  }
  function product() {
    let left = signed();
    for (let sign; (sign = next("*", "/"));) left = { op: sign.kind === "*" ? "mul" : "div", inputs: [left, signed()] };
    return left;
  }
  function signed() {
    if (next("+")) return signed();
    if (!next("-")) return power();
    const inner = signed();
    return inner.number === undefined ? { op: "neg", inputs: [inner] } : { number: -inner.number };
  }
  function power() {
    const base = atom();
    if (!next("^")) return base;
    const exponent = signed();
    return exponent.number === undefined ? { op: "pow", inputs: [base, exponent] } : { op: "power", inputs: [base], exponent: exponent.number };
  }
  function atom() {
    const token = list[i++];
    if (token.kind === "number") return literal(token);
    if (token.kind === "(") return closed(token);
    if (token.kind === "name") return list[i].kind === "(" ? call(token) : variable(token);
    return fail(token.at, `expected a number, a variable or “(”, got ${shown(token)}`);
  }
  function literal({ word, at }) {
    if (!Number.isFinite(+word)) fail(at, `${word} is too large for a number`);
    return { number: +word };
  }
  function closed(open) { // what stands between parentheses
    const inner = sum();
    if (!next(")")) list[i].kind === "end" ? fail(open.at, "this “(” is never closed") : missing();
    return inner;
  }
  function call({ word, at }) {
    if (!FUNCTIONS.includes(word)) fail(at, `${word} is not a function here; known are ${FUNCTIONS.join(", ")}. For a product write ${word}*(…)`);
    return { op: word, inputs: [closed(list[i++])] };
  }
  function variable({ word, at }) {
    if (FUNCTIONS.includes(word)) fail(at, `${word} takes its input in parentheses: ${word}(…)`);
    if (word === "L") fail(at, "L is the name of the result; give the variable another one");
    if (word.length > LIMITS.letters) fail(at, `the name ${word} is longer than ${LIMITS.letters} letters`);
    if (!variables.has(word)) variables.set(word, { variable: word });
    if (variables.size > LIMITS.variables) fail(at, `${word} is variable number ${variables.size}; at most ${LIMITS.variables} are drawn`);
    return variables.get(word);
  }
  function missing() {
    const token = list[i];
    if (token.kind === ")") fail(token.at, "this “)” closes nothing");
    fail(token.at, `an operator is missing before ${shown(token)}; a product is written with *`);
  }
  const tree = sum();
  if (list[i].kind !== "end") missing();
  return tree;
}

// the tree as a list: leaves in the order of reading, operations each after its inputs
function flatten(tree) {
  const leaves = [], steps = [];
  (function visit(node) {
    if (!node.op) { if (!leaves.includes(node)) leaves.push(node); return; }
    node.inputs.forEach(visit);
    steps.push(node);
  })(tree);
  if (!leaves.some((leaf) => leaf.variable)) fail(0, "the formula has no variable, so there is nothing to differentiate by");
  if (!steps.length) fail(0, "the formula is a single variable; it needs an operation");
  const all = [...leaves, ...steps];
  if (all.length > LIMITS.nodes) fail(0, `the formula has ${all.length} nodes (variables, numbers and operations); at most ${LIMITS.nodes} are drawn`);
  return {
    leaves: leaves.map((leaf) => leaf.variable ?? leaf.number),
    steps: steps.map(({ op, inputs, exponent }) => [op, inputs.map((node) => all.indexOf(node)), ...(exponent === undefined ? [] : [exponent])]),
  };
}
