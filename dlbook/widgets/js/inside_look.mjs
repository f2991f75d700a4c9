// inside_look.mjs - how the letters of the equations look wherever they are drawn, and how tokens are written.
import { s } from "./ui.mjs";

// color and dash of each letter; the same stand in dlbook/widgets/inside_poster.py, a test compares them
export const LOOK = {
  "f": ["blue", ""], "z": ["blue", ""], "i": ["green", "7 3"], "r": ["green", "7 3"], "o": ["purple", "2 3"],
  "c": ["ink", ""], "h": ["orange", "8 3"], "g": ["gold", "2 3"], "n": ["gold", "2 3"],
};
export const WORDS = { f: "forget", z: "update", i: "input", r: "reset", o: "output", c: "cell", h: "hidden", g: "new", n: "candidate" };
export const tint = (letter) => `var(--dlb-${LOOK[letter][0]})`;

const SIGNS = { " ": "␣", "\n": "↵", "\t": "⇥" }, NAMES = { " ": "space", "\n": "line feed", "\t": "tab", "<pad>": "padding", "<unk>": "unknown" };
export const sign = (piece) => SIGNS[piece] ?? (/^[\p{Cc}\p{M}]$/u.test(piece) ? "□" : piece === "<unk>" ? "�" : piece);
export const named = (piece) => NAMES[piece] ?? `“${piece}”`;
export const shorter = (text, most) => ([...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text);

export function line(letter, d, attrs) {
  return s("path", { d, fill: "none", stroke: tint(letter), "stroke-width": 1.8, "stroke-linejoin": "round", "stroke-dasharray": LOOK[letter][1] || null, ...attrs });
}
