"""Sequences of different lengths in batches, and one long sequence in pieces, as the recurrent layers read them."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dlbook.scratch.random import default_generator

IGNORED = -100  # the target of a step that does not count, as in cross_entropy


class Batch(NamedTuple):
    """B sequences, padded to T steps: ``tokens`` (B, T), their ``lengths`` (B,), and ``targets`` if there are any.

    Targets are (B,), one for each sequence, or (B, T), one for each step, with -100 after the end, where a
    cross-entropy does not count them.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    targets: np.ndarray | None = None

    @property
    def mask(self) -> np.ndarray:
        """True (B, T) where there is a token, False on the padding."""
        return np.arange(self.tokens.shape[1]) < self.lengths[:, None]


def pad(sequences: Sequence, targets: Sequence | None = None) -> Batch:
    """One batch of all ``sequences`` of numbers, with zeros after their ends.

    ValueError for an empty sequence, which no recurrent layer can read, and for targets that do not fit.

    >>> pad([[5, 6, 7], [8]], [1, 0])
    Batch(tokens=array([[5, 6, 7],
           [8, 0, 0]]), lengths=array([3, 1]), targets=array([1, 0]))
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    if not len(lengths) or not lengths.all():
        raise ValueError(f"pad: sequence {lengths.argmin()} of {len(lengths)} is empty; leave it out" if len(lengths)
                         else "pad: got no sequences; a batch needs at least one")
    if targets is not None:
        targets = _targets(targets, lengths)
    return Batch(_padded(sequences, lengths, 0), lengths, targets)


def batches(sequences: Sequence, targets: Sequence | None = None, batch_size: int = 32, *, shuffle: bool = True,
            generator: np.random.Generator | None = None) -> Iterator[Batch]:
    """All ``sequences`` once, in batches of nearly equal lengths, so that there is little padding.

    They are sorted by length and cut; ``shuffle`` mixes sequences of equal length and the order of the batches.
    ValueError as ``pad``, and if ``batch_size`` is not at least 1.
    """
    if batch_size < 1:
        raise ValueError(f"batches: batch_size must be at least 1, got {batch_size}")
    whole = pad(sequences, targets)  # checks them all before the first one is used
    order = np.argsort(whole.lengths, kind="stable")
    if shuffle:
        rng = default_generator(generator)
        mixed = rng.permutation(len(order))
        order = mixed[np.argsort(whole.lengths[mixed], kind="stable")]
    cut = np.split(order, range(batch_size, len(order), batch_size))
    for i in (rng.permutation(len(cut)) if shuffle else range(len(cut))):
        rows, t = cut[i], whole.lengths[cut[i]].max()
        y = whole.targets
        yield Batch(whole.tokens[rows, :t], whole.lengths[rows],
                    None if y is None else y[rows] if y.ndim == 1 else y[rows, :t])


def streams(numbers: np.ndarray, batch_size: int, steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pieces (x, y), each (batch_size, at most steps), of one long text; y is x one step later.

    The text is cut into ``batch_size`` rows that are read side by side.  Row b of a piece goes on where row b of the
    last one ended, so that the state of a recurrent network can be handed on: truncated backpropagation through time.

    >>> for x, y in streams(np.arange(9), batch_size=2, steps=3):
    ...     print(x.tolist(), y.tolist())
    [[0, 1, 2], [4, 5, 6]] [[1, 2, 3], [5, 6, 7]]
    [[3], [7]] [[4], [8]]
    """
    numbers = np.asarray(numbers)
    columns = (len(numbers) - 1) // batch_size if batch_size > 0 else 0
    if columns < 1 or steps < 1:
        raise ValueError(f"streams: got {len(numbers)} numbers for batch_size={batch_size} and steps={steps}; both "
                         "must be at least 1, and there must be more numbers than rows")
    x, y = (numbers[i:i + batch_size * columns].reshape(batch_size, columns) for i in (0, 1))
    for t in range(0, columns, steps):
        yield x[:, t:t + steps], y[:, t:t + steps]


def _padded(rows: Sequence, lengths: np.ndarray, fill: int) -> np.ndarray:
    out = np.full((len(rows), lengths.max()), fill, np.int64)
    for place, row in zip(out, rows):
        place[:len(row)] = row
    return out


def _targets(targets: Sequence, lengths: np.ndarray) -> np.ndarray:
    if len(targets) != len(lengths):
        raise ValueError(f"pad: got {len(lengths)} sequences and {len(targets)} targets; each needs one")
    if np.ndim(targets[0]) == 0:
        return np.asarray(targets)
    for i, (target, length) in enumerate(zip(targets, lengths)):
        if len(target) != length:
            raise ValueError(f"pad: sequence {i} has {length} steps and {len(target)} targets; each step needs one")
    return _padded(targets, lengths, IGNORED)
