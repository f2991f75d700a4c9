// random.mjs - random numbers that both languages can make again: mulberry32 and Box-Muller.

// 32 bits of state, uniform on [0, 1) in steps of 2^-32
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// One seed feeds several independent uses (points, noise, weights, batches): a stream for each number `use`.
export function stream(seed, use) {
  return mulberry32(Math.imul(seed, 0x9e3779b1) ^ Math.imul(use + 1, 0x85ebca6b));
}

export function uniforms(random, n) {
  return Float64Array.from({ length: n }, random);
}

// n standard normals; each pair of uniforms (u, v) gives r cos(2 pi v) and r sin(2 pi v), r = sqrt(-2 ln(1 - u))
export function normals(random, n) {
  const z = new Float64Array(n);
  for (let i = 0; i < n; i += 2) {
    const r = Math.sqrt(-2 * Math.log(1 - random())), angle = 2 * Math.PI * random();
    z[i] = r * Math.cos(angle);
    if (i + 1 < n) z[i + 1] = r * Math.sin(angle);
  }
  return z;
}

// Fisher-Yates, in place
export function shuffle(order, random) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
