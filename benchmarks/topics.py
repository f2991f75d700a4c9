"""Which of the four first chapters does a sentence of this book come from?  Words counted, against networks that read.

    python benchmarks/topics.py [number of starts]

Trained on eight tenths of the corpus, chosen on one, reported on one: whole blocks of 20 consecutive sentences
(``corpus.split_blocks``), and, to show what that costs, sentences drawn one by one.  Each row is the mean over the
starts, from as many ways to cut.
"""
from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from dlbook import corpus, scratch
from dlbook.metrics import accuracy
from dlbook.sequences import batches, pad
from dlbook.text import WordTokenizer, bag_of_words

CHAPTERS = ["01_mathematics", "02_neurons", "03_backpropagation", "04_optimizers"]
EPOCHS, EMBED, HIDDEN, DROPOUT, LR, MIN_COUNT = 12, 32, 32, 0.5, 5e-3, 2
NETWORKS = {"RNN": ("rnn", False), "GRU": ("gru", False), "LSTM": ("lstm", False), "LSTM, both ways": ("lstm", True)}


def parts(block: int, seed: int) -> list[tuple[list[np.ndarray], np.ndarray, int]]:
    """(sequences, classes, size of the vocabulary) of the training, validation and test part."""
    whole = [(s, CHAPTERS.index(c)) for s, c in zip(*corpus.load()) if c in CHAPTERS]
    cut = corpus.split_blocks(len(whole), block, seed=seed)
    tokenizer = WordTokenizer([whole[i][0] for i in cut.train], min_count=MIN_COUNT)
    return [([tokenizer.encode(whole[i][0]) for i in part], np.array([whole[i][1] for i in part]), len(tokenizer))
            for part in cut]


def counted(make, train, val, test) -> float:
    """Test accuracy of a model of scikit-learn on bags of words, of the strength that the validation part prefers."""
    bags = [bag_of_words(x, size) for x, _, size in (train, val, test)]
    fitted = [make(strength).fit(bags[0], train[1]) for strength in (0.03, 0.1, 0.3, 1, 3)]
    return max(fitted, key=lambda m: m.score(bags[1], val[1])).score(bags[2], test[1])


def read(cell: str, both: bool, train, val, test, seed: int) -> float:
    """Test accuracy of a recurrent network after the epoch that is best on the validation part."""
    generator = np.random.default_rng(seed)
    model = scratch.RNNClassifier(train[2], EMBED, HIDDEN, len(CHAPTERS), cell, both, DROPOUT, generator=generator)
    optimizer = scratch.Adam(model.parameters(), lr=LR)
    best = 0.0, 0.0
    for _ in range(EPOCHS):
        model.train()
        for batch in batches(*train[:2], generator=generator):
            optimizer.zero_grad()
            scratch.cross_entropy(model(scratch.as_tensor(batch.tokens), batch.lengths),
                                  scratch.as_tensor(batch.targets)).backward()
            scratch.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        best = max(best, (score(model, val), score(model, test)), key=lambda pair: pair[0])
    return best[1]


def score(model, part) -> float:
    model.eval()
    batch = pad(*part[:2])
    with scratch.no_grad():
        return accuracy(batch.targets, model(scratch.as_tensor(batch.tokens), batch.lengths).array)


def main(starts: int) -> None:
    for block in (20, 1):
        data = [parts(block, seed) for seed in range(starts)]
        rows = {
            "most frequent class": lambda d, s: float((d[2][1] == np.bincount(d[0][1]).argmax()).mean()),
            "naive Bayes on words": lambda d, s: counted(lambda a: MultinomialNB(alpha=a), *d),
            "logistic regression on words": lambda d, s: counted(lambda a: LogisticRegression(C=a, max_iter=2000), *d),
            **{name: lambda d, s, how=how: read(*how, *d, seed=s) for name, how in NETWORKS.items()},
        }
        train, _, test = data[0]
        print(f"\nblocks of {block}: {len(train[0])} sentences to train on, {len(test[0])} for the test, "
              f"{train[2]} words")
        for name, row in rows.items():
            start = time.perf_counter()
            found = [row(d, seed) for seed, d in enumerate(data)]
            print(f"  {name:30} {np.mean(found):.3f} ± {np.std(found):.3f}   {time.perf_counter() - start:5.1f} s",
                  flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
