// recurrent.mjs - networks of an embedding, one recurrent layer and a linear layer, step by step, as
// dlbook.scratch.sequence_models has them: from the weights (safetensors.mjs) to logits.  No view.

// what a step computes, by the letters of the equations in dlbook/scratch/recurrent.py, the rows of the weights in their order
export const GATES = { rnn: ["h"], lstm: ["i", "f", "g", "o"], gru: ["r", "z", "n"] };
export const sigmoid = (v) => 1 / (1 + Math.exp(-v));

// A network: `start()` is its state before a text, `step(token, state)` the state after one more token with everything
// that was computed on the way (h; c for an LSTM; the gates), `logits(state)` what it then says of the next token or class.
export function network(tensors, cell, prefix = "") {
  const of = (name) => tensors[prefix + name], embedding = of("embedding.weight"), out = of("linear.weight"), outBias = of("linear.bias").data;
  const W = of("recurrent.weight_ih_l0").data, U = of("recurrent.weight_hh_l0").data, rows = GATES[cell].length * of("recurrent.weight_hh_l0").shape[1];
  const none = new Float32Array(rows), bW = of("recurrent.bias_ih_l0")?.data ?? none, bU = of("recurrent.bias_hh_l0")?.data ?? none;
  const hidden = rows / GATES[cell].length, [vocab, width] = embedding.shape, outputs = out.shape[0], known = new Map();

  // W x + b of a token, the same each time it comes
  function input(token) {
    if (!known.has(token)) known.set(token, affine(W, bW, embedding.data.subarray(token * width, (token + 1) * width)));
    return known.get(token);
  }
  function start() { return { h: new Float64Array(hidden), ...(cell === "lstm" && { c: new Float64Array(hidden) }) }; }
  function step(token, last) {
    const a = input(token), b = affine(U, bU, last.h), H = hidden, next = {};
    for (const name of [...GATES[cell], ...{ rnn: [], lstm: ["c", "h"], gru: ["m", "h"] }[cell]]) next[name] = new Float64Array(H);
    for (let j = 0; j < H; j++) STEPS[cell](next, last, a, b, j, H);
    return next;
  }
  return { cell, hidden, vocab, outputs, U, V: out.data, start, step, logits: ({ h }) => affine(out.data, outBias, h) };
}
const STEPS = {
  rnn(s, last, a, b, j) { s.h[j] = Math.tanh(a[j] + b[j]); },
  lstm(s, last, a, b, j, H) {
    s.i[j] = sigmoid(a[j] + b[j]);
    s.f[j] = sigmoid(a[j + H] + b[j + H]);
    s.g[j] = Math.tanh(a[j + 2 * H] + b[j + 2 * H]);
    s.o[j] = sigmoid(a[j + 3 * H] + b[j + 3 * H]);
    s.c[j] = s.f[j] * last.c[j] + s.i[j] * s.g[j];
    s.h[j] = s.o[j] * Math.tanh(s.c[j]);
  },
  gru(s, last, a, b, j, H) {
    s.r[j] = sigmoid(a[j] + b[j]);
    s.z[j] = sigmoid(a[j + H] + b[j + H]);
    // what the reset gate acts on
    s.m[j] = b[j + 2 * H];
    s.n[j] = Math.tanh(a[j + 2 * H] + s.r[j] * s.m[j]);
    s.h[j] = (1 - s.z[j]) * s.n[j] + s.z[j] * last.h[j];
  },
};

// M x + bias, M row by row
export function affine(M, bias, x) {
  const n = x.length, y = new Float64Array(bias.length);
  for (let r = 0, k = 0; r < y.length; r++) {
    let sum = bias[r];
    for (let c = 0; c < n; c++, k++) sum += M[k] * x[c];
    y[r] = sum;
  }
  return y;
}
export function softmax(z) {
  const top = z.reduce((a, b) => Math.max(a, b)), e = z.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}
