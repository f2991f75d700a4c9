// race_settings.mjs - the settings, surfaces, optimizers and presets of the optimizer race.
// What stands between = and ; of the first six is JSON: Python reads the same lines.
import { oneOf, number, integer, listOf } from "./ui.mjs";

// name: what it starts with and what it may be.  0, and an empty list, mean: as the surface has it.
export const SETTINGS = {
  "preset": { "start": "", "preset": true },
  "surface": { "start": "quadratic", "oneOf": ["quadratic", "rosenbrock", "beale", "saddle", "digits"] },
  "condition": { "start": 20, "number": [1, 1000] },
  "start": { "start": [], "numbers": [-10, 10], "length": 2 },
  "optimizers": { "start": ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"], "some": ["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw"] },
  "lr": { "start": 0, "number": [0, 100] },
  "factors": { "start": [], "numbers": [0, 10000], "length": 8 },
  "schedule": { "start": "constant", "oneOf": ["constant", "step", "cosine", "warmup_cosine"] },
  "momentum": { "start": 0.9, "number": [0, 0.999] },
  "beta2": { "start": 0.999, "number": [0, 0.9999] },
  "alpha": { "start": 0.9, "number": [0, 0.999] },
  "weight_decay": { "start": 0, "number": [0, 1] },
  "noise": { "start": 0, "number": [0, 1] },
  "seed": { "start": 1, "integer": [0, 9999] },
  "steps": { "start": 0, "integer": [0, 2000] },
  "at": { "start": 0, "integer": [0, 2000] },
  "speed": { "start": 20, "oneOf": [5, 20, 60, 240] }
};

// x, y: the map; factors: of the optimizers, in their order
export const SURFACES = {
  "quadratic": {
    "title": "Quadratic bowl", "formula": "½(x² + κy²)",
    "says": "A bowl that is κ times steeper along y than along x. Plain SGD is stable for rates below 2/κ, and then slow along x.",
    "x": [-2, 2], "y": [-2, 2], "minima": [[0, 0]], "start": [-1.8, 1.2], "lr": 0.09, "steps": 200,
    "factors": [1, 0.25, 0.25, 5, 10, 0.5, 1, 1]
  },
  "rosenbrock": {
    "title": "Rosenbrock's valley", "formula": "(1 − x)² + 100(y − x²)²",
    "says": "The steep walls lead down into a bent valley at once; its floor slopes gently to the minimum at (1, 1).",
    "x": [-2, 2], "y": [-1, 3], "minima": [[1, 1]], "start": [-1.2, 1], "lr": 0.001, "steps": 500,
    "factors": [1, 0.5, 0.5, 500, 1000, 20, 100, 100]
  },
  "beale": {
    "title": "Beale's function", "formula": "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
    "says": "A cliff at the top and a plain at the bottom: a rate that is small enough for the cliff is slow on the plain.",
    "x": [-0.5, 4.5], "y": [-2.5, 2.5], "minima": [[3, 0.5]], "start": [1, 1.6], "lr": 0.004, "steps": 300,
    "factors": [1, 0.5, 0.5, 50, 250, 5, 25, 25]
  },
  "saddle": {
    "title": "Saddle", "formula": "½x² + ¼(y² − 1)²",
    "says": "The slope leads to the saddle at (0, 0), where it is zero; the two minima lie beside it. Put the start on the line y = 0 and look again, with noise and without.",
    "x": [-2, 2], "y": [-2, 2], "minima": [[0, 1], [0, -1]], "start": [-1.6, 0.01], "lr": 0.05, "steps": 200,
    "factors": [1, 1, 1, 10, 20, 1, 2, 2]
  },
  "digits": {
    "title": "Digits network, a slice", "formula": "64–16–10 units, 500 digits",
    "says": "The measured loss of a real network on a plane through its 1210 weights: x times those of one training plus y times those of another. All are zero on the top at (0, 0); a network with all signs turned is nearly as good.",
    "x": [-1.6, 1.6], "y": [-1.6, 1.6], "minima": [[1, 0], [0, 1]], "start": [0.1, 0.16], "lr": 0.05, "steps": 100,
    "factors": [1, 0.1, 0.1, 2, 20, 0.5, 0.5, 0.5]
  }
};

export const OPTIMIZERS = {
  "sgd": "SGD", "momentum": "Momentum", "nesterov": "Nesterov", "adagrad": "Adagrad",
  "adadelta": "Adadelta", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"
};

// an optimizer that is farther out than this, in x or y, has diverged
export const FAR = 1000;

// what is seen, not what is computed: changing one of these leaves a preset as it is
export const DISPLAY = ["at", "speed"];

// `set` is laid over the start values; a test runs each preset and holds `says` to its word
export const PRESETS = {
  "too_large": {
    "title": "Too large a learning rate",
    "says": "κ = 20 makes 2/κ = 0.1 the limit of plain SGD. At 0.11 each step lands higher on the other side. Momentum bears it, Nesterov's momentum does not; Adam never notices.",
    "set": { "surface": "quadratic", "lr": 0.11, "factors": [1, 1, 1, 5, 10, 0.5, 1, 1], "optimizers": ["sgd", "momentum", "nesterov", "adam"] }
  },
  "narrow_valley": {
    "title": "Narrow valley",
    "says": "κ = 200: the rate that the steep walls allow is a crawl along the floor. SGD needs about twice the steps of momentum and, where momentum has arrived, is still on its way.",
    "set": { "surface": "quadratic", "condition": 200, "start": [-1.8, 0.6], "lr": 0.009, "factors": [1, 0.5, 0.25, 50, 100, 5, 10, 10], "steps": 300, "optimizers": ["sgd", "momentum", "nesterov", "rmsprop", "adam"] }
  },
  "rosenbrock": {
    "title": "Rosenbrock's bent valley",
    "says": "Down the wall in a few steps, then a long bend. After 500 steps plain SGD has not come around it; momentum and Adam have.",
    "set": { "surface": "rosenbrock" }
  },
  "saddle": {
    "title": "Past a saddle",
    "says": "The start is a hair beside the line that leads to the saddle. SGD is still near it at step 100; who divides by the size of the gradient hardly stops.",
    "set": { "surface": "saddle", "start": [-1.6, 0.001] }
  },
  "saddle_line": {
    "title": "On the line to the saddle",
    "says": "Exactly on the line the gradient has no part along y: every optimizer ends on the saddle or short of it. Turn on the gradient noise, and all of them leave it.",
    "set": { "surface": "saddle", "start": [-1.6, 0] }
  },
  "noise": {
    "title": "Noisy gradients, constant rate",
    "says": "Gradients of mini-batches: near the minimum the noise is all that is left, and a constant rate keeps SGD jumping around it. Choose the cosine schedule and look at the loss again.",
    "set": { "surface": "quadratic", "noise": 0.1, "optimizers": ["sgd", "momentum", "rmsprop", "adam"] }
  },
  "decay": {
    "title": "Weight decay: Adam and AdamW",
    "says": "Both shrink the weights, and so stop short of the minimum at (1, 1). Adam divides the decay by the size of the gradient and loses most of it; AdamW keeps it whole and is pulled farther toward (0, 0).",
    "set": { "surface": "rosenbrock", "weight_decay": 0.1, "optimizers": ["adam", "adamw"], "steps": 1000 }
  },
  "digits": {
    "title": "A slice of a real loss",
    "says": "All start beside the top, where every weight is zero, and roll down to the same trained network. Drag the start across the diagonal x = y, and all change over to the other one.",
    "set": { "surface": "digits" }
  }
};

export const NAMES = Object.keys(OPTIMIZERS);
export const START = Object.fromEntries(Object.entries(SETTINGS).map(([name, { start }]) => [name, start]));
export function presetSettings(name) {
  return Object.hasOwn(PRESETS, name) ? { ...START, ...PRESETS[name].set, preset: name } : null;
}
// the settings with what the surface has in place of 0 and of empty lists; a start outside of the map is put on its edge
export function effective(given) {
  const own = SURFACES[given.surface], at = given.start.length ? given.start : own.start;
  const start = [Math.min(own.x[1], Math.max(own.x[0], at[0])), Math.min(own.y[1], Math.max(own.y[0], at[1]))];
  const steps = given.steps || own.steps;
  return { ...given, own, start, steps, lr: given.lr || own.lr, factors: given.factors.length ? given.factors : own.factors, at: Math.min(given.at, steps) };
}

// ---- what an address may set
function reader({ preset, oneOf: values, number: range, integer: whole, some, numbers, length }) {
  if (preset) return oneOf(["", ...Object.keys(PRESETS)]);
  if (values) return typeof values[0] === "number" ? oneNumberOf(values) : oneOf(values);
  if (range) return number(...range);
  if (whole) return integer(...whole);
  if (some) return someOf(some);
  const read = listOf(number(...numbers), length);
  return Object.assign((text) => { const v = read(text); return v?.length === 0 || v?.length === length ? v : undefined; },
    { expects: `${length} numbers from ${numbers[0]} to ${numbers[1]}, separated by commas, or nothing` });
}
function oneNumberOf(values) {
  const read = oneOf(values.map(String));
  return Object.assign((text) => (read(text) === undefined ? undefined : Number(text)), { expects: read.expects });
}
function someOf(values) {
  const read = listOf(oneOf(values), values.length);
  return Object.assign((text) => { const v = read(text); return v && new Set(v).size === v.length ? values.filter((name) => v.includes(name)) : undefined; },
    { expects: `some of ${values.join(", ")}, separated by commas, none twice` });
}
export const params = Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, reader(setting)]));
