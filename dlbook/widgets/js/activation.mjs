// activation.mjs - the activation functions of the book: values, derivatives, ranges.  Numbers only, no drawing.
// Names, parameters and defaults are those of torch.nn.functional; the tests compare them with dlbook.scratch.

// erf as a Taylor polynomial around the nearest multiple of STEP.  With E = exp(-x^2), dE/dx = -2x E gives the
// coefficients of E around any point, and their integral those of erf; so no constant has to be looked up.
const STEP = 1 / 8, LAST = 6, TERMS = 16; // erf(6) is 1 in float64
const polynomial = (c, h) => { let y = c[TERMS]; for (let k = TERMS - 1; k >= 0; k--) y = y * h + c[k]; return y; };
const NODES = [];
for (let i = 0, value = 0; i <= LAST / STEP; i++) {
  const x = i * STEP, e = [(2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)], c = [value];
  for (let k = 0; k < TERMS; k++) {
    c.push(e[k] / (k + 1));
    e.push((-2 * (x * e[k] + (k ? e[k - 1] : 0))) / (k + 1));
  }
  NODES.push(c);
  value = polynomial(c, STEP);
}
export function erf(x) { // |error| < 1e-14
  const u = Math.abs(x);
  if (!(u < LAST)) return Math.sign(x); // and NaN for NaN
  const i = Math.round(u / STEP), y = polynomial(NODES[i], u - i * STEP);
  return x < 0 ? -y : y;
}

export function sigmoid(x) { // two branches: exp never overflows
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}
const normalCdf = (x) => 0.5 * (1 + erf(x * Math.SQRT1_2));
const normalPdf = (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
const K = Math.sqrt(2 / Math.PI), C = 0.044715;

// the set of values that a function takes: its limits, whether the lower one is reached, and how to write it
const range = (low, high, closed = false, digits = 0) => {
  const show = (v) => (Number.isFinite(v) ? v.toFixed(Number.isInteger(v) ? 0 : digits) : v < 0 ? "-∞" : "∞").replace("-", "−");
  return { low, high, closed, text: `${closed ? "[" : "("}${show(low)}, ${show(high)})` };
};

// name: { label, formula, f(x, a), df(x, a), range(a), param? }.  `a` is the parameter, where there is one;
// at a kink df is the derivative from the left, as in torch.
export const ACTIVATIONS = {
  identity: {
    label: "Identity", formula: "x",
    f: (x) => x, df: () => 1, range: () => range(-Infinity, Infinity),
  },
  sigmoid: {
    label: "Sigmoid", formula: "1 / (1 + e^{−x})",
    f: sigmoid, df: (x) => sigmoid(x) * sigmoid(-x), range: () => range(0, 1),
  },
  tanh: {
    label: "Tanh", formula: "(e^x − e^{−x}) / (e^x + e^{−x})",
    f: Math.tanh, df: (x) => { const t = Math.tanh(x); return (1 - t) * (1 + t); }, range: () => range(-1, 1),
  },
  relu: {
    label: "ReLU", formula: "max(0, x)",
    f: (x) => (x > 0 ? x : 0), df: (x) => (x > 0 ? 1 : 0), range: () => range(0, Infinity, true),
  },
  leaky_relu: {
    label: "Leaky ReLU", formula: "x if x > 0, else a x",
    param: { name: "negative_slope", symbol: "a", label: "negative slope a", default: 0.01, min: 0, max: 0.5, step: 0.01 },
    f: (x, a = 0.01) => (x > 0 ? x : a * x), df: (x, a = 0.01) => (x > 0 ? 1 : a),
    range: (a = 0.01) => (a > 0 ? range(-Infinity, Infinity) : range(0, Infinity, true)),
  },
  elu: {
    label: "ELU", formula: "x if x > 0, else α (e^x − 1)",
    param: { name: "alpha", symbol: "α", label: "alpha α", default: 1, min: 0, max: 2, step: 0.05 },
    f: (x, a = 1) => (x > 0 ? x : a * Math.expm1(x)), df: (x, a = 1) => (x > 0 ? 1 : a * Math.exp(x)),
    range: (a = 1) => (a > 0 ? range(-a, Infinity, false, 2) : range(0, Infinity, true)),
  },
  gelu: {
    label: "GELU", formula: "x Φ(x), with Φ the normal distribution function",
    f: (x) => x * normalCdf(x), df: (x) => normalCdf(x) + x * normalPdf(x), range: () => range(-0.16997120747990369, Infinity, true, 2),
  },
  gelu_tanh: {
    label: "GELU (tanh)", formula: "½ x (1 + tanh(√(2/π) (x + 0.044715 x^3)))",
    f: (x) => 0.5 * x * (1 + Math.tanh(K * (x + C * x * x * x))),
    df: (x) => {
      const t = Math.tanh(K * (x + C * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t) * (1 + t) * K * (1 + 3 * C * x * x);
    },
    range: () => range(-0.17004075057125412, Infinity, true, 2),
  },
  silu: {
    label: "SiLU", formula: "x / (1 + e^{−x})",
    f: (x) => x * sigmoid(x), df: (x) => { const p = sigmoid(x); return p + x * p * sigmoid(-x); },
    range: () => range(-0.27846454276107380, Infinity, true, 2),
  },
  softplus: {
    label: "Softplus", formula: "log(1 + e^{βx}) / β",
    param: { name: "beta", symbol: "β", label: "beta β", default: 1, min: 0.2, max: 5, step: 0.1 },
    // as in torch, x itself from βx = 20 on, where the difference is below 3e-9
    f: (x, b = 1) => (b * x > 20 ? x : Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(b * x))) / b),
    df: (x, b = 1) => (b * x > 20 ? 1 : sigmoid(b * x)),
    range: () => range(0, Infinity),
  },
};

// a unit learns little where its derivative is below this: the error that comes back is multiplied by it
export const SATURATED = 0.05;

// ---- activations of a whole vector.  Subtracting the largest entry changes nothing and keeps exp finite.
export function softmax(z) {
  const top = Math.max(...z), e = Array.from(z, (v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}
export function logSoftmax(z) {
  const top = Math.max(...z), log = Math.log(Array.from(z).reduce((a, v) => a + Math.exp(v - top), 0));
  return Array.from(z, (v) => v - top - log);
}
// J[i][j] = d out_i / d z_j, from the probabilities p = softmax(z)
export function softmaxJacobian(p) { return p.map((pi, i) => p.map((pj, j) => pi * ((i === j) - pj))); }
export function logSoftmaxJacobian(p) { return p.map((_, i) => p.map((pj, j) => (i === j) - pj)); }
