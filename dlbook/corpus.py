"""The prose of this book as a corpus: sentences, each with its chapter, pinned by a hash (CC BY 4.0)."""
from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

CORPORA = Path(__file__).with_name("corpora")
SNAPSHOTS = {  # SHA-256 of each; `python -m website.corpus` makes a new one when the book has grown
    1: "32086c97486fc47c04d4f4718594a6822ceb0ee083342561a024a1aca48b5844",
}


class Corpus(NamedTuple):
    """The sentences of the book in their order, and the chapter (file) from which each one comes."""

    sentences: list[str]
    chapters: list[str]


class Parts(NamedTuple):
    """Numbers of the sentences to train on, to choose with, to report on."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def load(snapshot: int = 1) -> Corpus:
    """The prose of this book without formulas, code and tables, as it stood when ``snapshot`` was taken (CC BY 4.0).

    A snapshot never changes, so that numbers measured on it stay true while the book grows.  ValueError for an unknown
    snapshot, and if the file is not the one whose SHA-256 is written here; FileNotFoundError.
    """
    if snapshot not in SNAPSHOTS:
        raise ValueError(f"corpus.load: there is no snapshot {snapshot!r}; known are {', '.join(map(str, SNAPSHOTS))}")
    path = CORPORA / f"prose-{snapshot}.tsv"
    if not path.is_file():
        raise FileNotFoundError(f"corpus.load: {path} is missing; it belongs to the package, so install dlbook again")
    content = path.read_bytes().replace(b"\r\n", b"\n")  # as a checkout on Windows writes it
    found, expected = hashlib.sha256(content).hexdigest(), SNAPSHOTS[snapshot]
    if found != expected:
        raise ValueError(f"corpus.load: {path} was changed: its SHA-256 is {found[:12]}…, not {expected[:12]}…. "
                         f"Install dlbook again, or in a clone: git checkout -- dlbook/corpora/{path.name}")
    rows = [line.split("\t") for line in content.decode().splitlines() if not line.startswith("#")]
    return Corpus([sentence for _, sentence in rows], [chapter for chapter, _ in rows])


def split_blocks(n: int, block: int = 20, *, val: float = 0.1, test: float = 0.1, seed: int = 0) -> Parts:
    """Numbers 0 … n - 1 in three parts, whole blocks of ``block`` consecutive ones at a time.

    Neighbouring sentences speak of the same thing; drawn one by one, a test part would hold their other halves.
    ValueError if a part would be empty.
    """
    blocks = np.random.default_rng(seed).permutation(-(-n // block)) if n > 0 and block > 0 else np.arange(0)
    first, second = round(val * len(blocks)), round(test * len(blocks))
    if not (min(first, second) > 0 and first + second < len(blocks)):
        raise ValueError(f"split_blocks: {n} sentences in blocks of {block} cannot be cut into {val:g} for validation, "
                         f"{test:g} for the test, and a rest; each part needs a block")
    part = np.full(len(blocks), 0)
    part[blocks[:first]], part[blocks[first:first + second]] = 1, 2
    of = np.repeat(part, block)[:n]
    return Parts(*(np.flatnonzero(of == i) for i in range(3)))
