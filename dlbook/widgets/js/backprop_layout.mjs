// backprop_layout.mjs - where the nodes of a small graph stand: one column (on a phone: row) for each level, the lines
// between them with few crossings and none behind a card.  "Along" is the direction of the computation, "cross" the other.

const WIDE = { card: [74, 104], gap: [53, 150], between: 12 }; // columns from left to right
const TALL = { card: [60, 104], gap: 46, between: 8, room: 72 }; // rows from the top down
const LANE = 16; // what a line needs that passes a level

// cardHeight: of a card; sizes[k]: [width, height] of the label of edge k, or null.
// Returns { vertical, width, height, cards: [{ x, y, w, h }] (centers), edges: [{ d, back, ends, label }] }
export function placeGraph(graph, width, cardHeight, sizes) {
  const columns = 1 + Math.max(...graph.level), least = columns * WIDE.card[0] + (columns - 1) * WIDE.gap[0];
  const vertical = least > width;
  const level = vertical ? splitRows(graph, Math.max(1, Math.floor((width + TALL.between) / (TALL.room + TALL.between)))) : graph.level;
  const ranks = lanes(graph, level);
  order(ranks);
  const size = vertical ? rows(ranks, width, cardHeight) : columnsOf(ranks, width, cardHeight, least);
  const span = spread(ranks, size);
  const cross = (item) => item.pos - span.low, end = span.high - span.low;
  const offset = vertical ? Math.max(0, (width - end) / 2) : 0;
  const point = (along, across) => (vertical ? [offset + across, along] : [along, across]);
  const start = vertical ? 0 : (width - size.total) / 2;
  const alongOf = (rank) => start + size.along / 2 + rank * size.pitch;
  const cards = graph.nodes.map((_, i) => {
    const item = ranks.flat().find((it) => it.node === i), [x, y] = point(alongOf(item.rank), cross(item));
    return { x, y, w: size.w, h: size.h };
  });
  const edges = lines(graph, ranks, { size, alongOf, cross, point });
  labels(edges, cards, sizes, vertical);
  return { vertical, width, height: vertical ? size.total : end, cards, edges };
}

// ---- levels
// in rows with more nodes than fit, leaves move up one row
function splitRows({ nodes, level }, most) {
  const row = [...level];
  for (let r = Math.max(...row); r >= Math.min(...row); r--) {
    const here = nodes.map((_, i) => i).filter((i) => row[i] === r), leaves = here.filter((i) => nodes[i].leaf);
    leaves.slice(0, Math.max(0, here.length - most)).forEach((i) => { row[i] -= 1; });
  }
  const top = Math.min(...row);
  return row.map((r) => r - top);
}
// items by level: the nodes, and a lane wherever an edge passes a level.  graph edge k runs through chains[k].
function lanes(graph, level) {
  const ranks = Array.from({ length: 1 + Math.max(...level) }, () => []);
  const items = graph.nodes.map((_, node) => ({ node, rank: level[node], before: [], after: [] }));
  const chains = graph.edges.map(({ from, to }) => {
    const chain = [items[from]];
    for (let r = level[from] + 1; r < level[to]; r++) chain.push({ rank: r, before: [], after: [] });
    chain.push(items[to]);
    chain.slice(1).forEach((item, k) => { item.before.push(chain[k]); chain[k].after.push(item); });
    return chain;
  });
  // first order: as a reader meets them who starts at the end and follows the inputs
  const seen = new Set();
  (function visit(item) {
    if (seen.has(item)) return;
    seen.add(item);
    item.before.forEach(visit);
    ranks[item.rank].push(item);
  })(items.at(-1));
  return Object.assign(ranks, { chains });
}

// ---- order within a level: by the mean place of the neighbors, to and fro; the order with the fewest crossings wins
function order(ranks) {
  const number = () => ranks.forEach((rank) => rank.forEach((item, i) => { item.at = i; }));
  const mean = (items) => items.reduce((total, { at }) => total + at, 0) / items.length;
  number();
  let best = ranks.map((rank) => [...rank]), least = crossings(ranks);
  for (let sweep = 0; sweep < 12 && least; sweep++) {
    const side = sweep % 2 ? "before" : "after", list = sweep % 2 ? ranks : [...ranks].reverse();
    for (const rank of list) {
      const wish = new Map(rank.map((item) => [item, item[side].length ? mean(item[side]) : item.at]));
      rank.sort((a, b) => wish.get(a) - wish.get(b));
      rank.forEach((item, i) => { item.at = i; });
    }
    const now = crossings(ranks);
    if (now < least) { least = now; best = ranks.map((rank) => [...rank]); }
  }
  best.forEach((rank, r) => { ranks[r] = rank; });
  number();
}
function crossings(ranks) {
  let count = 0;
  for (const rank of ranks) {
    const pairs = rank.flatMap((item) => item.after.map((next) => [item.at, next.at]));
    pairs.forEach(([a, b], i) => pairs.slice(0, i).forEach(([c, d]) => { if ((a - c) * (b - d) < 0) count += 1; }));
  }
  return count;
}

// ---- sizes
function columnsOf(ranks, width, cardHeight, least) {
  const n = ranks.length, w = Math.min(WIDE.card[1], WIDE.card[0] + (0.35 * (width - least)) / n);
  const gap = Math.min(WIDE.gap[1], n > 1 ? (width - n * w) / (n - 1) : 0);
  return { w, h: cardHeight, along: w, across: cardHeight, pitch: w + gap, total: n * w + (n - 1) * gap, between: WIDE.between, room: Infinity };
}
function rows(ranks, width, cardHeight) {
  const fits = (rank) => (width - (rank.length - 1) * TALL.between - rank.filter((it) => it.node === undefined).length * LANE)
    / Math.max(1, rank.filter((it) => it.node !== undefined).length);
  const w = Math.max(TALL.card[0], Math.min(TALL.card[1], ...ranks.map(fits)));
  return { w, h: cardHeight, along: cardHeight, across: w, pitch: cardHeight + TALL.gap, total: ranks.length * (cardHeight + TALL.gap) - TALL.gap,
    between: TALL.between, room: width };
}

// ---- places across: each near the mean of its neighbors, none nearer to another than allowed
function spread(ranks, { across, between, room }) {
  const extent = (item) => (item.node === undefined ? LANE : across);
  const gaps = (rank) => rank.map((item, i) => (i ? (extent(rank[i - 1]) + extent(item)) / 2 + between : 0));
  for (const rank of ranks) {
    let at = 0;
    const gap = gaps(rank), total = gap.reduce((a, b) => a + b, 0);
    rank.forEach((item, i) => { at += gap[i]; item.pos = at - total / 2; });
  }
  for (let turn = 0, moved = 1; turn < 100 && moved > 0.05; turn++) {
    moved = 0;
    for (const rank of turn % 2 ? ranks : [...ranks].reverse()) {
      const wish = rank.map((item) => {
        const near = [...item.before, ...item.after];
        return near.reduce((total, it) => total + it.pos, 0) / near.length;
      });
      const half = (room - extent(rank[0])) / 2, far = (room - extent(rank.at(-1))) / 2;
      apart(wish, gaps(rank), -half, far).forEach((pos, i) => { moved = Math.max(moved, Math.abs(pos - rank[i].pos)); rank[i].pos = pos; });
    }
  }
  const all = ranks.flat();
  return { low: Math.min(...all.map((it) => it.pos - extent(it) / 2)), high: Math.max(...all.map((it) => it.pos + extent(it) / 2)) };
}
// the places nearest to the wishes (least squares) that keep the gaps and lie between low and high: less what the gaps
// take, they are a sequence that never falls, and neighbors that would break that share their mean
function apart(wish, gaps, low, high) {
  let total = 0;
  const taken = gaps.map((g) => (total += g)), pools = [];
  wish.forEach((w, i) => {
    let pool = { sum: w - taken[i], n: 1 };
    while (pools.length && pools.at(-1).sum / pools.at(-1).n > pool.sum / pool.n) {
      const last = pools.pop();
      pool = { sum: last.sum + pool.sum, n: last.n + pool.n };
    }
    pools.push(pool);
  });
  const flat = pools.flatMap(({ sum, n }) => Array(n).fill(sum / n));
  return flat.map((z, i) => Math.max(low, Math.min(high - total, z)) + taken[i]);
}

// ---- lines: from the end of a card through its lanes to the beginning of the next
function lines(graph, ranks, { size, alongOf, cross, point }) {
  const ports = (item, side) => { // edges that meet at a card are fanned out in the order of what they come from
    const ends = graph.edges.map((_, k) => k).filter((k) => ranks.chains[k].at(side === "after" ? 0 : -1) === item);
    const neighbor = (k) => cross(ranks.chains[k].at(side === "after" ? 1 : -2));
    ends.sort((a, b) => neighbor(a) - neighbor(b) || a - b);
    const step = Math.min(14, (size.across - 18) / Math.max(1, ends.length - 1));
    return (k) => cross(item) + (ends.indexOf(k) - (ends.length - 1) / 2) * step;
  };
  return graph.edges.map((_, k) => {
    const chain = ranks.chains[k], half = size.along / 2, stops = [];
    stops.push([alongOf(chain[0].rank) + half, ports(chain[0], "after")(k)]);
    for (const lane of chain.slice(1, -1)) stops.push([alongOf(lane.rank) - half, cross(lane)], [alongOf(lane.rank) + half, cross(lane)]);
    stops.push([alongOf(chain.at(-1).rank) - half, ports(chain.at(-1), "before")(k)]);
    const curves = [];
    for (let i = 0; i + 1 < stops.length; i += 2) curves.push([stops[i], stops[i + 1]]);
    const text = (p) => p.map((v) => v.toFixed(1)).join(" ");
    const bend = ([a, b], [c, e]) => { const mid = (a + c) / 2; return [point(mid, b), point(mid, e), point(c, e)].map(text).join(" "); };
    const trace = (list) => {
      let d = `M${text(point(...list[0][0]))}`;
      list.forEach(([from, to], i) => { if (i) d += `L${text(point(...from))}`; d += `C${bend(from, to)}`; });
      return d;
    };
    const reversed = [...curves].reverse().map(([from, to]) => [to, from]);
    return { d: trace(curves), back: trace(reversed), ends: [point(...stops[0]), point(...stops.at(-1))], curves: curves.map((c) => c.map((p) => point(...p))) };
  });
}

// ---- labels: on the line, where they cover least; each has a second chance when the others have their places
const SPOTS = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18];
function labels(edges, cards, sizes, vertical) {
  const overlap = (a, b) => Math.max(0, Math.min(a.x + a.w / 2, b.x + b.w / 2) - Math.max(a.x - a.w / 2, b.x - b.w / 2))
    * Math.max(0, Math.min(a.y + a.h / 2, b.y + b.h / 2) - Math.max(a.y - a.h / 2, b.y - b.h / 2));
  const covered = (spot, list) => list.reduce((total, other) => total + overlap(spot, other), 0);
  const labeled = edges.filter((_, k) => sizes[k]), spots = new Map(edges.map((edge, k) => {
    const [w, h] = sizes[k] ?? [];
    const list = sizes[k] ? edge.curves.flatMap((curve, c) => SPOTS.map((t) => ({ ...along(curve, t, vertical), w, h, far: Math.abs(t - 0.5) + c }))) : [];
    return [edge, list.map((spot) => ({ ...spot, bare: spot.far + covered(spot, cards) }))];
  }));
  for (let turn = 0; turn < 3; turn++) {
    for (const edge of labeled) {
      const others = labeled.filter((e) => e !== edge && e.label).map((e) => e.label);
      const cost = (spot) => spot.bare + 3 * covered(spot, others);
      edge.label = spots.get(edge).map((spot) => [cost(spot), spot]).reduce((best, next) => (next[0] < best[0] ? next : best))[1];
    }
  }
}
// the place t of a curve whose two inner points stand half way along
function along([[x0, y0], [x1, y1]], t, vertical) {
  const ahead = 1.5 * t * (1 - t) + t ** 3, aside = t * t * (3 - 2 * t), [u, v] = vertical ? [aside, ahead] : [ahead, aside];
  return { x: x0 + (x1 - x0) * u, y: y0 + (y1 - y0) * v };
}
