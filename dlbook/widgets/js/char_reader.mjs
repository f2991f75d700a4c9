// char_reader.mjs - a network that reads a text character by character and remembers what it thought at each place.
import { unpack } from "./safetensors.mjs";
import { network } from "./recurrent.mjs";
import { surprise } from "./sampling.mjs";

const PADDING = "∅", UNKNOWN = "�"; // how the two tokens that are no characters are written
export const letters = (text) => [...text]; // code points, as Python counts

// bytes: a file of dlbook.widgets.language_weights
export function createReader(bytes) {
  const { tensors, notes } = unpack(bytes), net = network(tensors, notes.sizes.cell);
  const tokens = [PADDING, UNKNOWN, ...notes.tokens.slice(2)], numbers = new Map(tokens.map((t, i) => [t, i]));
  const first = numbers.has("\n") ? "\n" : tokens[2]; // what it reads where there is no text
  let text = [], states = [], thoughts = [], bits = [];

  // reads the tokens; what it has read before in the same way is not computed again
  function read(wanted) {
    let same = 0;
    while (same < wanted.length && wanted[same] === text[same]) same++;
    for (const list of [text, states, thoughts, bits]) list.length = same;
    for (let i = same; i < wanted.length; i++) {
      const { h, c } = net.step(wanted[i], i ? states[i - 1] : net.start());
      bits.push(i ? surprise(thoughts[i - 1], wanted[i]) : null); // before the first one there was no guess
      states.push({ h, c });
      thoughts.push(net.logits({ h }));
      text.push(wanted[i]);
    }
  }
  return {
    tokens, first, notes, read,
    encode: (chars) => letters(chars).map((c) => numbers.get(c) ?? 1),
    knows: (c) => numbers.has(c),
    before: (i) => thoughts[i - 1], // the logits of the token at place i
    get bits() { return bits; },
  };
}
