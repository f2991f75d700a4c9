// inside_settings.mjs - what the widget inside a recurrent network can be asked to show.
// What stands between = and ; of the first four is JSON: Python reads the same lines.
import { oneOf, integer } from "./ui.mjs";

export const CELLS = { "lstm": "LSTM", "gru": "GRU", "rnn": "Simple RNN" };

// what each cell computes, the first one shown at first; the letters are those of dlbook/scratch/recurrent.py
export const SHOWN = {
  "lstm": { "c": "Cell state c", "h": "Hidden state h", "f": "Forget gate f", "i": "Input gate i", "g": "New content g", "o": "Output gate o" },
  "gru": { "h": "Hidden state h", "z": "Update gate z", "r": "Reset gate r", "n": "Candidate n" },
  "rnn": { "h": "Hidden state h" }
};

export const ORDERS = { "memory": "Longest memory", "now": "Largest here", "number": "By number" };

// the longest text, in characters
export const LONGEST = 200;

// the gates go from 0 to 1; everything else has a sign
export const isGate = (letter) => "fiozr".includes(letter);

const written = Object.assign((text) => ([...text].length <= LONGEST ? text : undefined), { expects: `a text of at most ${LONGEST} characters` });
export const params = {
  text: written, cell: oneOf(Object.keys(CELLS)), shows: oneOf([...new Set(Object.values(SHOWN).flatMap(Object.keys))]),
  order: oneOf(Object.keys(ORDERS)), unit: integer(0, 255), at: integer(0, LONGEST - 1),
};
