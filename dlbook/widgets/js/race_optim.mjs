// race_optim.mjs - the optimizers on a point of the plane, as dlbook.scratch.optim has them; schedules; the race itself.
import { stream, normals } from "./random.mjs";
import { NAMES, FAR } from "./race_settings.mjs";

// Each takes the coordinate p, its gradient g and its memory s = [a, b], and gives the new coordinate; t counts from 1.
const STEP = {
  sgd: (p, g, s, lr) => p - lr * g,
  momentum: (p, g, s, lr, t, { momentum }) => {
    s[0] = momentum * s[0] + g;
    return p - lr * s[0];
  },
  nesterov: (p, g, s, lr, t, { momentum }) => {
    s[0] = momentum * s[0] + g;
    return p - lr * (g + momentum * s[0]);
  },
  adagrad: (p, g, s, lr) => {
    s[0] += g * g;
    return p - (lr * g) / (Math.sqrt(s[0]) + 1e-10);
  },
  adadelta: (p, g, s, lr, t, { alpha: rho }) => {
    s[0] = rho * s[0] + (1 - rho) * (g * g);
    const by = Math.sqrt((s[1] + 1e-6) / (s[0] + 1e-6)) * g;
    s[1] = rho * s[1] + (1 - rho) * (by * by);
    return p - lr * by;
  },
  rmsprop: (p, g, s, lr, t, { alpha }) => {
    s[0] = alpha * s[0] + (1 - alpha) * (g * g);
    return p - lr * (g / (Math.sqrt(s[0]) + 1e-8));
  },
  adam: (p, g, s, lr, t, { momentum: beta1, beta2 }) => {
    s[0] = beta1 * s[0] + (1 - beta1) * g;
    s[1] = beta2 * s[1] + (1 - beta2) * (g * g);
    return p - ((lr / (1 - beta1 ** t)) * s[0]) / (Math.sqrt(s[1] / (1 - beta2 ** t)) + 1e-8);
  },
};

// ---- the share of the learning rate in step t = 0, 1, ... of `steps`
export const SHARE = { step: 0.3, warmup: 0.1 }; // what a quarter leaves of the rate; the part of the steps that warms up
export function share(schedule, t, steps) {
  const cosine = (i, n) => (1 + Math.cos((Math.PI * i) / n)) / 2;
  if (schedule === "step") return SHARE.step ** Math.floor(t / Math.max(1, Math.ceil(steps / 4)));
  if (schedule === "cosine") return cosine(t, steps);
  if (schedule !== "warmup_cosine") return 1;
  const warm = Math.max(1, Math.round(SHARE.warmup * steps));
  return t < warm ? (t + 1) / warm : cosine(t - warm, Math.max(1, steps - warm));
}

// ---- the race: every optimizer from the same start, over the same noise
// A path: { name, x, y, loss, last, stop }, all finite up to step `last`; `stop` says what happened in the step after
// it, "diverged" or "left" (a surface that is known on its map alone), or is "" if there is no such step.
export function race(surface, settings) {
  const { seed, steps } = settings, z = settings.noise ? normals(stream(seed, 0), 2 * steps) : null;
  return NAMES.map((name, i) => run(name, surface, { ...settings, lr: settings.lr * settings.factors[i] }, z));
}
function run(name, { at, known }, settings, z) {
  const { start, steps, lr, schedule, weight_decay: decay, noise } = settings, update = STEP[name === "adamw" ? "adam" : name];
  const x = new Float64Array(steps + 1), y = x.slice(), loss = x.slice(), memory = [[0, 0], [0, 0]], p = [...start];
  for (let t = 0; t <= steps; t++) {
    const [value, ...slope] = at(...p), near = Math.abs(p[0]) <= FAR && Math.abs(p[1]) <= FAR;
    if (!near || !Number.isFinite(value)) return { name, x, y, loss, last: t - 1, stop: known(...p) ? "diverged" : "left" };
    [x[t], y[t], loss[t]] = [p[0], p[1], value];
    if (t === steps) break;
    const g = z ? beside(at, known, p, noise * z[2 * t], noise * z[2 * t + 1]) : slope, rate = lr * share(schedule, t, steps);
    for (const k of [0, 1]) {
      const coupled = name === "adamw" ? g[k] : g[k] + decay * p[k];
      if (name === "adamw") p[k] *= 1 - rate * decay;
      p[k] = update(p[k], coupled, memory[k], rate, t + 1, settings);
    }
  }
  return { name, x, y, loss, last: steps, stop: "" };
}
// A mini-batch sees the surface a little shifted: its gradient is that of a place beside the point.
function beside(at, known, [x, y], dx, dy) {
  return known(x + dx, y + dy) ? at(x + dx, y + dy).slice(1) : at(x, y).slice(1);
}

// ---- what is read off a path: the first step from which on the loss stays within one percent of its way down, or null
export function finish({ loss, last, stop }, lowest) {
  const goal = target(loss[0], lowest);
  if (stop || !(loss[last] <= goal)) return null;
  let t = last;
  while (t > 0 && loss[t - 1] <= goal) t--;
  return t;
}
export function target(first, lowest) { return lowest + 0.01 * (first - lowest); }
