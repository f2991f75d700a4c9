// net.mjs - a small multilayer perceptron with one output: start, forward, backward, step.  No drawing, no settings.
//
// Arrays are unit by unit: row k of `a` holds unit k for all n points, so that the inner loops run along points.
// Weights are laid out as in torch.nn.Linear: (outputs, inputs), row by row.
import { ACTIVATIONS, sigmoid } from "./activation.mjs";
import { normals } from "./random.mjs";

// ---- weights.  A network is { sizes: [inputs, ..., 1], activation, layers: [{ inputs, outputs, weight, bias }] }.
const STARTS = { // standard deviation of a weight, or its value
  glorot: (inputs, outputs) => ({ std: Math.sqrt(2 / (inputs + outputs)) }),
  he: (inputs) => ({ std: Math.sqrt(2 / inputs) }),
  large: () => ({ std: 5 }),
  constant: () => ({ value: 0.5 }),
  zeros: () => ({ value: 0 }),
};
export const INITS = Object.keys(STARTS);

export function createNet(sizes, activation, init, random) {
  const layers = sizes.slice(1).map((outputs, l) => {
    const inputs = sizes[l], { std, value } = STARTS[init](inputs, outputs), count = inputs * outputs;
    const weight = std ? normals(random, count).map((z) => std * z) : new Float64Array(count).fill(value);
    return { inputs, outputs, weight, bias: new Float64Array(outputs) };
  });
  return { sizes, activation, layers };
}
export function parameterCount({ layers }) {
  return layers.reduce((sum, { weight, bias }) => sum + weight.length + bias.length, 0);
}
export function copyNet(net) {
  return { ...net, layers: net.layers.map((l) => ({ ...l, weight: l.weight.slice(), bias: l.bias.slice() })) };
}
export function isFinite({ layers }) {
  return layers.every(({ weight, bias }) => weight.every(Number.isFinite) && bias.every(Number.isFinite));
}

// the names and shapes of dlbook.scratch.MLP and torch.nn.Sequential: a linear layer at every even place
export function stateDict({ layers }) {
  const rows = ({ inputs, outputs, weight }) => Array.from({ length: outputs }, (_, j) => [...weight.subarray(j * inputs, (j + 1) * inputs)]);
  return Object.fromEntries(layers.flatMap((layer, l) => [[`layers.${2 * l}.weight`, rows(layer)], [`layers.${2 * l}.bias`, [...layer.bias]]]));
}
export function fromStateDict(state, activation) {
  const layers = [];
  for (let l = 0; state[`layers.${2 * l}.weight`]; l++) {
    const rows = state[`layers.${2 * l}.weight`];
    layers.push({ inputs: rows[0].length, outputs: rows.length, weight: Float64Array.from(rows.flat()), bias: Float64Array.from(state[`layers.${2 * l}.bias`]) });
  }
  return { sizes: [layers[0].inputs, ...layers.map((layer) => layer.outputs)], activation, layers };
}

// ---- forward.  `work` keeps what the backward pass needs: per layer the sums z, the values a, and dL/dz
export function workspace({ layers }, n) {
  return { n, layers: layers.map(({ outputs }) => ({ z: new Float64Array(outputs * n), a: new Float64Array(outputs * n), dz: new Float64Array(outputs * n) })) };
}
// returns the sums of the one output unit; x is (inputs, n)
export function forward(net, x, work) {
  const { n } = work, { f } = ACTIVATIONS[net.activation], last = net.layers.length - 1;
  let input = x;
  net.layers.forEach(({ inputs, outputs, weight, bias }, l) => {
    const { z, a } = work.layers[l];
    for (let j = 0; j < outputs; j++) {
      const to = j * n;
      z.fill(bias[j], to, to + n);
      for (let k = 0; k < inputs; k++) {
        const w = weight[j * inputs + k], from = k * n;
        for (let i = 0; i < n; i++) z[to + i] += w * input[from + i];
      }
    }
    if (l < last) for (let i = 0; i < a.length; i++) a[i] = f(z[i]);
    else a.set(z);
    input = a;
  });
  return input;
}

// ---- losses, as means over the n points.  Each writes dL/d(output sum) into `dz` and returns L.
export const LOSSES = {
  // -y log p - (1 - y) log(1 - p), p = sigmoid(z), written so that no z overflows
  cross_entropy(z, y, n, dz) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += Math.max(z[i], 0) - z[i] * y[i] + Math.log1p(Math.exp(-Math.abs(z[i])));
      dz[i] = (sigmoid(z[i]) - y[i]) / n;
    }
    return sum / n;
  },
  // (p - y)^2, p = sigmoid(z)
  squared_error(z, y, n, dz) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const p = sigmoid(z[i]), e = p - y[i];
      sum += e * e;
      dz[i] = (2 * e * p * sigmoid(-z[i])) / n;
    }
    return sum / n;
  },
  // (z - y)^2, the regression: no sigmoid on the output
  linear_squared_error(z, y, n, dz) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const e = z[i] - y[i];
      sum += e * e;
      dz[i] = (2 * e) / n;
    }
    return sum / n;
  },
};
export function lossName(task, loss) {
  return task === "regression" ? "linear_squared_error" : loss;
}

// ---- backward: dL/dz of the last layer stands in `work`; returns per layer { weight, bias }, the gradients
export function backward(net, x, work) {
  const { n } = work, { df } = ACTIVATIONS[net.activation], gradients = [];
  for (let l = net.layers.length - 1; l >= 0; l--) {
    const { inputs, outputs, weight } = net.layers[l], { dz } = work.layers[l];
    const input = l ? work.layers[l - 1].a : x, below = l ? work.layers[l - 1] : null;
    const gradient = { weight: new Float64Array(inputs * outputs), bias: new Float64Array(outputs) };
    below?.dz.fill(0);
    for (let j = 0; j < outputs; j++) {
      const to = j * n;
      for (let i = 0; i < n; i++) gradient.bias[j] += dz[to + i];
      for (let k = 0; k < inputs; k++) {
        const w = weight[j * inputs + k], from = k * n;
        let sum = 0;
        for (let i = 0; i < n; i++) sum += dz[to + i] * input[from + i];
        gradient.weight[j * inputs + k] = sum;
        if (below) for (let i = 0; i < n; i++) below.dz[from + i] += w * dz[to + i];
      }
    }
    if (below) for (let i = 0; i < below.dz.length; i++) below.dz[i] *= df(below.z[i]);
    gradients[l] = gradient;
  }
  return gradients;
}
export function lossAndGradients(net, x, y, loss, work) {
  const z = forward(net, x, work);
  const value = LOSSES[loss](z, y, work.n, work.layers.at(-1).dz);
  return { loss: value, gradients: backward(net, x, work) };
}

// ---- one step of gradient descent on  loss + l1 sum |w| + l2/2 sum w^2  (weights, not biases)
export function sgdStep(net, gradients, { lr, l1, l2 }) {
  net.layers.forEach(({ weight, bias }, l) => {
    const g = gradients[l];
    for (let i = 0; i < weight.length; i++) weight[i] -= lr * (g.weight[i] + l1 * Math.sign(weight[i]) + l2 * weight[i]);
    for (let j = 0; j < bias.length; j++) bias[j] -= lr * g.bias[j];
  });
}

// the columns `order[from ... to]` of x (inputs, n) and the same entries of y: one batch
export function batch(x, y, n, order, from, to) {
  const size = to - from, inputs = x.length / n;
  const bx = new Float64Array(inputs * size), by = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const point = order[from + i];
    for (let k = 0; k < inputs; k++) bx[k * size + i] = x[k * n + point];
    by[i] = y[point];
  }
  return { x: bx, y: by };
}

// loss, and for classes the share of points on the right side (a sum above 0 says class 1)
export function evaluate(net, x, y, loss, work) {
  const z = forward(net, x, work), value = LOSSES[loss](z, y, work.n, work.layers.at(-1).dz);
  let right = 0;
  for (let i = 0; i < work.n; i++) right += (z[i] > 0) === (y[i] === 1);
  return { loss: value, accuracy: loss === "linear_squared_error" ? null : right / work.n };
}
