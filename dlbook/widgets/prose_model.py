"""A small network that has read this book, character by character: the weights of the language model playground.

    python -m dlbook.widgets.prose_model        # trains it and writes prose_model.safetensors, in some minutes

It learns from the first snapshot of the corpus, each sentence ended by a line feed, the sentences in a new order in
each epoch.  Blocks of 20 consecutive sentences are kept back: a tenth for the choice of the settings below, a tenth
for the test.  The file holds the weights as int8 (``dlbook.quantize``), and in its notes the characters in the order
of their numbers, padding and unknown first, and the perplexities of the test part: of n-grams, of the network, and of
the network after rounding.  Trained on another processor it comes out a little different.
"""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dlbook import corpus, metrics, quantize, scratch
from dlbook.ngrams import NGram
from dlbook.sequences import streams
from dlbook.text import CharTokenizer, Tokenizer, Vocabulary

FILE = Path(__file__).with_suffix(".safetensors")
SNAPSHOT, MIN_COUNT = 1, 2
SIZES = {"embed": 24, "hidden": 144, "cell": "gru"}
DROPOUT, EPOCHS, BATCH, STEPS, LR, CLIP, SEED = 0.3, 60, 8, 100, 4e-3, 1.0, 0


class Texts(NamedTuple):
    """The sentences of each part, each with a line feed at its end."""

    train: list[str]
    val: list[str]
    test: list[str]


def texts() -> Texts:
    sentences = corpus.load(SNAPSHOT).sentences
    return Texts(*([sentences[i] + "\n" for i in part] for part in corpus.split_blocks(len(sentences))))


def train(model: scratch.CharLM, sentences: Sequence[np.ndarray], epochs: int = EPOCHS, *,
          generator: np.random.Generator) -> Iterator[float]:
    """Trains ``model`` on the numbers of each sentence, and yields the mean loss of each epoch.

    Truncated backpropagation: the state is handed on from piece to piece, the gradients end with the piece.
    """
    updates = sum(1 for _ in streams(np.concatenate(sentences), BATCH, STEPS))
    optimizer = scratch.Adam(model.parameters(), lr=LR)
    scheduler = scratch.CosineAnnealingLR(optimizer, epochs * updates)
    for _ in range(epochs):
        model.train()
        text = np.concatenate([sentences[i] for i in generator.permutation(len(sentences))])
        state, losses = None, []
        for x, y in streams(text, BATCH, STEPS):
            optimizer.zero_grad()
            logits, state = model(scratch.as_tensor(x), state)
            loss = scratch.cross_entropy(logits.reshape(-1, logits.shape[-1]), scratch.as_tensor(y.ravel()))
            loss.backward()
            scratch.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            scheduler.step()
            state = model.detach(state)
            losses.append(loss.item())
        yield float(np.mean(losses))


def perplexity(model: scratch.CharLM, numbers: np.ndarray) -> float:
    """Of each token but the first, after those before it, the text read in one go."""
    model.eval()
    with scratch.no_grad():
        logits, _ = model(scratch.as_tensor(numbers[None, :-1]))
    return metrics.perplexity(numbers[1:], logits.array[0])


def network(path: Path = FILE) -> tuple[scratch.CharLM, Tokenizer]:
    """The network with the weights of the file, float32, in evaluation mode, and its tokenizer."""
    state, notes = quantize.load(path)
    tokenizer = CharTokenizer([])
    tokenizer.vocabulary = Vocabulary(notes["tokens"][2:])
    model = scratch.CharLM(len(tokenizer), **notes["sizes"])
    model.load_state_dict(state)
    return model.eval(), tokenizer


def write(model: scratch.CharLM, tokenizer: Tokenizer, test: np.ndarray, path: Path = FILE, **notes) -> None:
    """Quantizes, measures, and writes the file."""
    notes |= {"sizes": SIZES, "tokens": tokenizer.vocabulary.tokens, "perplexity_float": perplexity(model, test)}
    quantize.save(path, model, **notes)
    quantize.save(path, model, **notes, perplexity_int8=perplexity(network(path)[0], test))


def main() -> None:
    parts = texts()
    tokenizer = CharTokenizer(parts.train, min_count=MIN_COUNT)
    sentences = [tokenizer.encode(sentence) for sentence in parts.train]
    val, test = (tokenizer.encode("".join(part)) for part in parts[1:])
    start, generator = time.perf_counter(), np.random.default_rng(SEED)
    model = scratch.CharLM(len(tokenizer), **SIZES, dropout=DROPOUT, generator=generator)
    for epoch, loss in enumerate(train(model, sentences, generator=generator), 1):
        print(f"epoch {epoch:2}: loss {loss:.3f}, validation perplexity {perplexity(model, val):.2f}", flush=True)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {time.perf_counter() - start:.0f} s")
    counted = {n: NGram(np.concatenate(sentences), n, len(tokenizer)).perplexity(test) for n in (1, 2, 3, 4, 5, 6)}
    write(model, tokenizer, test, perplexity_ngrams=list(counted.values()))
    _, notes = quantize.load(FILE)
    for n, value in counted.items():
        print(f"{n}-grams: test perplexity {value:.2f}")
    print(f"network: {notes['perplexity_float']:.2f}, as int8: {notes['perplexity_int8']:.2f}")
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
