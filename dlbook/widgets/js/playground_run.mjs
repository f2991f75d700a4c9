// playground_run.mjs - from settings to data, network and training.  Pure: no document, no clock.
import { createNet, fromStateDict, workspace, forward, lossAndGradients, lossName, sgdStep, batch, evaluate, isFinite, copyNet } from "./net.mjs";
import { shuffle, stream } from "./random.mjs";
import { toyData, ownData, featuresOf, featureMatrix } from "./toy_data.mjs";

export const POINTS = 200; // of a built-in data set
export const GRID = 48; // cells along each side of a map
export const CURVE = 121; // points of a curve over x1
const HISTORY = 600; // recorded epochs; when full, every second one is dropped
const TOO_LARGE = 1e8; // a loss so many times that of the start (or 1) is lost, though it may still be a number

// the names of the inputs that the settings ask for and the task has; never none
export function activeFeatures(settings, task) {
  const chosen = featuresOf(task).filter((name) => settings.features.includes(name));
  return chosen.length ? chosen : ["x1"];
}

export function createRun(settings) {
  const data = settings.data === "own" ? ownData(settings.rows, settings.scale, settings.data_seed)
    : toyData(settings.data, POINTS, settings.noise, settings.data_seed);
  const features = activeFeatures(settings, data.task), sizes = [features.length, ...settings.hidden, 1];
  const own = settings.init === "own" ? ownNet(settings, sizes) : null;
  const net = own ?? createNet(sizes, settings.activation, settings.init === "own" ? "glorot" : settings.init, stream(settings.seed, 3));
  const x = featureMatrix(features, data.x), cut = Math.min(data.n - 1, Math.max(1, Math.round(data.n * settings.share)));
  const part = (from, to) => ({ n: to - from, points: data.order.slice(from, to), ...batch(x, data.y, data.n, data.order, from, to) });
  const run = {
    data, features, net, foreign: settings.init === "own" && !own, loss: lossName(data.task, settings.loss),
    train: part(0, cut), test: part(cut, data.n), random: stream(settings.seed, 4), works: new Map(),
    order: null, position: 0, batches: 0, epoch: 0, stopped: null, history: { stride: 1, epochs: [], train: [], test: [] },
  };
  run.order = run.train.points.map((_, i) => i);
  run.grid = grid(run);
  record(run);
  return run;
}
function ownNet({ start, activation }, sizes) {
  if (!start["layers.0.weight"]) return null;
  const net = fromStateDict(start, activation);
  return net.sizes.join() === sizes.join() ? net : null;
}

// ---- training
// one workspace for each number of points: the two parts, the batches, the grid
const work = (run, n) => run.works.get(n) ?? run.works.set(n, workspace(run.net, n)).get(n);

// One batch; true when it was the last of its epoch.
export function batchStep(run, settings) {
  const { train, net, position: from } = run, to = Math.min(from + (settings.batch || train.n), train.n);
  const whole = from === 0 && to === train.n;
  if (from === 0 && !whole) shuffle(run.order, run.random);
  const { x, y } = whole ? train : batch(train.x, train.y, train.n, run.order, from, to);
  sgdStep(net, lossAndGradients(net, x, y, run.loss, work(run, to - from)).gradients, settings);
  run.batches++;
  if (to < train.n) { run.position = to; check(run); return false; }
  run.position = run.batches = 0;
  run.epoch++;
  if (run.epoch % run.history.stride === 0) record(run);
  else check(run);
  return true;
}
export function epochStep(run, settings) {
  while (!batchStep(run, settings) && !run.stopped);
}

export function measure(run) {
  const of = ({ x, y, n }) => evaluate(run.net, x, y, run.loss, work(run, n));
  return { train: of(run.train), test: of(run.test) };
}
function record(run) {
  const { history } = run, { train, test } = measure(run);
  if (!(train.loss < TOO_LARGE * Math.max(1, history.train[0] ?? Infinity))) { stop(run, train.loss); return; }
  run.safe = copyNet(run.net);
  history.epochs.push(run.epoch); history.train.push(train.loss); history.test.push(test.loss);
  if (history.epochs.length <= HISTORY) return;
  history.stride *= 2;
  for (const name of ["epochs", "train", "test"]) history[name] = history[name].filter((_, i) => i % 2 === 0);
}
function check(run) {
  if (!isFinite(run.net)) stop(run, NaN);
}
// back to the last weights whose loss was recorded
function stop(run, loss) {
  const what = Number.isFinite(loss) ? `The loss has grown to ${loss.toExponential(1)}` : "The loss is no longer a number";
  if (!run.safe) {
    run.stopped = "The loss is not a number before the first step: these weights are too large for these data.";
    return;
  }
  run.stopped = `${what}: the learning rate is too large for these weights and data. Choose a smaller one and reset.`;
  run.net = copyNet(run.safe);
}

// Weights were changed by hand: measures again, so that the curve ends at what is shown.
export function remeasure(run) {
  const { history } = run, { train, test } = measure(run), last = history.epochs.length - 1;
  if (history.epochs[last] === run.epoch) { history.train[last] = train.loss; history.test[last] = test.loss; }
  run.safe = copyNet(run.net);
}

// ---- maps: every unit over the plane (GRID x GRID cells, top row first) or, with one input, along x1
const pad = ([low, high]) => { const margin = 0.125 * (high - low || 2); return [low - margin, high + margin]; };
function domains({ data }) { // of x1, x2 and y, in the units that the network is given
  const wide = (v) => { const far = v.reduce((m, a) => Math.max(m, 1.05 * Math.abs(a)), 1.25); return [-far, far]; };
  if (!data.axes || data.scaled) {
    const x1 = wide([...data.x[0], ...data.x[1]]); // a square
    return { x1, x2: x1, y: wide(data.y) };
  }
  const [x1, second] = data.axes.map(pad);
  return { x1, x2: second, y: second };
}
function grid(run) {
  const domain = domains(run), at = ([low, high], t) => low + (high - low) * t;
  const flat = run.data.task === "regression", n = flat ? CURVE : GRID * GRID;
  const x1 = new Float64Array(n), x2 = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    x1[i] = at(domain.x1, flat ? i / (n - 1) : ((i % GRID) + 0.5) / GRID);
    if (!flat) x2[i] = at(domain.x2, 1 - (Math.floor(i / GRID) + 0.5) / GRID);
  }
  return { n, domain, x1, inputs: featureMatrix(run.features, [x1, x2]), plane: [x1, x2] };
}
// per layer, the sums `z` and values `a` of all units, each (units, n)
export function maps(run) {
  forward(run.net, run.grid.inputs, work(run, run.grid.n));
  return work(run, run.grid.n).layers;
}
