// sampling.mjs - from logits to the next token, as dlbook.scratch.sequence_models has it; surprises, entropy, perplexity.

export function ranked(logits) { // the tokens, the largest logit first; of equal ones the first
  return [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b);
}
// softmax(z / temperature) of the logits z, over the `topK` largest alone; 0 means all
export function nextToken(logits, temperature = 1, topK = 0, order = ranked(logits)) {
  const p = new Float64Array(logits.length), kept = order.slice(0, topK || logits.length);
  let sum = 0;
  for (const i of kept) sum += p[i] = Math.exp((logits[i] - logits[order[0]]) / temperature);
  return p.map((v) => v / sum);
}
export function choose(p, u) { // the first token at which the sum of the probabilities exceeds u
  let sum = 0, last = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i] > 0) last = i;
    sum += p[i];
    if (sum > u) return i;
  }
  return last; // rounded, the sum may end just below u
}

export function surprise(logits, token) { // -log2 of its probability at temperature 1
  const top = Math.max(...logits);
  return (Math.log(logits.reduce((sum, z) => sum + Math.exp(z - top), 0)) + top - logits[token]) / Math.LN2;
}
export function entropy(p) { // in bits
  return p.reduce((sum, v) => (v > 0 ? sum - v * Math.log2(v) : sum), 0) + 0;
}
export function mean(values) { return values.length ? values.reduce((a, b) => a + b, 0) / values.length : NaN; }
