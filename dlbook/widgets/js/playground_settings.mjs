// playground_settings.mjs - the settings of the playground and the presets of the text.
// What stands between = and ; of the first three is JSON: Python reads the same lines.
import { oneOf, number, integer, flag, listOf } from "./ui.mjs";

// name: what it starts with and what it may be
export const SETTINGS = {
  "preset": { "start": "", "preset": true },
  "data": { "start": "circles", "oneOf": ["xor", "moons", "circles", "spirals", "blobs", "regression", "own"] },
  "noise": { "start": 0.1, "number": [0, 0.5] },
  "share": { "start": 0.5, "number": [0.1, 0.9] },
  "data_seed": { "start": 1, "integer": [0, 9999] },
  "scale": { "start": true },
  "features": { "start": ["x1", "x2"], "some": ["x1", "x2", "x1_squared", "x2_squared", "x1_x2", "sin_x1", "sin_x2"] },
  "hidden": { "start": [4], "integers": [1, 8], "most": 4 },
  "activation": { "start": "tanh", "oneOf": ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu", "softplus"] },
  "loss": { "start": "cross_entropy", "oneOf": ["cross_entropy", "squared_error"] },
  "lr": { "start": 0.3, "number": [0.0001, 1000] },
  "l1": { "start": 0, "number": [0, 1] },
  "l2": { "start": 0, "number": [0, 1] },
  "batch": { "start": 16, "integer": [0, 1000] },
  "init": { "start": "glorot", "oneOf": ["glorot", "he", "large", "constant", "zeros", "own"] },
  "seed": { "start": 1, "integer": [0, 9999] },
  "speed": { "start": 1, "oneOf": [1, 5, 10, 50, 0] },
  "show_test": { "start": false },
  "log_scale": { "start": false }
};

// what is seen, not what is computed: changing one of these leaves a preset as it is
export const DISPLAY = ["speed", "show_test", "log_scale"];

// `set` is laid over the start values; a test trains each preset and holds `says` to its word
export const PRESETS = [
  {
    "name": "xor_line", "title": "No hidden layer on XOR",
    "says": "One straight line cannot part XOR: it gets three of the four squares right at best, and the loss stays near ln 2 ≈ 0.69.",
    "set": { "data": "xor", "hidden": [] }
  },
  {
    "name": "xor_two", "title": "Two hidden units on XOR",
    "says": "Two units cut a strip out of the plane, and that is enough: every training point is right. From 6 of the starts 1 to 20 the training gets stuck; press New start and look.",
    "set": { "data": "xor", "hidden": [2] }
  },
  {
    "name": "lr_too_large", "title": "Learning rate too large",
    "says": "Each step jumps over the valley and lands higher on the other side: the loss grows at every step, and within ten epochs it is out of bounds.",
    "set": { "data": "regression", "hidden": [8], "activation": "relu", "lr": 3, "batch": 0, "log_scale": true }
  },
  {
    "name": "zeros", "title": "All weights start at zero",
    "says": "Every unit gives zero and gets a gradient of zero, so no weight ever moves; only the bias of the output does.",
    "set": { "data": "xor", "hidden": [4], "init": "zeros" }
  },
  {
    "name": "constant", "title": "All weights start equal",
    "says": "Units that start equal get equal gradients and stay copies of each other: four units do the work of one, and one in four squares stays wrong.",
    "set": { "data": "xor", "hidden": [4], "init": "constant" }
  },
  {
    "name": "wrong_and_sure", "title": "Squared error on a wrong, confident sigmoid",
    "says": "The start is wrong and sure of it. The slope of a saturated sigmoid is almost zero, so squared error hardly moves in 300 epochs; cross-entropy from the same start is right after 100.",
    "set": { "data": "blobs", "hidden": [], "init": "large", "seed": 4, "loss": "squared_error", "batch": 0 }
  },
  {
    "name": "linear_stack", "title": "Identity activation: deep but linear",
    "says": "Three hidden layers and not one bend: a stack of linear layers is a linear layer, and the border stays a straight line.",
    "set": { "data": "circles", "hidden": [4, 4, 4], "activation": "identity", "lr": 0.1 }
  },
  {
    "name": "overfitting", "title": "Overfitting: few points, many units",
    "says": "Twenty noisy points and 105 parameters: the training loss goes to zero while the test loss turns and climbs past 1.",
    "set": { "data": "moons", "noise": 0.3, "share": 0.1, "hidden": [8, 8], "batch": 0, "speed": 5, "show_test": true }
  },
  {
    "name": "hinges", "title": "Hinges add up to a curve",
    "says": "Each ReLU unit is a line with one kink. Eight of them, scaled and added, follow the curve; the thin lines are the terms of the sum.",
    "set": { "data": "regression", "hidden": [8], "activation": "relu", "lr": 0.03 }
  },
  {
    "name": "spiral", "title": "Spiral solved",
    "says": "Two layers of eight units wind the border around the spiral: every training point is right after about 1000 epochs.",
    "set": { "data": "spirals", "noise": 0.02, "share": 0.7, "hidden": [8, 8], "seed": 8, "speed": 10 }
  }
];

export const START = Object.fromEntries(Object.entries(SETTINGS).map(([name, { start }]) => [name, start]));
export function presetSettings(name) {
  const preset = PRESETS.find((p) => p.name === name);
  return preset && { ...START, ...preset.set, preset: name };
}

// ---- what an address may set.  Own data and weights come from the reader, not from an address.
function reader({ preset, oneOf: values, number: range, integer: whole, some, integers, most, start }) {
  if (preset) return oneOf(["", ...PRESETS.map((p) => p.name)]);
  if (values) return typeof start === "number" ? oneNumberOf(values) : oneOf(values.filter((v) => v !== "own"));
  if (range) return number(...range);
  if (whole) return integer(...whole);
  if (integers) return listOf(integer(...integers), most);
  if (!some) return flag();
  const read = listOf(oneOf(some), some.length);
  return Object.assign((text) => { const v = read(text); return v?.length && new Set(v).size === v.length ? v : undefined; },
    { expects: `one or more of ${some.join(", ")}, separated by commas, none twice` });
}
function oneNumberOf(values) {
  const read = oneOf(values.map(String));
  return Object.assign((text) => (read(text) === undefined ? undefined : Number(text)), { expects: read.expects });
}
export const params = Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, reader(setting)]));
