"""A language model without a network: it counts which token followed the last n - 1 ones."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np


class NGram:
    """p(c | h) = (count(h, c) + m(h) p(c | h')) / (count(h) + m(h)), from the text ``numbers`` (Witten and Bell, 1991).

    h are the last ``n`` - 1 tokens, h' all but the first of them, m(h) how many different tokens have followed h: the
    more, the less its counts are trusted.  With no token left p is 1 / ``vocab``.  ValueError for n or vocab below 1.

    >>> NGram([0, 1, 0, 1, 0], n=2, vocab=3).probabilities([1]).round(3)
    array([0.841, 0.127, 0.032])
    """

    def __init__(self, numbers: Sequence[int], n: int, vocab: int):
        if n < 1 or vocab < 1:
            raise ValueError(f"NGram: n and vocab must be at least 1, got {n} and {vocab}")
        self.n, self.vocab = n, vocab
        self._counts: dict[tuple, Counter] = defaultdict(Counter)
        numbers = np.asarray(numbers).tolist()
        for end, token in enumerate(numbers):
            for start in range(max(0, end - n + 1), end + 1):
                self._counts[tuple(numbers[start:end])][token] += 1

    def probabilities(self, context: Sequence[int]) -> np.ndarray:
        """p (vocab,), float64, of the token after ``context``, of which the last n - 1 count."""
        context = tuple(np.asarray(context).tolist())
        p = np.full(self.vocab, 1 / self.vocab)
        for length in range(min(self.n - 1, len(context)) + 1):
            seen = self._counts.get(context[len(context) - length:])
            if seen is None:  # nor any longer one
                break
            p *= len(seen)
            for token, count in seen.items():
                p[token] += count
            p /= len(seen) + seen.total()
        return p

    def perplexity(self, numbers: Sequence[int]) -> float:
        """exp of the mean of -log p over the text ``numbers``, each token after those before it."""
        numbers = np.asarray(numbers)
        logs = [np.log(self.probabilities(numbers[max(0, i - self.n + 1):i])[token]) for i, token in enumerate(numbers)]
        return float(np.exp(-np.mean(logs)))
