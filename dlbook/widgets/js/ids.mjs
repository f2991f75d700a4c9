// ids.mjs - ids for labels and references.  Each widget of a page may run its own copy of these modules,
// so the counter lives outside of them.
export function newId(name) {
  globalThis.dlbIds = (globalThis.dlbIds ?? 0) + 1;
  return `dlb-${name}-${globalThis.dlbIds}`;
}
