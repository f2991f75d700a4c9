// recurrent_trace.mjs - a text through a recurrent network: tokens, what every unit does at every step, what the network
// expects, how far back that depends on the state, how long a unit remembers.  No view; the twin of dlbook/widgets/recurrent_run.py.
import { network, softmax } from "./recurrent.mjs";

// as in dlbook/text.py
const WORD = /\p{Nd}+(?:[.,]\p{Nd}+)*|[\p{L}\p{N}_]+(?:['’-][\p{L}\p{N}_]+)*|[^\p{L}\p{N}_\s]/gu;

// [{ piece, token, end }]: each piece of the text, its number (1: unknown), and where it ends in the text
export function createTokenizer({ tokens, words, lower }) {
  const numbers = new Map(tokens.map((token, i) => [token, i]));
  return (text) => {
    const pieces = words ? [...(lower ? text.toLowerCase() : text).matchAll(WORD)].map((m) => [m[0], m.index]) : [];
    if (!words) for (let at = 0; at < text.length; at += pieces.at(-1)[0].length) pieces.push([String.fromCodePoint(text.codePointAt(at)), at]);
    return pieces.map(([piece, at]) => ({ piece, token: numbers.get(piece) ?? 1, end: at + piece.length }));
  };
}

export function createReader(tensors, cell) {
  const net = network(tensors, cell, `${cell}.`);
  let known = [], steps = [];
  // the state after each token, with what was computed on the way and the probabilities p of what comes next; what has
  // been read before in the same way is not computed again
  function read(numbers) {
    const from = numbers.findIndex((token, i) => token !== known[i]), same = from < 0 ? numbers.length : from;
    steps = steps.slice(0, same);
    for (const token of numbers.slice(same)) {
      const state = net.step(token, steps.at(-1) ?? net.start());
      steps.push({ ...state, p: softmax(net.logits(state)) });
    }
    known = numbers;
    return steps;
  }
  return { ...net, read, slopes: (steps, t) => slopes(net, steps, t), memory: (steps) => memory(net, steps) };
}
export const likeliest = (p) => p.reduce((best, v, i) => (v > p[best] ? i : best), 0);

// Backpropagation through time of ln p, p the largest probability after step t: the lengths of its gradient with respect
// to the hidden state, and to the cell state of an LSTM, after each step up to t.
function slopes(net, steps, t) {
  const { hidden: H, cell } = net, p = steps[t].p, best = likeliest(p), of = { h: new Float64Array(t + 1), ...(cell === "lstm" && { c: new Float64Array(t + 1) }) };
  let dh = new Float64Array(H), dc = new Float64Array(H);
  p.forEach((share, k) => { const dz = (k === best) - share; for (let j = 0; j < H; j++) dh[j] += dz * net.V[k * H + j]; });
  for (let s = t; s >= 0; s--) {
    const now = steps[s], last = steps[s - 1] ?? net.start(), rows = new Float64Array(net.U.length / H), direct = new Float64Array(H);
    of.h[s] = Math.hypot(...dh);
    for (let j = 0; j < H; j++) BACK[cell](now, last, dh, dc, j, H, rows, direct);
    if (of.c) of.c[s] = Math.hypot(...dc);
    if (cell === "lstm") dc = dc.map((d, j) => d * now.f[j]);
    dh = direct;
    rows.forEach((d, r) => { for (let j = 0; j < H; j++) dh[j] += d * net.U[r * H + j]; });
  }
  return of;
}
// the gradients of the rows of U h + b, and what goes straight to the last state
const BACK = {
  rnn(now, last, dh, dc, j, H, rows) { rows[j] = dh[j] * (1 - now.h[j] ** 2); },
  lstm({ i, f, g, o, c }, last, dh, dc, j, H, rows) {
    const y = Math.tanh(c[j]);
    dc[j] += dh[j] * o[j] * (1 - y * y);
    rows[j] = dc[j] * g[j] * i[j] * (1 - i[j]);
    rows[j + H] = dc[j] * last.c[j] * f[j] * (1 - f[j]);
    rows[j + 2 * H] = dc[j] * i[j] * (1 - g[j] ** 2);
    rows[j + 3 * H] = dh[j] * y * o[j] * (1 - o[j]);
  },
  gru({ r, z, n, m }, last, dh, dc, j, H, rows, direct) {
    const dn = dh[j] * (1 - z[j]) * (1 - n[j] ** 2);
    rows[j] = dn * m[j] * r[j] * (1 - r[j]);
    rows[j + H] = dh[j] * (last.h[j] - n[j]) * z[j] * (1 - z[j]);
    rows[j + 2 * H] = dn * r[j];
    direct[j] = dh[j] * z[j];
  },
};

// After how many steps each unit has lost half of what it held, on average over the steps of the text: what it keeps in a
// step is f of an LSTM, z of a GRU, and of a simple network the slope of the unit with respect to itself.
function memory({ cell, hidden: H, U }, steps) {
  const kept = { lstm: ({ f }, j) => f[j], gru: ({ z }, j) => z[j], rnn: ({ h }, j) => Math.abs(U[j * H + j]) * (1 - h[j] ** 2) }[cell];
  return Float64Array.from({ length: H }, (_, j) => {
    let sum = 0;
    for (let t = 0; t < steps.length; t++) for (let s = t + 1, left = 1; s < steps.length && (left *= kept(steps[s], j)) >= 0.5; s++) sum++;
    return sum / Math.max(1, steps.length);
  });
}
