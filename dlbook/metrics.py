"""How good is a prediction?  A metric takes (y_true, output) and returns a number."""
from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np


def accuracy(y_true: np.ndarray, output: np.ndarray) -> float:
    """The share of right answers: the largest of k logits (n, k), or the sign of a single one (n,) or (n, 1).

    >>> accuracy(np.array([0, 1]), np.array([[2., 1.], [3., 0.]]))
    0.5
    """
    if output.ndim == 2 and output.shape[1] > 1:
        predicted = output.argmax(1)
    else:
        predicted = output.reshape(len(y_true)) > 0
    return float((predicted == y_true).mean())


def perplexity(y_true: np.ndarray, output: np.ndarray, *, ignore_index: int = -100) -> float:
    """exp of the mean of -log softmax(z)ₜ over tokens t (…) and logits z (…, k): among so many it was as if to guess.

    Targets that are ``ignore_index`` do not count; nan if no other is left.  ValueError if the shapes do not fit.

    >>> round(perplexity(np.array([0, 3]), np.zeros((2, 4))), 6)
    4.0
    """
    if output.shape[:-1] != y_true.shape:
        raise ValueError(f"perplexity: got targets of shape {y_true.shape} and logits of shape {output.shape}; the "
                         "logits have one axis more, the last one")
    counted = y_true != ignore_index
    if not counted.any():
        return math.nan
    z, t = output[counted].astype(np.float64), y_true[counted]
    largest = z.max(1)
    log_sum = largest + np.log(np.exp(z - largest[:, None]).sum(1))
    return float(np.exp((log_sum - z[np.arange(len(t)), t]).mean()))


class Interval(NamedTuple):
    """A range that holds the true value in the given share of repetitions."""

    low: float
    high: float


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Where the true rate lies if ``successes`` of ``n`` independent trials succeeded (Wilson, 1927).

    It stays inside [0, 1] and works at 0 or n successes, where ±1.96 standard errors do not.

    >>> low, high = wilson_interval(97, 100)
    >>> round(low, 3), round(high, 3)
    (0.915, 0.99)
    """
    if not (n >= 1 and 0 <= successes <= n and 0 < confidence < 1):
        raise ValueError("wilson_interval: expected 0 <= successes <= n, n >= 1 and 0 < confidence < 1, "
                         f"got {successes}, {n}, {confidence}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = successes / n
    center = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(center - half, center + half)
