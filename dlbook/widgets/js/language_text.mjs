// language_text.mjs - the text with the surprise at each character: a tint, a line as thick, the number when pointed at.
import { h } from "./ui.mjs";
import { fixed } from "./values.mjs";

export const LEVELS = [1, 2, 4, 7]; // bits at which the next tint begins
const NAMES = { " ": "space", "\n": "line feed", "∅": "padding", "�": "unknown" }, SIGNS = { " ": "␣", "\n": "↵" };
export const sign = (c) => SIGNS[c] ?? c; // seen on its own
export const named = (c) => NAMES[c] ?? `“${c}”`;
const level = (bits) => (bits === null ? 0 : LEVELS.filter((b) => bits >= b).length);

export function legend() {
  const swatch = (k) => h("span", { class: `dlb-lm-c dlb-lm-${k}` }, "a"), top = LEVELS.length;
  const words = [`under ${LEVELS[0]}`, ...LEVELS.slice(1).map((b, k) => `${LEVELS[k]} to ${b}`), `over ${LEVELS[top - 1]} bits`];
  return h("p", { class: "dlb-lm-legend" }, "Surprise: ", ...words.map((text, k) => h("span", { class: "dlb-lm-key" }, swatch(k), ` ${text}`)),
    h("span", { class: "dlb-lm-key" }, h("span", { class: "dlb-lm-end" }), " the prompt ends"));
}

// look(i) is called when a character is clicked
export function createText({ look }) {
  const paper = h("div", { class: "dlb-lm-letters", "aria-hidden": "true", onclick: (event) => { const i = [...paper.querySelectorAll(".dlb-lm-c")].indexOf(event.target); if (i >= 0) look(i); } });
  const spoken = h("p", { class: "dlb-sr" }), node = h("div", { class: "dlb-lm-text", tabindex: 0, role: "group", "aria-label": "Text" }, paper, spoken);
  const end = h("span", { class: "dlb-lm-end" }), caret = h("span", { class: "dlb-lm-caret" });
  let shown = [], spans = [];

  // chars: [character, bits][], of which `prompt` are the reader's; `at`: the place that is looked at
  function draw(chars, prompt, at) {
    let same = 0;
    while (same < Math.min(chars.length, shown.length) && chars[same][0] === shown[same][0] && chars[same][1] === shown[same][1]) same++;
    for (const span of spans.splice(same)) span.remove();
    for (const [c, bits] of chars.slice(same)) {
      const span = h("span", { class: `dlb-lm-c dlb-lm-${level(bits)}`, title: title(c, bits) }, c === "\n" ? "↵\n" : c);
      spans.push(span);
      caret.before(span);
    }
    if (end.nextElementSibling !== (spans[prompt] ?? caret)) (spans[prompt] ?? caret).before(end);
    paper.querySelector(".dlb-lm-at")?.classList.remove("dlb-lm-at");
    spans[at]?.classList.add("dlb-lm-at");
    caret.hidden = at < chars.length;
    end.hidden = prompt >= chars.length;
    spoken.textContent = chars.map(([c]) => c).join("");
    const seen = spans[at] ?? caret;
    if (chars.length !== shown.length || at < chars.length) reveal(seen);
    shown = chars;
  }
  function reveal(part) { // moves the paper alone, never the page
    const top = part.offsetTop - paper.offsetTop, low = top + part.offsetHeight + 12;
    if (top < node.scrollTop) node.scrollTop = top;
    else if (low > node.scrollTop + node.clientHeight) node.scrollTop = low - node.clientHeight;
  }
  paper.append(end, caret);
  return { node, draw };
}
export function title(c, bits) {
  return bits === null ? `${named(c)}: the first, nothing before it` : `${named(c)}: ${fixed(bits, 1)} bits, ${likely(bits)}`;
}
export function small(p) { return p > 0 && p < 0.0005 ? "< 0.001" : fixed(p, 3); }
export function likely(bits) { return 2 ** -bits < 0.0005 ? "p < 0.001" : `p = ${fixed(2 ** -bits, 3)}`; }
