// run_data.mjs - the records as the page has them: unpacked from what dlbook/widgets/run_columns.py makes, and as CSV.
// A run: { name, device, stopped, train, val, frames }; a curve: { n, of, step, epoch, seconds, values: { loss, ... } }
// with a Float64Array each; `of` records were measured, n are here.  A frame holds the histograms of one record.
export const SPLITS = ["train", "val"];
const SPAN = 19999, LOWEST = -330, SPECIAL = [0, NaN, Infinity, -Infinity];

export function unpack(index, bytes) {
  const view = bytes?.byteLength ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new DataView(new ArrayBuffer(0));
  const at = { view, i: 0 }, runs = (index.runs ?? []).map(({ name, device = "", stopped = null }) => ({ name, device, stopped }));
  for (const [r, run] of runs.entries()) for (const split of SPLITS)
    if (index.runs[r][split]) run[split] = curve(index.runs[r][split], at);
  for (const [r, run] of runs.entries()) if (index.runs[r].frames) run.frames = frames(index.runs[r].frames, at);
  return { metrics: index.metrics ?? ["loss"], runs };
}

function curve({ n, of, columns = [] }, at) {
  const out = { n, of, step: null, epoch: null, seconds: null, values: Object.create(null) };
  for (const [name, ...how] of columns) {
    const values = column(how, n, at, out.step);
    if (name === "step" || name === "epoch" || name === "seconds") out[name] = values;
    else out.values[name] = values;
  }
  return out;
}
function column([kind, a, b], n, at, step) {
  const read = {
    by: (i) => a + i * b,
    per: (i) => step[i] / a,
    u4: (i) => at.view.getUint32(at.i + 4 * i, true),
    f8: (i) => at.view.getFloat64(at.i + 8 * i, true),
    u2: (i) => a + (at.view.getUint16(at.i + 2 * i, true) / 65535) * (b - a),
    d3: (i) => decimal(at.view.getUint16(at.i + 3 * i, true) + 65536 * at.view.getUint8(at.i + 3 * i + 2)),
  }[kind];
  const out = Float64Array.from({ length: n }, (_, i) => read(i));
  at.i += n * ({ u4: 4, f8: 8, u2: 2, d3: 3 }[kind] ?? 0);
  return out;
}
function decimal(code) { // m · 10^e: the number closest to these digits
  const m = (code % SPAN) - 9999, e = Math.floor(code / SPAN) + LOWEST;
  if (m === 0) return SPECIAL[e - LOWEST];
  return e > 0 && e <= 22 ? m * 10 ** e : e <= 0 && e >= -22 ? m / 10 ** -e : Number(`${m}e${e}`);
}

function frames(entry, at) {
  const { n, of, step, epoch, seconds } = curve(entry, at), kinds = ["activation", "gradient"].filter((kind) => entry[kind]), list = [];
  for (let i = 0; i < n; i++) {
    const frame = {};
    for (const kind of kinds) {
      frame[kind] = Object.create(null); // a layer may have any name
      for (const layer of entry[kind]) {
        const found = histogram(at);
        if (found) frame[kind][layer] = found;
      }
    }
    list.push(frame);
  }
  return { n, of, step, epoch, seconds, list, activation: entry.activation ?? [], gradient: entry.gradient ?? [] };
}
function histogram(at) {
  const bins = varint(at);
  if (!bins) return null;
  const low = at.view.getFloat32(at.i, true), high = at.view.getFloat32(at.i + 4, true);
  at.i += 8;
  return { low, high, counts: Float64Array.from({ length: bins }, () => varint(at)) };
}
function varint(at) {
  let value = 0, weight = 1, byte;
  do {
    byte = at.view.getUint8(at.i++);
    value += (byte & 127) * weight;
    weight *= 128;
  } while (byte > 127);
  return value;
}

// ---- what came later, behind what was there
export function merge(head, tail) {
  const names = new Map(head.runs.map((run, i) => [run.name, i])), runs = [...head.runs];
  for (const more of tail.runs) {
    if (!names.has(more.name)) { runs.push(more); continue; }
    const i = names.get(more.name), run = { ...runs[i] };
    run.device = more.device || run.device;
    run.stopped = more.stopped ?? run.stopped;
    for (const split of SPLITS) if (more[split]) run[split] = run[split] ? joinCurves(run[split], more[split]) : more[split];
    if (more.frames) run.frames = run.frames ? joinFrames(run.frames, more.frames) : more.frames;
    runs[i] = run;
  }
  return { metrics: tail.runs.length ? tail.metrics : head.metrics, runs };
}
function join(a, b) {
  if (!a || !b) return null;
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
function joinCurves(a, b) {
  const values = Object.create(null), none = (n) => new Float64Array(n).fill(NaN);
  for (const name of new Set([...Object.keys(a.values), ...Object.keys(b.values)]))
    values[name] = join(a.values[name] ?? none(a.n), b.values[name] ?? none(b.n));
  return { n: a.n + b.n, of: b.of, step: join(a.step, b.step), epoch: join(a.epoch, b.epoch), seconds: join(a.seconds, b.seconds), values };
}
function joinFrames(a, b) {
  const { values, ...places } = joinCurves({ ...a, values: {} }, { ...b, values: {} }), both = (kind) => [...new Set([...a[kind], ...b[kind]])];
  return { ...places, list: [...a.list, ...b.list], activation: both("activation"), gradient: both("gradient") };
}

// ---- the curves as CSV, as RunViewer.to_csv writes them
export function csv({ metrics, runs }) {
  const quote = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const number = (v) => (v === undefined || Number.isNaN(v) ? "" : Number.isFinite(v) ? String(v) : v > 0 ? "inf" : "-inf");
  const lines = [["run", "epoch", "step", "split", ...metrics, "seconds", "device", "stopped"].map(quote)];
  for (const run of runs) for (const split of SPLITS) {
    const part = run[split], stopped = run.stopped?.[3] === split ? run.stopped[0] : "";
    for (let i = 0; part && i < part.n; i++)
      lines.push([quote(run.name), number(part.epoch?.[i]), number(part.step[i]), split, ...metrics.map((m) => number(part.values[m]?.[i])),
        number(part.seconds?.[i]), quote(run.device), i === part.n - 1 ? quote(stopped) : ""]);
  }
  return lines.map((line) => `${line.join(",")}\n`).join("");
}
