// divergence.mjs - the numbers of the distributions: entropy, cross-entropy, divergence, moving one bar.
// The same as in dlbook/widgets/distributions.py; a test compares the two.
export const UNITS = { bits: Math.LN2, nats: 1 };
export const OUTCOMES = "ABCDEF";
const DIGITS = 1e6; // probabilities are whole multiples of 1 / DIGITS

// what one outcome adds to H(p), H(p, q) and KL(p‖q), in nats; 0 log 0 is 0
export function terms(p, q) {
  if (p === 0) return { entropy: 0, cross: 0, divergence: 0 };
  return { entropy: -p * Math.log(p), cross: -p * Math.log(q), divergence: q === 0 ? Infinity : p * Math.log(p / q) };
}
export function numbers(p, q, unit) {
  const sum = (name, a, b) => Math.max(0, a.reduce((total, v, k) => total + terms(v, b[k])[name], 0)) / UNITS[unit];
  return {
    "H(p)": sum("cross", p, p), "H(q)": sum("cross", q, q), "H(p, q)": sum("cross", p, q), "H(q, p)": sum("cross", q, p),
    "KL(p‖q)": sum("divergence", p, q), "KL(q‖p)": sum("divergence", q, p),
  };
}

// ---- changes; what comes out sums to 1
export function normalized(weights) {
  const total = weights.reduce((a, b) => a + b, 0), units = weights.map((w) => Math.round((w / total) * DIGITS));
  const rest = DIGITS - units.reduce((a, b) => a + b, 0), most = units.indexOf(Math.max(...units));
  return units.map((n, k) => (n + (k === most ? rest : 0)) / DIGITS);
}
export function moved(start, k, value) { // outcome k gets the value; the others keep their proportions
  const v = Math.min(1, Math.max(0, value)), others = 1 - start[k];
  return normalized(start.map((p, i) => (i === k ? v : others > 0 ? (p * (1 - v)) / others : (1 - v) / (start.length - 1))));
}
export function resized(p, n) { // a new outcome gets its equal share; what is taken away is spread over the others
  if (n > p.length) return resized(normalized([...p.map((v) => (v * p.length) / (p.length + 1)), 1 / (p.length + 1)]), n);
  const left = p.slice(0, n), total = left.reduce((a, b) => a + b, 0);
  return normalized(total > 0 ? left : left.map(() => 1));
}
