// run_numbers.mjs - numbers of the run viewer.  Its twin in NumPy is dlbook/widgets/run_numbers.py; a test compares them.
const FAR = 10; // a linear axis ends below values that are more than this often the usual ones

// exponential moving average with bias correction; a number that is not finite stays and is left out.
// gaps[i]: how many records the i-th one stands for
export function smooth(y, beta, gaps = null) {
  if (!beta) return y;
  const out = Float64Array.from(y);
  let mean = 0, weight = 0;
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i])) continue;
    const keep = gaps ? beta ** gaps[i] : beta;
    mean = keep * mean + (1 - keep) * y[i];
    weight = keep * weight + (1 - keep);
    out[i] = mean / weight;
  }
  return out;
}
// How many records of the denser split of a run lie between the records of `part`, so that smoothing looks equally far back
// on every curve of a run, and on one of which not every record is here; null where it is always one.
const between = new WeakMap();
export function gaps(run, part) {
  if (!between.has(part)) between.set(part, measureGaps(run, part));
  return between.get(part);
}
function measureGaps({ train, val }, part) {
  const every = Math.min(...[train, val].filter((c) => c?.n > 1).map(({ n, of, step }) => (step[n - 1] - step[0]) / (of - 1)));
  if (!(every > 0 && every < Infinity)) return null;
  const out = Float64Array.from(part.step, (v, i) => (i && v > part.step[i - 1] ? (v - part.step[i - 1]) / every : 1));
  return out.some((v) => Math.abs(v - 1) > 1e-9) ? out : null;
}

// Indices to draw: in each column of pixels the first, lowest, highest and last.  Drawn at that width the line is the
// same, spikes included.  Of neighbors that are not finite the first stays, so that the line breaks there.
export function decimate(x, y, left, right, columns) {
  const kept = [], scale = columns / (right - left);
  let first = -1, low = -1, high = -1, last = -1, column = 0;
  const flush = () => {
    if (first < 0) return;
    kept.push(first);
    const [a, b] = low < high ? [low, high] : [high, low];
    if (a > first) kept.push(a);
    if (b > a && b > first) kept.push(b);
    if (last > b) kept.push(last);
    first = -1;
  };
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i])) {
      flush();
      if (i === 0 || Number.isFinite(y[i - 1])) kept.push(i);
      continue;
    }
    const here = Math.floor((x[i] - left) * scale);
    if (first < 0 || here !== column) {
      flush();
      first = low = high = i;
      column = here;
    }
    if (y[i] < y[low]) low = i;
    if (y[i] > y[high]) high = i;
    last = i;
  }
  flush();
  return kept;
}

export function lastAt(x, at) { // index of the last x that is not beyond `at`, to nine digits; -1 if there is none
  const limit = at + 1e-9 * Math.abs(at);
  let low = 0, high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// ---- histograms: { low, high, counts }, bins of equal width
const total = (counts) => counts.reduce((sum, c) => sum + c, 0);
export function quantiles({ low, high, counts }, qs) { // values spread evenly within each bin; qs rise
  const width = (high - low) / counts.length, all = total(counts), out = [];
  let below = 0, i = 0;
  for (const q of qs) {
    while (i < counts.length && !(counts[i] && below + counts[i] >= q * all)) below += counts[i++];
    out.push(i < counts.length ? low + width * (i + (q * all - below) / counts[i]) : high);
  }
  return out;
}
export function moments({ low, high, counts }) { // mean and standard deviation, every value in the middle of its bin
  const width = (high - low) / counts.length, all = total(counts), middle = (i) => low + width * (i + 0.5);
  let mean = 0, variance = 0;
  counts.forEach((c, i) => { mean += (c / all) * middle(i); });
  counts.forEach((c, i) => { variance += (c / all) * (middle(i) - mean) ** 2; });
  return [mean, Math.sqrt(variance)];
}
export function nearZero({ low, high, counts }) { // share of the values in the bin that holds 0
  if (low > 0 || high < 0) return 0;
  return counts[Math.min(counts.length - 1, Math.floor((-low / (high - low)) * counts.length))] / total(counts);
}
export function beyond({ low: a, high: b, counts }, low, high) { // share in the bins that reach below low or above high
  const width = (b - a) / counts.length;
  return total(counts.filter((_, i) => a + width * i < low || a + width * i + width > high)) / total(counts);
}
export function flatEnds(histograms) { // beyond what a layer is flat, if all it gave looks like a tanh or a sigmoid
  const low = Math.min(...histograms.map((h) => h.low)), high = Math.max(...histograms.map((h) => h.high));
  if (high > 1 + 1e-6 || high < 0.9) return null;
  if (low >= -1 - 1e-6 && low <= -0.9) return [-0.95, 0.95];
  return low > 0 && low <= 0.1 ? [0.05, 0.95] : null;
}

// ---- axes
// lowest and highest value before padding, and whether the axis cuts something off: a linear one ends at twice the usual
// size where curves go beyond ten times of it.  The usual size is the largest first value or median; of a curve that
// diverged (wild[i]) only the first value counts.
export function yRange(curves, log, wild = []) {
  let low = Infinity, high = -Infinity, usual = 0;
  const lists = curves.map((c) => c.filter((v) => Number.isFinite(v) && (!log || v > 0)));
  for (const v of lists) for (const a of v) { if (a < low) low = a; if (a > high) high = a; }
  if (low > high) return log ? [0.1, 1, false] : [0, 1, false];
  if (log) return [low, high, false];
  for (const v of lists) if (v.length) usual = Math.max(usual, Math.abs(v[0]));
  const far = () => usual > 0 && Math.max(high, -low) > FAR * usual;
  if (far()) // only then the medians are worth their time
    lists.forEach((v, i) => { if (v.length && !wild[i]) usual = Math.max(usual, Math.abs(v.slice().sort()[v.length >> 1])); });
  return far() ? [Math.max(low, -2 * usual), Math.min(high, 2 * usual), true] : [low, high, false];
}
export function padded(low, high, log) { // with some room; a linear axis that comes near 0 begins there
  if (log) [low, high] = [Math.log10(low), Math.log10(high)];
  const room = 0.04 * (high - low) || 0.05 * Math.abs(high) || 0.5;
  return [!log && low >= 0 && low < 0.3 * high ? 0 : low - room, high + room];
}
export function ticks(low, high, count) { // round numbers
  const raw = (high - low) / count, size = 10 ** Math.floor(Math.log10(raw)), out = [];
  const step = size * [1, 2, 5, 10].find((m) => m * size >= raw * (1 - 1e-9));
  for (let k = Math.ceil(low / step - 1e-9); k <= Math.floor(high / step + 1e-9); k++) out.push(+(k * step).toPrecision(12));
  return out;
}
export function logTicks(low, high, count) { // exponents: powers of ten, with 2 and 5 times where these are few
  const every = Math.max(1, Math.ceil((high - low) / count)), powers = [], fine = [];
  for (let k = Math.ceil(low - 1e-9); k <= Math.floor(high + 1e-9); k++) if (k % every === 0) powers.push(k);
  if (powers.length >= 3) return powers;
  for (let k = Math.floor(low); k < Math.ceil(high); k++) for (const m of [1, 2, 5]) {
    const v = k + Math.log10(m);
    if (v >= low && v <= high) fine.push(v);
  }
  return fine.length >= 2 ? fine : ticks(10 ** low, 10 ** high, 5).map(Math.log10);
}
export function spread(places, low, high, gap) { // sorted places, moved apart as little as that needs
  const groups = []; // [middle, how many]
  const inside = (middle, half) => Math.min(Math.max(middle, low + half), Math.max(high - half, low + half));
  for (const place of places) {
    let [middle, n] = [inside(place, 0), 1];
    while (groups.length && middle - groups.at(-1)[0] < (gap * (n + groups.at(-1)[1])) / 2) {
      const [other, m] = groups.pop();
      middle = inside((middle * n + other * m) / (n + m), (gap * (n + m - 1)) / 2);
      n += m;
    }
    groups.push([middle, n]);
  }
  return groups.flatMap(([middle, n]) => Array.from({ length: n }, (_, k) => middle + gap * (k - (n - 1) / 2)));
}

// ---- numbers as text
const minus = (text) => text.replace("-", "−").replace("-", "−");
export function four(v) { // four significant digits
  if (!Number.isFinite(v)) return Number.isNaN(v) ? "NaN" : v > 0 ? "∞" : "−∞";
  if (v === 0) return "0";
  const [digits, power] = v.toExponential(3).split("e");
  return minus(power > -4 && power < 4 ? v.toPrecision(4) : `${digits}e${+power}`);
}
export function position(v) { return String(+v.toFixed(2)); } // a place on the x axis
export function tidy(v) { // a short number for an axis
  const size = Math.abs(v), [digits, power] = v.toExponential(3).split("e");
  return minus(v && (size < 1e-3 || size >= 1e5) ? `${+digits}e${+power}` : String(+v.toPrecision(4)));
}
export function diverged(run) { return run.stopped ? run.stopped[0] === "diverged" : ending(run) !== ""; }
export function ending(run) { // how a run ended, if not by itself
  const parts = [run.train, run.val].filter(Boolean);
  if (!run.stopped) {
    for (const { step, values } of parts) {
      const i = values.loss?.findIndex((v) => !Number.isFinite(v)) ?? -1;
      if (i >= 0) return `loss is ${four(values.loss[i])} at step ${step[i]}`;
    }
    return "";
  }
  const [why, step, epoch] = run.stopped;
  if (why === "no improvement") return `stopped at ${epoch == null ? `step ${step}` : `epoch ${position(epoch)}`}: no improvement`;
  return why === "diverged" || why === "interrupted" ? `${why} at step ${step}` : `stopped at step ${step}: ${why}`;
}
