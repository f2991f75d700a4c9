// markup.mjs - the little markup of questions and labels: `code`, *emphasis*, x_1, x_{ij}, x^2, e^{-x}.
// A text becomes a flat list of pieces, and those become nodes: nothing in a text is ever read as HTML.
// The same rule stands in dlbook/widgets/markup.py; a test compares the two.
const RULE = new RegExp([
  /`(?<code>[^`]+)`/,
  /(?<![\p{L}\p{N}*])\*(?<em>[^\s*](?:[^*]*[^\s*])?)\*(?![\p{L}\p{N}*])/,
  // only after a single letter, a digit or a closing bracket, so that snake_case stays as it is
  /(?<=(?<![\p{L}\p{N}_])\p{L}|[)\]}])_(?:\{(?<sub>[^{}]+)\}|(?<sub1>\d+|\p{L}(?!\p{L})))/,
  /(?<=[\p{L}\p{N})\]}])\^(?:\{(?<sup>[^{}]+)\}|(?<sup1>[-−]?\d+|\p{L}(?!\p{L})))/,
].map((r) => r.source).join("|"), "gu");

export function pieces(text) { // [["text" | "code" | "em" | "sub" | "sup", words], ...]
  const out = [];
  let end = 0;
  for (const m of text.matchAll(RULE)) {
    if (m.index > end) out.push(["text", text.slice(end, m.index)]);
    const [kind, words] = Object.entries(m.groups).find(([, v]) => v !== undefined);
    out.push([kind.replace("1", ""), words]);
    end = m.index + m[0].length;
  }
  if (end < text.length) out.push(["text", text.slice(end)]);
  return out;
}
export function marked(text) { // DOM nodes
  return pieces(text).map(([kind, words]) => {
    if (kind === "text") return document.createTextNode(words);
    const node = document.createElement(kind);
    node.textContent = words;
    return node;
  });
}
export function plain(text) { return pieces(text).map(([, words]) => words).join(""); }
