// slopes.mjs - the numbers of the chain rule: functions, their slopes, secants, chains.
// The same as in dlbook/widgets/chain_rule.py; a test compares the two.
export const X = 3;
export const H = [1e-16, 2];
export const FUNCTIONS = { // f, f′, where a plot ends below and above, and both as words in a variable
  square: { f: (x) => x * x, df: (x) => 2 * x, low: -4, high: 16, label: "x²", slope: "2x" },
  sin: { f: Math.sin, df: Math.cos, low: -1.8, high: 1.8, label: "sin x", slope: "cos x" },
  exp: { f: Math.exp, df: Math.exp, low: -4, high: 16, label: "eˣ", slope: "eˣ" },
  tanh: { f: Math.tanh, df: (x) => 1 - Math.tanh(x) ** 2, low: -1.8, high: 1.8, label: "tanh x", slope: "1 − tanh² x" },
  affine: { f: (x) => 2 * x + 1, df: () => 2, low: -10, high: 12, label: "2x + 1", slope: "2" },
  relu: { f: (x) => Math.max(x, 0), df: (x) => (x > 0 ? 1 : 0), low: -1.5, high: 5.5, label: "relu(x)", slope: "relu′(x)" },
};
export const NAMES = Object.keys(FUNCTIONS);
export function letters(chain) { return chain.length === 2 ? "xuy" : "xuvy"; }
export function inVariable(text, name) { return text.replaceAll("x", name).replaceAll("ˣ", { x: "ˣ", u: "ᵘ", v: "ᵛ" }[name]); }

export function forward(f, x, h) { return (f(x + h) - f(x)) / h; }
export function central(f, x, h) { return (f(x + h) - f(x - h)) / (2 * h); }
export function compose(chain) { return (x) => chain.reduce((v, name) => FUNCTIONS[name].f(v), x); }

export function run(chain, x, h) {
  const walk = (start) => chain.reduce((values, name) => [...values, FUNCTIONS[name].f(values.at(-1))], [start]);
  const values = walk(x), moved = walk(x + h), slopes = chain.map((name, i) => FUNCTIONS[name].df(values[i]));
  const steps = moved.map((v, i) => (i ? v - values[i] : h)), secants = chain.map((_, i) => steps[i + 1] / steps[i]);
  return { values, moved, slopes, product: slopes.reduce((a, b) => a * b), secants, secant: steps.at(-1) / h };
}
