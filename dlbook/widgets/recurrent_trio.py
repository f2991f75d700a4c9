"""Three small networks that have read this book, character by character: the page about gates looks into them.

    python -m dlbook.widgets.recurrent_trio     # trains them and writes recurrent_trio.safetensors, in some minutes

An LSTM, a GRU and a simple recurrent network (``dlbook.scratch.CharLM``), all with the same embedding width and number
of hidden units, trained alike on the same sentences as the language model in ``prose_model``.  The file holds the
weights as int8 (``dlbook.quantize``), the names of each network after its cell, and in its notes the characters in the
order of their numbers, padding and unknown first, the perplexity of each network on the test part before and after
rounding, and of each unit what its hidden state goes with on the test part (``follows``).  Trained on another processor
they come out a little different.
"""
from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from dlbook import quantize, scratch
from dlbook.text import CharTokenizer, Tokenizer, Vocabulary
from dlbook.widgets import prose_model

FILE = Path(__file__).with_suffix(".safetensors")
CELLS = ("lstm", "gru", "rnn")
SIZES = {"embed": 16, "hidden": 32}
EPOCHS, SEED = 60, 0


class Trio(scratch.Module):
    """The networks side by side, as one model with one ``state_dict``."""

    def __init__(self, vocab: int, embed: int, hidden: int, *, generator: np.random.Generator | None = None):
        super().__init__()
        for cell in CELLS:
            setattr(self, cell, scratch.CharLM(vocab, embed, hidden, cell, generator=generator))


def networks(path: Path = FILE) -> tuple[Trio, Tokenizer]:
    """The networks with the weights of the file, float32, in evaluation mode, and their tokenizer."""
    state, notes = quantize.load(path)
    tokenizer = CharTokenizer([])
    tokenizer.vocabulary = Vocabulary(notes["tokens"][2:])
    trio = Trio(len(tokenizer), **notes["sizes"])
    trio.load_state_dict(state)
    return trio.eval(), tokenizer


def marks(text: str) -> dict[str, np.ndarray]:
    """Of each character of ``text`` what a reader would say of it, as numbers (n,)."""
    letter = np.array([c.isalpha() for c in text])
    place, sentence, open_ = np.zeros((3, len(text)))
    for i, c in enumerate(text):
        place[i] = letter[i] and (place[i - 1] + 1 if i else 1)
        sentence[i] = 0 if c == "\n" else sentence[i - 1] + 1 if i else 1
        open_[i] = c == "(" or (i > 0 and open_[i - 1] and c not in ")\n")

    def is_one(characters: str) -> np.ndarray:
        return np.array([c.lower() in characters for c in text])

    return {
        "the place in the word": np.log1p(place), "the place in the sentence": np.log1p(sentence),
        "brackets that are open": open_, "spaces": is_one(" "), "vowels": is_one("aeiou"),
        "digits": is_one("0123456789"),
        "ends of a word": letter & ~np.append(letter[1:], False), "capitals": np.array([c.isupper() for c in text]),
        "ends of a sentence": is_one("\n"), "full stops and commas": is_one(".,;:?!"), "the letter t": is_one("t"),
        "the letter e": is_one("e"), "the letter s": is_one("s"), "the letter h": is_one("h"),
        "r, l, m and n": is_one("rlmn"),
    }  # fmt: skip


def hidden_states(model: scratch.CharLM, tokens: np.ndarray) -> np.ndarray:
    """h after each of the T tokens (T, H)."""
    with scratch.no_grad():
        return model.recurrent(model.embedding(scratch.as_tensor(tokens[None])))[0].array[0]


def follows(trio: Trio, tokenizer: Tokenizer, text: str) -> dict[str, list]:
    """What the hidden state of each unit goes with most on ``text``, and the correlation: [[mark, r], ...] by cell."""
    known, found = marks(text), {}
    for cell in CELLS:
        h = hidden_states(getattr(trio, cell), tokenizer.encode(text))
        r = np.corrcoef(np.vstack([*known.values(), h.T]))[:len(known), len(known):]       # (marks, units)
        best = np.abs(r).argmax(0)
        found[cell] = [[list(known)[k], round(float(r[k, j]), 2)] for j, k in enumerate(best)]
    return found


def write(trio: Trio, tokenizer: Tokenizer, text: str, path: Path = FILE) -> None:
    """Quantizes, measures on ``text``, and writes the file."""
    test = tokenizer.encode(text)

    def measured(models: Trio) -> dict[str, float]:
        return {cell: round(prose_model.perplexity(getattr(models, cell), test), 3) for cell in CELLS}

    notes = {"sizes": SIZES, "tokens": tokenizer.vocabulary.tokens, "perplexity_float": measured(trio)}
    quantize.save(path, trio, **notes)
    rounded, _ = networks(path)
    quantize.save(path, trio, **notes, perplexity_int8=measured(rounded), follows=follows(rounded, tokenizer, text))


def main(path: Path = FILE) -> None:
    parts = prose_model.texts()
    tokenizer = CharTokenizer(parts.train, min_count=prose_model.MIN_COUNT)
    sentences = [tokenizer.encode(sentence) for sentence in parts.train]
    val = tokenizer.encode("".join(parts.val))
    trio = Trio(len(tokenizer), **SIZES, generator=np.random.default_rng(SEED))
    for cell in CELLS:
        start, generator, model = time.perf_counter(), np.random.default_rng(SEED), getattr(trio, cell)
        for epoch, loss in enumerate(prose_model.train(model, sentences, EPOCHS, generator=generator), 1):
            if epoch % 10 == 0:
                print(f"{cell} epoch {epoch}: loss {loss:.3f}, validation perplexity "
                      f"{prose_model.perplexity(model, val):.2f}, {time.perf_counter() - start:.0f} s", flush=True)
    write(trio, tokenizer, "".join(parts.test), path)
    _, notes = quantize.load(path)
    print(notes["perplexity_float"], notes["perplexity_int8"], path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
